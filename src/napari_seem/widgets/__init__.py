"""Dock widgets: views of an :class:`~napari_seem.annotator.Annotator` without own logic."""

from __future__ import annotations

"""Dock widgets: views of an :class:`~napari_seem.annotator.Annotator`, without logic of their own."""

from __future__ import annotations

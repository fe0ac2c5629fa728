"""SEEM in napari: click, draw or name a thing and get its mask.

The package never imports torch; the model (:mod:`seem_model`) is loaded on the worker thread.
"""

from __future__ import annotations

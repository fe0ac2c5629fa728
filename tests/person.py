"""What a person does to layers and what they see, for tests without a window."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from fakes import blobs
from napari_seem.target import Tool

if TYPE_CHECKING:
    from napari_seem.annotator import Annotator

FIRST = blobs() > 0
"""Mask of the first blob, with (20, 20) in it."""
FIRST[32:] = False
SECOND = (blobs() > 0) & ~FIRST
"""Mask of the second blob, with (45, 50) in it."""


def click(annotator: Annotator, row: float, col: float) -> None:
    """Add a point on the slice on display."""
    target = annotator.focus.target
    if target.prompts.points is None:
        annotator.use(Tool.CLICK)
    target.prompts.points.add(annotator.focus.plane.lift(np.array([[row, col]])))


def mask(annotator: Annotator) -> np.ndarray:
    """The mask on the slice on display."""
    target, plane = annotator.focus.target, annotator.focus.plane
    if target.result is None:
        return np.zeros(plane.shape, bool)
    return target.result.data[plane.indexer] > 0


def points(annotator: Annotator) -> list:
    """All clicks, of all slices."""
    layer = annotator.focus.target.prompts.points
    return [] if layer is None else layer.data.tolist()

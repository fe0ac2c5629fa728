"""Everything, but only in a part of the slice: what is in view, or what is inside the marks."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING

from napari_seem.everything import Restriction
from napari_seem.ink import prompts_of
from napari_seem.view_region import visible_box
from seem_model.errors import PromptError

if TYPE_CHECKING:
    from napari.components import ViewerModel

    from napari_seem.loop import Loop

MARGIN = 16
"""Pixels around a drawn region that the model sees too."""


class Region(Enum):
    """Which part of the slice to segment; the value is for people."""

    WHOLE = "the whole slice"
    VIEW = "what is in view"
    MARKS = "inside the marks"


def restriction(loop: Loop, viewer: ViewerModel, region: Region) -> Restriction | None:
    """What a region is at this moment; None for the whole slice, or when there is no slice.

    Raises
    ------
    SeemError
        If nothing of the image is in view, or nothing is marked.
    """
    target, plane = loop.focus.target, loop.focus.plane
    if region is Region.WHOLE or target is None or plane is None:
        return None
    if region is Region.VIEW:
        return Restriction(visible_box(viewer, target.grid, plane))
    asked = prompts_of(loop.marks, plane.shape)
    mask = asked.positive if asked.region is None else asked.positive | asked.region
    found = Restriction.of(mask, margin=MARGIN)
    if found is None:
        raise PromptError(
            "Nothing is marked: draw a box, polygon or ellipse around the part to segment first, "
            "or choose another part."
        )
    return found

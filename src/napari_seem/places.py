"""Where long work looks: slices of the image in focus and of other images."""

from __future__ import annotations

from dataclasses import replace
from enum import Enum
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_seem.picture import Picture

if TYPE_CHECKING:
    from collections.abc import Callable

    from napari_seem.boxes import Box
    from napari_seem.focus import Focus
    from napari_seem.plane import Plane
    from napari_seem.target import Target
    from seem_model import Predictor

    Place = tuple[Target, Plane]


class Where(Enum):
    """Where to look for more of the same; the value is for people."""

    HERE = "this slice"
    NEXT = "the next slice"
    STACK = "all slices"
    IMAGES = "other images"


def places(focus: Focus, where: Where) -> list[Place]:
    """Slices to look at; of other images the one on display.

    The slider axis is the last one that is not displayed.
    """
    target, plane = focus.target, focus.plane
    if target is None or plane is None:
        return []
    if where is Where.IMAGES:
        others = [focus.target_of(image) for image in focus.images if image is not target.image]
        shown = [(other, focus.plane_of(other)) for other in others if other is not None]
        return [(other, there) for other, there in shown if there is not None]
    return [(target, p) for p in _planes(target, plane, where)]


def seen(target: Target, plane: Plane) -> Callable[[Predictor], Any]:
    """What gives the image features of a slice on the worker: kept ones, or computed there."""
    sight = target.sight(plane)
    picture = Picture.of(sight, target.grid)

    def look(predictor: Predictor) -> Any:
        kept = target.features.get(sight)  # now: those of a former model are gone
        return predictor.features(picture()) if kept is None else kept.features

    return look


def seen_within(target: Target, plane: Plane, box: Box) -> Callable[[Predictor], Any]:
    """The same of a box of the slice alone: small things get more of the model's pixels."""
    picture = Picture.of(target.sight(plane), target.grid)
    return lambda predictor: predictor.features(np.ascontiguousarray(picture()[box]))


def _planes(target: Target, plane: Plane, where: Where) -> list[Plane]:
    sliders = [a for a in range(len(plane.index)) if a not in plane.axes]
    if where is Where.HERE or (where is Where.STACK and not sliders):
        return [plane]
    if not sliders:
        return []
    axis = max(sliders)
    positions = range(target.grid.shape[axis])
    if where is Where.NEXT:
        positions = range(plane.index[axis] + 1, min(plane.index[axis] + 2, len(positions)))
    index = plane.index
    return [replace(plane, index=(*index[:axis], k, *index[axis + 1 :])) for k in positions]

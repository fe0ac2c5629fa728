"""The layers of the plugin: how they are made and coloured, and how a mask is shown."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from napari.layers import Labels, Points, Shapes
from napari.utils.colormaps import DirectLabelColormap, label_colormap

from napari_seem.marks import (
    HIDDEN_PAINT,
    NEGATIVE,
    PAINT_NEGATIVE,
    PAINT_POSITIVE,
    POSITIVE,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from napari_seem.plane import Grid, Plane

COLORS = {POSITIVE: "#2ecc40", NEGATIVE: "#ff4136"}
RESULT_COLOR = "#00b7ff"
FOCUS_COLOR, PROPOSED_COLOR = "#ffe600", "#00e5e5"
"""Of the proposal that a key would decide, and of the others."""
PAINT = {POSITIVE: PAINT_POSITIVE, NEGATIVE: PAINT_NEGATIVE}
OBJECT_SEED = 0.57
"""napari's own, 0.5, makes the first object dark brown, which cannot be seen on much."""
FAINT = "30"
"""Opacity, in hexadecimal, of what is hidden: still to be seen, but it does not count."""
PAINT_COLORS: dict[int | None, str] = {None: "transparent"}
PAINT_COLORS.update({value: COLORS[name] for name, value in PAINT.items()})
PAINT_COLORS.update({v + HIDDEN_PAINT: COLORS[name] + FAINT for name, v in PAINT.items()})


def sign_name(positive: bool) -> str:
    """Value of the 'sign' feature."""
    return POSITIVE if positive else NEGATIVE


def make_points(grid: Grid) -> Points:
    """Empty layer for clicks, each with a 'sign' feature that colours it."""
    layer = Points(
        np.zeros((0, len(grid.shape))),
        ndim=len(grid.shape),
        name="SEEM clicks",
        size=max(3.0, max(grid.shape[-2:]) / 60),
        features={"sign": np.array([], dtype=object)},
        feature_defaults={"sign": POSITIVE},
        face_color="sign",
        face_color_cycle=COLORS,
        border_color="white",
        border_width=0.12,
    )
    grid.place(layer)
    return layer


def make_shapes(grid: Grid) -> Shapes:
    """Empty layer for boxes, polygons, ellipses and strokes, each with a 'sign' feature."""
    layer = Shapes(
        None,
        ndim=len(grid.shape),
        name="SEEM shapes",
        features={"sign": np.array([], dtype=object), "shown": np.array([], dtype=bool)},
        feature_defaults={"sign": POSITIVE, "shown": True},
        edge_color=COLORS[POSITIVE],
        edge_width=max(1.0, max(grid.shape[-2:]) / 150),
        face_color="transparent",
    )
    grid.place(layer)
    return layer


def make_scribble(grid: Grid) -> Labels:
    """Empty layer for paint: 1 = positive (green), 2 = negative (red)."""
    layer = Labels(
        np.zeros(grid.shape, np.uint8),
        name="SEEM paint",
        opacity=0.6,
        colormap=DirectLabelColormap(color_dict=PAINT_COLORS),
    )
    layer.brush_size = max(3, round(max(grid.shape[-2:]) / 60))
    grid.place(layer)
    return layer


def make_result(grid: Grid) -> Labels:
    """Empty layer for the mask of the current object (value 1)."""
    layer = Labels(
        np.zeros(grid.shape, np.uint8),
        name="SEEM result",
        opacity=0.5,
        colormap=DirectLabelColormap(color_dict={1: RESULT_COLOR, None: "transparent"}),
    )
    grid.place(layer)
    return layer


def make_objects(grid: Grid, *, name: str = "SEEM objects") -> Labels:
    """Empty layer for committed objects or a whole segmentation."""
    # zeros are allocated by the system page by page, when a slice is written
    colours = label_colormap(49, seed=OBJECT_SEED)
    layer = Labels(np.zeros(grid.shape, np.int32), name=name, opacity=0.6, colormap=colours)
    grid.place(layer)
    return layer


def make_proposed(grid: Grid) -> Labels:
    """Empty layer for outlines of proposals; 1 is the one in focus."""
    # outlines are painted: napari's own contours take 80 ms at 2048 x 2048 each time it is shown,
    # and 32-bit labels 12 ms
    layer = Labels(
        np.zeros(grid.shape, np.uint16),
        name="SEEM proposals",
        opacity=1.0,
        colormap=DirectLabelColormap(
            color_dict={0: "transparent", 1: FOCUS_COLOR, None: PROPOSED_COLOR}
        ),
    )
    grid.place(layer)
    return layer


def write_mask(layer: Labels, plane: Plane, mask: NDArray[np.bool_] | None) -> None:
    """Show ``mask`` (H, W) bool, or nothing, in this slice of the result layer."""
    there = layer.data[plane.indexer]
    if mask is None:
        there[...] = 0
    else:
        there[...] = mask
    # in place and refresh: 2-4 ms at 2048 x 2048, a new array costs 9 ms
    layer.refresh(thumbnail=False, extent=False)

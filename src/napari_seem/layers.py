"""napari layers <-> values: make layers, read marks, put marks back, write masks."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from napari.layers import Labels, Points, Shapes
from napari.utils.colormaps import DirectLabelColormap

from napari_seem.marks import NEGATIVE, POSITIVE, Marks, Outline
from napari_seem.plane import world_matrix

if TYPE_CHECKING:
    from napari.layers.base import Layer
    from numpy.typing import NDArray

    from napari_seem.plane import Grid, Plane

COLORS = {POSITIVE: "#2ecc40", NEGATIVE: "#ff4136"}
RESULT_COLOR = "#00b7ff"
PAINT = {POSITIVE: 1, NEGATIVE: 2}
PAINT_COLORS = {1: COLORS[POSITIVE], 2: COLORS[NEGATIVE], None: "transparent"}


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
        features={"sign": np.array([], dtype=object)},
        feature_defaults={"sign": POSITIVE},
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
    layer = Labels(np.zeros(grid.shape, np.int32), name=name, opacity=0.6)
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


def read_points(layer: Points, grid: Grid, plane: Plane) -> Marks:
    """Clicks of this slice."""
    data = _into_grid(np.asarray(layer.data, float), layer, grid)
    here = plane.contains(data)
    signs = _signs(layer)[here]
    return Marks(points=data[here][:, plane.axes], signs=signs)


def write_points(layer: Points, grid: Grid, *, plane: Plane, marks: Marks) -> None:
    """Make the clicks of this slice those of ``marks``; clicks of other slices are kept."""
    now = read_points(layer, grid, plane)
    if np.array_equal(now.points, marks.points) and np.array_equal(now.signs, marks.signs):
        return
    data = np.asarray(layer.data, float)
    other = ~plane.contains(_into_grid(data, layer, grid))
    signs = np.append(_signs(layer)[other], marks.signs)
    lifted = _from_grid(plane.lift(marks.points), layer, grid)
    layer.selected_data = set()
    layer.data = np.concatenate([data[other], lifted])
    if not np.array_equal(_signs(layer), signs):  # napari keeps them when the last ones go
        layer.features = pd.DataFrame({"sign": [sign_name(bool(s)) for s in signs]}, dtype=object)


def read_shapes(layer: Shapes, grid: Grid, plane: Plane) -> tuple[Outline, ...]:
    """Shapes drawn on this slice."""
    signs = _signs(layer)
    out = []
    for k, vertices in enumerate(layer.data):
        points = _into_grid(np.asarray(vertices, float), layer, grid)
        if plane.contains(points).all():
            width = float(layer.edge_width[k])
            kind = str(layer.shape_type[k])
            out.append(Outline(kind, points[:, plane.axes], width, bool(signs[k])))
    return tuple(out)


def write_shapes(layer: Shapes, grid: Grid, *, plane: Plane, outlines: tuple[Outline, ...]) -> None:
    """Make the shapes of this slice ``outlines``; shapes of other slices are kept."""
    now = read_shapes(layer, grid, plane)
    if len(now) == len(outlines) and all(a.same(b) for a, b in zip(now, outlines, strict=True)):
        return
    signs = _signs(layer)
    data, kinds, widths, names = [], [], [], []
    for k, vertices in enumerate(layer.data):
        if not plane.contains(_into_grid(np.asarray(vertices, float), layer, grid)).all():
            data.append(vertices)
            kinds.append(str(layer.shape_type[k]))
            widths.append(float(layer.edge_width[k]))
            names.append(sign_name(signs[k]))
    for outline in outlines:
        data.append(_from_grid(plane.lift(outline.vertices), layer, grid))
        kinds.append(outline.kind)
        widths.append(outline.width)
        names.append(sign_name(outline.positive))
    layer.selected_data = set()
    layer.data = []
    if data:
        colors = [COLORS[n] for n in names]
        layer.add(data, shape_type=kinds, edge_width=widths, edge_color=colors)
    layer.features = pd.DataFrame({"sign": names}, dtype=object)


def read_scribble(layer: Labels, plane: Plane) -> NDArray[np.uint8] | None:
    """Paint of this slice, a copy; None when there is none."""
    there = np.asarray(layer.data[plane.indexer])
    return there.copy() if there.any() else None


def write_scribble(layer: Labels, plane: Plane, paint: NDArray[np.uint8] | None) -> None:
    """Make the paint of this slice ``paint``."""
    there = layer.data[plane.indexer]
    if paint is None and not there.any():
        return
    there[...] = 0 if paint is None else paint
    layer.refresh(thumbnail=False, extent=False)


def set_sign(layer: Layer, positive: bool) -> None:
    """New marks in this prompt layer get this sign."""
    name = sign_name(positive)
    if isinstance(layer, Labels):
        layer.selected_label = PAINT[name]
        return
    # a selected mark would take the new colour too, but its sign was chosen before
    layer.selected_data = set()
    layer.feature_defaults = {"sign": name}
    if isinstance(layer, Shapes):
        layer.current_edge_color = COLORS[name]


def _signs(layer: Points | Shapes) -> NDArray[np.bool_]:
    # a person may delete the column in the features table; a mark without a sign is positive
    if "sign" not in layer.features:
        return np.ones(len(layer.data), bool)
    return np.asarray(layer.features["sign"].astype(str) != NEGATIVE, dtype=bool)


def _into_grid(data: NDArray[np.float64], layer: Layer, grid: Grid) -> NDArray[np.float64]:
    return _apply(np.linalg.inv(grid.matrix) @ world_matrix(layer), data)


def _from_grid(data: NDArray[np.float64], layer: Layer, grid: Grid) -> NDArray[np.float64]:
    return _apply(np.linalg.inv(world_matrix(layer)) @ grid.matrix, data)


def _apply(matrix: NDArray[np.float64], data: NDArray[np.float64]) -> NDArray[np.float64]:
    if np.allclose(matrix, np.eye(len(matrix)), atol=1e-6):
        return data  # the usual case, and exact: undo must restore the very same numbers
    return np.asarray(data @ matrix[:-1, :-1].T + matrix[:-1, -1])

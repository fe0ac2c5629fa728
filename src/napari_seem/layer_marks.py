"""napari layers <-> marks: read what is drawn on a slice, put it back, set the sign of the next."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from napari.layers import Labels, Points, Shapes

from napari_seem.layers import COLORS, FAINT, PAINT, sign_name
from napari_seem.marks import NEGATIVE, Marks, Outline
from napari_seem.plane import world_matrix
from seem_model.packed import Packed

if TYPE_CHECKING:
    from napari.layers.base import Layer
    from numpy.typing import NDArray

    from napari_seem.plane import Grid, Plane


def read_points(layer: Points, grid: Grid, plane: Plane) -> Marks:
    """Clicks of this slice."""
    data = _into_grid(np.asarray(layer.data, float), layer, grid)
    here = plane.contains(data)
    shown = np.asarray(layer.shown, bool)[here]
    return Marks(
        points=data[here][:, plane.axes],
        signs=_signs(layer)[here],
        shown=None if shown.all() else shown,
    )


def write_points(layer: Points, grid: Grid, *, plane: Plane, marks: Marks) -> None:
    """Make the clicks of this slice those of ``marks``; clicks of other slices are kept."""
    now = read_points(layer, grid, plane)
    if (
        np.array_equal(now.points, marks.points)
        and np.array_equal(now.signs, marks.signs)
        and np.array_equal(now.visible, marks.visible)
    ):
        return
    data = np.asarray(layer.data, float)
    other = ~plane.contains(_into_grid(data, layer, grid))
    signs = np.append(_signs(layer)[other], marks.signs)
    shown = np.append(np.asarray(layer.shown, bool)[other], marks.visible)
    lifted = _from_grid(plane.lift(marks.points), layer, grid)
    layer.selected_data = set()
    layer.data = np.concatenate([data[other], lifted])
    if not np.array_equal(layer.shown, shown):  # each of these draws the layer
        layer.shown = shown
    if not np.array_equal(_signs(layer), signs):  # napari keeps them when the last ones go
        names = [sign_name(bool(s)) for s in signs]
        _set_features(layer, pd.DataFrame({"sign": names}, dtype=object))


def read_shapes(layer: Shapes, grid: Grid, plane: Plane) -> tuple[Outline, ...]:
    """Shapes drawn on this slice."""
    signs, shown = _signs(layer), _shown(layer)
    out = []
    for k, vertices in enumerate(layer.data):
        points = _into_grid(np.asarray(vertices, float), layer, grid)
        if plane.contains(points).all():
            width = float(layer.edge_width[k])
            kind = str(layer.shape_type[k])
            out.append(Outline(kind, points[:, plane.axes], width, bool(signs[k]), bool(shown[k])))
    return tuple(out)


def write_shapes(layer: Shapes, grid: Grid, *, plane: Plane, outlines: tuple[Outline, ...]) -> None:
    """Make the shapes of this slice ``outlines``; shapes of other slices are kept."""
    now = read_shapes(layer, grid, plane)
    if len(now) == len(outlines) and all(a.same(b) for a, b in zip(now, outlines, strict=True)):
        return
    # vertices, kind, width, sign and whether shown, of each shape of the layer
    rows: list[tuple[NDArray[np.float64], str, float, str, bool]] = []
    signs, shown = _signs(layer), _shown(layer)
    for k, vertices in enumerate(layer.data):
        if not plane.contains(_into_grid(np.asarray(vertices, float), layer, grid)).all():
            width = float(layer.edge_width[k])
            kind, name = str(layer.shape_type[k]), sign_name(bool(signs[k]))
            rows.append((vertices, kind, width, name, bool(shown[k])))
    for outline in outlines:
        vertices = _from_grid(plane.lift(outline.vertices), layer, grid)
        name = sign_name(outline.positive)
        rows.append((vertices, outline.kind, outline.width, name, outline.shown))
    layer.selected_data = set()
    layer.data = []
    if rows:
        data, kinds, widths, names, show = (list(column) for column in zip(*rows, strict=True))
        colors = [COLORS[n] + ("" if s else FAINT) for n, s in zip(names, show, strict=True)]
        layer.add(data, shape_type=kinds, edge_width=widths, edge_color=colors)
        features = {"sign": np.array(names, object), "shown": np.array(show, bool)}
        _set_features(layer, pd.DataFrame(features))
    else:
        nothing = {"sign": np.array([], object), "shown": np.array([], bool)}
        _set_features(layer, pd.DataFrame(nothing))


def read_scribble(layer: Labels, plane: Plane) -> Packed | None:
    """Paint of this slice, a copy; None when there is none."""
    paint = Packed.of(np.asarray(layer.data[plane.indexer], np.uint8))
    return paint if paint.any else None


def write_scribble(layer: Labels, plane: Plane, paint: Packed | None) -> None:
    """Make the paint of this slice ``paint``."""
    if read_scribble(layer, plane) == paint:
        return
    layer.data[plane.indexer][...] = 0 if paint is None else paint.array
    layer.refresh(thumbnail=False, extent=False)


def set_sign(layer: Layer, positive: bool) -> None:
    """New marks in this prompt layer get this sign."""
    name = sign_name(positive)
    if isinstance(layer, Labels):
        layer.selected_label = PAINT[name]
        return
    # a selected mark would take the new colour too, but its sign was chosen before
    layer.selected_data = set()
    layer.feature_defaults = (
        {"sign": name, "shown": True} if isinstance(layer, Shapes) else {"sign": name}
    )
    if isinstance(layer, Shapes):
        layer.current_edge_color = COLORS[name]


def _set_features(layer: Points | Shapes, features: pd.DataFrame) -> None:
    # napari takes the last row, or nothing, for what the next mark gets: that is the person's
    defaults = layer.feature_defaults
    layer.features = features
    layer.feature_defaults = defaults


def _signs(layer: Points | Shapes) -> NDArray[np.bool_]:
    # a person may delete the column in the features table; a mark without a sign is positive
    if "sign" not in layer.features:
        return np.ones(len(layer.data), bool)
    return np.array([str(sign) != NEGATIVE for sign in layer.features["sign"].tolist()], bool)


def _shown(layer: Shapes) -> NDArray[np.bool_]:
    if "shown" not in layer.features:
        return np.ones(len(layer.data), bool)
    return np.asarray(layer.features["shown"].fillna(True).astype(bool), dtype=bool)


def _into_grid(data: NDArray[np.float64], layer: Layer, grid: Grid) -> NDArray[np.float64]:
    return _apply(np.linalg.inv(grid.matrix) @ world_matrix(layer), data)


def _from_grid(data: NDArray[np.float64], layer: Layer, grid: Grid) -> NDArray[np.float64]:
    return _apply(np.linalg.inv(world_matrix(layer)) @ grid.matrix, data)


def _apply(matrix: NDArray[np.float64], data: NDArray[np.float64]) -> NDArray[np.float64]:
    if np.allclose(matrix, np.eye(len(matrix)), atol=1e-6):
        return data  # the usual case, and exact: undo must restore the very same numbers
    return np.asarray(data @ matrix[:-1, :-1].T + matrix[:-1, -1])

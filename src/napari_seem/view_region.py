"""Which part of a slice is on the screen, in its own pixels.

From the camera and the size of the canvas. A layer's ``corner_pixels`` would not do: they are those
of the last drawing, of whatever resolution level was drawn, widened to whole chunks, never empty,
and wrong where layers have different units. The camera of a 2-D view does not turn, but the image
may (``rotate``, ``affine``), so its visible part is a polygon; the box around that is returned.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from napari_seem.plane import units_of_view
from seem_model.errors import SeemError

if TYPE_CHECKING:
    from napari.components import ViewerModel
    from numpy.typing import NDArray

    from napari_seem.boxes import Box
    from napari_seem.plane import Grid, Plane


class ViewError(SeemError):
    """Nothing of the image is on the screen; the message says what to do."""


def visible_box(viewer: ViewerModel, grid: Grid, plane: Plane) -> Box:
    """Smallest box with every pixel of ``plane`` of which a part is on the canvas.

    Parameters
    ----------
    viewer : ViewerModel
        Showing 2-D.
    grid : Grid
        Of the image.
    plane : Plane
        The slice of it on display, :meth:`Grid.plane`.

    Returns
    -------
    Box
        Rows and columns of the plane, at least one pixel of each.

    Raises
    ------
    ViewError
        If the image is out of view.
    """
    corners = _into_plane(_canvas_corners(viewer), viewer, grid, plane)
    # a pixel reaches half a pixel around its centre
    seen = _clipped(corners, np.full(2, -0.5), np.asarray(plane.shape) - 0.5)
    if not len(seen):
        raise ViewError(
            "The chosen image is not in view: press the Home button below the layer list, or zoom "
            "out until you see it."
        )
    low = np.floor(seen.min(axis=0) + 0.5 + _HAIR).astype(int)
    high = np.ceil(seen.max(axis=0) + 0.5 - _HAIR).astype(int)
    first = np.clip(low, 0, np.asarray(plane.shape) - 1)
    last = np.clip(high, first + 1, plane.shape)
    rows, cols = (slice(int(a), int(b)) for a, b in zip(first, last, strict=True))
    return rows, cols


_HAIR = 1e-6


def _canvas_corners(viewer: ViewerModel) -> NDArray[np.float64]:
    """(4, 2) corners of the canvas, around, in the two world axes on display (down, right)."""
    camera = viewer.scene.camera
    size = np.asarray(viewer.canvas.size, float)
    grid = viewer.canvas.grid
    if grid.enabled:  # each image has a part of the canvas, and all parts show the same place
        size = size / np.asarray(grid.actual_shape(viewer.layers), float)
    half = size / 2 / camera.zoom
    around = np.array([(-1, -1), (-1, 1), (1, 1), (1, -1)])
    return np.asarray(np.asarray(camera.center[-2:], float) + around * half)


def _into_plane(
    corners: NDArray[np.float64], viewer: ViewerModel, grid: Grid, plane: Plane
) -> NDArray[np.float64]:
    """(N, 2) ``(row, col)`` of (N, 2) places in the world axes on display."""
    dims, ndim = viewer.dims, len(grid.shape)
    world = np.tile(np.asarray(dims.point, float), (len(corners), 1))
    world[:, list(dims.displayed)] = corners
    own = world[:, -ndim:] * units_of_view(grid.image, dims)
    data = np.c_[own, np.ones(len(own))] @ np.linalg.inv(grid.matrix).T
    return np.asarray(data[:, list(plane.axes)])


def _clipped(
    polygon: NDArray[np.float64], low: NDArray[np.float64], high: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Part of a convex polygon (N, 2) inside a rectangle; (0, 2) if there is none.

    One side of the rectangle after the other (Sutherland and Hodgman, 1974).
    """
    for axis in (0, 1):
        for sign, limit in ((1.0, low[axis]), (-1.0, -high[axis])):
            inside = sign * polygon[:, axis] - limit
            kept = []
            for k in range(len(polygon)):
                here, before = inside[k], inside[k - 1]
                if (here > 0) != (before > 0):
                    share = before / (before - here)
                    kept.append(polygon[k - 1] + share * (polygon[k] - polygon[k - 1]))
                if here > 0:
                    kept.append(polygon[k])
            polygon = np.asarray(kept, float).reshape(-1, 2)
    return polygon

"""Bring an object into view."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from napari.components import ViewerModel
    from napari.layers import Labels

    from napari_seem.plane import Plane


def bring_into_view(
    viewer: ViewerModel, layer: Labels, plane: Plane, box: tuple[int, int, int, int]
) -> None:
    """Centre the view on a box (top, left, bottom, right) unless its middle is on the screen."""
    middle = np.array([[(box[0] + box[2] - 1) / 2, (box[1] + box[3] - 1) / 2]])
    spot = plane.lift(middle)[0]
    axes = list(plane.axes)
    first, last = np.sort(np.asarray(layer.corner_pixels, float)[:, axes], axis=0)
    if (first <= spot[axes]).all() and (spot[axes] <= last).all():
        return
    world = np.zeros(viewer.dims.ndim)
    world[-layer.ndim :] = layer.data_to_world(spot)
    shown = list(viewer.dims.displayed)
    viewer.scene.camera.center = (0.0, *world[shown].tolist())

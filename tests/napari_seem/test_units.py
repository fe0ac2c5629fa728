"""Layers with different units: napari's world has one, each layer keeps its own."""

from __future__ import annotations

import numpy as np
import pytest
from napari.components import ViewerModel

from napari_seem.plane import Grid


@pytest.mark.parametrize(("unit", "scale"), [("um", 2.0), ("nm", 2000.0), ("mm", 0.002)])
def test_the_slice_on_display_is_found_beside_a_layer_of_other_units(unit, scale) -> None:
    viewer = ViewerModel()
    viewer.add_image(np.zeros((9, 30, 40)), scale=(2000, 500, 500), units=("nm",) * 3)
    stack = viewer.add_image(np.zeros((9, 30, 40)), scale=[scale] * 3, units=(unit,) * 3)
    for step in (0, 5, 8):
        viewer.dims.set_current_step(0, step)
        assert Grid.of(stack, viewer.dims).plane(viewer.dims).index[0] == step

"""Images as they come: any number of axes, any transform, any orientation, any resolution."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from napari.components import ViewerModel
from napari.layers import Image

from fakes import FakeLoad
from napari_seem import plane as plane_module
from napari_seem.annotator import Annotator
from napari_seem.ink import prompts_of
from napari_seem.layer_marks import read_points
from napari_seem.layers import make_points, make_result, write_mask
from napari_seem.plane import Grid
from napari_seem.target import Tool

FEW = settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
pytestmark = pytest.mark.filterwarnings("ignore:Non-orthogonal slicing")
LONG, WIDE = 14, 18
SHEARS = ([[1, 0], [0, 1]], [[0, 1], [-1, 0]], [[1.5, 0.4], [0.2, 0.8]], [[-1, 0], [0.3, 1]])


@dataclass(frozen=True, eq=False)
class Scene:
    """An image in a viewer, the slice on display, and how much coarser the level used is."""

    viewer: ViewerModel
    image: Image
    axes: tuple[int, int]
    at: tuple[int, ...]
    factor: int
    channel_axis: int | None

    @property
    def grid(self) -> Grid:
        return Grid.of(self.image, self.viewer.dims, channel_axis=self.channel_axis)

    def world(self, row: float, col: float) -> np.ndarray:
        """Where a pixel of the level in use is seen."""
        data = np.array(self.at, float)
        data[list(self.axes)] = np.array([row, col]) * self.factor + (self.factor - 1) / 2
        return np.asarray(self.image.data_to_world(data))


@st.composite
def scenes(draw) -> Scene:
    """Rotation and shear lie in the displayed plane, as in any viewer; all else is free."""
    ndim = draw(st.integers(2, 5))
    axes = tuple(sorted(draw(st.permutations(range(ndim)))[:2]))
    free = [a for a in range(ndim) if a not in axes]
    factor = draw(st.sampled_from([1, 1, 2]))
    shape = [draw(st.sampled_from([1, 2, 3])) for _ in range(ndim)]
    shape[axes[0]], shape[axes[1]] = LONG, WIDE
    small = np.zeros(shape, np.uint8)
    full = np.zeros([n * factor if a in axes else n for a, n in enumerate(shape)], np.uint8)
    image = Image(small) if factor == 1 else Image([full, small], multiscale=True)
    number = st.floats(-50, 50)
    image.scale = [draw(st.sampled_from([-2.5, -1.0, 0.25, 1.0, 3.0])) for _ in range(ndim)]
    image.translate = [draw(number) for _ in range(ndim)]
    if ndim == 2:
        image.rotate, image.shear = draw(st.floats(-180, 180)), [draw(st.floats(-1, 1))]
    affine = np.eye(ndim + 1)
    affine[np.ix_(axes, axes)] = draw(st.sampled_from(SHEARS))
    affine[list(axes), -1] = draw(number), draw(number)
    image.affine = affine
    image.units = unit = draw(st.sampled_from(["pixel", "um", "nm"]))
    viewer = ViewerModel()
    viewer.add_layer(image)
    if draw(st.booleans()):
        viewer.add_image(np.zeros([2] * ndim, np.uint8), units=unit, scale=[0.5] * ndim)
    viewer.dims.order = (*free, *(axes if draw(st.booleans()) else axes[::-1]))
    at = [0 if a in axes else draw(st.integers(0, n - 1)) for a, n in enumerate(shape)]
    for axis, position in enumerate(image.data_to_world(at)):
        if axis in free:
            viewer.dims.set_point(axis, position)
    channel_axis = draw(st.sampled_from([None, *(a for a in free if shape[a] > 1)]))
    return Scene(viewer, image, axes, tuple(at), factor, channel_axis)


@pytest.fixture(autouse=True)
def coarse(monkeypatch):
    """So that multiscale images are used at their second level."""
    monkeypatch.setattr(plane_module, "MAX_SIDE", WIDE)


rows, cols = st.integers(0, LONG - 1), st.integers(0, WIDE - 1)


@FEW
@given(scenes(), rows, cols)
def test_a_click_marks_the_pixel_under_it(scene, row, col):
    plane = scene.grid.plane(scene.viewer.dims)
    assert plane.shape == (LONG, WIDE)
    layer = make_points(scene.grid)
    layer.data = [layer.world_to_data(scene.world(row + 0.3, col - 0.3))]
    marks = read_points(layer, scene.grid, plane)
    np.testing.assert_allclose(marks.points, [[row + 0.3, col - 0.3]], atol=1e-5)
    drawn = prompts_of(marks, plane.shape).positive
    assert drawn[row, col]


@FEW
@given(scenes(), rows, cols)
def test_the_mask_covers_the_pixel_it_was_made_of(scene, row, col):
    plane = scene.grid.plane(scene.viewer.dims)
    layer = make_result(scene.grid)
    mask = np.zeros(plane.shape, bool)
    mask[row, col] = True
    write_mask(layer, plane, mask)
    there = tuple(round(x) for x in layer.world_to_data(scene.world(row, col)))
    assert layer.data[there] == 1
    assert layer.data.sum() == 1
    assert list(layer.units) == list(scene.image.units)
    clicks = make_points(scene.grid)
    clicks.data = plane.lift(np.array([[row, col]], float))
    for shown in (layer, clicks):
        scene.viewer.add_layer(shown)
    # and napari shows both on the slice on display, which is more than being at the right place
    assert np.count_nonzero(layer._data_view) == 1
    assert len(clicks._view_data) == 1


@FEW
@given(scenes())
def test_the_slice_is_the_one_that_napari_shows(scene):
    index = list(scene.grid.plane(scene.viewer.dims).index)
    wanted = [0 if a == scene.channel_axis else i for a, i in enumerate(scene.at)]
    assert index == wanted


@settings(FEW, max_examples=6)
@given(scenes(), st.floats(-30, 30), st.sampled_from([0.5, 2.0]), rows, cols)
def test_moving_the_image_takes_marks_and_masks_along(scene, shift, scale, row, col):
    """A slice stays the same slice, a mark the same mark, wherever the image is put."""
    viewer, image = scene.viewer, scene.image
    annotator = Annotator(viewer, load=FakeLoad())
    annotator.open()
    annotator.focus.choose(image)
    plane, target = annotator.focus.plane, annotator.focus.target
    target.prompts.use(Tool.CLICK, True).add(plane.lift(np.array([[row, col]], float)))
    before = target.prompts.marks(plane)
    image.scale = np.asarray(image.scale) * scale
    image.translate = np.asarray(image.translate) + shift
    after = target.prompts.marks(plane)
    annotator.close()
    assert len(before.points) == 1
    np.testing.assert_allclose(after.points, before.points, atol=1e-6)
    np.testing.assert_allclose(
        target.result.data_to_world(plane.lift(np.zeros((1, 2)))[0]),
        target.grid.matrix[:-1] @ [*plane.lift(np.zeros((1, 2)))[0], 1],
        atol=1e-6,
    )  # fmt: skip

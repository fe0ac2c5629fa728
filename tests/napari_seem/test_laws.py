"""Laws of geometry and of history, for any layer and any order of deeds."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from napari.components import Dims, ViewerModel
from napari.layers import Image

from napari_seem.ink import outside, prompts_of
from napari_seem.layer_marks import read_points, write_points
from napari_seem.layers import make_points, write_mask
from napari_seem.marks import Marks, Outline
from napari_seem.plane import Grid
from seem_model import Prompts
from seem_model.clicks import Click, add_click

FEW = settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
factor = st.sampled_from([-2.5, -1.0, 0.25, 1.0, 3.0])
shift = st.floats(-100, 100)


@st.composite
def images(draw) -> Image:
    """2-D to 4-D images with any transform; slicing axes stay aligned, as in any viewer."""
    ndim = draw(st.integers(2, 4))
    image = Image(np.zeros((*(4, 3)[: ndim - 2], 12, 17)))
    image.scale = [draw(factor) for _ in range(ndim)]
    image.translate = [draw(shift) for _ in range(ndim)]
    if ndim == 2 and draw(st.booleans()):
        image.rotate = draw(st.floats(-180, 180))
        image.shear = [draw(st.floats(-1, 1))]
    affine = np.eye(ndim + 1)
    affine[-3:-1, -3:-1] = draw(
        st.sampled_from([[[1, 0], [0, 1]], [[0, 1], [-1, 0]], [[1.5, 0.4], [0.2, 0.8]]])
    )
    affine[-3:-1, -1] = draw(shift), draw(shift)
    image.affine = affine
    return image


def dims_of(image: Image) -> Dims:
    """What a viewer would show of ``image`` first; building a whole viewer is slow."""
    return Dims(
        ndim=image.ndim,
        range=[(-1e4, 1e4, 1.0)] * image.ndim,
        point=world(image, [0] * image.ndim),
    )


def world(layer, point):
    return np.asarray(layer.data_to_world(point))


@FEW
@given(images(), st.data())
def test_our_layers_lie_exactly_over_the_image(image, data):
    dims = dims_of(image)
    layer = make_points(Grid.of(image, dims))
    for _ in range(3):
        point = [data.draw(st.integers(0, n - 1)) for n in image.data.shape]
        np.testing.assert_allclose(world(layer, point), world(image, point), atol=1e-6)


@FEW
@given(images(), st.data())
def test_the_plane_is_the_slice_that_napari_shows(image, data):
    viewer = ViewerModel()
    viewer.add_layer(image)
    for axis in range(image.ndim - 2):
        viewer.dims.set_current_step(axis, data.draw(st.integers(0, viewer.dims.nsteps[axis] - 1)))
    grid = Grid.of(image, viewer.dims)
    plane = grid.plane(viewer.dims)
    shown = np.round(image.world_to_data(viewer.dims.point)).astype(int)
    assert plane.index[:-2] == tuple(shown[:-2])
    assert plane.shape == (12, 17)
    assert np.zeros(grid.shape)[plane.indexer].shape == plane.shape


@FEW
@given(images(), st.lists(st.tuples(st.integers(0, 11), st.integers(0, 16), st.booleans())))
def test_points_written_are_points_read(image, clicks):
    dims = dims_of(image)
    grid = Grid.of(image, dims)
    plane = grid.plane(dims)
    layer = make_points(grid)
    marks = Marks(
        points=np.array([c[:2] for c in clicks], float).reshape(-1, 2),
        signs=np.array([c[2] for c in clicks], bool),
    )
    write_points(layer, grid, plane=plane, marks=marks)
    assert read_points(layer, grid, plane).same(marks)


@FEW
@given(images(), factor, shift)
def test_a_prompt_layer_that_was_moved_is_read_where_it_is_seen(image, scale, offset):
    dims = dims_of(image)
    grid = Grid.of(image, dims)
    plane = grid.plane(dims)
    layer = make_points(grid)
    layer.affine = np.eye(image.ndim + 1)
    layer.scale, layer.translate = [scale] * image.ndim, [offset] * image.ndim
    at = plane.lift(np.array([[3.0, 5.0]]))[0]
    layer.data = [layer.world_to_data(world(image, at))]
    np.testing.assert_allclose(read_points(layer, grid, plane).points, [[3, 5]], atol=1e-6)


@FEW
@given(images(), st.integers(0, 2**32 - 1))
def test_a_mask_is_written_in_its_slice_only(image, seed):
    from napari_seem.layers import make_result

    dims = dims_of(image)
    grid = Grid.of(image, dims)
    plane = grid.plane(dims)
    layer = make_result(grid)
    wanted = np.random.default_rng(seed).random(plane.shape) > 0.5
    write_mask(layer, plane, wanted)
    np.testing.assert_array_equal(layer.data[plane.indexer] > 0, wanted)
    assert np.count_nonzero(layer.data) == np.count_nonzero(wanted)
    write_mask(layer, plane, None)
    assert not layer.data.any()


corner = st.tuples(st.floats(-30, 40), st.floats(-30, 40))


@FEW
@given(
    st.sampled_from(["rectangle", "polygon", "ellipse", "path", "line"]),
    st.tuples(corner, corner, corner, corner),
    st.floats(0, 20),
    st.booleans(),
)
def test_any_drawing_gives_valid_prompts(kind, corners, width, positive):
    vertices = np.array(corners[:2] if kind == "line" else corners)
    marks = Marks(outlines=(Outline(kind, vertices, width, positive),))
    prompts = prompts_of(marks, (12, 17))
    assert prompts.shape == (12, 17)
    assert not (prompts.positive & prompts.negative).any()
    if outside(marks, (12, 17)):
        assert not prompts.negative.any()
        assert prompts.is_empty


@pytest.mark.parametrize("kind", ["polygon", "ellipse", "rectangle"])
def test_drawn_area_is_right(kind):
    box = np.array([[10, 10], [10, 49], [29, 49], [29, 10]], float)
    prompts = prompts_of(Marks(outlines=(Outline(kind, box, 1, True),)), (40, 60))
    drawn = prompts.region if kind == "rectangle" else prompts.positive
    area = 800 * (np.pi / 4 if kind == "ellipse" else 1)
    assert drawn.sum() == pytest.approx(area, rel=0.06)
    assert drawn[20, 30]


pixel = st.tuples(st.integers(0, 11), st.integers(0, 16))


@FEW
@given(st.lists(st.tuples(pixel, st.booleans()), min_size=1, max_size=6, unique_by=lambda c: c[0]))
def test_clicks_are_those_of_the_simulated_user(clicks):
    shape = (12, 17)
    places, signs = zip(*clicks, strict=True)
    prompts = prompts_of(Marks(points=np.array(places, float), signs=np.array(signs)), shape)
    assert not (prompts.positive & prompts.negative).any()
    for (row, col), positive in clicks:
        assert (prompts.positive if positive else prompts.negative)[row, col]
    simulated = Prompts.empty(shape)
    for (row, col), positive in clicks:
        simulated = add_click(simulated, Click(row, col, positive))
    only_positive = simulated.positive & ~simulated.negative
    only_negative = simulated.negative & ~simulated.positive
    assert (prompts.positive >= only_positive).all()
    assert (prompts.negative >= only_negative).all()
    assert (prompts.positive <= simulated.positive).all()
    assert (prompts.negative <= simulated.negative).all()

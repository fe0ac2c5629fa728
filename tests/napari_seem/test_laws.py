"""Laws of geometry and of history, for any layer and any order of deeds."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from napari.components import Dims, ViewerModel
from napari.layers import Image

from fakes import FakeLoad, blobs
from napari_seem.annotator import Annotator
from napari_seem.ink import outside, prompts_of
from napari_seem.layer_marks import read_points, write_points
from napari_seem.layers import make_points, write_mask
from napari_seem.marks import Marks, Outline
from napari_seem.plane import Grid
from napari_seem.target import Tool
from person import click, mask
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


class AnyOrder(RuleBasedStateMachine):
    """Whatever a person does, layers, history and objects agree."""

    @initialize()
    def start(self) -> None:
        self.viewer = ViewerModel()
        self.viewer.add_image(np.stack([blobs(), blobs()[::-1]]), name="stack")
        self.load = FakeLoad()
        self.annotator = Annotator(self.viewer, load=self.load)
        self.annotator.open()
        self.viewer.dims.set_current_step(0, 0)

    @property
    def focus(self):
        return self.annotator.focus

    @precondition(lambda self: self.focus.plane is not None)
    @rule(row=st.integers(-3, 66), col=st.integers(-3, 82))
    def click(self, row, col) -> None:
        click(self.annotator, row, col)

    @precondition(lambda self: self.focus.plane is not None)
    @rule(
        top=st.integers(0, 40), left=st.integers(0, 40), kind=st.sampled_from(["rectangle", "path"])
    )
    def draw(self, top, left, kind) -> None:
        self.annotator.use(Tool.BOX)
        corners = np.add([[0, 0], [0, 20], [20, 20], [20, 0]], (top, left))
        shapes = self.focus.target.prompts.shapes
        shapes.add([self.focus.plane.lift(corners)], shape_type=kind)

    @precondition(lambda self: self.focus.plane is not None)
    @rule(row=st.integers(0, 63), col=st.integers(0, 79))
    def paint(self, row, col) -> None:
        self.annotator.use(Tool.PAINT)
        layer = self.focus.target.prompts.scribble
        layer.paint(self.focus.plane.lift(np.array([[row, col]]))[0], layer.selected_label)

    @rule(text=st.sampled_from(["blob", "", "nothing like it", "x" * 70]))
    def name_it(self, text) -> None:
        self.annotator.set_text(text)

    @rule()
    def toggle(self) -> None:
        self.annotator.set_positive(not self.annotator.positive)

    @rule(deed=st.sampled_from(["undo", "redo", "reset", "next_object", "commit"]))
    def act(self, deed) -> None:
        getattr(self.annotator, deed)()

    @rule(at=st.integers(0, 6))
    def goto(self, at) -> None:
        self.annotator.goto(at)

    @rule(k=st.integers(0, 1))
    def slice(self, k) -> None:
        self.viewer.dims.set_current_step(0, k)

    @rule(n=st.sampled_from([2, 2, 3]))
    def display(self, n) -> None:
        self.viewer.dims.ndisplay = n

    @rule(k=st.integers(0, 6))
    def delete_layer(self, k) -> None:
        ours = [x for x in self.viewer.layers if type(x) is not Image]
        if k < len(ours):
            self.viewer.layers.remove(ours[k])

    @rule()
    def delete_image(self) -> None:
        if len([x for x in self.viewer.layers if type(x) is Image]) > 1:
            self.viewer.layers.remove(self.focus.image)

    @rule()
    def add_image(self) -> None:
        if len([x for x in self.viewer.layers if type(x) is Image]) < 3:
            self.viewer.add_image(np.stack([blobs(), blobs()[::-1]]))

    @rule()
    def start_over(self) -> None:
        self.viewer.layers.clear()
        self.viewer.add_image(np.stack([blobs(), blobs()[::-1]]))

    @rule()
    def shuffle(self) -> None:
        self.viewer.layers.reverse()
        for layer in self.viewer.layers:
            layer.name = "x"

    @rule()
    def close_and_open(self) -> None:
        self.annotator.close()
        self.annotator.open()

    @rule(broken=st.booleans())
    def model(self, broken) -> None:
        if self.load.made:
            self.load.last.error = MemoryError() if broken else None

    @invariant()
    def layers_show_the_current_step(self) -> None:
        target, plane = self.focus.target, self.focus.plane
        if target is None or plane is None or self.annotator.waiting:
            return
        step = self.annotator.page.current.current
        asked = target.prompts.marks(plane).beside(step.marks)
        assert step.marks.same(asked)
        assert self.annotator.text == step.marks.text
        if target.result is not None:
            shown = np.zeros(plane.shape, bool) if step.answer is None else step.answer.mask
            np.testing.assert_array_equal(mask(self.annotator), shown)

    @invariant()
    def objects_and_their_table_agree(self) -> None:
        target = self.focus.target
        if target is None or target.objects is None:
            return
        labels = set(np.unique(target.objects.data)) - {0}
        table = target.objects.features
        listed = set(table["index"]) if len(table) else set()
        assert labels == listed

    def teardown(self) -> None:
        if self.annotator.is_open:
            self.annotator.close()


AnyOrder.TestCase.settings = settings(
    max_examples=15, stateful_step_count=30, deadline=None, suppress_health_check=list(HealthCheck)
)
TestAnyOrder = AnyOrder.TestCase

"""Deeds of a person, as rules of a hypothesis state machine: prompts, layers, sliders, the dock."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule
from napari.components import ViewerModel
from napari.layers import Image, Labels

from any_order import PREDICTOR_ERRORS, Objects
from fakes import FakeLoad, blobs
from napari_seem.annotator import Annotator
from napari_seem.layers import sign_name
from napari_seem.target import Tool
from napari_seem.worker import inline
from person import click

STACK = np.stack([blobs(), blobs()[::-1]])
# mostly where there is something to find
inside = st.sampled_from([(20, 20), (45, 50), (50, 60), (12, 28)]) | st.tuples(
    st.integers(0, 63), st.integers(0, 79)
)
anywhere = inside | st.tuples(st.integers(-3, 66), st.integers(-3, 82))
label = st.integers(1, 4)
opened = precondition(lambda self: self.annotator.is_open)
shown = precondition(lambda self: self.annotator.is_open and self.focus.plane is not None)
painting = precondition(lambda self: self.objects is not None)


class Deeds(RuleBasedStateMachine):
    """One person at one viewer: prompts, and what happens to layers, sliders and dock."""

    run = staticmethod(inline)

    @initialize()
    def start(self) -> None:
        self.viewer = ViewerModel()
        self.viewer.add_image(STACK, name="stack")
        self.load = FakeLoad()
        self.annotator = Annotator(self.viewer, load=self.load, run=self.run)
        self.annotator.open()
        self.viewer.dims.set_current_step(0, 0)
        self.known = Objects(self.annotator)

    @property
    def focus(self):
        return self.annotator.focus

    @property
    def objects(self) -> Labels | None:
        return None if self.focus.target is None else self.focus.target.objects

    def seen(self, layer, place) -> np.ndarray:
        """Data coordinates of a pixel of the slice in focus."""
        return self.focus.plane.lift(np.array([place]))[0]

    # -- prompts ---------------------------------------------------------------------------

    @shown
    @rule(place=anywhere)
    def click(self, place) -> None:
        click(self.annotator, *place)
        points = self.focus.target.prompts.points
        assert points.shown[-1]
        assert points.features["sign"].iloc[-1] == sign_name(self.annotator.positive)

    @shown
    @rule(place=inside)
    def click_and_commit(self, place) -> None:
        click(self.annotator, *place)
        self.commit()

    @shown
    @rule(place=inside, kind=st.sampled_from(["rectangle", "path", "polygon", "ellipse"]))
    def draw(self, place, kind) -> None:
        self.annotator.use(Tool.BOX)
        corners = np.add([[0, 0], [0, 20], [20, 20], [20, 0]], place)
        shapes = self.focus.target.prompts.shapes
        shapes.add([self.focus.plane.lift(corners)], shape_type=kind)
        row = shapes.features.iloc[-1]
        assert row["shown"]
        assert row["sign"] == sign_name(self.annotator.positive)

    @shown
    @rule(place=inside)
    def paint(self, place) -> None:
        self.annotator.use(Tool.PAINT)
        layer = self.focus.target.prompts.scribble
        layer.paint(self.seen(layer, place), layer.selected_label)

    @opened
    @rule(text=st.sampled_from(["blob", "", "nothing like it", "x" * 70]), positive=st.booleans())
    def name_it(self, text, positive) -> None:
        self.annotator.asking.name(text, positive=positive)

    @opened
    @painting
    @rule(label=st.integers(0, 3), positive=st.booleans(), base=st.booleans())
    def take_mask(self, label, positive, base) -> None:
        self.annotator.asking.take_mask(self.objects, label, positive=positive, base=base)

    @shown
    @precondition(lambda self: self.annotator.answer is not None)
    @rule(positive=st.booleans())
    def show_example(self, positive) -> None:
        if self.annotator.answer.packed.any:
            self.annotator.asking.like(self.annotator.asking.example(), "it", positive=positive)

    @opened
    @rule(deed=st.sampled_from(["hide", "flip", "delete"]), at=st.integers(0, 5))
    def change_prompt(self, deed, at) -> None:
        entries = self.annotator.asking.entries
        if entries:
            getattr(self.annotator.asking, deed)(entries[at % len(entries)])

    @opened
    @rule()
    def toggle(self) -> None:
        self.annotator.set_positive(not self.annotator.positive)

    # -- by hand, in the objects layer -----------------------------------------------------

    @shown
    @painting
    @rule(place=inside, label=st.integers(0, 5), how=st.sampled_from(["paint", "fill", "fill"]))
    def paint_objects(self, place, label, how) -> None:
        self.objects.brush_size = 15
        with self.known.painting():
            getattr(self.objects, how)(self.seen(self.objects, place), label)

    @painting
    @rule(label=st.integers(0, 5), place=inside)
    def paint_everywhere(self, label, place) -> None:
        with self.known.painting():
            voxels = np.array([[k, *place] for k in range(2)]).T
            self.objects.data_setitem(tuple(voxels), label)

    @shown
    @painting
    @rule(place=inside, label=st.integers(0, 5))
    def paint_polygon(self, place, label) -> None:
        corners = np.add([[0, 0], [0, 25], [25, 0]], place)
        if self.focus.plane.axes == (1, 2) and self.viewer.dims.order == (0, 1, 2):
            with self.known.painting():
                self.objects.paint_polygon(self.focus.plane.lift(corners), label)

    # -- the viewer ------------------------------------------------------------------------

    def others(self) -> list:
        """Layers of the plugin that belong to other images."""
        targets = [t for t in self.focus.targets if t is not self.focus.target]
        return [x for t in targets for x in t.layers]

    @rule(k=st.integers(0, 1))
    def slice(self, k) -> None:
        self.viewer.dims.set_current_step(0, k)

    @rule(n=st.sampled_from([2, 2, 3]))
    def display(self, n) -> None:
        self.viewer.dims.ndisplay = n

    @rule(order=st.sampled_from([(0, 1, 2), (0, 1, 2), (1, 0, 2), (0, 2, 1)]))
    def transpose(self, order) -> None:
        self.viewer.dims.order = order

    @rule(k=st.integers(0, 9))
    def delete_layer(self, k) -> None:
        ours = [x for x in self.viewer.layers if type(x) is not Image]
        if k < len(ours):
            self.viewer.layers.remove(ours[k])

    @rule()
    def delete_image(self) -> None:
        if len(self.focus.images) > 1 and self.focus.image in self.focus.images:
            self.viewer.layers.remove(self.focus.image)

    @rule()
    def add_image(self) -> None:
        if len(self.focus.images) < 3:
            self.viewer.add_image(STACK)

    @rule(at=st.integers(0, 2))
    def choose_image(self, at) -> None:
        if at < len(self.focus.images):
            self.focus.choose(self.focus.images[at])

    @rule()
    def start_over(self) -> None:
        self.viewer.layers.clear()
        self.viewer.add_image(STACK)

    @rule()
    def shuffle(self) -> None:
        self.viewer.layers.reverse()
        for layer in self.viewer.layers:
            layer.name = "x"

    @rule()
    def close_dock(self) -> None:
        if self.annotator.is_open:
            self.annotator.close()

    @rule()
    def open_dock(self) -> None:
        if not self.annotator.is_open:
            self.annotator.open()

    @rule(error=st.sampled_from([None, None, *PREDICTOR_ERRORS]))
    def model(self, error) -> None:
        if self.load.made:
            self.load.last.error = error

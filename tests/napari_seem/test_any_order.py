"""Whatever a person does, in any order: nothing raises, layers agree, no object is lost."""

from __future__ import annotations

import os

import numpy as np
import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import invariant, rule, run_state_machine_as_test

from any_order import Rewound, marks_of
from any_order_deeds import Deeds, inside, opened, shown
from fakes import Deferred
from napari_seem import swapping
from napari_seem.commit_rules import CommitRules, Overlap
from napari_seem.objects import CommitError
from napari_seem.places import Where
from napari_seem.search import Into
from napari_seem.session_data import ImageIdentity, SessionData
from napari_seem.shown import Look
from person import mask

label = st.integers(1, 4)
labels = st.lists(label, min_size=1, unique=True)
keys = st.sets(st.integers(1, 3), max_size=1)
rules = st.builds(
    CommitRules,
    overlap=st.sampled_from(Overlap),
    split=st.booleans(),
    fill_holes=st.booleans(),
    drop_specks=st.sampled_from([0, 0, 30]),
    smallest=st.sampled_from([0, 0, 30]),
    smooth=st.sampled_from([0.0, 0.0, 2.0]),
)


class AnyOrder(Deeds):
    """All deeds; every job is done at once."""

    # -- rounds and objects ----------------------------------------------------------------

    @opened
    @rule(deed=st.sampled_from(["reset", "next_object", "one_object_each"]))
    def act(self, deed) -> None:
        getattr(self.annotator, deed)()

    @opened
    @rule(deed=st.sampled_from(["undo", "undo", "redo"]), times=st.integers(1, 4))
    def back_and_forth(self, deed, times) -> None:
        for _ in range(times):
            with self.known.moving():
                getattr(self.annotator, deed)()

    @opened
    @rule(at=st.integers(0, 6))
    def goto(self, at) -> None:
        self.annotator.goto(at)

    @opened
    @rule(rules=rules)
    def commit_by(self, rules) -> None:
        self.annotator.shelf.rules = rules
        self.commit()

    @opened
    @rule()
    def commit(self) -> None:
        with self.known.committing():
            self.annotator.commit()

    @opened
    @rule(label=label)
    def refine(self, label) -> None:
        self.annotator.shelf.refine(label)

    @opened
    @rule(at=st.integers(0, 5))
    def work_on(self, at) -> None:
        things = self.annotator.page.things
        self.annotator.shelf.work_on(things[at % len(things)])

    @opened
    @rule(model=st.sampled_from(["lite", "other", "mine"]))
    def use_model(self, model) -> None:
        self.annotator.timeline.use_model(model, "auto")

    @opened
    @rule(name=st.sampled_from(["cell", "", "blob"]))
    def rename_current(self, name) -> None:
        self.annotator.set_name(name)

    @opened
    @rule(labels=st.sets(label), keys=keys, name=st.sampled_from(["cell", ""]))
    def rename(self, labels, keys, name) -> None:
        self.annotator.revisions.rename(labels, name, keys=keys)

    @opened
    @rule(labels=st.lists(label, unique=True), keys=keys)
    def remove(self, labels, keys) -> None:
        marked = {t.label for t in self.annotator.page.things if t.key in keys}
        with self.known.losing({*labels, *marked}):
            self.annotator.revisions.remove(labels, keys=keys)

    @opened
    @rule(labels=labels)
    def merge(self, labels) -> None:
        with self.known.losing(labels):
            self.annotator.revisions.merge(labels)

    @opened
    @rule(labels=labels, deed=st.sampled_from(["split", "fill", "drop", "smooth"]))
    def tidy(self, labels, deed) -> None:
        how = {"drop": (40,), "smooth": (2.0,)}.get(deed, ())
        with self.known.losing(labels):
            getattr(self.annotator.revisions, deed)(labels, *how)

    # -- proposals -------------------------------------------------------------------------

    @opened
    @rule(where=st.sampled_from(Where), deed=st.sampled_from(["like", "named", "everything"]))
    def search(self, where, deed) -> None:
        found, answer = self.annotator.search, self.annotator.answer
        if deed == "like":
            found.like([] if answer is None else [answer.mask], name="blob", where=where)
        elif deed == "named":
            found.named("all blobs")
        else:
            into = {Where.HERE: Into.PROPOSALS, Where.NEXT: Into.OBJECTS}.get(where, Into.LAYER)
            with self.known.committing():
                found.everything(
                    lambda p, f, watch: p.panoptic(f, watch=watch), title="all", into=into
                )

    @opened
    @rule(deed=st.sampled_from(["accept", "accept_all", "accept_all", "reject", "close"]))
    def decide(self, deed) -> None:
        with self.known.committing():
            getattr(self.annotator.suggestions, deed)()

    @opened
    @rule(threshold=st.sampled_from([0.0, 0.5, 0.95]), by=st.integers(-2, 2), place=inside)
    def look_through(self, threshold, by, place) -> None:
        self.annotator.suggestions.set_threshold(threshold)
        self.annotator.suggestions.move(by)
        self.annotator.suggestions.pick(*place)

    @opened
    @rule()
    def answer_all(self) -> None:
        self.annotator.search.answer_all()

    # -- which layer has the objects -------------------------------------------------------

    @shown
    @rule(label=st.integers(0, 3), place=inside, same_size=st.sampled_from([True, True, False]))
    def adopt(self, label, place, same_size) -> None:
        pixels = np.zeros(self.focus.target.grid.shape if same_size else (3, 3), np.int32)
        if same_size:
            pixels[:, place[0] : place[0] + 20, place[1] : place[1] + 20] = label
        layer = self.viewer.add_labels(pixels)
        try:
            self.annotator.shelf.adopt(layer)
        except CommitError:
            assert not same_size

    @shown
    @rule(at=st.integers(0, 9))
    def adopt_again(self, at) -> None:
        size = self.focus.target.grid.shape
        target = self.focus.target
        no = [target.result, target.proposed, target.prompts.scribble]
        layers = [x for x in self.focus.labels if not any(x is y for y in no)]
        layers = [x for x in layers if x.data.shape == size and not x.name.startswith("SEEM r")]
        if layers and at < 3 and not any(x in layers for x in self.others()):
            self.annotator.shelf.adopt(layers[at % len(layers)])

    @shown
    @rule()
    def start_layer(self) -> None:
        self.annotator.shelf.start_layer()

    @shown
    @rule(keep=st.booleans())
    def open_session(self, keep) -> None:
        loop, target = self.annotator._loop, self.focus.target
        loop.keep_pending()
        known = target.journal.pages.items()
        pages = {p: page.uncommitted() for p, page in known} if keep else {}
        image = ImageIdentity("any", "", target.grid.shape, "uint8", "sha256:0")
        look = Look.of(target.image, target.appearance)
        data = SessionData(image=image, pages=pages)
        swapping.take(loop, data, look, to=target, labels=None)

    # -- what always holds -----------------------------------------------------------------

    @invariant()
    def nothing_unexpected_went_wrong(self) -> None:
        assert "unexpected" not in self.annotator.engine.problem, self.annotator.engine.problem

    @invariant()
    def layers_show_the_current_step(self) -> None:
        target, plane = self.focus.target, self.focus.plane
        if target is None or plane is None or self.annotator.waiting or not self.annotator.is_open:
            return
        step = self.annotator.page.current.current
        assert step.marks.same(target.prompts.marks(plane).beside(step.marks))
        assert self.annotator.asking.entries == tuple(marks_of(self.annotator))
        if target.result is not None:
            answer = np.zeros(plane.shape, bool) if step.answer is None else step.answer.mask
            np.testing.assert_array_equal(mask(self.annotator), answer)

    @invariant()
    def objects_are_known(self) -> None:
        self.known.check()

    @opened
    @rule()
    def undo_all_and_redo_all(self) -> None:
        if self.focus.target is not None:
            with self.known.moving():
                Rewound(self.annotator).check()

    def teardown(self) -> None:
        if self.annotator.is_open:
            self.annotator.close()


FEW = settings(
    max_examples=12,
    stateful_step_count=35,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    # the same walks each time, so that one that fails fails for whoever broke it
    derandomize=True,
)
WALKS = int(os.environ.get("SEEM_WALKS", "0"))
"""So many walks that nobody has gone before; none in CI, where chance must not decide."""
AnyOrder.TestCase.settings = FEW
TestAnyOrder = AnyOrder.TestCase


class Waiting(AnyOrder):
    """The same, where jobs are done later, in between other deeds."""

    @property
    def run(self):
        return self.worker

    def __init__(self) -> None:
        self.worker = Deferred()
        super().__init__()

    @rule(jobs=st.integers(1, 4))
    def work(self, jobs) -> None:
        with self.known.committing():
            for _ in range(jobs):
                if self.worker.waiting:
                    self.worker.one()


Waiting.TestCase.settings = AnyOrder.TestCase.settings
TestWaiting = Waiting.TestCase


@pytest.mark.skipif(not WALKS, reason="set $SEEM_WALKS to the number of walks to take")
@pytest.mark.parametrize("machine", [AnyOrder, Waiting])
def test_other_orders(machine) -> None:
    run_state_machine_as_test(
        machine, settings=settings(FEW, max_examples=WALKS, derandomize=False)
    )

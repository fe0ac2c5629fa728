"""Ways in which an object, a class or a mark could get lost; each was found by a random walk."""

from __future__ import annotations

import numpy as np
import pytest
from napari.components import ViewerModel

from fakes import FakeLoad, blobs
from napari_seem import objects
from napari_seem.annotator import Annotator
from napari_seem.commit_rules import CommitRules, Overlap
from napari_seem.places import Where
from napari_seem.proposals import Proposals
from napari_seem.target import Tool
from person import FIRST, SECOND, click, mask, points
from seem_model.values import Instance


@pytest.fixture
def stack():
    """Annotator of two slices, with the first blob of slice 0 committed as 1, “cell”."""
    viewer = ViewerModel()
    viewer.add_image(np.stack([blobs(), blobs()]), name="stack")
    annotator = Annotator(viewer, load=FakeLoad())
    annotator.open()
    viewer.dims.set_current_step(0, 0)
    commit(annotator, 20, 20, "cell")
    yield viewer, annotator
    annotator.close()


def commit(annotator: Annotator, row: float, col: float, name: str = "") -> None:
    click(annotator, row, col)
    annotator.set_name(name)
    annotator.commit()


def layer_of(annotator: Annotator):
    return annotator.focus.target.objects


def names(annotator: Annotator) -> dict[int, str]:
    return {r.label: r.name for r in objects.table(layer_of(annotator))}


def test_a_label_of_a_deleted_layer_is_no_object_of_the_next(stack):
    viewer, annotator = stack
    viewer.layers.remove(layer_of(annotator))
    commit(annotator, 45, 50)
    assert layer_of(annotator).data[0, 45, 50] == 1
    annotator.shelf.refine(1)
    annotator.commit()
    np.testing.assert_array_equal(layer_of(annotator).data[0] == 1, SECOND)


def test_labels_of_an_adopted_layer_are_its_own_and_undo_leaves_it(stack):
    viewer, annotator = stack
    former = layer_of(annotator)
    theirs = np.zeros((2, 64, 80), np.int32)
    theirs[0, 50:60, 5:15] = 1
    layer = viewer.add_labels(theirs)
    annotator.shelf.adopt(layer)
    assert names(annotator) == {1: ""}
    annotator.shelf.refine(1)
    annotator.commit()
    assert (layer.data[0, 50:60, 5:15] == 1).all()
    for _ in range(3):
        annotator.undo()
    assert layer_of(annotator) is former
    assert annotator.page.of_label(1) is not None


def test_erasing_an_object_by_hand_takes_its_line_and_undo_brings_both_back(stack):
    _, annotator = stack
    layer = layer_of(annotator)
    layer.fill((0, 20, 20), 0)
    assert names(annotator) == {}
    assert annotator.page.of_label(1) is None
    annotator.undo()
    np.testing.assert_array_equal(layer.data[0] == 1, FIRST)
    assert names(annotator) == {1: "cell"}


@pytest.mark.parametrize("is_open", [True, False])
def test_paint_through_slices_is_undone_on_all_of_them(stack, is_open):
    _, annotator = stack
    if not is_open:
        annotator.close()
    layer = layer_of(annotator)
    before = layer.data.copy()
    layer.n_edit_dimensions = 3
    layer.brush_size = 9
    layer.paint((0, 50, 10), 7)
    painted = layer.data.copy()
    assert (painted[1] == 7).any()
    assert names(annotator) == {1: "cell", 7: ""}
    if not is_open:
        annotator.open()
    annotator.undo()
    np.testing.assert_array_equal(layer.data, before)
    assert names(annotator) == {1: "cell"}
    annotator.redo()
    np.testing.assert_array_equal(layer.data, painted)


def test_an_object_on_two_slices_keeps_its_line_until_the_last_is_gone(stack):
    viewer, annotator = stack
    layer_of(annotator).data_setitem((np.array([1]), np.array([5]), np.array([5])), 1)
    annotator.revisions.remove([1])
    assert names(annotator) == {1: "cell"}
    viewer.dims.set_current_step(0, 1)
    annotator.revisions.remove([1])
    assert names(annotator) == {}


def test_a_class_is_given_to_objects_that_exist_only(stack):
    _, annotator = stack
    annotator.revisions.rename([1, 5], "nucleus")
    assert names(annotator) == {1: "nucleus"}


def test_undo_in_three_dimensions_goes_to_the_slice_and_stays_undone(stack):
    viewer, annotator = stack
    click(annotator, 45, 50)
    viewer.dims.ndisplay = 3
    annotator.undo()
    assert viewer.dims.ndisplay == 2
    assert not mask(annotator).any()
    assert points(annotator) == []
    viewer.dims.set_current_step(0, 1)
    viewer.dims.set_current_step(0, 0)
    assert annotator.timeline.can_redo
    annotator.redo()
    np.testing.assert_array_equal(mask(annotator), SECOND)


def test_a_mark_made_during_a_search_is_there_when_proposals_come(model_viewer, deferred):
    model_viewer.add_image(blobs())
    annotator = Annotator(model_viewer, load=FakeLoad(), run=deferred)
    annotator.open()
    annotator.use(Tool.CLICK)
    deferred.all()
    annotator.search.like([FIRST], name="", where=Where.HERE)
    click(annotator, 45, 50)
    deferred.all()
    assert points(annotator) == [[45, 50]]
    np.testing.assert_array_equal(mask(annotator), SECOND)
    annotator.close()


def test_a_proposal_that_others_cover_wholly_leaves_no_object_behind(annotator):
    found = [Instance(mask=FIRST, label="", score=0.9), Instance(mask=FIRST, label="", score=0.8)]
    target, plane = annotator.focus.target, annotator.focus.plane
    annotator.shelf.rules = CommitRules(overlap=Overlap.OVERWRITE)
    proposals = Proposals.of(found, title="twice", threshold=0.0)
    annotator.suggestions.offer([(target, plane, proposals)])
    annotator.suggestions.accept_all()
    assert set(names(annotator)) == set(np.unique(layer_of(annotator).data)) - {0}
    assert [t.label for t in annotator.page.things if t.label] == list(names(annotator))


def test_an_answer_that_came_on_another_slice_in_between_is_kept_by_redo(stack):
    viewer, annotator = stack
    annotator.engine.predictor.error = MemoryError()
    click(annotator, 45, 50)
    viewer.dims.set_current_step(0, 1)
    annotator.set_name("there")
    annotator.engine.predictor.error = None
    viewer.dims.set_current_step(0, 0)
    np.testing.assert_array_equal(mask(annotator), SECOND)
    answer = annotator.answer
    for act in (annotator.undo, annotator.undo, annotator.redo, annotator.redo):
        act()
    viewer.dims.set_current_step(0, 0)
    assert annotator.answer is answer


@pytest.mark.parametrize("deed", ["redo", "goto"])
def test_a_deed_that_does_nothing_leaves_nothing_waiting(annotator, deed):
    annotator.asking.name("blob", positive=False)
    assert not annotator.waiting
    annotator.redo() if deed == "redo" else annotator.goto(1)
    assert not annotator.waiting
    annotator.commit()
    assert "as soon as" not in annotator.news

"""Everything, all like this and all of a name: proposals, without a window."""

from __future__ import annotations

import numpy as np
import pytest

from fakes import blobs, many_blobs
from napari_seem.annotator import Annotator
from napari_seem.commit_rules import CommitRules, Overlap
from napari_seem.search import Into, Where
from person import FIRST, SECOND, click
from seem_model.values import ALIKE


@pytest.fixture
def many(model_viewer, fake_load):
    """An annotator on many blobs."""
    model_viewer.add_image(many_blobs(), name="many")
    annotator = Annotator(model_viewer, load=fake_load)
    annotator.open()
    yield annotator
    annotator.close()


@pytest.fixture
def stack(model_viewer, fake_load):
    """An annotator on a stack of three slices with both blobs."""
    model_viewer.add_image(np.stack([blobs()] * 3), name="stack")
    model_viewer.dims.set_point(0, 0)
    annotator = Annotator(model_viewer, load=fake_load)
    annotator.open()
    yield annotator
    annotator.close()


def small(annotator) -> list[np.ndarray]:
    """Mask of the first small square."""
    example = np.zeros((64, 80), bool)
    example[4:12, 4:12] = True
    return [example]


def test_all_like_this_offers_the_others_best_first(many, fake_load):
    many.search.like(small(many), name="cell", where=Where.HERE)
    proposals = many.suggestions.current
    assert proposals.title == "all like this cell"
    assert [round(p.score, 2) for p in proposals.all] == [1.0] * 5 + [0.64] * 2 + [0.25]
    assert {p.name for p in proposals.all} == {"cell"}
    assert len(proposals.open) == 7, "below the threshold nothing is offered"
    assert "7 proposed" in many.news
    [example] = fake_load.last.examples
    np.testing.assert_array_equal(example.image[..., 0], many_blobs())
    shown = many.focus.target.proposed
    assert len(np.unique(shown.data)) == 1 + 7
    many.suggestions.set_threshold(0.7)
    assert len(np.unique(shown.data)) == 1 + 5
    many.suggestions.set_threshold(0.0)
    assert len(np.unique(shown.data)) == 1 + 8


def test_the_focus_looks_different(many):
    many.search.like(small(many), name="", where=Where.HERE)
    layer = many.focus.target.proposed
    focus, first, last = (layer.get_color(k) for k in (1, 3, 900))
    assert layer.get_color(0) is None or layer.colormap.map(0)[3] == 0
    assert not np.allclose(focus, first)
    np.testing.assert_array_equal(first, last)


def test_accept_reject_and_undo(many):
    many.search.like(small(many), name="cell", where=Where.HERE)
    many.suggestions.accept()
    many.suggestions.reject()
    many.suggestions.move(1)
    assert len(many.suggestions.current.open) == 5
    assert np.unique(many.shelf.pixels()).tolist() == [0, 1]
    many.suggestions.accept_all()
    assert many.suggestions.current is None
    assert len(np.unique(many.shelf.pixels())) == 1 + 6
    many.undo()
    assert len(many.suggestions.current.open) == 5
    many.undo()
    many.undo()
    assert len(many.suggestions.current.open) == 7
    assert not many.shelf.pixels().any()


def test_rejecting_the_last_closes_the_list(many):
    many.search.like(small(many), name="cell", where=Where.HERE)
    for _ in range(7):
        many.suggestions.reject()
    assert many.suggestions.current is None
    many.undo()
    assert len(many.suggestions.current.open) == 1


def test_what_is_committed_already_is_not_proposed_again(annotator):
    click(annotator, 20, 20)
    annotator.commit()
    annotator.search.named("blob")
    [only] = annotator.suggestions.current.all
    np.testing.assert_array_equal(only.mask.array, SECOND)
    annotator.shelf.rules = CommitRules(overlap=Overlap.OVERWRITE)
    annotator.search.named("blob")
    assert len(annotator.suggestions.current.all) == 2


def test_nothing_of_a_name_is_said_and_no_name_is_asked_for(annotator, told):
    annotator.search.named("zebra")
    assert "Nothing new found" in annotator.news
    assert annotator.suggestions.current is None
    annotator.search.named("  ")
    assert "Type what to look for" in told.text


def test_all_slices_get_proposals_that_show_when_they_are_on_display(stack, model_viewer):
    stack.search.like([FIRST], name="", where=Where.STACK)
    assert "on 3 slices" in stack.news
    assert len(stack.suggestions.current.open) == 1, "the example itself is not proposed"
    assert [n for _, _, n in stack.suggestions.elsewhere()] == [2, 2]
    stack.suggestions.go()
    assert model_viewer.dims.point[0] == 1
    assert len(np.unique(stack.focus.target.proposed.data[1])) == 3
    stack.suggestions.accept_all()
    stack.suggestions.go()
    assert model_viewer.dims.point[0] == 2
    stack.suggestions.close()
    stack.suggestions.go()
    assert model_viewer.dims.point[0] == 0


def test_the_next_slice_and_where_there_is_none(stack, model_viewer, told):
    stack.search.like([FIRST], name="", where=Where.NEXT)
    [(_, plane, count)] = stack.suggestions.elsewhere()
    assert (plane.index[0], count) == (1, 2)
    assert stack.suggestions.current is None
    model_viewer.dims.set_point(0, 2)
    stack.search.like([FIRST], name="", where=Where.NEXT)
    assert "no next slice" in told.text


def test_other_images_are_encoded_and_their_proposals_wait_there(
    annotator, model_viewer, fake_load
):
    other = model_viewer.add_image(many_blobs()[:50], name="other")
    annotator.search.like(small(annotator), name="cell", where=Where.IMAGES)
    assert fake_load.last.encoded[-1] == (50, 80)
    assert annotator.suggestions.current is None
    [(target, _, count)] = annotator.suggestions.elsewhere()
    assert target.image is other
    assert count == sum(p.score >= ALIKE for p in target.journal.page(_only(target)).proposals.all)
    annotator.suggestions.go()
    assert annotator.focus.image is other
    annotator.suggestions.set_threshold(0.0)
    annotator.suggestions.accept_all()
    assert annotator.shelf.layer.data.shape == (50, 80)
    assert set(annotator.shelf.layer.features["class"]) == {"cell"}


def _only(target):
    [plane] = target.journal.pages
    return plane


def test_no_other_image_and_no_example_are_said(annotator, told):
    annotator.search.like([FIRST], name="", where=Where.IMAGES)
    assert "no other image" in told.text
    annotator.search.like([], name="", where=Where.HERE)
    assert "no example yet" in told.text


def test_everything_goes_into_a_layer_or_proposals_or_the_objects(annotator, model_viewer):
    def read(predictor, features, watch):
        return predictor.panoptic(features, watch=watch)

    annotator.search.everything(read, title="all", into=Into.PROPOSALS)
    assert len(annotator.suggestions.current.open) == 2
    annotator.suggestions.close()
    annotator.search.everything(read, title="all", into=Into.OBJECTS)
    np.testing.assert_array_equal(annotator.shelf.pixels() > 0, blobs() > 0)
    assert list(annotator.shelf.layer.features["class"]) == ["blob", "blob"]
    assert annotator.suggestions.current is None
    annotator.undo()
    assert not annotator.shelf.pixels().any()
    annotator.search.everything(read, title="all")
    assert model_viewer.layers["all"].data.any()


def test_cancel_stops_the_search(model_viewer, fake_load, deferred):
    model_viewer.add_image(blobs())
    annotator = Annotator(model_viewer, load=fake_load, run=deferred)
    annotator.open()
    deferred.all()
    annotator.search.named("blob")
    annotator.search.cancel()
    deferred.all()
    assert annotator.suggestions.current is None
    assert annotator.engine.problem == ""

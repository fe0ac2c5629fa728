"""Changes of several objects at once, and the layer that holds them, without a window."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from napari.layers import Labels

from fakes import blobs
from napari_seem import objects
from napari_seem.objects import CommitError
from napari_seem.plane import Plane
from person import FIRST, SECOND, click, mask, points


@pytest.fixture
def two(annotator):
    """Both blobs committed, as 1 and 2."""
    for row, col in ((20, 20), (45, 50)):
        click(annotator, row, col)
        annotator.commit()
    return annotator


def names(annotator) -> list[str]:
    return [r.name for r in objects.table(annotator.shelf.layer)]


def test_several_are_renamed_and_removed_with_one_undo_each(two):
    two.revisions.rename([1, 2], "  big   cell ")
    assert names(two) == ["big cell", "big cell"]
    two.undo()
    assert names(two) == ["blob", "blob"]
    two.revisions.remove([1, 2])
    assert not two.shelf.pixels().any()
    assert names(two) == []
    two.undo()
    np.testing.assert_array_equal(two.shelf.pixels(), FIRST + 2 * SECOND)
    assert names(two) == ["blob", "blob"]


def test_open_objects_are_renamed_and_removed_by_their_keys(two):
    click(two, 20, 20)
    two.next_object()
    click(two, 45, 50)
    first, second = (t.key for t in two.page.things if not t.label)
    two.revisions.rename([2], "cup", keys=[first, second])
    assert [t.name for t in two.page.things] == ["blob", "cup", "cup", "cup"]
    two.undo()
    assert [t.class_name for t in two.page.things] == ["blob"] * 4
    two.revisions.remove([1], keys=[first, second])
    assert [t.label for t in two.page.things if not t.is_blank] == [2]
    assert not mask(two).any()
    two.undo()
    assert mask(two).any()
    assert [t.key for t in two.page.things if not t.label] == [first, second]


def test_removing_open_objects_needs_no_objects_layer(annotator):
    click(annotator, 20, 20)
    annotator.revisions.remove([], keys=[annotator.page.key])
    assert annotator.shelf.layer is None
    assert annotator.page.current.is_blank


def test_three_are_merged_with_one_undo(annotator):
    layer = Labels(np.kron(np.arange(1, 5).reshape(2, 2), np.ones((32, 40), int)))
    annotator.shelf.adopt(layer)
    annotator.revisions.merge([2, 1, 4])
    assert np.unique(layer.data).tolist() == [2, 3]
    annotator.undo()
    assert np.unique(layer.data).tolist() == [1, 2, 3, 4]


def test_several_are_split_filled_and_cleaned_at_once(annotator, told):
    data = np.zeros((64, 80), np.int32)
    for label, row in ((1, 4), (2, 24)):
        data[row : row + 9, 4:13] = label
        data[row + 4, 8] = 0
        data[row, 40:42] = label
    data[50:60, 50:60] = 3
    layer = Labels(data.copy())
    annotator.shelf.adopt(layer)
    annotator.revisions.fill([1, 2, 3])
    assert layer.data[8, 8] == 1
    assert layer.data[28, 8] == 2
    annotator.undo()
    np.testing.assert_array_equal(layer.data, data)
    annotator.revisions.split([1, 2, 3])
    assert layer.data[4, 40] == 4
    assert layer.data[24, 40] == 5
    annotator.undo()
    annotator.revisions.drop([1, 2, 3], 3)
    assert not layer.data[:, 40].any()
    annotator.undo()
    np.testing.assert_array_equal(layer.data, data)
    assert told.text == ""
    annotator.revisions.split([3])
    assert "one part" in told.text


def test_an_edit_that_changes_nothing_keeps_the_prompts_and_is_no_step(two):
    steps = len(two.focus.target.journal.done)
    two.revisions.fill([1, 2])
    assert len(two.focus.target.journal.done) == steps
    assert "Nothing to change" in two.news
    two.shelf.refine(1)
    assert points(two) == [[20, 20]]


def test_thousands_are_renamed_and_removed_in_one_deed():
    grid = np.arange(1, 4901).reshape(70, 70)
    layer = Labels(np.kron(grid, np.ones((4, 4), np.int64)).astype(np.int32))
    plane = Plane((0, 1), (0, 0), (280, 280))
    objects.complete(layer)
    before = layer.data.copy(), objects.table(layer)
    named = objects.reclassed(layer, plane, range(1, 4001), name="cell")
    assert [r.name for r in objects.table(layer)].count("cell") == 4000
    gone = objects.erased(layer, plane, range(1, 4001))
    assert len(np.unique(layer.data)) == 901
    objects.revert([named, gone])
    np.testing.assert_array_equal(layer.data, before[0])
    assert {(r.label, r.name) for r in objects.table(layer)} == {
        (r.label, r.name) for r in before[1]
    }


def test_an_opened_layer_is_adopted_and_refined_from_its_pixels(two, model_viewer):
    opened = model_viewer.add_labels(blobs() // 255 * 7, name="from a file")
    former = two.shelf.layer
    assert [x.name for x in two.shelf.candidates()] == ["SEEM objects", "from a file"]
    two.shelf.adopt(opened)
    assert [t for t in two.page.things if t.label] == []
    two.shelf.refine(7)
    np.testing.assert_array_equal(mask(two), blobs() > 0)
    two.set_positive(False)
    click(two, 12, 12)
    assert not mask(two)[12, 12]
    assert mask(two)[45, 50]
    two.commit()
    assert opened.data[12, 12] == 0
    assert opened.data[45, 50] == 7
    np.testing.assert_array_equal(former.data, FIRST + 2 * SECOND)


def test_a_label_never_stands_for_an_object_of_another_layer(two, model_viewer):
    other = np.zeros((64, 80), np.int32)
    other[0:5, 60:65] = 1
    former, opened = two.shelf.layer, model_viewer.add_labels(other)
    two.shelf.adopt(opened)
    two.shelf.refine(1)
    np.testing.assert_array_equal(mask(two), other > 0)
    two.undo()
    two.undo()
    assert two.shelf.layer is former, "choosing a layer can be undone"
    np.testing.assert_array_equal(former.data, FIRST + 2 * SECOND)
    two.undo()
    np.testing.assert_array_equal(former.data, FIRST)
    two.shelf.refine(1)
    np.testing.assert_array_equal(mask(two), FIRST)


def test_a_new_layer_starts_with_objects_of_its_own(two, model_viewer):
    former = two.shelf.layer
    two.shelf.start_layer()
    assert two.shelf.layer is not former
    click(two, 20, 20)
    two.commit()
    assert np.unique(two.shelf.layer.data).tolist() == [0, 1]
    assert np.unique(former.data).tolist() == [0, 1, 2]
    made = two.shelf.layer
    for _ in range(3):
        two.undo()
    assert two.shelf.layer is former
    assert [t.label for t in two.page.things if t.label] == [1, 2]
    for _ in range(3):
        two.redo()
    assert two.shelf.layer is made
    assert made.data.any()


def test_objects_of_a_deleted_layer_are_not_those_of_the_next(two, model_viewer):
    model_viewer.layers.remove(two.shelf.layer)
    click(two, 45, 50)
    two.commit()
    two.shelf.refine(1)
    np.testing.assert_array_equal(mask(two), SECOND)


def test_adopting_keeps_the_table_of_a_file(annotator, model_viewer):
    table = pd.DataFrame({"class": ["background", "cup", "spoon"], "owner": ["", "me", "you"]})
    opened = model_viewer.add_labels(FIRST + 2 * SECOND, features=table)
    annotator.shelf.adopt(opened)
    assert [(r.label, r.name) for r in objects.table(opened)] == [(1, "cup"), (2, "spoon")]
    annotator.revisions.rename([2], "fork")
    assert list(opened.features["owner"])[:2] == ["", "me"]
    assert [r.name for r in objects.table(opened)] == ["cup", "fork"]


def test_adopting_puts_the_labels_over_a_scaled_image(annotator, model_viewer):
    annotator.focus.image.scale = (0.5, 0.5)
    opened = model_viewer.add_labels(FIRST + 0)
    annotator.shelf.adopt(opened)
    np.testing.assert_array_equal(opened.scale, (0.5, 0.5))


@pytest.mark.parametrize(
    ("data", "words"),
    [(np.zeros((3, 4), int), "another size"), (np.broadcast_to(0, (64, 80)), "cannot be written")],
)
def test_layers_that_cannot_hold_the_objects_are_refused(annotator, data, words):
    with pytest.raises(CommitError, match=words):
        annotator.shelf.adopt(Labels(data))

"""What a person does and sees, without a window."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from napari.components import ViewerModel

from fakes import blobs
from napari_seem.annotator import Annotator
from napari_seem.target import Tool
from person import FIRST, SECOND, click, mask, points


def test_click_gives_the_mask_score_and_name(annotator):
    click(annotator, 20, 20)
    np.testing.assert_array_equal(mask(annotator), FIRST)
    assert annotator.answer.score == 0.9
    assert annotator.name == "blob"
    assert annotator.engine.state == "ready"


def test_negative_click_shrinks_the_mask_there(annotator):
    click(annotator, 20, 20)
    annotator.set_positive(False)
    click(annotator, 12, 12)
    assert not mask(annotator)[12, 12]
    assert mask(annotator)[25, 25]
    assert list(annotator.focus.target.prompts.points.features["sign"]) == ["positive", "negative"]


def test_colours_follow_the_sign(annotator):
    annotator.set_positive(False)
    click(annotator, 1, 1)
    annotator.set_positive(True)
    click(annotator, 2, 2)
    red, green = annotator.focus.target.prompts.points.face_color[:, :3]
    assert red[0] > red[1]
    assert green[1] > green[0]


def test_undo_and_redo_restore_layers_and_mask(annotator):
    click(annotator, 20, 20)
    click(annotator, 45, 50)
    both = mask(annotator)
    annotator.undo()
    np.testing.assert_array_equal(mask(annotator), FIRST)
    assert points(annotator) == [[20, 20]]
    annotator.undo()
    assert not mask(annotator).any()
    assert points(annotator) == []
    annotator.redo()
    annotator.redo()
    np.testing.assert_array_equal(mask(annotator), both)
    assert points(annotator) == [[20, 20], [45, 50]]


def test_undo_does_not_ask_the_model_again(annotator, fake_load):
    click(annotator, 20, 20)
    click(annotator, 45, 50)
    asked = len(fake_load.last.steps)
    annotator.undo()
    annotator.redo()
    assert len(fake_load.last.steps) == asked


def test_goto_any_round(annotator):
    for row in (20, 21, 22):
        click(annotator, row, 20)
    annotator.goto(1)
    assert points(annotator) == [[20, 20]]
    annotator.goto(3)
    assert len(points(annotator)) == 3
    annotator.goto(0)
    assert not mask(annotator).any()


def test_memory_is_of_rounds_whose_prompts_remain(annotator, fake_load):
    click(annotator, 20, 20)
    click(annotator, 45, 50)
    assert fake_load.last.steps[-1][1] == 1
    annotator.focus.target.prompts.points.data = np.array([[45.0, 50.0]])
    assert fake_load.last.steps[-1][1] is None


def test_text_alone_and_with_a_click(annotator):
    annotator.set_text("blob")
    np.testing.assert_array_equal(mask(annotator), FIRST | SECOND)
    annotator.undo()
    assert annotator.text == ""
    annotator.redo()
    assert annotator.text == "blob"


def test_box_polygon_stroke_ellipse_and_paint(annotator, fake_load):
    annotator.use(Tool.BOX)
    shapes = annotator.focus.target.prompts.shapes
    box = np.array([[5, 5], [5, 35], [35, 35], [35, 5]])
    shapes.add([box], shape_type="rectangle")
    np.testing.assert_array_equal(mask(annotator), FIRST)
    assert fake_load.last.steps[-1][0].region is not None
    assert not fake_load.last.steps[-1][0].positive.any()
    for kind in ("polygon", "ellipse"):
        shapes.add([box + 3], shape_type=kind)
        assert fake_load.last.steps[-1][0].positive[20, 20]
    annotator.set_positive(False)
    shapes.add([np.array([[60, 5], [60, 70]])], shape_type="path", edge_width=5)
    negative = fake_load.last.steps[-1][0].negative
    assert negative[58:63, 30].all()
    assert not negative[50, 30]
    annotator.use(Tool.PAINT)
    scribble = annotator.focus.target.prompts.scribble
    assert scribble.selected_label == 2
    scribble.paint([15, 15], 2)
    assert fake_load.last.steps[-1][0].negative[15, 15]
    annotator.set_positive(True)
    scribble.paint([50, 50], scribble.selected_label)
    assert fake_load.last.steps[-1][0].positive[50, 50]
    assert len(annotator.page.current.steps) == 6
    for _ in range(6):
        annotator.undo()
    assert len(shapes.data) == 0
    assert not scribble.data.any()
    for _ in range(6):
        annotator.redo()
    assert list(shapes.shape_type) == ["rectangle", "polygon", "ellipse", "path"]
    assert scribble.data[50, 50] == 1


def test_deleting_a_point_recomputes(annotator):
    click(annotator, 20, 20)
    click(annotator, 45, 50)
    layer = annotator.focus.target.prompts.points
    layer.selected_data = {1}
    layer.remove_selected()
    np.testing.assert_array_equal(mask(annotator), FIRST)


def test_changing_a_sign_in_the_features_table_recomputes(annotator):
    click(annotator, 20, 20)
    click(annotator, 12, 12)
    layer = annotator.focus.target.prompts.points
    table = layer.features.copy()
    table.loc[1, "sign"] = "negative"
    layer.features = table
    assert not mask(annotator)[12, 12]


def test_only_negative_marks_ask_nothing(annotator, fake_load):
    annotator.set_positive(False)
    click(annotator, 20, 20)
    assert fake_load.last.steps == []
    assert not mask(annotator).any()
    annotator.undo()
    assert points(annotator) == []


def test_commit_keeps_earlier_objects_and_names_them(annotator, told):
    click(annotator, 20, 20)
    annotator.commit()
    objects = annotator.focus.target.objects
    np.testing.assert_array_equal(objects.data == 1, FIRST)
    assert points(annotator) == []
    assert not mask(annotator).any()
    annotator.set_text("blob")
    annotator.set_name("cell")
    annotator.commit()
    np.testing.assert_array_equal(objects.data == 1, FIRST)
    np.testing.assert_array_equal(objects.data == 2, SECOND)
    assert list(objects.features["class"]) == ["blob", "cell"]
    assert list(objects.features["index"]) == [1, 2]
    annotator.set_text("blob")
    annotator.commit()
    assert "already belongs" in told.text
    assert objects.data.max() == 2
    assert annotator.text == "blob"


def test_commit_can_be_undone_and_redone(annotator):
    click(annotator, 20, 20)
    annotator.commit()
    click(annotator, 45, 50)
    annotator.commit()
    objects = annotator.focus.target.objects
    annotator.undo()
    assert objects.data.max() == 1
    np.testing.assert_array_equal(mask(annotator), SECOND)
    assert points(annotator) == [[45, 50]]
    annotator.undo()
    annotator.undo()
    annotator.undo()
    assert objects.data.max() == 0
    assert len(objects.features) == 0
    assert not annotator.timeline.can_undo
    for _ in range(4):
        annotator.redo()
    assert not annotator.timeline.can_redo
    np.testing.assert_array_equal(objects.data == 2, SECOND)
    assert list(objects.features["index"]) == [1, 2]


def test_commit_without_a_mask_says_so(annotator, told):
    annotator.commit()
    assert "no mask to commit" in told.text
    assert annotator.focus.target.objects is None


def test_next_object_and_reset_can_be_undone(annotator):
    click(annotator, 20, 20)
    annotator.next_object()
    assert points(annotator) == []
    annotator.undo()
    assert points(annotator) == [[20, 20]]
    annotator.reset()
    assert points(annotator) == []
    annotator.undo()
    np.testing.assert_array_equal(mask(annotator), FIRST)


def test_click_outside_the_image_is_ignored_with_a_sentence(annotator, told):
    click(annotator, 20, 20)
    click(annotator, -5, 500)
    assert "outside the image" in told.text
    np.testing.assert_array_equal(mask(annotator), FIRST)


def test_hints_without_an_image(model_viewer, fake_load, told):
    annotator = Annotator(model_viewer, load=fake_load)
    annotator.open()
    assert "Open an image" in annotator.focus.trouble
    annotator.use(Tool.CLICK)
    annotator.set_text("blob")
    annotator.commit()
    annotator.undo()
    annotator.redo()
    annotator.reset()
    annotator.next_object()
    annotator.goto(3)
    assert "Open an image" in told.text
    assert fake_load.made == []


@pytest.mark.parametrize(
    "error", [MemoryError(), RuntimeError("kaput"), ValueError("not enough memory")]
)
def test_errors_are_sentences_and_nothing_is_lost(annotator, fake_load, told, error):
    click(annotator, 20, 20)
    fake_load.last.error = error
    click(annotator, 45, 50)
    assert annotator.engine.state == "error"
    assert "marks are kept" in told.text
    assert len(points(annotator)) == 2
    np.testing.assert_array_equal(mask(annotator), FIRST)
    fake_load.last.error = None
    click(annotator, 46, 50)
    np.testing.assert_array_equal(mask(annotator), FIRST | SECOND)
    assert annotator.engine.state == "ready"


def test_text_too_long_is_a_sentence(annotator, told):
    annotator.set_text("word " * 30)
    assert "too long" in told.text
    annotator.set_text("blob")
    assert mask(annotator).any()


def test_missing_checkpoint_then_a_good_one(annotator, told, fake_load):
    annotator.engine.choose("missing", "cpu")
    assert "no checkpoint called 'missing'" in told.text
    click(annotator, 20, 20)
    assert annotator.engine.state == "error"
    annotator.engine.choose("tiny", "cpu")
    assert fake_load.last.name == "tiny"
    np.testing.assert_array_equal(mask(annotator), FIRST)


def test_two_viewers_do_not_meet(annotator, fake_load):
    other = ViewerModel()
    other.add_image(blobs())
    second = Annotator(other, load=fake_load)
    second.open()
    click(second, 45, 50)
    click(annotator, 20, 20)
    np.testing.assert_array_equal(mask(second), SECOND)
    np.testing.assert_array_equal(mask(annotator), FIRST)
    assert len(points(annotator)) == len(points(second)) == 1


def test_an_answer_without_its_memory_is_refined_from_its_mask(annotator, fake_load):
    click(annotator, 20, 20)
    journal, plane = annotator.focus.target.journal, annotator.focus.plane
    page = annotator.page
    bare = replace(page.current.current.answer, memory=None)  # as in a session that was opened
    journal.amend(plane, page.having(page.current.with_answer(bare)))
    click(annotator, 45, 50)
    np.testing.assert_array_equal(fake_load.last.steps[-1][1].mask, FIRST)

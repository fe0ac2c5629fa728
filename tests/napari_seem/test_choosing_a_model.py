"""Another model is a change like any other: undo brings back the former and its rounds."""

from __future__ import annotations

import numpy as np
import pytest

import seem_model
from fakes import FakeMemory, FakePredictor, blobs
from napari_seem.annotator import Annotator
from napari_seem.target import Tool
from person import FIRST, SECOND, click, mask
from seem_model import checkpoint
from seem_model.config import TINY


@pytest.fixture
def clicked(annotator):
    click(annotator, 20, 20)
    return annotator


def memories(predictor: FakePredictor) -> list:
    return [memory for _, memory in predictor.steps]


def test_undo_brings_back_the_model_and_its_rounds(clicked, fake_load):
    first = clicked.page
    clicked.timeline.use_model("mine/cells", "auto")
    assert fake_load.last.name == clicked.engine.checkpoint == "mine/cells"
    np.testing.assert_array_equal(mask(clicked), FIRST)
    click(clicked, 45, 50)
    np.testing.assert_array_equal(mask(clicked), FIRST | SECOND)
    clicked.undo()
    clicked.undo()
    assert fake_load.last.name == clicked.engine.checkpoint == "lite"
    assert clicked.page is first
    np.testing.assert_array_equal(mask(clicked), FIRST)
    assert "use the model cells" in clicked.news
    clicked.redo()
    assert fake_load.last.name == "mine/cells"
    clicked.redo()
    np.testing.assert_array_equal(mask(clicked), FIRST | SECOND)
    assert not clicked.engine.predictor.steps  # known answers are not asked for again


def test_a_model_never_meets_the_memory_of_another(clicked, fake_load):
    """It goes on from the mask; back at the former model, its own memory is there again."""
    clicked.timeline.use_model("mine", "auto")
    click(clicked, 45, 50)
    [memory] = memories(fake_load.last)
    assert isinstance(memory, FakeMemory)
    np.testing.assert_array_equal(memory.mask, FIRST)
    clicked.undo()
    clicked.undo()
    click(clicked, 45, 50)
    assert memories(fake_load.last) == [1]
    np.testing.assert_array_equal(mask(clicked), FIRST | SECOND)


def test_an_answer_that_comes_later_is_the_new_models_alone(annotator, fake_load):
    fake_load.last.error = MemoryError()
    click(annotator, 20, 20)
    annotator.timeline.use_model("mine", "auto")
    assert annotator.answer is not None
    assert len(fake_load.last.steps) == 1
    annotator.undo()
    assert fake_load.last.name == "lite"
    assert len(fake_load.last.steps) == 1  # asked anew, of the former
    np.testing.assert_array_equal(mask(annotator), FIRST)


def test_the_same_model_or_another_device_is_no_change(clicked, fake_load):
    done = len(clicked.focus.target.journal.done)
    clicked.timeline.use_model("lite", "auto")
    assert len(fake_load.made) == 1
    clicked.timeline.use_model("lite", "cpu")
    assert fake_load.last.device == "cpu"
    assert len(clicked.focus.target.journal.done) == done
    clicked.timeline.use_model("mine", "cpu")
    clicked.undo()
    assert (fake_load.last.name, fake_load.last.device) == ("lite", "cpu")


def test_without_an_image_it_is_chosen_all_the_same(make_model_viewer, fake_load):
    annotator = Annotator(make_model_viewer(), load=fake_load)
    annotator.open()
    annotator.timeline.use_model("mine", "auto")
    assert annotator.engine.checkpoint == "mine"
    assert not annotator.timeline.can_undo
    annotator.close()


def test_choosing_a_model_is_no_work(annotator):
    """A session that is opened afterwards goes on in its own file, as before."""
    annotator.timeline.use_model("mine", "auto")
    assert annotator.focus.target.is_untouched
    assert annotator.timeline.can_undo
    annotator.use(Tool.CLICK)
    click(annotator, 20, 20)
    assert not annotator.focus.target.is_untouched


def test_after_undo_a_real_model_answers_as_if_nothing_had_been(make_model_viewer, tmp_path):
    """Twice the same clicks, once with another model tried in between."""
    other = checkpoint.build(TINY)
    checkpoint.save(other, tmp_path / "other")

    def masks(*, tries: bool) -> list[np.ndarray]:
        viewer = make_model_viewer()
        viewer.add_image(blobs(), name="blobs")
        annotator = Annotator(viewer, load=seem_model.load)
        annotator.engine.choose("tiny", "cpu")
        annotator.open()
        found = []
        for place in ((20, 20), (45, 50), (12, 28)):
            click(annotator, *place)
            found.append(mask(annotator))
            if tries:
                annotator.timeline.use_model(str(tmp_path / "other"), "cpu")
                click(annotator, 50, 60)
                assert annotator.engine.predictor.name == str(tmp_path / "other")
                annotator.undo()
                annotator.undo()
                np.testing.assert_array_equal(mask(annotator), found[-1])
        assert annotator.engine.problem == ""
        annotator.close()
        return found

    for plain, tried in zip(masks(tries=False), masks(tries=True), strict=True):
        np.testing.assert_array_equal(plain, tried)

"""Sessions saved by hand and taken into the viewer; nothing is ever lost."""

from __future__ import annotations

import numpy as np
import pytest

from fakes import blobs
from napari_seem.commit_rules import CommitRules
from session_person import BLOBS, assert_same_state, click, opened, state, work


@pytest.fixture
def saved(annotator, tmp_path):
    """A session file of an object that is committed and one that is not, and the state then."""
    annotator.shelf.rules = CommitRules(fill_holes=True)
    work(annotator)
    annotator.sessions.save(tmp_path / "saved.seem")
    return tmp_path / "saved.seem", state(annotator)


class TestOpening:
    def test_everything_is_there_again(self, saved, make_model_viewer) -> None:
        path, before = saved
        other = opened(make_model_viewer())
        other.sessions.open(path)
        assert_same_state(state(other), before)
        assert other.news == "2 objects from saved.seem."
        assert len(other.focus.target.prompts.points.data) == 1
        assert other.focus.target.result.data.sum() == 15 * 25
        assert other.shelf.layer.features["class"].tolist() == ["blob"]
        assert not other.waiting

    def test_a_committed_object_can_be_taken_up_with_its_prompts(
        self, saved, make_model_viewer
    ) -> None:
        other = opened(make_model_viewer())
        other.sessions.open(saved[0])
        other.shelf.refine(1)
        np.testing.assert_array_equal(other.focus.target.prompts.points.data, [BLOBS[0]])
        click(other, (12.0, 12.0))
        other.commit()
        assert other.shelf.pixels().max() == 1

    def test_undo_brings_the_former_work_back_and_redo_the_session(self, saved, annotator) -> None:
        path, _ = saved
        click(annotator, (50.0, 60.0))
        annotator.commit()
        click(annotator, (5.0, 5.0))
        mine, layer = state(annotator), annotator.shelf.layer
        annotator.sessions.open(path)
        theirs = state(annotator)
        assert annotator.shelf.layer is not layer
        assert not layer.visible
        annotator.undo()
        assert_same_state(mine, (*state(annotator)[:2], mine[2]))
        assert annotator.shelf.layer is layer
        assert layer.visible
        assert len(annotator.focus.target.prompts.points.data) == 1
        annotator.redo()
        assert_same_state(state(annotator), theirs)

    def test_slices_that_are_not_on_display_change_too(self, make_model_viewer, tmp_path) -> None:
        viewer = make_model_viewer()
        annotator = opened(viewer, np.stack([blobs()] * 3))
        for z in (0, 2):
            viewer.dims.set_point(0, z)
            work(annotator)
        annotator.sessions.save(tmp_path / "a.seem")
        before = state(annotator)
        viewer = make_model_viewer()
        other = opened(viewer, np.stack([blobs()] * 3))
        viewer.dims.set_point(0, 1)
        click(other, BLOBS[0])
        other.sessions.open(tmp_path / "a.seem")
        assert_same_state(state(other), before)
        viewer.dims.set_point(0, 2)
        assert not other.waiting
        assert_same_state(state(other), before)
        other.undo()
        viewer.dims.set_point(0, 0)
        assert other.page.current.is_blank
        assert not len(other.focus.target.prompts.marks(other.focus.plane).points)

    def test_another_image_is_refused(self, saved, make_model_viewer, told) -> None:
        other = opened(make_model_viewer(), np.zeros((30, 40), np.uint8))
        other.sessions.open(saved[0])
        assert "belongs to another image: blobs is (64, 80)" in told.text
        assert not other.focus.target.journal.done

    def test_a_file_that_is_none_is_refused(self, annotator, tmp_path, told) -> None:
        (tmp_path / "a.seem").write_bytes(b"no")
        annotator.sessions.open(tmp_path / "a.seem")
        assert "no session" in told.text

"""Sessions saved by themselves; nothing is ever written over."""

from __future__ import annotations

import numpy as np

from fakes import Deferred, FakeLoad, blobs
from napari_seem.annotator import Annotator
from napari_seem.session_file import former, read_session
from napari_seem.session_places import Where
from napari_seem.session_settings import SessionPreferences
from napari_seem.target import Tool
from session_person import BLOBS, Clock, assert_same_state, click, opened, state, work


class TestAutosave:
    def test_a_moment_after_a_change(self, model_viewer, tmp_path) -> None:
        clock = Clock()
        wish = SessionPreferences(where=Where.FOLDER, folder=str(tmp_path))
        annotator = opened(model_viewer, clock=clock, wish=wish)
        clock.tick()
        assert not list(tmp_path.iterdir())  # nothing to save
        work(annotator)
        assert len(clock.waiting) == 1
        clock.tick()
        (path,) = tmp_path.iterdir()
        data = read_session(path)
        assert data.objects == 2
        assert data.model == "lite"
        assert_same_state((data.pages, data.labels.array, data.rules), state(annotator))
        assert path.name.startswith("blobs-")
        assert not clock.waiting

    def test_beside_the_image_with_the_former_file(self, make_model_viewer, tmp_path) -> None:
        (tmp_path / "cells.tif").write_bytes(b"")
        clock = Clock()
        annotator = opened(make_model_viewer(), clock=clock, path=tmp_path / "cells.tif")
        for place in BLOBS:
            click(annotator, place)
            annotator.commit()
            clock.tick()
        path = tmp_path / "cells.tif.seem"
        assert read_session(path).objects == 2
        assert read_session(former(path)).objects == 1

    def test_what_is_asked_is_saved_before_it_is_answered(self, model_viewer, tmp_path) -> None:
        model_viewer.add_image(blobs())
        worker, clock = Deferred(), Clock()
        annotator = Annotator(model_viewer, load=FakeLoad(), run=worker)
        wish = SessionPreferences(where=Where.FOLDER, folder=str(tmp_path))
        annotator.sessions.start(wish, later=clock)
        annotator.open()
        annotator.use(Tool.CLICK)
        click(annotator, BLOBS[0])
        clock.tick()
        (path,) = tmp_path.iterdir()
        (page,) = read_session(path).pages.values()
        assert page.current.current.unanswered
        assert not annotator.focus.target.journal.pages

    def test_hand_paint_in_any_slice_is_saved(self, make_model_viewer, tmp_path) -> None:
        viewer, clock = make_model_viewer(), Clock()
        wish = SessionPreferences(where=Where.FOLDER, folder=str(tmp_path))
        annotator = opened(viewer, np.stack([blobs()] * 3), clock=clock, wish=wish)
        for z in (1, 2, 0):
            viewer.dims.set_point(0, z)
            click(annotator, BLOBS[0])
            annotator.commit()
            clock.tick()
            annotator.shelf.layer.fill((z, 60, 70), 7 + z)
            clock.tick()
            (path,) = tmp_path.glob("*.seem")
            saved = read_session(path).labels.array
            np.testing.assert_array_equal(saved, annotator.shelf.layer.data)

    def test_two_windows_on_one_image_have_a_file_each(self, make_model_viewer, tmp_path) -> None:
        wish, clock = SessionPreferences(where=Where.FOLDER, folder=str(tmp_path)), Clock()
        windows = [opened(make_model_viewer(), clock=clock, wish=wish) for _ in range(2)]
        for k in range(3):
            for window, place in zip(windows, BLOBS, strict=True):
                click(window, (place[0] + k, place[1]))
                clock.tick()
        files = list(tmp_path.glob("*.seem"))
        points = {
            tuple(page.current.current.marks.points[-1])
            for file in files
            for page in read_session(file).pages.values()
        }
        assert {(22.0, 20.0), (47.0, 50.0)} <= points
        assert len(files) == 3  # of the one that began first also what it was then

    def test_each_image_has_a_file_and_going_back_offers_nothing(
        self, model_viewer, tmp_path
    ) -> None:
        wish, clock = SessionPreferences(where=Where.FOLDER, folder=str(tmp_path)), Clock()
        annotator = opened(model_viewer, clock=clock, wish=wish)
        other = model_viewer.add_image(blobs()[::-1], name="other")
        first = annotator.focus.image
        click(annotator, BLOBS[0])
        annotator.focus.choose(other)
        annotator.use(Tool.CLICK)
        click(annotator, (5.0, 5.0))
        annotator.focus.choose(first)
        assert sorted(p.name[:5] for p in tmp_path.glob("*.seem")) == ["blobs", "other"]
        assert annotator.sessions.found is None
        assert len(annotator.focus.target.prompts.points.data) == 1

    def test_a_full_disk_is_told_once(self, model_viewer, tmp_path, told) -> None:
        (tmp_path / "file").write_bytes(b"")
        clock = Clock()
        wish = SessionPreferences(where=Where.FOLDER, folder=str(tmp_path / "file" / "sub"))
        annotator = opened(model_viewer, clock=clock, wish=wish)
        for place in BLOBS:
            click(annotator, place)
            annotator.commit()
            clock.tick()
        assert told.text.count("cannot be saved") == 1
        assert annotator.shelf.pixels().max() == 2

    def test_closing_the_dock_saves_at_once(self, model_viewer, tmp_path) -> None:
        wish = SessionPreferences(where=Where.FOLDER, folder=str(tmp_path))
        annotator = opened(model_viewer, clock=Clock(), wish=wish)
        work(annotator)
        annotator.close()
        assert len(list(tmp_path.iterdir())) == 1

    def test_closing_the_window_saves_what_was_there_before_its_layers_go(
        self, model_viewer, tmp_path
    ) -> None:
        wish = SessionPreferences(where=Where.FOLDER, folder=str(tmp_path))
        annotator = opened(model_viewer, clock=Clock(), wish=wish)
        work(annotator)
        before = state(annotator)
        model_viewer.layers.clear()
        annotator.close()
        (path,) = tmp_path.glob("*.seem")
        data = read_session(path)
        assert_same_state((data.pages, data.labels.array, data.rules), before)

    def test_off_is_off(self, model_viewer, tmp_path) -> None:
        clock = Clock()
        wish = SessionPreferences(autosave=False, where=Where.FOLDER, folder=str(tmp_path))
        work(opened(model_viewer, clock=clock, wish=wish))
        clock.tick()
        assert not list(tmp_path.iterdir())

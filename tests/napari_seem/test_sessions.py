"""Sessions taken into the viewer, saved by themselves, found again; nothing is ever lost."""

from __future__ import annotations

import numpy as np
import pytest
from napari.layers._source import layer_source

from fakes import Deferred, FakeLoad, blobs
from napari_seem.annotator import Annotator
from napari_seem.commit_rules import CommitRules
from napari_seem.session_data import SessionData
from napari_seem.session_file import former, image_of, read_session, write_session
from napari_seem.session_places import Where
from napari_seem.settings import SessionPreferences
from napari_seem.target import Tool
from session_values import assert_same_page

BLOBS = [(20.0, 20.0), (45.0, 50.0)]


class Clock:
    """A clock that the test winds."""

    def __init__(self) -> None:
        self.waiting = []

    def __call__(self, seconds, act) -> None:
        self.waiting.append(act)

    def tick(self) -> None:
        waiting, self.waiting = self.waiting, []
        for act in waiting:
            act()


def click(annotator, place) -> None:
    points = annotator.focus.target.prompts.points
    points.add([place] if len(annotator.focus.plane.index) == 2 else [[*lead(annotator), *place]])


def lead(annotator):
    return annotator.focus.plane.index[:-2]


def work(annotator) -> None:
    """One object committed, another clicked."""
    click(annotator, BLOBS[0])
    annotator.commit()
    click(annotator, BLOBS[1])


def opened(viewer, image=None, *, clock=None, wish=None, path=None) -> Annotator:
    with layer_source(path=None if path is None else str(path)):
        viewer.add_image(blobs() if image is None else image, name="blobs")
    annotator = Annotator(viewer, load=FakeLoad())
    if clock is not None:
        annotator.sessions.start(wish or SessionPreferences(), later=clock)
    annotator.open()
    annotator.use(Tool.CLICK)
    return annotator


def state(annotator):
    target = annotator.focus.target
    labels = None if target.objects is None else np.array(target.objects.data)
    pages = target.journal.pages.items()
    worked_on = {plane: page for plane, page in pages if not page.current.is_blank}
    return worked_on, labels, annotator.shelf.rules


def assert_same_state(one, other) -> None:
    (pages, labels, rules), (pages_2, labels_2, rules_2) = one, other
    assert pages.keys() == pages_2.keys()
    for plane in pages:
        assert_same_page(pages[plane], pages_2[plane])
    np.testing.assert_array_equal(labels, labels_2)
    assert rules == rules_2


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


class TestFindingAgain:
    @pytest.fixture
    def earlier(self, make_model_viewer, tmp_path):
        wish = SessionPreferences(where=Where.FOLDER, folder=str(tmp_path))
        annotator = opened(make_model_viewer(), clock=Clock(), wish=wish)
        work(annotator)
        annotator.close()
        (path,) = tmp_path.iterdir()
        return path, state(annotator), wish

    def test_resume(self, earlier, make_model_viewer) -> None:
        path, before, wish = earlier
        clock = Clock()
        annotator = opened(make_model_viewer(), clock=clock, wish=wish)
        found = annotator.sessions.found
        assert (found.path, found.objects) == (path, 2)
        annotator.sessions.resume()
        assert annotator.sessions.found is None
        assert_same_state(state(annotator), before)
        click(annotator, (50.0, 60.0))
        clock.tick()
        assert sorted(p.name for p in path.parent.iterdir()) == [path.name, path.name + "~"]

    def test_start_anew_keeps_the_old_file(self, earlier, make_model_viewer) -> None:
        path, _, wish = earlier
        clock = Clock()
        annotator = opened(make_model_viewer(), clock=clock, wish=wish)
        annotator.sessions.start_anew()
        assert annotator.sessions.found is None
        assert annotator.page.current.is_blank
        click(annotator, BLOBS[0])
        clock.tick()
        assert read_session(path.with_name(path.stem + ".1.seem")).objects == 2
        assert read_session(path).objects == 1

    def test_who_does_not_decide_loses_nothing(self, earlier, make_model_viewer) -> None:
        path, before, wish = earlier
        clock = Clock()
        annotator = opened(make_model_viewer(), clock=clock, wish=wish)
        click(annotator, BLOBS[0])
        clock.tick()
        kept = path.with_name(path.stem + ".1.seem")
        assert annotator.sessions.found.path == kept
        annotator.sessions.resume()
        assert_same_state(state(annotator), before)
        clock.tick()
        assert read_session(path.with_name(path.stem + ".2.seem")).objects == 1
        assert read_session(path).objects == read_session(kept).objects == 2

    def test_a_file_cut_off_gives_way_to_the_one_before(self, earlier, make_model_viewer) -> None:
        path, _, wish = earlier
        former(path).write_bytes(path.read_bytes())
        path.write_bytes(path.read_bytes()[:100])
        annotator = opened(make_model_viewer(), clock=Clock(), wish=wish)
        assert annotator.sessions.found.objects == 2
        annotator.sessions.resume()
        assert annotator.shelf.pixels().max() == 1

    def test_other_pixels_are_another_image(self, earlier, make_model_viewer) -> None:
        image = blobs()
        image[0, 0] = 1
        annotator = opened(make_model_viewer(), image, clock=Clock(), wish=earlier[2])
        assert annotator.sessions.found is None

    def test_two_layers_of_one_file_have_a_file_each(self, make_model_viewer, tmp_path) -> None:
        (tmp_path / "cells.tif").write_bytes(b"")
        identity = SessionData(image=image_for(blobs(), tmp_path))
        write_session(tmp_path / "cells.tif.seem", identity)
        clock = Clock()
        annotator = opened(
            make_model_viewer(), 255 - blobs(), clock=clock, path=tmp_path / "cells.tif"
        )
        click(annotator, (5.0, 5.0))
        clock.tick()
        assert image_of(tmp_path / "cells.tif.seem") == identity.image
        assert len(list(tmp_path.glob("cells.tif-*.seem"))) == 1


def image_for(pixels, folder):
    from napari_seem.identity import digest_of
    from napari_seem.session_data import ImageIdentity

    path = str(folder / "cells.tif")
    return ImageIdentity("cells", path, pixels.shape, "uint8", digest_of(pixels, 2))

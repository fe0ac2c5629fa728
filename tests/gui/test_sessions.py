"""Sessions in a window: saved by themselves, offered again, commands with dialogs and clipboard."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from qtpy.QtWidgets import QApplication, QFileDialog

from fakes import FakeLoad, blobs
from napari_seem import autosave
from napari_seem.annotator import Annotator, annotator_for
from napari_seem.commit_rules import CommitRules
from napari_seem.session_places import Where
from napari_seem.session_reader import session_reader
from napari_seem.session_settings import SessionPreferences
from napari_seem.target import Tool
from napari_seem.widgets import session_commands
from napari_seem.widgets.resume import ResumeBanner, spoken
from seem_model.class_list_files import last_used, remember
from seem_model.class_lists import ClassList

pytestmark = pytest.mark.gui


def open_on_blobs(viewer, folder) -> Annotator:
    viewer.add_image(blobs(), name="blobs")
    annotator = Annotator(viewer, load=FakeLoad())
    wish = SessionPreferences(where=Where.FOLDER, folder=str(folder))
    annotator.sessions.start(wish, later=lambda seconds, act: None)
    annotator.open()
    annotator.use(Tool.CLICK)
    return annotator


@pytest.fixture
def earlier(make_model_viewer, tmp_path):
    """A folder with a session of one committed object."""
    annotator = open_on_blobs(make_model_viewer(), tmp_path)
    annotator.focus.target.prompts.points.add([[20.0, 20.0]])
    annotator.commit()
    annotator.close()
    return tmp_path


class TestBanner:
    def test_it_offers_and_resumes(self, earlier, make_model_viewer, qtbot) -> None:
        annotator = open_on_blobs(make_model_viewer(), earlier)
        banner = ResumeBanner(annotator.sessions)
        qtbot.addWidget(banner)
        assert not banner.isVisible()  # no window of its own before the dock shows it
        banner.show()
        assert banner.words.text().startswith("1 object from today ")
        banner.resume.click()
        assert not banner.isVisible()
        assert annotator.shelf.pixels().max() == 1

    def test_it_starts_anew(self, earlier, make_model_viewer, qtbot) -> None:
        annotator = open_on_blobs(make_model_viewer(), earlier)
        banner = ResumeBanner(annotator.sessions)
        qtbot.addWidget(banner)
        banner.show()
        banner.anew.click()
        assert not banner.isVisible()
        assert "is kept as blobs-" in annotator.news
        assert [p.suffixes[-2:] for p in earlier.iterdir()] == [[".1", ".seem"]]

    def test_it_hides_without_anything_to_offer_and_ends_quietly(self, annotator, qtbot) -> None:
        banner = ResumeBanner(annotator.sessions)
        assert banner.isHidden()
        banner.deleteLater()
        qtbot.wait(10)
        annotator.sessions.found_changed.emit()

    def test_times_as_people_say_them(self) -> None:
        now = datetime(2026, 5, 4, 14, 3).astimezone()
        assert spoken(now.isoformat(), now) == "today 14:03"
        assert spoken((now - timedelta(days=1)).isoformat(), now) == "yesterday 14:03"
        assert spoken((now - timedelta(days=9)).isoformat(), now) == "25 April 2026 14:03"
        assert spoken("some day", now) == "earlier"


class TestCommands:
    @pytest.fixture(autouse=True)
    def _here(self, annotator, monkeypatch, qtbot):
        monkeypatch.setattr(session_commands, "annotator_for", lambda viewer: annotator)
        annotator.focus.target.prompts.points.add([[20.0, 20.0]])
        annotator.commit()

    def test_save_as_open_and_the_objects_alone(
        self, annotator, model_viewer, tmp_path, monkeypatch
    ) -> None:
        name = str(tmp_path / "mine")
        monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (name, ""))
        monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: (f"{name}.seem", ""))
        session_commands.save_session_as(model_viewer)
        assert annotator.news == "Session saved as mine.seem."
        annotator.revisions.remove([1])
        session_commands.open_session_file(model_viewer)
        assert annotator.shelf.pixels().max() == 1
        [(labels, meta, kind)] = session_reader(f"{name}.seem")(f"{name}.seem")
        assert kind == "labels"
        np.testing.assert_array_equal(labels, annotator.shelf.pixels())
        assert meta["features"]["class"].tolist() == ["blob"]

    def test_a_dialog_that_is_closed_does_nothing(self, annotator, model_viewer, monkeypatch):
        for name in ("getSaveFileName", "getOpenFileName"):
            monkeypatch.setattr(QFileDialog, name, lambda *_: ("", ""))
        edition = annotator.focus.target.journal.edition
        session_commands.save_session_as(model_viewer)
        session_commands.open_session_file(model_viewer)
        assert annotator.focus.target.journal.edition == edition

    def test_python_and_methods_on_the_clipboard(self, annotator, model_viewer, told) -> None:
        session_commands.copy_current_as_python(model_viewer)
        assert "no mask yet" in told.text
        annotator.shelf.refine(1)
        session_commands.copy_current_as_python(model_viewer)
        text = QApplication.clipboard().text()
        assert "points=np.array([[20.0, 20.0]])" in text
        session_commands.copy_methods(model_viewer)
        assert "1 object of blobs was segmented" in QApplication.clipboard().text()


def dock_on(robot, qtbot):
    annotator = annotator_for(robot.viewer)
    annotator.engine.choose("tiny", "cpu")
    _, dock = robot.viewer.window.add_plugin_dock_widget("napari-seem", "SEEM")
    qtbot.waitUntil(lambda: annotator.tool is not None, timeout=5000)
    return dock


def test_a_window_saves_by_itself_and_the_next_one_finds_it(
    make_robot, qtbot, monkeypatch, tmp_path
) -> None:
    monkeypatch.setattr(autosave, "DELAY", 0.1)
    monkeypatch.setenv("SEEM_MODELS", str(tmp_path))  # where the list that was used last is kept
    mine, theirs = ClassList.of("mine", [("cell", "blob")]), ClassList.of("theirs", [("cat",)])
    rules = CommitRules(fill_holes=True, smallest=7)
    robot, saved = make_robot(blobs((70, 90))), []
    first = dock_on(robot, qtbot).annotator
    first.engine.naming.use(mine)
    first.shelf.rules = rules
    first.sessions.autosave.saved.connect(saved.append)
    first.focus.target.prompts.points.add([[20.0, 20.0]])
    qtbot.waitUntil(lambda: first.answer is not None, timeout=30000)
    mask, before = first.answer.mask, len(saved)
    qtbot.waitUntil(lambda: len(saved) > before, timeout=5000)
    robot.viewer.close()
    remember(theirs)
    dock = dock_on(make_robot(blobs((70, 90))), qtbot)
    second, tabs = dock.annotator, dock.tabs
    assert tabs.classes.class_list == second.engine.naming.classes == theirs
    qtbot.waitUntil(lambda: second.sessions.found is not None, timeout=5000)
    second.sessions.resume()
    qtbot.waitUntil(lambda: second.answer is not None, timeout=5000)
    np.testing.assert_array_equal(second.answer.mask, mask)
    assert len(second.focus.target.prompts.points.data) == 1
    assert Path(saved[-1].path).parent.name == "sessions"
    assert tabs.classes.class_list == second.engine.naming.classes == mine
    assert tabs.rules.rules == rules
    assert last_used() == theirs  # a list that is nowhere else is not written over
    tabs.classes.undo()
    assert tabs.classes.class_list == second.engine.naming.classes == theirs
    tabs.classes.redo()
    second.undo()
    assert tabs.classes.class_list == second.engine.naming.classes == theirs
    second.engine.naming.use(None)
    assert tabs.classes.class_list.entries == ()

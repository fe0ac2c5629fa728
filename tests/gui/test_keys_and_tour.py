"""Keys that follow the preferences, the line in the status bar and the tour, in a real window."""

from __future__ import annotations

from pathlib import Path

import pytest
from npe2 import PluginManifest
from qtpy.QtCore import Qt
from qtpy.QtTest import QTest
from qtpy.QtWidgets import QLineEdit, QMainWindow, QPushButton, QVBoxLayout, QWidget

import napari_seem.annotator
from napari_seem import keys
from napari_seem.actions import Action, key_text
from napari_seem.annotator import annotator_for
from napari_seem.desk import Request, desk_for
from napari_seem.keys import Keys
from napari_seem.settings import tour_is_new
from napari_seem.target import Tool
from napari_seem.tour import SAMPLE, STEPS, Place
from napari_seem.widgets.docking import dock_of, join
from napari_seem.widgets.keys_help import KeysHelp
from napari_seem.widgets.status import StatusLine
from napari_seem.widgets.tour import Highlight, TourCard

pytestmark = pytest.mark.gui
MANIFEST = Path(napari_seem.annotator.__file__).with_name("napari.yaml")
SHIFT, CTRL = Qt.KeyboardModifier.ShiftModifier, Qt.KeyboardModifier.ControlModifier


@pytest.fixture
def settings(plugin_settings, npe2pm, monkeypatch, tmp_path):
    """Preferences of the plugin; all preferences are in a folder of the test."""
    from napari.settings import get_plugin_settings, get_settings

    monkeypatch.setattr("napari.settings._SETTINGS", None)
    get_settings(tmp_path / "settings.yaml")
    npe2pm.register(PluginManifest.from_file(MANIFEST))
    return get_plugin_settings("napari-seem")


@pytest.fixture
def annotator(settings, robot, monkeypatch, fake_load, qtbot):
    """The annotator of a real window, open, with the click tool in hand."""
    monkeypatch.setattr(napari_seem.annotator, "_load", fake_load)
    annotator = annotator_for(robot.viewer)
    annotator.open()
    annotator.use(Tool.CLICK)
    qtbot.waitUntil(lambda: annotator.engine.state == "ready", timeout=10000)
    yield annotator
    annotator.close()


@pytest.fixture
def bound(annotator, robot):
    bound = Keys(robot.viewer, annotator)
    yield bound
    bound.close()


def settle(qtbot, annotator) -> None:
    qtbot.wait(20)
    qtbot.waitUntil(
        lambda: annotator.engine.state == "ready" and not annotator.waiting, timeout=5000
    )


def test_a_changed_key_counts_at_once_unless_napari_has_it_and_while_the_dock_is_open(
    settings, bound, annotator, robot
):
    settings.keyboard.toggle_sign_key = "W, Shift+F2"
    robot.key(Qt.Key.Key_T)
    assert annotator.positive
    robot.key(Qt.Key.Key_W)
    assert not annotator.positive
    robot.key(Qt.Key.Key_F2, SHIFT)
    assert annotator.positive
    settings.keyboard.toggle_sign_key = "V"  # napari: visibility of the active layer
    robot.key(Qt.Key.Key_V)
    assert annotator.positive
    assert not robot.viewer.layers.selection.active.visible
    settings.keyboard.toggle_sign_key = "no key"
    robot.key(Qt.Key.Key_T)
    assert not annotator.positive
    bound.close()
    robot.key(Qt.Key.Key_T)
    assert not annotator.positive
    assert not robot.viewer.keymap


def test_tools_by_key_and_a_key_that_acts_until_it_is_let_go(bound, annotator, robot):
    for key, tool in ((Qt.Key.Key_B, Tool.BOX), (Qt.Key.Key_D, Tool.PAINT)):
        robot.key(key, SHIFT)
        assert annotator.tool is tool
    asked = []
    desk_for(annotator).asked.connect(asked.append)
    robot.key(Qt.Key.Key_F1)
    robot.key(Qt.Key.Key_Slash)
    assert asked == [Request.SHOW_KEYS, Request.TYPE_WORDS]
    told = []
    talk = Action(
        "hold", "hold", "U", lambda a: told.append("down"), release=lambda a: told.append("up")
    )
    again = Keys(robot.viewer, annotator, (talk,))
    QTest.keyPress(robot.native, Qt.Key.Key_U)
    assert told == ["down"]
    QTest.keyRelease(robot.native, Qt.Key.Key_U)
    assert told == ["down", "up"]
    again.close()


def test_the_list_of_keys_shows_what_is_bound_and_what_is_not(settings, bound, annotator, qtbot):
    parent = QWidget()
    qtbot.addWidget(parent)
    shown = KeysHelp(annotator, parent)
    shown.show()
    rows = {shown.table.item(r, 0).text(): shown.table.item(r, 1) for r in range(len(keys.ACTIONS))}
    assert rows["Commit the object"].text() == "K"
    settings.keyboard.commit_key = "Ctrl+R"
    settings.keyboard.next_object_key = "T"
    settings.keyboard.undo_key = "banana"
    rows = {shown.table.item(r, 0).text(): shown.table.item(r, 1) for r in range(len(keys.ACTIONS))}
    assert rows["Commit the object"].text() == "⚠ –"
    for words in ("“reset view”", "“switch between", "“banana” is not a key", "Preferences → SEEM"):
        assert words in shown.notes.text()
    assert "Ctrl+Z" in rows["Undo"].text()
    for button in shown.findChildren(QPushButton):
        assert button.toolTip()


def test_napari_preferences_take_the_keys(settings, bound, annotator, robot, qtbot):
    dialog = robot.viewer.window._open_preferences_dialog()
    fields = [f for f in dialog.findChildren(QLineEdit) if f.text() == "K"]
    assert len(fields) == 1
    fields[0].setText("U")
    fields[0].editingFinished.emit()
    assert settings.keyboard.commit_key == "U"
    assert key_text(annotator, "commit") == "U"
    dialog.accept()
    assert "commit_key: U" in settings.config_path.read_text()


def test_the_status_bar_tells_what_a_click_does_beside_the_coordinates(
    bound, annotator, robot, qtbot
):
    line = StatusLine(robot.viewer, annotator)
    window = robot.viewer.window.main_menu.window()
    assert isinstance(window, QMainWindow)
    assert line.label.window() is window
    assert line.label.text() == "Click on the object you want."
    robot.click((20, 20))
    settle(qtbot, annotator)
    qtbot.waitUntil(lambda: "coordinates" in robot.viewer.status, timeout=3000)
    assert line.label.text() == "Click on what is missing. T: what is too much. K: commit."
    assert line.label.isVisible()
    robot.viewer.layers.selection.active = annotator.focus.image
    assert "“Click” (Shift+C)" in line.label.text()
    line.close()
    annotator.set_positive(False)
    qtbot.wait(10)


@pytest.fixture
def card(annotator, robot, bound):
    """The tour in a dock, pointing at its own title."""

    def find(place):
        return card.title if place is Place.SIGN else None

    card = TourCard(annotator, find, lambda: robot.viewer.open_sample("napari-seem", SAMPLE))
    host = QWidget()
    QVBoxLayout(host).addWidget(card)
    robot.viewer.window.add_dock_widget(host, name="tour", area="right")
    return card


def test_the_tour_goes_on_by_what_a_person_does(card, annotator, robot, qtbot, settings):
    assert card.isHidden()
    card.offer()
    assert card.isVisible()
    assert card.title.text() == "2 of 8  Click on an object"
    robot.click((20, 20))
    settle(qtbot, annotator)
    assert "Say what is too much" in card.title.text()
    assert "Press T:" in card.text.text()
    [frame] = card.window().findChildren(Highlight)
    assert frame.isVisible()
    assert frame.geometry().contains(card.title.mapTo(card.window(), card.title.rect().center()))
    robot.key(Qt.Key.Key_T)
    robot.click((13, 13))
    settle(qtbot, annotator)
    assert "Take it back" in card.title.text()
    assert not [f for f in card.window().findChildren(Highlight) if f.isVisible()]
    robot.key(Qt.Key.Key_Z, CTRL)
    assert "Keep the object" in card.title.text()
    robot.key(Qt.Key.Key_K)
    assert "Name a thing" in card.title.text()
    annotator.set_text("blob")
    settle(qtbot, annotator)
    assert "Everything" in card.title.text()
    annotator.search.everything(
        lambda predictor, features, watch: predictor.panoptic(features), title="all"
    )
    qtbot.waitUntil(lambda: card.tour.at == len(STEPS) - 1, timeout=5000)
    card.next.click()
    assert card.isHidden()
    assert not tour_is_new()
    card.offer()
    assert card.isHidden()


def test_the_tour_from_the_palette_can_be_read_back_and_skipped(card, annotator, robot, qtbot):
    desk_for(annotator).asked.connect(
        lambda request: card.tour.start() if request is Request.TAKE_TOUR else None
    )
    keys.take_tour(robot.viewer)
    card.next.click()
    card.back.click()
    card.back.click()
    assert card.title.text() == "1 of 8  Open an image ✓"
    assert not card.back.isEnabled()
    card.sample.click()
    assert SAMPLE in robot.viewer.layers
    robot.click((20, 20))  # what is done out of turn moves nothing
    settle(qtbot, annotator)
    assert card.tour.at == 0
    card.skip.click()
    assert card.isHidden()
    assert not tour_is_new()


def test_docks_share_a_place_as_tabs(robot, qtbot):
    first, second = QLineEdit("one"), QPushButton("two")
    for widget in (first, second):
        robot.viewer.window.add_dock_widget(widget, name=widget.text(), area="right")
    qtbot.waitUntil(first.isVisible, timeout=3000)
    assert join(second, QLineEdit)
    assert not join(second, QMainWindow)
    window = robot.viewer.window.main_menu.window()
    assert window.tabifiedDockWidgets(dock_of(first)) == [dock_of(second)]
    qtbot.waitUntil(lambda: not second.visibleRegion().isEmpty(), timeout=3000)
    assert first.visibleRegion().isEmpty()

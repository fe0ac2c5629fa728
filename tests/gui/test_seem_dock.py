"""The SEEM dock in a real window: real mouse, real keys, real worker threads, a fake model."""

from __future__ import annotations

import threading

import numpy as np
import pytest
from qtpy.QtCore import Qt
from qtpy.QtTest import QTest

from fakes import FakePredictor, blobs
from napari_seem.actions import ACTIONS
from napari_seem.annotator import annotator_for
from napari_seem.target import Tool
from napari_seem.widgets.seem import SeemWidget
from person import FIRST, mask
from window import settle

pytestmark = pytest.mark.gui
CTRL, SHIFT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier


@pytest.fixture
def dock(open_dock, robot):
    return open_dock(robot)


def test_click_toggle_undo_redo_commit_by_mouse_and_keys(robot, dock, qtbot):
    a = dock.annotator
    robot.click((20, 20))
    settle(qtbot, a)
    np.testing.assert_array_equal(mask(a), FIRST)
    assert "blob" in dock.tabs.rounds.item(1).text()
    assert dock.object.name.text() == "blob"
    assert "90%" in dock.object.score.text()
    robot.key(Qt.Key.Key_T)
    assert "does not" in dock.prompts.sign.text()
    robot.click((13, 13))
    settle(qtbot, a)
    assert not mask(a)[13, 13]
    robot.key(Qt.Key.Key_Z, CTRL)
    np.testing.assert_array_equal(mask(a), FIRST)
    assert len(a.focus.target.prompts.points.data) == 1
    robot.key(Qt.Key.Key_Z, CTRL | SHIFT)
    assert not mask(a)[13, 13]
    robot.key(Qt.Key.Key_K)
    assert a.focus.target.objects.data[25, 25] == 1
    assert not mask(a).any()
    robot.key(Qt.Key.Key_T)
    robot.click((45, 50))
    settle(qtbot, a)
    robot.key(Qt.Key.Key_N)
    assert not mask(a).any()
    assert len(a.focus.target.prompts.points.data) == 0


def test_keys_work_with_the_image_layer_active_and_from_the_dock(robot, dock, qtbot):
    a = dock.annotator
    robot.click((20, 20))
    settle(qtbot, a)
    robot.viewer.layers.selection.active = a.focus.image
    limits = a.focus.image.contrast_limits
    robot.key(Qt.Key.Key_T)
    assert not a.positive
    QTest.keyClick(dock.prompts.sign, Qt.Key.Key_T)
    assert a.positive
    robot.key(Qt.Key.Key_Z, CTRL)
    assert not mask(a).any()
    assert a.focus.image.contrast_limits == limits


def test_text_box(dock, qtbot):
    QTest.keyClicks(dock.prompts.text, "blob")
    QTest.keyClick(dock.prompts.text, Qt.Key.Key_Return)
    settle(qtbot, dock.annotator)
    np.testing.assert_array_equal(mask(dock.annotator), blobs() > 0)
    dock.history.undo.click()
    assert dock.prompts.text.text() == ""
    assert not mask(dock.annotator).any()


def test_typing_words_does_not_trigger_keys(dock, qtbot):
    QTest.keyClicks(dock.prompts.text, "knt")
    assert dock.annotator.positive
    assert dock.prompts.text.text() == "knt"


def test_rounds_list_goes_back(robot, dock, qtbot):
    for row in (15, 20, 25):
        robot.click((row, 20))
        settle(qtbot, dock.annotator)
    assert dock.tabs.rounds.count() == 4
    rectangle = dock.tabs.rounds.visualItemRect(dock.tabs.rounds.item(1))
    QTest.mouseClick(
        dock.tabs.rounds.viewport(),
        Qt.MouseButton.LeftButton,
        Qt.KeyboardModifier.NoModifier,
        rectangle.center(),
    )
    assert len(dock.annotator.focus.target.prompts.points.data) == 1
    assert dock.tabs.rounds.currentRow() == 1


def test_class_is_editable_before_commit(robot, dock, qtbot):
    robot.click((20, 20))
    settle(qtbot, dock.annotator)
    dock.object.name.selectAll()
    QTest.keyClicks(dock.object.name, "nucleus")
    dock.object.commit.click()
    assert list(dock.annotator.focus.target.objects.features["class"]) == ["nucleus"]
    assert dock.object.name.text() == ""


@pytest.mark.parametrize("tool", [Tool.BOX, Tool.POLYGON, Tool.ELLIPSE, Tool.STROKE, Tool.PAINT])
def test_tools_draw_on_the_canvas(robot, dock, qtbot, tool):
    a = dock.annotator
    dock.prompts.tools[tool].click()
    qtbot.wait(30)
    if tool is Tool.STROKE:
        robot.drag([(20, 12), (20, 16), (21, 20), (22, 27)])
    elif tool in (Tool.BOX, Tool.ELLIPSE):
        robot.drag([(7, 7), (20, 20), (33, 33)])
    else:
        robot.drag([(7, 7), (7, 20), (7, 33), (20, 33), (33, 33), (33, 20), (33, 7), (20, 20)])
    settle(qtbot, a)
    np.testing.assert_array_equal(mask(a), FIRST)
    assert len(a.page.current.steps) == 1
    robot.key(Qt.Key.Key_Z, CTRL)
    assert not mask(a).any()
    assert a.focus.target.prompts.marks(a.focus.plane).is_empty


@pytest.mark.parametrize(
    "place",
    [
        {"scale": (2, 3), "translate": (10, -20)},
        {"scale": (-1, 2)},
        {"rotate": 30, "scale": (1.5, 1.5)},
        {"affine": [[1, 0.3, 5], [0.1, 1.2, -3], [0, 0, 1]]},
    ],
    ids=str,
)
def test_real_clicks_on_transformed_layers(make_robot, open_dock, qtbot, place):
    robot = make_robot(blobs(), **place)
    widget = open_dock(robot)
    robot.viewer.reset_view()
    qtbot.wait(50)
    robot.click(widget.annotator.focus.image.data_to_world((20, 20)))
    settle(qtbot, widget.annotator)
    np.testing.assert_array_equal(mask(widget.annotator), FIRST)


def test_stack_slices_keep_their_own_rounds(make_robot, open_dock, qtbot):
    robot = make_robot(np.stack([blobs(), blobs()[::-1]]))
    widget = open_dock(robot)
    a = widget.annotator
    robot.viewer.dims.set_current_step(0, 0)
    settle(qtbot, a)
    robot.click((20, 20))
    settle(qtbot, a)
    robot.viewer.dims.set_current_step(0, 1)
    settle(qtbot, a)
    assert widget.tabs.rounds.count() == 1
    robot.click((45, 20))
    settle(qtbot, a)
    np.testing.assert_array_equal(a.focus.target.result.data > 0, np.stack([FIRST, FIRST[::-1]]))
    robot.viewer.dims.ndisplay = 3
    assert "2-D" in widget.hint.text()
    robot.viewer.dims.ndisplay = 2
    robot.viewer.dims.set_current_step(0, 0)
    assert widget.tabs.rounds.count() == 2


def test_close_while_running_then_open_again(robot, fake_model, qtbot, monkeypatch):
    gate, step = threading.Event(), FakePredictor.step

    def slow(self, *args, **more):
        gate.wait(5)
        return step(self, *args, **more)

    monkeypatch.setattr(FakePredictor, "step", slow)
    widget = SeemWidget(robot.viewer)
    dock = robot.viewer.window.add_dock_widget(widget, name="SEEM", area="right")
    a = widget.annotator
    qtbot.waitUntil(lambda: a.tool is not None, timeout=5000)
    robot.click((20, 20))
    qtbot.waitUntil(lambda: a.engine.state == "thinking", timeout=5000)
    robot.viewer.window.remove_dock_widget(dock)
    widget.close()
    widget.deleteLater()
    gate.set()
    qtbot.waitUntil(lambda: a.engine.state != "thinking", timeout=5000)
    assert not a.is_open
    assert all(a.default not in map(str, robot.viewer.keymap) for a in ACTIONS)
    again = SeemWidget(robot.viewer)
    robot.viewer.window.add_dock_widget(again, name="SEEM", area="right")
    assert again.annotator is a
    settle(qtbot, a)
    np.testing.assert_array_equal(mask(a), FIRST)


def test_two_viewers(make_robot, open_dock, qtbot):
    robots = [make_robot(blobs()), make_robot(blobs())]
    docks = [open_dock(r) for r in robots]
    robots[0].click((20, 20))
    settle(qtbot, docks[0].annotator)
    np.testing.assert_array_equal(mask(docks[0].annotator), FIRST)
    assert docks[1].annotator.answer is None
    assert docks[0].annotator is annotator_for(robots[0].viewer)


def test_image_added_later_is_ready_to_click(make_robot, open_dock, qtbot):
    robot = make_robot(None)
    widget = open_dock(robot)
    assert "Open an image" in widget.hint.text()
    robot.viewer.add_image(blobs())
    qtbot.waitUntil(lambda: widget.annotator.tool is Tool.CLICK, timeout=3000)
    settle(qtbot, widget.annotator)
    robot.click((20, 20))
    settle(qtbot, widget.annotator)
    np.testing.assert_array_equal(mask(widget.annotator), FIRST)
    robot.viewer.layers.clear()
    qtbot.wait(30)
    assert "Open an image" in widget.hint.text()


def test_errors_become_notifications(robot, dock, qtbot, fake_load, told):
    fake_load.last.error = RuntimeError("kaput")
    robot.click((20, 20))
    settle(qtbot, dock.annotator)
    assert "kaput" in told.text
    assert "error" in dock.model.state.text()
    fake_load.last.error = None
    robot.click((21, 20))
    settle(qtbot, dock.annotator)
    np.testing.assert_array_equal(mask(dock.annotator), FIRST)


def test_every_control_has_a_tooltip_and_every_key_is_listed(dock):
    from qtpy.QtWidgets import QAbstractSpinBox, QComboBox, QLineEdit, QListWidget, QPushButton

    for kind in (QComboBox, QLineEdit, QListWidget, QPushButton):
        for control in dock.findChildren(kind):
            inner = isinstance(control.parent(), QAbstractSpinBox)  # Qt's own line in a spin box
            assert inner or control.toolTip(), control
    dock.help.click()
    table = dock.keys_help.table
    listed = {table.item(row, 1).text() for row in range(table.rowCount())}
    assert "K" in listed
    assert table.rowCount() == len(ACTIONS)
    assert "K commit" in dock.legend.text()

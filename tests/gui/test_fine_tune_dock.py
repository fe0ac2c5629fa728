"""The Fine-tune dock in a real window: a real press on Start, a real process, the tiny model."""

from __future__ import annotations

import numpy as np
import pytest
from qtpy.QtCore import Qt
from qtpy.QtTest import QTest

import seem_model.own_models
from napari_seem.actions import ACTIONS
from napari_seem.widgets.fine_tune import FineTuneWidget
from napari_seem.widgets.lesson_table import ALL, COUNT, IMAGE, LABELS
from shape_examples import disks

pytestmark = pytest.mark.gui


def press(button) -> None:
    QTest.mouseClick(button, Qt.MouseButton.LeftButton)


@pytest.fixture
def dock(make_robot, own_library, qtbot):
    robot = make_robot()
    for number in range(4):
        example, side = disks(number), 96 - min(number, 2)  # the last two are of one size
        robot.viewer.add_image(example.picture[:side], name=f"disks {number}")
        robot.viewer.add_labels(example.labels[:side], name=f"own {number}")
    widget = FineTuneWidget(robot.viewer)
    robot.viewer.window.add_dock_widget(widget, name="Fine-tune", area="right")
    widget.annotator.timeline.use_model("tiny", "cpu")
    qtbot.waitUntil(lambda: widget.annotator.engine.state == "ready", timeout=20000)
    return widget


def test_from_start_to_the_new_model_and_back(dock, qtbot):
    a, table = dock.annotator, dock.lessons
    qtbot.waitUntil(lambda: table.topLevelItem(0).text(COUNT) == "4", timeout=5000)
    rows = [table.topLevelItem(k) for k in range(table.topLevelItemCount())]
    assert [(r.text(IMAGE), r.text(LABELS)) for r in rows] == [
        ("disks 0", "own 0"), ("disks 1", "own 1"), ("disks 2", "own 2"), ("disks 2", "own 3"),
        ("disks 3", "own 2"), ("disks 3", "own 3"),
    ]  # fmt: skip
    # which labels belong to which of the last two, only a person can tell
    assert [r.checkState(IMAGE).value for r in rows] == [2, 2, 0, 0, 0, 0]
    for row in (rows[2], rows[5]):
        row.setCheckState(IMAGE, Qt.CheckState.Checked)
    rows[0].setCheckState(ALL, Qt.CheckState.Checked)
    assert [complete for _, complete in table.chosen] == [True, False, False, False]
    assert dock.name.text() == "disks-0"
    assert not dock.any_way_up.isChecked()  # all of them are in colour
    dock.amount.addItem("three steps", 3)
    dock.amount.setCurrentIndex(2)
    dock.name.setText("my disks")
    press(dock.buttons.start)
    assert not dock.buttons.start.isEnabled()
    assert dock.buttons.cancel.isEnabled()
    qtbot.waitUntil(lambda: dock.tutor.attempt is None, timeout=60000)
    assert "Mean IoU" in dock.words.text(), dock.words.text()
    if dock.tutor.pending is not None:  # three steps may as well make it worse
        assert dock.buttons.use.isVisible()
        press(dock.buttons.use)
    [model] = seem_model.own_models.own_models()
    assert model.name == "my disks"
    assert len(dock.curve.losses) == 3
    assert dock.model.checkpoint.currentText() == "my disks"
    qtbot.waitUntil(lambda: a.engine.state == "ready", timeout=20000)
    assert a.engine.predictor.name == str(model)
    assert dock.name.text() != "my disks"
    a.undo()
    assert dock.model.checkpoint.currentText() == "tiny"
    assert "my disks" in [
        dock.model.checkpoint.itemText(k) for k in range(dock.model.checkpoint.count())
    ]
    qtbot.waitUntil(lambda: a.engine.state == "ready", timeout=20000)


@pytest.mark.slow
def test_cancel_ends_the_process_and_clicks_go_on_meanwhile(dock, qtbot, tmp_path):
    dock.amount.addItem("many", 100_000)
    dock.amount.setCurrentIndex(2)
    press(dock.buttons.start)
    qtbot.waitUntil(lambda: bool(dock.curve.losses), timeout=60000)
    a = dock.annotator
    a.focus.target.ensure_result()
    asked = a.engine.predictor
    assert asked is not None
    assert a.engine.state == "ready"  # the model's own worker is free
    process = dock.tutor.attempt.child._process
    assert "step" in dock.bar.text
    press(dock.buttons.cancel)
    qtbot.waitUntil(lambda: process.poll() is not None, timeout=5000)
    assert dock.words.text().startswith("Cancelled")
    assert dock.buttons.start.isEnabled()
    qtbot.waitUntil(lambda: not list((tmp_path / "own").iterdir()), timeout=5000)
    assert a.engine.checkpoint == "tiny"
    np.testing.assert_array_equal(a.shelf.pixels(), np.zeros((0, 0)))


def test_the_palette_opens_it(robot, open_dock, qtbot):
    seem = open_dock(robot)
    next(a for a in ACTIONS if a.id == "teach").act(seem.annotator)
    window = robot.viewer.window.main_menu.window()
    [dock] = window.findChildren(FineTuneWidget)
    qtbot.waitUntil(dock.isVisible, timeout=3000)
    assert "label some objects" in dock.words.text()
    assert not dock.buttons.start.isEnabled()

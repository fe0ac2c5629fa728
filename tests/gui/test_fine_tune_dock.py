"""The Fine-tune dock in a real window: a real press on Start, a real process, the tiny model."""

from __future__ import annotations

import numpy as np
import pytest
from qtpy.QtCore import Qt
from qtpy.QtTest import QTest

import seem_model.own_models
from napari_seem.widgets.fine_tune import FineTuneWidget
from napari_seem.widgets.lesson_table import ALL, COUNT, IMAGE
from shape_examples import disks

pytestmark = pytest.mark.gui


def press(button) -> None:
    QTest.mouseClick(button, Qt.MouseButton.LeftButton)


@pytest.fixture
def dock(make_robot, own_library, qtbot):
    robot = make_robot()
    for number in range(4):
        example = disks(number)
        robot.viewer.add_image(example.picture, name=f"disks {number}")
        robot.viewer.add_labels(example.labels[:, : 96 if number else 95], name=f"own {number}")
    widget = FineTuneWidget(robot.viewer)
    robot.viewer.window.add_dock_widget(widget, name="Fine-tune", area="right")
    widget.annotator.timeline.use_model("tiny", "cpu")
    qtbot.waitUntil(lambda: widget.annotator.engine.state == "ready", timeout=20000)
    return widget


def test_from_start_to_the_new_model_and_back(dock, qtbot):
    a, table = dock.annotator, dock.lessons
    qtbot.waitUntil(lambda: table.topLevelItem(0).text(COUNT) == "4", timeout=5000)
    # each Labels layer lies over each of the four images but one, which has another size
    assert table.topLevelItemCount() == 12
    ticked = [i for i in range(12) if table.topLevelItem(i).checkState(IMAGE).value]
    assert len(ticked) == len(table.chosen) == 4
    table.topLevelItem(ticked[0]).setCheckState(ALL, Qt.CheckState.Checked)
    assert [complete for _, complete in table.chosen] == [True, False, False, False]
    assert dock.name.text() == "disks-0"
    assert not dock.any_way_up.isChecked()  # all of them are in colour
    dock.amount.addItem("three steps", 3)
    dock.amount.setCurrentIndex(2)
    dock.name.setText("my disks")
    press(dock.start)
    assert not dock.start.isEnabled()
    assert dock.cancel.isEnabled()
    qtbot.waitUntil(lambda: dock.tutor.attempt is None, timeout=60000)
    assert "Mean IoU" in dock.words.text(), dock.words.text()
    if dock.tutor.pending is not None:  # three steps may as well make it worse
        assert dock.use.isVisible()
        press(dock.use)
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


def test_cancel_ends_the_process_and_clicks_go_on_meanwhile(dock, qtbot, tmp_path):
    dock.amount.addItem("many", 100_000)
    dock.amount.setCurrentIndex(2)
    press(dock.start)
    qtbot.waitUntil(lambda: bool(dock.curve.losses), timeout=60000)
    a = dock.annotator
    a.focus.target.ensure_result()
    asked = a.engine.predictor
    assert asked is not None
    assert a.engine.state == "ready"  # the model's own worker is free
    process = dock.tutor.attempt.child._process
    assert "step" in dock.bar.text
    press(dock.cancel)
    qtbot.waitUntil(lambda: process.poll() is not None, timeout=5000)
    assert dock.words.text().startswith("Cancelled")
    assert dock.start.isEnabled()
    qtbot.waitUntil(lambda: not list((tmp_path / "own").iterdir()), timeout=5000)
    assert a.engine.checkpoint == "tiny"
    np.testing.assert_array_equal(a.shelf.pixels(), np.zeros((0, 0)))

"""The Everything dock in a real window, with a fake model."""

from __future__ import annotations

import threading

import numpy as np
import pytest
from qtpy.QtCore import Qt
from qtpy.QtTest import QTest

import napari_seem.annotator
from fakes import FakePredictor, blobs
from napari_seem.restricting import Region
from napari_seem.search import Into
from napari_seem.target import Tool
from napari_seem.widgets.bond import BUSY_COLOR
from napari_seem.widgets.everything import EverythingWidget
from person import FIRST

pytestmark = pytest.mark.gui


@pytest.fixture
def dock(robot, monkeypatch, fake_load, qtbot):
    monkeypatch.setattr(napari_seem.annotator, "_load", fake_load)
    widget = EverythingWidget(robot.viewer)
    robot.viewer.window.add_dock_widget(widget, name="Everything", area="right")
    qtbot.waitUntil(lambda: widget.annotator.engine.state == "ready", timeout=10000)
    return widget


def test_segments_into_labels_with_a_table(robot, dock, qtbot):
    dock.classes.value = "nucleus, cell"
    dock.kind.value = "Instances"
    dock.start.click()
    qtbot.waitUntil(lambda: dock.table.rowCount() == 2, timeout=5000)
    layer = robot.viewer.layers["SEEM instances"]
    np.testing.assert_array_equal(layer.data > 0, blobs() > 0)
    assert list(layer.features.columns) == ["index", "class", "score", "area"]
    assert list(layer.features["class"]) == ["nucleus", "nucleus"]
    assert sorted(layer.features["area"]) == [375, 400]
    place = dock.table.visualItemRect(dock.table.item(1, 1)).center()
    left, none = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    QTest.mouseClick(dock.table.viewport(), left, none, place)
    assert layer.selected_label == int(dock.table.item(1, 0).text())
    assert robot.viewer.layers.selection.active is layer
    robot.viewer.layers.remove(layer)
    assert dock.table.rowCount() == 0
    QTest.mouseClick(dock.table.viewport(), left, none, place)


def test_progress_is_shown_and_cancel_stops_the_work(robot, dock, qtbot, monkeypatch):
    steps, done, stopped = threading.Semaphore(0), [], threading.Event()

    def slow(self, features, *, classes=None, watch=None):
        try:
            for n in range(10):
                watch(n / 10)
                done.append(n)
                steps.acquire(timeout=5)
        except Exception:
            stopped.set()
            raise

    monkeypatch.setattr(FakePredictor, "panoptic", slow)
    dock.start.click()
    qtbot.waitUntil(lambda: dock.annotator.engine.state == "segmenting", timeout=5000)
    for _ in range(6):
        steps.release()
    qtbot.waitUntil(lambda: dock.annotator.engine.progress.share == 0.6, timeout=5000)
    assert 0.5 < filled(dock.busy) < 0.7
    assert dock.cancel.isEnabled()
    dock.cancel.click()
    assert dock.start.isEnabled()
    steps.release()
    qtbot.waitUntil(stopped.is_set, timeout=5000)
    qtbot.waitUntil(lambda: dock.annotator.engine.state == "ready", timeout=5000)
    assert done == [0, 1, 2, 3, 4, 5, 6]
    assert dock.annotator.engine.problem == ""
    assert "SEEM panoptic" not in [x.name for x in robot.viewer.layers]


def filled(bar) -> float:
    """Share of the bar that has the colour of work."""
    image = bar.grab().toImage()
    row = [image.pixelColor(x, image.height() // 2).name() for x in range(image.width())]
    return row.count(BUSY_COLOR) / len(row)


def test_a_wish_replaces_one_that_is_under_way(robot, dock, qtbot, monkeypatch):
    gate, panoptic = threading.Event(), FakePredictor.panoptic
    asked = []

    def slow(self, features, *, classes=None, watch=None):
        asked.append(classes)
        gate.wait(5)
        return panoptic(self, features, classes=classes, watch=watch)

    monkeypatch.setattr(FakePredictor, "panoptic", slow)
    dock.start.click()
    qtbot.waitUntil(lambda: len(asked) == 1, timeout=5000)
    dock.cancel.click()
    dock.classes.value = "nucleus"
    dock.start.click()
    gate.set()
    qtbot.waitUntil(lambda: dock.table.rowCount() == 2, timeout=5000)
    assert asked == [None, ("nucleus",)]
    assert [x.name for x in robot.viewer.layers].count("SEEM panoptic") == 1


def test_error_is_a_notification_and_the_dock_goes_on(robot, dock, qtbot, fake_load, told):
    fake_load.last.error = MemoryError()
    dock.start.click()
    qtbot.waitUntil(lambda: "not enough memory" in told.text, timeout=5000)
    fake_load.last.error = None
    dock.start.click()
    qtbot.waitUntil(lambda: dock.table.rowCount() == 2, timeout=5000)
    assert robot.viewer.layers["SEEM panoptic"].data.any()
    assert dock.annotator.engine.problem == ""


def test_segments_become_proposals_or_objects(robot, dock, qtbot):
    a = dock.annotator
    dock.into.value = Into.PROPOSALS
    dock.start.click()
    qtbot.waitUntil(lambda: a.suggestions.current is not None, timeout=5000)
    assert "2 proposed" in dock.hint.text()
    dock.into.value = Into.OBJECTS
    dock.start.click()
    qtbot.waitUntil(lambda: a.shelf.layer is not None, timeout=5000)
    np.testing.assert_array_equal(a.shelf.pixels() > 0, blobs() > 0)
    assert "SEEM panoptic" not in [x.name for x in robot.viewer.layers]


def test_only_what_is_inside_the_marks_or_in_view(robot, dock, qtbot, told, fake_load):
    a = dock.annotator
    dock.region.value = Region.MARKS
    dock.start.click()
    assert "draw a box" in told.text
    a.use(Tool.BOX)
    box = np.array([[5.0, 5], [5, 35], [35, 35], [35, 5]])
    a.focus.target.prompts.shapes.add([box], shape_type="rectangle")
    qtbot.waitUntil(lambda: a.engine.state == "ready" and not a.waiting, timeout=5000)
    dock.kind.value = "Instances"
    dock.start.click()
    qtbot.waitUntil(lambda: dock.table.rowCount() == 1, timeout=5000)
    assert fake_load.last.encoded[-1] == (52, 52)  # the box, 16 pixels around it, the image's edge
    np.testing.assert_array_equal(robot.viewer.layers["SEEM instances"].data > 0, FIRST)
    robot.viewer.scene.camera.zoom *= 2.5
    robot.viewer.scene.camera.center = (48, 58)
    qtbot.wait(50)
    dock.region.value = Region.VIEW
    dock.start.click()
    qtbot.waitUntil(lambda: a.engine.state == "ready" and a.engine.wish is None, timeout=5000)
    rows, cols = fake_load.last.encoded[-1]
    assert rows < 64
    assert cols < 80

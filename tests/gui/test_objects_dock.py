"""The dock of objects in a real window: real mouse, real keys, a fake model."""

from __future__ import annotations

import numpy as np
import pytest
from qtpy.QtCore import Qt
from qtpy.QtTest import QTest
from qtpy.QtWidgets import QLineEdit

import napari_seem.annotator
from napari_seem import objects
from napari_seem.widgets.object_model import CLASS
from napari_seem.widgets.objects import ObjectsWidget
from person import FIRST, SECOND, click

pytestmark = pytest.mark.gui
LEFT, PLAIN = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
CTRL = Qt.KeyboardModifier.ControlModifier


@pytest.fixture
def dock(robot, monkeypatch, fake_load, qtbot):
    """The dock, with both blobs committed as 1 and 2."""
    monkeypatch.setattr(napari_seem.annotator, "_load", fake_load)
    widget = ObjectsWidget(robot.viewer)
    robot.viewer.window.add_dock_widget(widget, name="SEEM objects", area="right")
    annotator = widget.annotator
    qtbot.waitUntil(lambda: annotator.engine.state == "ready", timeout=10000)
    for row, col in ((20, 20), (45, 50)):
        click(annotator, row, col)
        qtbot.waitUntil(lambda: not annotator.waiting, timeout=5000)
        annotator.commit()
    qtbot.waitUntil(lambda: widget.table.shown.rowCount() == 2, timeout=3000)
    return widget


def press(dock, row: int, column: int = CLASS, *, double: bool = False, keys=PLAIN) -> None:
    table = dock.table
    place = table.visualRect(table.shown.index(row, column)).center()
    QTest.mouseClick(table.viewport(), LEFT, keys, place)
    if double:
        QTest.mouseDClick(table.viewport(), LEFT, keys, place)


def texts(dock, column: int) -> list[str]:
    shown = dock.table.shown
    return [shown.index(row, column).data() for row in range(shown.rowCount())]


def test_a_row_selects_its_label_and_double_click_goes_back_to_the_marks(robot, dock, qtbot):
    a = dock.annotator
    assert dock.counts.text() == "2 × blob, 2 objects"
    robot.viewer.scene.camera.zoom *= 6
    robot.viewer.scene.camera.center = (45, 60)
    qtbot.wait(50)
    press(dock, 0)
    assert a.shelf.layer.selected_label == 1
    np.testing.assert_allclose(robot.viewer.scene.camera.center[-2:], (19.5, 19.5))
    press(dock, 1, double=True)
    assert a.page.current.label == 2
    np.testing.assert_array_equal(a.answer.mask, SECOND)
    qtbot.wait(30)
    QTest.keyClick(dock.table, Qt.Key.Key_Up)
    QTest.keyClick(dock.table, Qt.Key.Key_Return)
    assert a.page.current.label == 1


def test_a_class_is_typed_for_all_selected_rows_and_undone_with_a_key(dock, qtbot):
    press(dock, 0)
    press(dock, 1, keys=CTRL)
    dock.deeds.rename.trigger()
    editor = dock.table.viewport().findChild(QLineEdit)
    editor.selectAll()
    QTest.keyClicks(editor, "cup")
    QTest.keyClick(editor, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: texts(dock, CLASS) == ["cup", "cup"], timeout=3000)
    assert len(dock.table.selection()) == 2
    dock.activateWindow()
    dock.table.setFocus()
    qtbot.waitUntil(dock.table.hasFocus, timeout=3000)
    QTest.keyClick(dock.table, Qt.Key.Key_Z, CTRL)
    qtbot.waitUntil(lambda: texts(dock, CLASS) == ["blob", "blob"], timeout=3000)


def test_delete_removes_and_buttons_follow_the_selection(dock, qtbot):
    assert not dock.deeds.remove.isEnabled()
    press(dock, 0)
    assert dock.deeds.remove.isEnabled()
    assert not dock.deeds.merge.isEnabled()
    QTest.keyClick(dock.table, Qt.Key.Key_Delete)
    qtbot.waitUntil(lambda: texts(dock, 0) == ["2"], timeout=3000)
    dock.undo.click()
    qtbot.waitUntil(lambda: texts(dock, 0) == ["1", "2"], timeout=3000)
    dock.table.selectAll()
    dock.deeds.merge.trigger()
    qtbot.waitUntil(lambda: texts(dock, 0) == ["1"], timeout=3000)


def test_filter_sort_and_open_objects(dock, qtbot):
    a = dock.annotator
    click(a, 20, 20)
    qtbot.waitUntil(lambda: texts(dock, 0) == ["1", "2", "open"], timeout=5000)
    dock.table.sortByColumn(3, Qt.SortOrder.AscendingOrder)
    assert texts(dock, 0) == ["2", "1", "open"]
    QTest.keyClicks(dock.filter, "open")
    assert texts(dock, 0) == ["open"]
    dock.filter.clear()
    assert len(texts(dock, 0)) == 3


def test_measurements_appear_as_columns(dock, qtbot):
    dock.looks.measure.click()
    qtbot.waitUntil(lambda: "solidity" in dock.table.source.columns, timeout=10000)
    at = dock.table.source.columns.index("mean_intensity")
    assert texts(dock, at) == ["255", "255"]
    dock.looks.chosen.list.item(0).setCheckState(Qt.CheckState.Checked)
    dock.looks.measure.click()
    qtbot.waitUntil(lambda: "solidity" not in dock.table.source.columns, timeout=3000)


def test_picking_in_the_canvas_selects_the_row(robot, dock, qtbot):
    layer = dock.annotator.shelf.layer
    robot.viewer.layers.selection.active = layer
    layer.mode = "pick"
    robot.click((45, 50))
    assert [i.label for i in dock.table.selection()] == [2]


def test_proposals_by_mouse_and_keys(robot, dock, qtbot):
    a = dock.annotator
    a.revisions.remove([1, 2])
    click(a, 20, 20)
    qtbot.waitUntil(lambda: not a.waiting, timeout=5000)
    QTest.keyClicks(dock.finder.text, "blob")
    QTest.keyClick(dock.finder.text, Qt.Key.Key_Return)
    qtbot.waitUntil(dock.proposals.isVisible, timeout=5000)
    qtbot.waitUntil(lambda: dock.proposals.focus.text() == "1 of 2: blob 1.00", timeout=3000)
    robot.viewer.layers.selection.active = a.focus.target.proposed
    qtbot.wait(20)
    robot.click((45, 50))
    qtbot.waitUntil(lambda: dock.proposals.focus.text() == "2 of 2: blob 0.94", timeout=3000)
    dock.proposals.setFocus()
    QTest.keyClick(dock.proposals, Qt.Key.Key_Left)
    QTest.keyClick(dock.proposals, Qt.Key.Key_A)
    np.testing.assert_array_equal(a.shelf.pixels() > 0, FIRST)
    dock.proposals.threshold.setValue(100)
    qtbot.waitUntil(lambda: "None of 1" in dock.proposals.focus.text(), timeout=3000)
    dock.proposals.threshold.setValue(0)
    QTest.keyClick(dock.proposals, Qt.Key.Key_X)
    qtbot.waitUntil(lambda: not dock.proposals.isVisible(), timeout=3000)


def test_find_all_like_the_selected_row(dock, qtbot):
    press(dock, 0)
    qtbot.waitUntil(dock.finder.like.isEnabled, timeout=3000)
    dock.annotator.revisions.remove([2])
    qtbot.waitUntil(lambda: texts(dock, 0) == ["1"], timeout=3000)
    assert [i.label for i in dock.table.selection()] == [1], "the selection outlives a change"
    dock.finder.like.click()
    qtbot.waitUntil(lambda: dock.annotator.suggestions.current is not None, timeout=5000)
    [only] = dock.annotator.suggestions.current.all
    np.testing.assert_array_equal(only.mask.array, SECOND)


def test_another_layer_and_hidden_classes(robot, dock, qtbot):
    opened = robot.viewer.add_labels(FIRST * 7, name="from a file")
    qtbot.waitUntil(lambda: dock.layer.findText("from a file") >= 0, timeout=3000)
    dock.layer.setCurrentIndex(dock.layer.findText("from a file"))
    dock.layer.activated.emit(dock.layer.currentIndex())
    qtbot.waitUntil(lambda: texts(dock, 0) == ["7"], timeout=3000)
    press(dock, 0, double=True)
    np.testing.assert_array_equal(dock.annotator.answer.mask, FIRST)
    dock.looks.classes.list.item(0).setCheckState(Qt.CheckState.Unchecked)
    assert opened.colormap.map(7)[3] == 0
    dock.layer.activated.emit(dock.layer.count() - 1)
    assert objects.table(dock.annotator.shelf.layer) == ()
    assert dock.annotator.shelf.layer is not opened


def test_closing_leaves_the_layers_as_they_were(robot, dock, qtbot):
    dock.annotator.search.named("blob")
    proposed = dock.annotator.focus.target.ensure_proposed()
    before = list(proposed.mouse_drag_callbacks)
    robot.viewer.layers.selection.active = proposed
    assert len(proposed.mouse_drag_callbacks) == len(before) + 1
    dock.close()
    assert proposed.mouse_drag_callbacks == before
    assert not dock.annotator.is_open

"""The list of classes in a real window: edits, refusals, undo, filter, files."""

from __future__ import annotations

import pytest
from qtpy.QtCore import Qt
from qtpy.QtGui import QColor
from qtpy.QtTest import QTest
from qtpy.QtWidgets import QApplication, QColorDialog, QFileDialog, QLineEdit

from napari_seem.widgets.class_table import Column
from napari_seem.widgets.classes import ClassesView
from seem_model.class_list_files import built_in, read_class_list
from seem_model.class_lists import ClassList

pytestmark = pytest.mark.gui
CELLS = ClassList.of("mine", [("nucleus", "nuclei"), ("cell",), ("tissue",)])
LEFT, NONE = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier


class Person:
    """Works on the view with mouse and keys, and notes what it tells."""

    def __init__(self, view: ClassesView, qtbot) -> None:
        self.view, self.qtbot = view, qtbot
        self.changed: list[ClassList] = []
        self.chosen: list[str] = []
        view.changed.connect(self.changed.append)
        view.chosen.connect(self.chosen.append)

    def at(self, row: int, column: Column):
        return self.view.table.visualRect(self.view.model.index(row, column)).center()

    def click(self, row: int, column: Column) -> None:
        QTest.mouseClick(self.view.table.viewport(), LEFT, NONE, self.at(row, column))

    def double_click(self, row: int, column: Column) -> None:
        self.click(row, column)
        QTest.mouseDClick(self.view.table.viewport(), LEFT, NONE, self.at(row, column))

    def editor(self) -> QLineEdit | None:
        found = self.view.table.viewport().findChildren(QLineEdit)
        return next((line for line in found if line.isVisible()), None)

    def type_into(self, row: int, column: Column, text: str) -> None:
        self.click(row, column)
        QTest.keyClick(self.view.table, Qt.Key.Key_F2)
        self.write(text)

    def write(self, text: str) -> None:
        self.qtbot.waitUntil(lambda: self.editor() is not None, timeout=2000)
        editor = self.editor()
        editor.selectAll()
        QTest.keyClicks(editor, text)
        QTest.keyClick(editor, Qt.Key.Key_Return)
        self.qtbot.waitUntil(lambda: self.editor() is None, timeout=2000)

    def keys(self, key: Qt.Key, modifier: Qt.KeyboardModifier) -> None:
        self.view.table.setFocus()
        QTest.keyClick(self.view.table, key, modifier)


@pytest.fixture
def person(qtbot) -> Person:
    """With the view in a window of its own."""
    view = ClassesView()
    qtbot.addWidget(view)
    view.resize(420, 500)
    view.show()
    view.show_list(CELLS)
    qtbot.waitUntil(view.isVisible)
    return Person(view, qtbot)


@pytest.fixture
def annotating(robot, qtbot) -> Person:
    """With the view as a dock of napari."""
    view = ClassesView()
    robot.viewer.window.add_dock_widget(view, name="Classes", area="right")
    view.show_list(CELLS)
    qtbot.waitUntil(view.isVisible)
    return Person(view, qtbot)


def test_a_list_is_edited_refused_undone_and_used(annotating, qtbot) -> None:
    person, view = annotating, annotating.view
    assert [view.model.index(row, Column.KEY).data() for row in range(3)] == ["1", "2", "3"]
    person.type_into(1, Column.NAME, "yeast")
    assert view.class_list == CELLS.rename("cell", "yeast")
    assert person.changed == [view.class_list]
    person.type_into(1, Column.NAME, "Nuclei")
    assert "already in the list" in view.message.text()
    assert view.model.index(1, Column.NAME).data() == "yeast"
    assert len(person.changed) == 1
    person.type_into(1, Column.SYNONYMS, "budding yeast; Yeast, fission yeast")
    assert view.class_list.entries[1].synonyms == ("budding yeast", "fission yeast")
    person.click(2, Column.THING)  # the box is at the left
    box = view.table.visualRect(view.model.index(2, Column.THING)).topLeft()
    box.setX(box.x() + 10)
    box.setY(person.at(2, Column.THING).y())
    QTest.mouseClick(view.table.viewport(), LEFT, NONE, box)
    assert view.class_list.entries[2].is_thing is False
    person.keys(Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    person.keys(Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert view.class_list == CELLS.rename("cell", "yeast") == person.changed[-1]
    both = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier
    person.keys(Qt.Key.Key_Z, both)
    assert view.class_list.entries[1].synonyms == ("budding yeast", "fission yeast")
    person.double_click(1, Column.NAME)
    qtbot.wait(QApplication.doubleClickInterval() + 100)
    assert person.chosen == ["yeast"]
    assert person.editor() is None  # a double click does not begin an edit
    view.show_list(view.class_list)
    view.undo()
    assert view.class_list == CELLS.rename("cell", "yeast")  # showing it again forgot nothing


def test_rows_are_added_moved_coloured_filtered_and_removed(person) -> None:
    view = person.view
    person.click(0, Column.NAME)
    assert view.up.isEnabled()
    view.filter.setText("NUCLEI")
    assert [view.table.isRowHidden(row) for row in range(3)] == [False, True, True]
    assert (view.remove.isEnabled(), view.up.isEnabled()) == (True, False)
    view.filter.setText("cell")
    assert not view.remove.isEnabled()  # the selected row is hidden
    view.add.click()
    assert view.filter.text() == ""
    person.write("axon")
    assert view.class_list.names == ("nucleus", "cell", "tissue", "axon")
    assert len({entry.colour for entry in view.class_list.entries}) == 4
    person.click(3, Column.NAME)
    view.up.click()
    view.up.click()
    view.down.click()
    assert view.class_list.names == ("nucleus", "cell", "axon", "tissue")
    assert view.table.currentIndex().row() == 2
    person.click(2, Column.COLOUR)
    [dialog] = view.findChildren(QColorDialog)
    dialog.setCurrentColor(QColor("#123456"))
    dialog.accept()
    assert view.class_list.entries[2].colour == "#123456"
    swatch = view.model.index(2, Column.COLOUR).data(Qt.ItemDataRole.DecorationRole)
    assert swatch.name() == "#123456"
    for _ in range(4):
        view.remove.click()
    assert view.class_list.entries == ()
    assert not view.remove.isEnabled()
    assert "Add" in view.message.text()
    assert person.changed[-1] == view.class_list


def test_lists_are_picked_opened_and_saved(person, tmp_path, monkeypatch) -> None:
    view, menu = person.view, person.view.choice.menu
    assert menu.currentText() == "mine"
    menu.setCurrentIndex(0)
    menu.activated.emit(0)
    assert view.class_list == built_in()[0] == person.changed[-1]
    person.type_into(0, Column.NAME, "people")
    assert menu.currentText() == view.class_list.title == "COCO panoptic (edited)"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *a: (str(tmp_path / "a"), ""))
    view.choice.save.click()
    assert read_class_list(tmp_path / "a.json") == view.class_list
    (tmp_path / "b.txt").write_text("cat\ndog, hound\n")
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *a: (str(tmp_path / "b.txt"), ""))
    view.choice.open.click()
    assert view.class_list.names == ("cat", "dog")
    (tmp_path / "b.txt").write_text("cat\ncat\n")
    view.choice.open.click()
    assert "already in the list" in view.message.text()
    assert view.class_list.names == ("cat", "dog")
    view.choice.new.click()
    assert view.class_list.entries == ()
    view.undo()
    assert view.class_list.names == ("cat", "dog")
    assert menu.currentText() == "b"

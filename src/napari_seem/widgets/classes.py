"""The classes to choose from: a list to pick or open, and a table to edit it."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from qtpy.QtCore import QModelIndex, Qt, Signal
from qtpy.QtGui import QColor, QKeySequence
from qtpy.QtWidgets import (
    QColorDialog,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from napari_seem.widgets.class_list_choice import ClassListChoice
from napari_seem.widgets.class_table import ClassTable, Column, make_table
from seem_model.class_list_files import built_in
from seem_model.errors import ClassListError

if TYPE_CHECKING:
    from collections.abc import Callable

    from qtpy.QtGui import QKeyEvent

    from seem_model.class_lists import ClassEntry, ClassList

NEW_NAME = "new class"
_STEPS_KEPT = 200


class ClassesView(QWidget):
    """Shows a class list and lets a person edit it.

    It keeps the list on display and, for undo, those before it; whoever owns the list listens to
    :attr:`changed` and shows another one by :meth:`show_list`.
    """

    changed = Signal(object)
    """Emitted with the new ClassList after a person edited it or picked another one."""
    chosen = Signal(str)
    """Emitted with a name when a person wants to use that class."""

    def __init__(self) -> None:
        super().__init__()
        self._past: list[ClassList] = []
        self._future: list[ClassList] = []
        self.choice = ClassListChoice()
        self.choice.picked.connect(self._edit)
        self.choice.told.connect(self._say)
        self.filter = QLineEdit()
        self.filter.setPlaceholderText("Filter by name or synonym")
        self.filter.setClearButtonEnabled(True)
        self.filter.setToolTip("Show only classes with these letters in a name or synonym.")
        self.filter.textChanged.connect(self._refresh)
        self.model = ClassTable()
        self.model.edited.connect(self._edit)
        self.model.refused.connect(self._say)
        self.table = make_table(self.model)
        self.table.clicked.connect(self._clicked)
        self.table.doubleClicked.connect(self._double_clicked)
        self.message = QLabel()
        self.message.setTextFormat(Qt.TextFormat.PlainText)
        self.message.setWordWrap(True)
        self.message.setMinimumHeight(2 * self.message.fontMetrics().lineSpacing())
        self.message.setToolTip("What is shown, or why an edit was refused.")
        self.add = _button("Add", "Add a class at the end.", self._add)
        self.remove = _button("Remove", "Remove the selected class.", self._remove)
        self.up = _button("↑", "Move the selected class up.", self._move_up)
        self.down = _button("↓", "Move the selected class down.", self._move_down)
        self.use = _button("Use as class", "Give the object the selected class.", self._use)
        self._lay_out()
        selection = self.table.selectionModel()
        if selection is not None:  # for the type checker: a table with a model has one
            selection.currentRowChanged.connect(self._enable)
        self._display(self.class_list)

    @property
    def class_list(self) -> ClassList:
        """The list on display."""
        return self.model.class_list

    def show_list(self, class_list: ClassList) -> None:
        """Show a list if it is not on display; undo goes back to the one before, unless empty."""
        if class_list != self.class_list:
            if self._past or self.class_list.entries:
                self._past.append(self.class_list)
            self._future.clear()
            self._display(class_list)

    def undo(self) -> None:
        """Take back the last edit or choice of a list."""
        if self._past:
            self._future.append(self.class_list)
            self._display(self._past.pop())
            self.changed.emit(self.class_list)

    def redo(self) -> None:
        """Do again what was undone."""
        if self._future:
            self._past.append(self.class_list)
            self._display(self._future.pop())
            self.changed.emit(self.class_list)

    def keyPressEvent(self, event: QKeyEvent | None) -> None:
        """Undo and redo by their usual keys, here rather than on the canvas."""
        if event is None:
            return
        if event.matches(QKeySequence.StandardKey.Undo):
            self.undo()
        elif event.matches(QKeySequence.StandardKey.Redo):
            self.redo()
        else:
            super().keyPressEvent(event)

    # ------------------------------------------------------------------ display
    def _display(self, class_list: ClassList) -> None:
        self.model.show(class_list)
        self.choice.show_list(class_list)
        self._refresh()

    def _refresh(self) -> None:
        wanted = self.filter.text().strip().casefold()
        entries = self.class_list.entries
        found = [any(wanted in word.casefold() for word in entry.words) for entry in entries]
        for row, shown in enumerate(found):
            if self.table.isRowHidden(row) == shown:
                self.table.setRowHidden(row, not shown)
        if not entries:
            self._say("No class yet: press “Add”, or choose a list above.")
        elif wanted:
            self._say(f"{sum(found)} of {len(entries)} classes have “{wanted}” in their names.")
        else:
            things = sum(entry.is_thing for entry in entries)
            self._say(f"{len(entries)} classes, {things} of them things.")
        self._enable()

    def _enable(self) -> None:
        here = self._selected() is not None
        for button in (self.remove, self.use):
            button.setEnabled(here)
        for button in (self.up, self.down):  # among hidden rows nobody would see the move
            button.setEnabled(here and not self.filter.text().strip())

    def _say(self, text: str) -> None:
        self.message.setText(text)

    def _selected(self) -> ClassEntry | None:
        row = self.table.currentIndex().row()
        shown = 0 <= row < len(self.class_list.entries) and not self.table.isRowHidden(row)
        return self.class_list.entries[row] if shown else None

    def _select(self, row: int) -> None:
        self.table.setCurrentIndex(self.model.index(row, Column.NAME))

    # ------------------------------------------------------------------ edits
    def _edit(self, class_list: ClassList) -> None:
        """Show the list that an edit made, and tell of it."""
        if class_list == self.class_list:
            return
        known = built_in()
        if class_list not in known and class_list.title in [built.title for built in known]:
            class_list = replace(class_list, title=f"{class_list.title} (edited)")
        self._past = [*self._past, self.class_list][-_STEPS_KEPT:]
        self._future.clear()
        self._display(class_list)
        self.changed.emit(class_list)

    def _add(self) -> None:
        self.filter.clear()
        name, number = NEW_NAME, 1
        while self.class_list.find(name) is not None:
            number += 1
            name = f"{NEW_NAME} {number}"
        try:
            self._edit(self.class_list.add(name))
        except ClassListError as error:
            self._say(str(error))
            return
        self._select(len(self.class_list.entries) - 1)
        self.table.edit(self.table.currentIndex())

    def _remove(self) -> None:
        entry = self._selected()
        if entry is not None:
            row = self.table.currentIndex().row()
            self._edit(self.class_list.remove(entry.name))
            self._select(min(row, len(self.class_list.entries) - 1))

    def _move_up(self) -> None:
        self._move(-1)

    def _move_down(self) -> None:
        self._move(1)

    def _move(self, by: int) -> None:
        entry = self._selected()
        if entry is not None:
            self._edit(self.class_list.move(entry.name, by))
            self._select(self.class_list.names.index(entry.name))

    def _clicked(self, index: QModelIndex) -> None:
        if index.column() == Column.COLOUR:
            entry = self.class_list.entries[index.row()]
            dialog = QColorDialog(QColor(entry.colour), self)
            dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
            dialog.setWindowTitle(f"Colour of {entry.name}")
            dialog.colorSelected.connect(partial(self._recolour, entry.name))
            dialog.open()

    def _recolour(self, name: str, colour: QColor) -> None:
        if name in self.class_list.names:  # it may have gone while the dialog was open
            self._edit(self.class_list.recolour(name, colour.name()))

    def _double_clicked(self, index: QModelIndex) -> None:
        if index.column() in (Column.KEY, Column.NAME, Column.SYNONYMS):
            self._use()

    def _use(self) -> None:
        entry = self._selected()
        if entry is not None:
            self.chosen.emit(entry.name)

    def _lay_out(self) -> None:
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        box.setSpacing(4)
        box.addWidget(self.choice)
        box.addWidget(self.filter)
        box.addWidget(self.table, 1)
        box.addWidget(self.message)
        row = QHBoxLayout()
        for button in (self.add, self.remove, self.up, self.down):
            row.addWidget(button)
        row.addWidget(self.use, 1)
        box.addLayout(row)


def _button(text: str, tip: str, act: Callable[[], None]) -> QPushButton:
    button = QPushButton(text)
    button.setToolTip(tip)
    button.clicked.connect(act)
    return button

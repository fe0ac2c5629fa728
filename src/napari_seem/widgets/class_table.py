"""Classes as rows of a table that can be edited; what is no sensible edit is refused."""

from __future__ import annotations

from dataclasses import replace
from enum import IntEnum
from typing import TYPE_CHECKING, Any

from qtpy.QtCore import QAbstractTableModel, QModelIndex, Qt, Signal
from qtpy.QtGui import QColor
from qtpy.QtWidgets import QAbstractItemView, QHeaderView, QTableView

from seem_model.class_lists import ClassEntry, ClassList, split_names
from seem_model.errors import ClassListError

if TYPE_CHECKING:
    from qtpy.QtCore import QPersistentModelIndex

    Index = QModelIndex | QPersistentModelIndex

KEYS = 9


class Column(IntEnum):
    """Columns of the table."""

    KEY = 0
    COLOUR = 1
    NAME = 2
    SYNONYMS = 3
    THING = 4


TITLES = {
    Column.KEY: "",
    Column.COLOUR: "",
    Column.NAME: "class",
    Column.SYNONYMS: "synonyms",
    Column.THING: "thing",
}
TIPS = {
    Column.KEY: "The number key of this class; the first nine have one.",
    Column.COLOUR: "Click to choose another colour.",
    Column.NAME: "Double-click: use this class. F2, or a click when selected: change its name.",
    Column.SYNONYMS: "Other names the model may find it by, separated by commas.",
    Column.THING: "Checked: countable, such as cells. Else stuff, such as tissue or sky.",
}


_WIDTHS = {Column.KEY: 24, Column.COLOUR: 28, Column.THING: 48}


class ClassTable(QAbstractTableModel):
    """Rows of a class list; holds the list that is shown, and nothing else."""

    edited = Signal(object)
    """Emitted with the ClassList that an edit makes; it is not shown before :meth:`show`."""
    refused = Signal(str)
    """Emitted with the reason when an edit makes no sense; the old value stays."""

    def __init__(self) -> None:
        super().__init__()
        self.class_list = ClassList("classes")

    def show(self, class_list: ClassList) -> None:
        """Show a list."""
        if len(class_list.entries) == len(self.class_list.entries):
            # no reset: that would close an editor in the middle of its own edit
            self.class_list = class_list
            last = self.index(self.rowCount() - 1, len(Column) - 1)
            self.dataChanged.emit(self.index(0, 0), last)
            return
        self.beginResetModel()
        self.class_list = class_list
        self.endResetModel()

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        """One row for each class."""
        return 0 if parent.isValid() else len(self.class_list.entries)

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        """The columns of :class:`Column`."""
        return 0 if parent.isValid() else len(Column)

    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> Any:
        """Titles of the columns, with tips."""
        if orientation != Qt.Orientation.Horizontal:
            return None
        if role == Qt.ItemDataRole.ToolTipRole:
            return TIPS[Column(section)]
        return TITLES[Column(section)] if role == Qt.ItemDataRole.DisplayRole else None

    def flags(self, index: Index) -> Qt.ItemFlag:
        """Names and synonyms can be edited, things checked."""
        flags = Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable
        if index.column() in (Column.NAME, Column.SYNONYMS):
            flags |= Qt.ItemFlag.ItemIsEditable
        if index.column() == Column.THING:
            flags |= Qt.ItemFlag.ItemIsUserCheckable
        return flags

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """What a cell shows."""
        if not index.isValid():
            return None
        row, column = index.row(), Column(index.column())
        entry = self.class_list.entries[row]
        match role:
            case Qt.ItemDataRole.ToolTipRole:
                return TIPS[column]
            case Qt.ItemDataRole.DisplayRole | Qt.ItemDataRole.EditRole:
                return _text(entry, column, row)
            case Qt.ItemDataRole.DecorationRole if column is Column.COLOUR:
                return QColor(entry.colour)
            case Qt.ItemDataRole.TextAlignmentRole if column is Column.KEY:
                return Qt.AlignmentFlag.AlignCenter
            case Qt.ItemDataRole.CheckStateRole if column is Column.THING:
                states = Qt.CheckState
                return states.Checked if entry.is_thing else states.Unchecked
        return None

    def setData(self, index: Index, value: Any, role: int = Qt.ItemDataRole.EditRole) -> bool:
        """Tell of the list with this cell changed, or why it cannot be."""
        entry = self.class_list.entries[index.row()]
        try:
            match Column(index.column()), role:
                case Column.NAME, Qt.ItemDataRole.EditRole:
                    new = replace(entry, name=str(value))
                case Column.SYNONYMS, Qt.ItemDataRole.EditRole:
                    new = replace(entry, synonyms=split_names(str(value)))
                case Column.THING, Qt.ItemDataRole.CheckStateRole:
                    new = replace(entry, is_thing=Qt.CheckState(value) == Qt.CheckState.Checked)
                case _:
                    return False
            changed = self.class_list.change(entry.name, new)
        except ClassListError as error:
            self.refused.emit(str(error))
            return False
        if changed != self.class_list:
            self.edited.emit(changed)
        return True


def _text(entry: ClassEntry, column: Column, row: int) -> str | None:
    match column:
        case Column.KEY:
            return str(row + 1) if row < KEYS else ""
        case Column.NAME:
            return entry.name
        case Column.SYNONYMS:
            return ", ".join(entry.synonyms)
        case _:
            return None


def make_table(model: ClassTable) -> QTableView:
    """The table of a model: one row is selected, edits begin with F2 or a second click."""
    table = QTableView()
    table.setModel(model)
    table.setToolTip("The classes. Double-click one to use it; F2 changes its name.")
    table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
    table.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
    triggers = QAbstractItemView.EditTrigger
    table.setEditTriggers(triggers.EditKeyPressed | triggers.SelectedClicked)
    table.setWordWrap(False)
    rows, header = table.verticalHeader(), table.horizontalHeader()
    if rows is not None and header is not None:  # for the type checker: a table has both
        rows.setVisible(False)
        header.setSectionResizeMode(QHeaderView.ResizeMode.Stretch)
        for column, width in _WIDTHS.items():
            header.setSectionResizeMode(column, QHeaderView.ResizeMode.Fixed)
            table.setColumnWidth(column, width)
    return table

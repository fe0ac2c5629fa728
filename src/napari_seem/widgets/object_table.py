"""The table of objects: choose, sort, filter, edit classes in place."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import QItemSelection, QItemSelectionModel, Qt, Signal
from qtpy.QtWidgets import (
    QAbstractItemView,
    QCompleter,
    QHeaderView,
    QLineEdit,
    QStyledItemDelegate,
    QTableView,
)

from napari_seem.widgets.object_model import (
    BASIC,
    CLASS,
    LABEL,
    ObjectFilter,
    ObjectModel,
    identity,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from qtpy.QtCore import QModelIndex
    from qtpy.QtGui import QColor, QKeyEvent
    from qtpy.QtWidgets import QStyleOptionViewItem, QWidget

    from napari_seem.inventory import Item
    from napari_seem.measuring import Measured

WIDTHS = dict(zip(BASIC, (64, 96, 52, 60, 56), strict=True))
OTHER_WIDTH = 84


class ObjectTable(QTableView):
    """Objects of the slice.

    Parameters
    ----------
    colour : callable
        Colour of a label; None for none.
    """

    chosen = Signal(object)
    """Emitted with the Item of the row that a person moved to."""
    refining = Signal(object)
    """Emitted with an Item: double click, or Enter."""
    renamed = Signal(object, str)
    """Emitted with a list of Items and the class typed for them."""
    removing = Signal()
    """The Delete key."""
    selected = Signal()
    """Other rows are selected."""

    def __init__(self, colour: Callable[[int], QColor | None]) -> None:
        super().__init__()
        self.source = ObjectModel(colour)
        self.shown = ObjectFilter(self.source)
        self._held: set[tuple[int, int]] = set()
        self._quiet = False
        self.setModel(self.shown)
        self.setToolTip(
            "Objects of this slice. Click: show it; double click or Enter: go back to its marks; "
            "F2: class; Delete: remove."
        )
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.EditKeyPressed)
        self.setTabKeyNavigation(False)
        self.setWordWrap(False)
        self.setAlternatingRowColors(False)
        self.setItemDelegateForColumn(CLASS, _Classes(self))
        rows, header = self.verticalHeader(), self.horizontalHeader()
        if rows is not None and header is not None:  # for the type checker: a table has both
            rows.setVisible(False)
            rows.setDefaultSectionSize(self.fontMetrics().height() + 8)
            header.setHighlightSections(False)
            header.setSortIndicator(LABEL, Qt.SortOrder.AscendingOrder)
        self.setSortingEnabled(True)
        self._size_columns()
        self.source.renamed.connect(self._renamed)
        self.shown.modelAboutToBeReset.connect(self._hold)
        self.shown.modelReset.connect(self._give_back)
        self.doubleClicked.connect(self._refine)
        selection = self.selectionModel()
        if selection is not None:
            selection.selectionChanged.connect(self._selection)

    def show_objects(
        self, items: Iterable[Item], measured: Measured | None, wanted: Sequence[str]
    ) -> None:
        """Show these objects and columns of measurements; the selection stays."""
        self.source.show_measures(measured, wanted)
        self.source.show_items(items)

    def selection(self) -> list[Item]:
        """Objects of the selected rows, from the top."""
        model = self.selectionModel()
        rows = [] if model is None else model.selectedRows()
        return [self.shown.item(i) for i in sorted(rows, key=lambda i: i.row())]

    def select_label(self, label: int) -> None:
        """Select the row of a label that was picked in the picture, unless it is selected."""
        model = self.selectionModel()
        for row in range(self.shown.rowCount() if label else 0):
            at = self.shown.index(row, 0)
            if self.shown.item(at).label != label:
                continue
            # a row that was clicked makes its label the picked one: others stay selected then
            if model is not None and not model.isSelected(at):
                self._quiet = True
                self.selectRow(row)
                self._quiet = False
                self.scrollTo(at)
            return

    def rename(self) -> None:
        """Edit the class of the current row in place."""
        at = self.currentIndex()
        if at.isValid():
            self.edit(self.shown.index(at.row(), CLASS))

    def names(self) -> list[str]:
        """Classes that are there."""
        return sorted({i.name for i in self.source.items if i.name}, key=str.casefold)

    def keyPressEvent(self, event: QKeyEvent | None) -> None:
        """Enter goes back to the marks of an object, Delete removes the selected ones."""
        if event is None:
            return
        key = event.key()
        if key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self._refine(self.currentIndex())
        elif key in (Qt.Key.Key_Delete, Qt.Key.Key_Backspace):
            self.removing.emit()
        else:
            super().keyPressEvent(event)

    def _refine(self, index: QModelIndex) -> None:
        if index.isValid():
            self.refining.emit(self.shown.item(index))

    def _renamed(self, item: Item, name: str) -> None:
        selection = self.selection()
        self.renamed.emit(selection if item in selection else [item], name)

    def _selection(self, now: QItemSelection, before: QItemSelection) -> None:
        self.selected.emit()
        at = self.currentIndex()
        if not self._quiet and at.isValid() and now.indexes():
            self.chosen.emit(self.shown.item(at))

    def _hold(self) -> None:
        self._held = {identity(i) for i in self.selection()}

    def _give_back(self) -> None:
        self._size_columns()
        model, wanted = self.selectionModel(), QItemSelection()
        if model is None:
            return
        start: int | None = None
        first: int | None = None
        rows = self.shown.rowCount() if self._held else 0
        for row in range(rows + 1):  # in ranges: thousands of single rows take seconds
            held = row < rows and identity(self.shown.item(self.shown.index(row, 0))) in self._held
            if held and start is None:
                start, first = row, row if first is None else first
            elif not held and start is not None:
                wanted.select(self.shown.index(start, 0), self.shown.index(row - 1, 0))
                start = None
        self._quiet = True
        flags = QItemSelectionModel.SelectionFlag
        model.select(wanted, flags.ClearAndSelect | flags.Rows)
        if first is not None:
            model.setCurrentIndex(self.shown.index(first, 0), flags.NoUpdate)
        self._quiet = False
        self.selected.emit()

    def _size_columns(self) -> None:
        # not by content: Qt would ask for thousands of cells
        header = self.horizontalHeader()
        if header is not None:
            room = len(self.source.columns) == len(BASIC)
            modes = QHeaderView.ResizeMode
            header.setSectionResizeMode(CLASS, modes.Stretch if room else modes.Interactive)
        for k, name in enumerate(self.source.columns):
            self.setColumnWidth(k, WIDTHS.get(name, OTHER_WIDTH))


class _Classes(QStyledItemDelegate):
    """A line edit that completes the classes that are there."""

    def __init__(self, table: ObjectTable) -> None:
        super().__init__(table)
        self._table = table

    def createEditor(
        self, parent: QWidget | None, option: QStyleOptionViewItem, index: QModelIndex
    ) -> QWidget | None:
        editor = QLineEdit(parent)
        completer = QCompleter(self._table.names(), editor)
        completer.setCaseSensitivity(Qt.CaseSensitivity.CaseInsensitive)
        editor.setCompleter(completer)
        return editor

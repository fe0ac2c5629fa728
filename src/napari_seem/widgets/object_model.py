"""The list of objects as Qt's models: sorted and filtered without asking Python for each pair."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from qtpy.QtCore import QAbstractTableModel, QModelIndex, QSortFilterProxyModel, Qt, Signal
from qtpy.QtGui import QFont

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from qtpy.QtGui import QColor

    from napari_seem.inventory import Item
    from napari_seem.measuring import Measured

Role = Qt.ItemDataRole
BASIC = ("label", "class", "score", "area", "rounds")
LABEL, CLASS = 0, 1
NOWHERE = QModelIndex()
TIPS = {
    "label": "Value in the objects layer; “open” is started but not committed.",
    "class": "Class; “Rename” or F2 changes it, for all selected rows at once.",
    "score": "How sure the model is.",
    "area": "Pixels on this slice.",
    "rounds": "Marks and answers that led to it; “Refine” goes back to them.",
}


@dataclass(frozen=True)
class Wanted:
    """Which rows are shown.

    Parameters
    ----------
    text : str
        Part of the class, or the label; "" for all.
    name : str or None
        Only this class ("": without one); None for all.
    """

    text: str = ""
    name: str | None = None

    def accepts(self, item: Item) -> bool:
        """Whether an object is shown."""
        if self.name is not None and item.name != self.name:
            return False
        words = self.text.casefold().split()
        line = f"{item.label or 'open'} {item.name}".casefold()
        return all(word in line for word in words)


class ObjectModel(QAbstractTableModel):
    """Objects, one a row.

    Parameters
    ----------
    colour : callable
        Colour of a label, asked only for rows on the screen; None for none.
    """

    renamed = Signal(object, str)
    """Emitted with an Item and the class that somebody typed."""

    def __init__(self, colour: Callable[[int], QColor | None]) -> None:
        super().__init__()
        self._colour = colour
        self.items: list[Item] = []
        self._measures: dict[str, dict[int, float]] = {}
        self._unit = ""
        self._sorted = (LABEL, Qt.SortOrder.AscendingOrder)

    @property
    def columns(self) -> tuple[str, ...]:
        """Names of the columns."""
        return (*BASIC, *self._measures)

    def show_items(self, items: Iterable[Item]) -> None:
        """Show these; rows keep their selection as long as they are the same objects."""
        fresh = self._ordered(items)
        if _identities(fresh) == _identities(self.items):
            others = [k for k, item in enumerate(fresh) if item != self.items[k]]
            self.items = fresh
            if others:
                last = self.index(others[-1], len(self.columns) - 1)
                self.dataChanged.emit(self.index(others[0], 0), last)
            return
        self.beginResetModel()
        self.items = fresh
        self.endResetModel()

    def show_measures(self, measured: Measured | None, wanted: Sequence[str]) -> None:
        """Show these columns of measurements, after the others."""
        columns: dict[str, dict[int, float]] = {}
        if measured is not None:
            for name in wanted:
                if name in measured.columns:
                    rows = zip(measured.labels, measured.columns[name], strict=True)
                    columns[name] = dict(rows)
        same = tuple(columns) == tuple(self._measures)
        if not same:
            self.beginResetModel()
        self._measures, self._unit = columns, "" if measured is None else measured.unit
        if not same:
            if self._sorted[0] >= len(self.columns):
                self._sorted = (LABEL, Qt.SortOrder.AscendingOrder)
            self.endResetModel()
        elif columns and self.items:
            last = self.index(len(self.items) - 1, len(self.columns) - 1)
            self.dataChanged.emit(self.index(0, len(BASIC)), last)

    def rowCount(self, parent: QModelIndex = NOWHERE) -> int:
        """Objects."""
        return 0 if parent.isValid() else len(self.items)

    def columnCount(self, parent: QModelIndex = NOWHERE) -> int:
        """Columns, with those of measurements."""
        return 0 if parent.isValid() else len(self.columns)

    def value(self, item: Item, column: int) -> Any:
        """What rows are sorted by; NaN or "" for nothing."""
        if column >= len(BASIC):
            return self._measures[self.columns[column]].get(item.label, math.nan)
        return (item.label or math.nan, item.name, item.score, item.area, item.rounds)[column]

    def data(self, index: QModelIndex, role: int = Role.DisplayRole) -> Any:
        """Text, colour and alignment of a cell."""
        item, column = self.items[index.row()], index.column()
        if role == Role.DisplayRole:
            return self._text(item, column)
        if role == Role.EditRole and column == CLASS:
            return item.name
        if role == Role.DecorationRole and column == LABEL and item.label:
            return self._colour(item.label)
        if role == Role.TextAlignmentRole and column != CLASS:
            return int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        if role == Role.FontRole and item.current:
            font = QFont()
            font.setBold(True)
            return font
        if role == Role.ToolTipRole and item.current:
            return "You are working on this one."
        return None

    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = Role.DisplayRole
    ) -> Any:
        """Titles of the columns, with units."""
        if orientation != Qt.Orientation.Horizontal or not 0 <= section < len(self.columns):
            return None
        name = self.columns[section]
        if role == Role.DisplayRole:
            return heading(name, self._unit)
        return TIPS.get(name) if role == Role.ToolTipRole else None

    def flags(self, index: QModelIndex) -> Qt.ItemFlag:
        """Classes can be edited."""
        flags = super().flags(index)
        return flags | Qt.ItemFlag.ItemIsEditable if index.column() == CLASS else flags

    def setData(self, index: QModelIndex, value: Any, role: int = Role.EditRole) -> bool:
        """Tell that somebody typed a class."""
        if index.column() != CLASS or role != Role.EditRole:
            return False
        self.renamed.emit(self.items[index.row()], str(value))
        return True

    def sort(self, column: int, order: Qt.SortOrder = Qt.SortOrder.AscendingOrder) -> None:
        """Sort by a column; what has no value comes last."""
        if column < 0:
            return
        self._sorted = (column, order)
        self.layoutAboutToBeChanged.emit()
        before = self.persistentIndexList()
        held = [(self.items[i.row()], i.column()) for i in before]
        self.items = self._ordered(self.items)
        at = {identity: row for row, identity in enumerate(_identities(self.items))}
        after = [self.index(at[identity(i)], col) for i, col in held]
        self.changePersistentIndexList(before, after)
        self.layoutChanged.emit()

    def _ordered(self, items: Iterable[Item]) -> list[Item]:
        column, order = self._sorted
        pairs = [(self.value(item, column), item) for item in items]
        known = [pair for pair in pairs if pair[0] == pair[0] and pair[0] != ""]
        rest = [pair for pair in pairs if pair[0] != pair[0] or pair[0] == ""]
        down = order == Qt.SortOrder.DescendingOrder
        known.sort(key=lambda pair: pair[0], reverse=down)
        return [item for _, item in (*known, *rest)]

    def _text(self, item: Item, column: int) -> str:
        value = self.value(item, column)
        if column == LABEL:
            return str(item.label) if item.label else "open"
        if isinstance(value, str):
            return value
        if math.isnan(value):
            return "–"
        return str(value) if isinstance(value, int) else f"{value:.3g}"


class ObjectFilter(QSortFilterProxyModel):
    """Only the rows that are wanted; sorting is left to :class:`ObjectModel`."""

    def __init__(self, model: ObjectModel) -> None:
        super().__init__()
        self._model = model
        self._wanted = Wanted()
        self.setSourceModel(model)

    def want(self, wanted: Wanted) -> None:
        """Show only what this accepts."""
        if wanted != self._wanted:
            self._wanted = wanted
            self.invalidateFilter()

    def filterAcceptsRow(self, row: int, parent: QModelIndex) -> bool:
        """Whether a row is shown."""
        return self._wanted.accepts(self._model.items[row])

    def sort(self, column: int, order: Qt.SortOrder = Qt.SortOrder.AscendingOrder) -> None:
        """Sort the objects themselves: Qt would compare two at a time, calling Python for each."""
        self._model.sort(column, order)

    def item(self, index: QModelIndex) -> Item:
        """The object of a row that is shown."""
        return self._model.items[self.mapToSource(index).row()]


def heading(name: str, unit: str) -> str:
    """Title of a column: "area_scaled" and "µm" give "area µm²"."""
    words = name.removesuffix("_scaled").replace("_", " ").removesuffix(" intensity")
    if name.endswith("_scaled"):
        words += f" {unit}²" if unit and name.startswith("area") else f" {unit or 'scaled'}"
    return words


def _identities(items: Iterable[Item]) -> list[tuple[int, int]]:
    return [identity(item) for item in items]


def identity(item: Item) -> tuple[int, int]:
    """What tells an object from others: its label, or else its key."""
    # a committed object gets a key when it is taken up again, and stays the same object
    return item.label, 0 if item.label else item.key

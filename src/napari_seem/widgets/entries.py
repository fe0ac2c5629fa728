"""The list of all prompts of the current object: flip, hide or delete each."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import QItemSelectionModel, QSize, Qt
from qtpy.QtGui import QBrush, QColor, QKeyEvent
from qtpy.QtWidgets import QAbstractItemView, QHeaderView, QTreeWidget, QTreeWidgetItem

from napari_seem.layers import COLORS
from napari_seem.marks import NEGATIVE, POSITIVE

if TYPE_CHECKING:
    from napari_seem.annotator import Annotator
    from napari_seem.entries import Entry
    from napari_seem.plane import Plane

SIGN, WORDS, SHOWN, DELETE = range(4)
_ADD = QItemSelectionModel.SelectionFlag.Select | QItemSelectionModel.SelectionFlag.Rows
TIPS = {
    SIGN: "Click to turn it: + belongs to the object, − does not (key F).",
    WORDS: "One prompt of this object.",
    SHOWN: "Click to put it aside or to take it up again; the answer follows (key H).",
    DELETE: "Click to delete it; Undo brings it back (key Delete).",
}


class EntriesView(QTreeWidget):
    """One row for each prompt: sign, words, shown, delete.

    Parameters
    ----------
    annotator : Annotator
    """

    def __init__(self, annotator: Annotator) -> None:
        super().__init__()
        self._annotator = annotator
        self._shown: tuple[Entry, ...] | None = None
        self._thing: tuple[Plane | None, int] | None = None
        self.setColumnCount(4)
        self.setHeaderHidden(True)
        self.setRootIsDecorated(False)
        self.setUniformRowHeights(True)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setToolTip(
            "Prompts of this object. Click + or − to turn one, ● to put it aside, × to delete it."
        )
        header = self.header()
        if header is not None:  # for the type checker: a tree has one
            header.setStretchLastSection(False)
            header.setMinimumSectionSize(20)
            for column in (SIGN, SHOWN, DELETE):
                header.setSectionResizeMode(column, QHeaderView.ResizeMode.Fixed)
                header.resizeSection(column, 26)
            header.setSectionResizeMode(WORDS, QHeaderView.ResizeMode.Stretch)
        self.itemClicked.connect(self._clicked)

    def refresh(self) -> None:
        """Show the prompts of the moment."""
        annotator = self._annotator
        entries, thing = annotator.asking.entries, (annotator.focus.plane, annotator.page.key)
        if entries == self._shown and thing == self._thing:
            return
        chosen = self._chosen() if thing == self._thing else []
        before, self._shown, self._thing = self._shown or (), entries, thing
        self.clear()
        for entry in entries:
            self.addTopLevelItem(self._row(entry))
        self._choose(before, chosen)

    def keyPressEvent(self, event: QKeyEvent | None) -> None:
        """Delete, F and H act on the selected prompts."""
        acts = {
            Qt.Key.Key_Delete: self._annotator.asking.delete,
            Qt.Key.Key_Backspace: self._annotator.asking.delete,
            Qt.Key.Key_F: self._annotator.asking.flip,
            Qt.Key.Key_H: self._annotator.asking.hide,
        }
        act = None if event is None else acts.get(Qt.Key(event.key()))
        if act is None:
            super().keyPressEvent(event)
            return
        chosen, shown = self._chosen(), self._shown or ()
        for at in sorted(chosen, reverse=True):  # the last first: positions of the others stay
            act(shown[at])

    def _chosen(self) -> list[int]:
        return [self.indexOfTopLevelItem(item) for item in self.selectedItems()]

    def _choose(self, before: tuple[Entry, ...], chosen: list[int]) -> None:
        """Select the same prompts as before, so that the next key acts on them too."""
        count = self.topLevelItemCount()
        if len(before) < count or not chosen:
            self.scrollToBottom()
            return
        if len(before) > count:  # of those that were deleted, the next one
            chosen = [min(*chosen, count - 1)] if count else []
        for at in chosen:
            item = self.topLevelItem(at)
            if item is not None:
                self.setCurrentItem(item, WORDS, _ADD)

    def _row(self, entry: Entry) -> QTreeWidgetItem:
        signs = "+" if entry.positive else "−"
        item = QTreeWidgetItem([signs, entry.words, "●" if entry.shown else "○", "×"])
        for column, tip in TIPS.items():
            item.setToolTip(column, tip)
            item.setSizeHint(column, QSize(20, 20))
            if column != WORDS:
                item.setTextAlignment(column, Qt.AlignmentFlag.AlignCenter)
        item.setForeground(SIGN, QBrush(QColor(COLORS[POSITIVE if entry.positive else NEGATIVE])))
        font = item.font(WORDS)
        font.setStrikeOut(not entry.shown)
        item.setFont(WORDS, font)
        return item

    def _clicked(self, item: QTreeWidgetItem, column: int) -> None:
        at = self.indexOfTopLevelItem(item)
        entry = (self._shown or ())[at]
        asking = self._annotator.asking
        acts = {SIGN: asking.flip, SHOWN: asking.hide, DELETE: asking.delete}
        if column in acts:
            acts[column](entry)

"""The box "Find more": all like the selected objects, or all of a name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtWidgets import QComboBox, QGridLayout, QLineEdit, QPushButton, QWidget

from napari_seem.search import Where
from napari_seem.widgets.bond import BusyBar

if TYPE_CHECKING:
    from collections.abc import Callable

    from napari_seem.annotator import Annotator
    from napari_seem.inventory import Item


class FindView(QWidget):
    """Starts searches; what they find is proposed.

    Parameters
    ----------
    annotator : Annotator
    selection : callable
        The selected objects.
    """

    def __init__(self, annotator: Annotator, selection: Callable[[], list[Item]]) -> None:
        super().__init__()
        self._annotator = annotator
        self._selection = selection
        self.like = QPushButton("Find all like this")
        self.like.setToolTip(
            "Look for everything like the selected objects, or like the answer on display if no "
            "row is selected. What is found is proposed, not committed."
        )
        self.like.clicked.connect(self._like)
        self.where = QComboBox()
        self.where.setToolTip("Where to look. Other images: the slice of each that is on display.")
        for where in Where:
            self.where.addItem(where.value, where)
        self.text = QLineEdit()
        self.text.setPlaceholderText("or of a name: nucleus ⏎")
        self.text.setToolTip("Look on this slice for all that these words name, then Enter.")
        self.text.setClearButtonEnabled(True)
        self.text.returnPressed.connect(self._named)
        self.named = QPushButton("All of a name")
        self.named.setToolTip("Propose everything that the words name, not only the best.")
        self.named.clicked.connect(self._named)
        self.cancel = QPushButton("Cancel")
        self.cancel.setToolTip("Stop the search.")
        self.cancel.clicked.connect(self._cancel)
        self.busy = BusyBar(annotator.engine)
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setSpacing(3)
        grid.addWidget(self.like, 0, 0)
        grid.addWidget(self.where, 0, 1)
        grid.addWidget(self.cancel, 0, 2)
        grid.addWidget(self.named, 1, 0)
        grid.addWidget(self.text, 1, 1, 1, 2)
        grid.addWidget(self.busy, 2, 0, 1, 3)
        grid.setColumnStretch(1, 1)

    def refresh(self) -> None:
        """Show what can be looked for."""
        annotator = self._annotator
        busy, there = annotator.engine.wish is not None, annotator.focus.plane is not None
        answer = annotator.answer
        shown = answer is not None and answer.packed.any
        self.like.setEnabled(there and not busy and (shown or bool(self._selection())))
        self.named.setEnabled(there and not busy)
        self.cancel.setEnabled(busy)
        self.busy.refresh()

    def _like(self) -> None:
        annotator, items = self._annotator, self._selection()
        if items:
            masks = annotator.inventory.masks(items)
            name = next((i.name for i in items if i.name), "")
        else:
            answer = annotator.answer
            masks, name = [] if answer is None else [answer.mask], annotator.name
        annotator.search.like(masks, name=name, where=self.where.currentData())

    def _named(self) -> None:
        if self._annotator.engine.wish is None:
            self._annotator.search.named(self.text.text())

    def _cancel(self) -> None:
        self._annotator.search.cancel()

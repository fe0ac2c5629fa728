"""A button with a list of check boxes that stays open while they are ticked."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from qtpy.QtCore import Qt, Signal
from qtpy.QtGui import QColor
from qtpy.QtWidgets import QListWidget, QListWidgetItem, QMenu, QPushButton, QWidgetAction

if TYPE_CHECKING:
    from collections.abc import Sequence

_LINES = 12


@dataclass(frozen=True)
class Choice:
    """One line.

    Parameters
    ----------
    key : str
    text : str
    on : bool
    colour : str
        Of its swatch; "" for none.
    """

    key: str
    text: str
    on: bool
    colour: str = ""


class CheckMenu(QPushButton):
    """Choose any of several.

    Parameters
    ----------
    text, tip : str
        Of the button.
    """

    ticked = Signal(str, bool)
    """Emitted with the key of a line and whether it is on now."""

    def __init__(self, text: str, tip: str) -> None:
        super().__init__()
        self.setText(text)
        self.setToolTip(tip)
        self.list = QListWidget()
        self.list.setToolTip(tip)
        self.list.itemChanged.connect(self._changed)
        self._choices: tuple[Choice, ...] = ()
        menu = QMenu(self)
        action = QWidgetAction(menu)
        action.setDefaultWidget(self.list)
        menu.addAction(action)
        self.setMenu(menu)
        self.setEnabled(False)

    def show_choices(self, choices: Sequence[Choice]) -> None:
        """Offer these."""
        if tuple(choices) == self._choices:
            return
        self._choices = tuple(choices)
        self.list.blockSignals(True)
        self.list.clear()
        for choice in choices:
            item = QListWidgetItem(choice.text)
            item.setData(Qt.ItemDataRole.UserRole, choice.key)
            item.setFlags(item.flags() | Qt.ItemFlag.ItemIsUserCheckable)
            state = Qt.CheckState.Checked if choice.on else Qt.CheckState.Unchecked
            item.setCheckState(state)
            if choice.colour:
                item.setData(Qt.ItemDataRole.DecorationRole, QColor(choice.colour))
            self.list.addItem(item)
        self.list.blockSignals(False)
        line = self.list.sizeHintForRow(0) if choices else 20
        self.list.setFixedHeight(line * min(len(choices), _LINES) + 8)
        self.list.setMinimumWidth(self.list.sizeHintForColumn(0) + 40)
        self.setEnabled(bool(choices))

    def _changed(self, item: QListWidgetItem) -> None:
        key = str(item.data(Qt.ItemDataRole.UserRole))
        self.ticked.emit(key, item.checkState() == Qt.CheckState.Checked)

"""The list of all keys, what stands in their way, and the way to change them."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from app_model import Application
from napari.utils.notifications import show_info
from qtpy.QtCore import Qt
from qtpy.QtWidgets import (
    QAbstractItemView,
    QDialog,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QListWidget,
    QPushButton,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
)

from napari_seem.desk import desk_for
from napari_seem.shortcuts import WHERE, shown_key

if TYPE_CHECKING:
    from collections.abc import Callable

    from qtpy.QtWidgets import QWidget

    from napari_seem.annotator import Annotator
    from napari_seem.conflicts import Plan

PREFERENCES = "napari.window.file.show_preferences_dialog"
NOTE = "Keys work on the canvas and in the dock, not in text fields."


class KeysHelp(QDialog):
    """Window with the keys of all actions; follows the preferences while it is open.

    Parameters
    ----------
    annotator : Annotator
    parent : QWidget
    """

    def __init__(self, annotator: Annotator, parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle("Keys of SEEM")
        self._annotator = annotator
        self._shown: Plan | None = None
        self.table = QTableWidget(0, 2)
        self.table.setToolTip("Every action with its keys; all are in the command palette too.")
        self.table.setHorizontalHeaderLabels(["action", "keys"])
        self.table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.table.setSelectionMode(QAbstractItemView.SelectionMode.NoSelection)
        rows, header = self.table.verticalHeader(), self.table.horizontalHeader()
        if rows is not None and header is not None:  # for the type checker: a table has both
            rows.setVisible(False)
            header.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
            header.setSectionResizeMode(1, QHeaderView.ResizeMode.ResizeToContents)
        self.notes = QLabel()
        self.notes.setWordWrap(True)
        self.notes.setTextFormat(Qt.TextFormat.PlainText)
        self.notes.setToolTip("Keys that are not free, and what to do about them.")
        self.change = QPushButton("Change keys…")
        self.change.setToolTip(f"Open {WHERE}.")
        self.change.clicked.connect(self._change)
        self.dismiss = QPushButton("Close")
        self.dismiss.setToolTip("Close this list.")
        self.dismiss.clicked.connect(self.close)
        row = QHBoxLayout()
        row.addWidget(self.change)
        row.addStretch(1)
        row.addWidget(self.dismiss)
        box = QVBoxLayout(self)
        box.addWidget(self.table, 1)
        box.addWidget(self.notes)
        box.addLayout(row)
        self.resize(480, 620)
        annotator.changed.connect(self.refresh)
        self.destroyed.connect(partial(_forget, annotator, self.refresh))
        self.refresh()

    def refresh(self) -> None:
        """Show the keys of the moment."""
        plan = desk_for(self._annotator).plan
        if plan == self._shown:
            return
        self._shown = plan
        self.table.setRowCount(len(plan.bindings))
        for row, binding in enumerate(plan.bindings):
            words = [str(c) for c in plan.conflicts if c.binding.action == binding.action]
            words += [sentence for action, sentence in plan.mistakes if action == binding.action]
            lost = any(
                not c.is_bound for c in plan.conflicts if c.binding.action == binding.action
            ) or any(action == binding.action for action, _ in plan.mistakes)
            keys = ", ".join(shown_key(key) for key in binding.keys) or "–"
            title = binding.title[0].upper() + binding.title[1:]
            for column, text in enumerate((title, f"⚠ {keys}" if lost else keys)):
                item = QTableWidgetItem(text)
                item.setToolTip("\n".join(words) or f"{title}: {keys}")
                self.table.setItem(row, column, item)
        self.notes.setText("\n".join([*_troubles(plan), NOTE]))

    def _change(self) -> None:
        app = Application.get_app("napari")
        if app is None or PREFERENCES not in app.commands:
            show_info(f"Keys are changed in {WHERE}.")
            return
        dialog = app.commands.execute_command(PREFERENCES).result()
        pages = dialog.findChild(QListWidget)
        ours = [] if pages is None else pages.findItems("SEEM", Qt.MatchFlag.MatchExactly)
        if ours:
            pages.setCurrentItem(ours[0])


def _forget(annotator: Annotator, refresh: Callable[[], None]) -> None:
    annotator.changed.disconnect(refresh, missing_ok=True)


def _troubles(plan: Plan) -> list[str]:
    """What is not bound, then what cannot be read, then what is bound with an exception."""
    lost = [f"⚠ {c}" for c in plan.conflicts if not c.is_bound]
    unread = [f"⚠ {sentence}" for _, sentence in plan.mistakes]
    shared = dict.fromkeys(shown_key(c.key) for c in plan.conflicts if c.is_bound)
    if not shared:
        return [*lost, *unread]
    layers = " and ".join(dict.fromkeys(c.layer for c in plan.conflicts if c.is_bound))
    note = (
        f"{', '.join(shared)}: napari's own in your {layers} layers; point at a row to read more."
    )
    return [*lost, *unread, note]

"""What can be done to the selected objects: buttons, a context menu and keys."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from napari.utils.notifications import show_warning
from qtpy.QtCore import Qt
from qtpy.QtGui import QAction
from qtpy.QtWidgets import QGridLayout, QInputDialog, QPushButton, QWidget

if TYPE_CHECKING:
    from collections.abc import Callable

    from napari_seem.annotator import Annotator
    from napari_seem.inventory import Item
    from napari_seem.widgets.object_table import ObjectTable

_IN_A_ROW = 4


class ObjectActions(QWidget):
    """Deeds for the selected rows of a table; all can be undone.

    Parameters
    ----------
    annotator : Annotator
    table : ObjectTable
    """

    def __init__(self, annotator: Annotator, table: ObjectTable) -> None:
        super().__init__()
        self._annotator = annotator
        self._table = table
        self._smaller, self._radius = 20, 2.0
        revisions = annotator.revisions
        self.refine = self._action("Refine", "Go back to the marks of the object. Enter.", self._go)
        self.rename = self._action("Rename", "Class of the selected objects. F2.", table.rename)
        self.remove = self._action(
            "Remove", "Take the selected objects away. Delete.", self._remove
        )
        self.merge = self._action(
            "Merge", "Make the selected objects one, that of the first row.",
            lambda: revisions.merge(self._labels()),
        )  # fmt: skip
        self.split = self._action(
            "Split", "Make each separate part an object of its own.",
            lambda: revisions.split(self._labels()),
        )  # fmt: skip
        self.fill = self._action(
            "Fill holes", "Fill the holes of the selected objects; other objects stay.",
            lambda: revisions.fill(self._labels()),
        )  # fmt: skip
        self.drop = self._action("Drop specks…", "Take small separate parts away.", self._drop)
        self.smooth = self._action("Smooth…", "Round the outlines.", self._smooth)
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setSpacing(3)
        for k, action in enumerate(self.all):
            grid.addWidget(_button(action), k // _IN_A_ROW, k % _IN_A_ROW)
            table.addAction(action)
        table.setContextMenuPolicy(Qt.ContextMenuPolicy.ActionsContextMenu)
        table.selected.connect(self.refresh)
        table.refining.connect(self._work_on)
        table.renamed.connect(self._renamed)
        table.removing.connect(self._remove)
        self.refresh()

    @property
    def all(self) -> tuple[QAction, ...]:
        """Every action, in the order of the buttons."""
        tidying = (self.split, self.fill, self.drop, self.smooth)
        return (self.refine, self.rename, self.remove, self.merge, *tidying)

    def refresh(self) -> None:
        """Offer what makes sense for the selected rows."""
        items = self._table.selection()
        committed = sum(bool(i.label) for i in items)
        self.refine.setEnabled(len(items) == 1)
        for action in (self.rename, self.remove):
            action.setEnabled(bool(items))
        self.merge.setEnabled(committed > 1)
        for action in (self.split, self.fill, self.drop, self.smooth):
            action.setEnabled(committed > 0)

    def _action(self, text: str, tip: str, act: Callable[[], None]) -> QAction:
        action = QAction(text, self)
        action.setToolTip(tip)
        action.triggered.connect(partial(_without_argument, act))
        return action

    def _labels(self) -> list[int]:
        return [i.label for i in self._table.selection() if i.label]

    def _go(self) -> None:
        for item in self._table.selection()[:1]:
            self._work_on(item)

    def _work_on(self, item: Item) -> None:
        if item.label:
            self._annotator.shelf.refine(item.label)
        else:
            self._annotator.shelf.work_on(self._annotator.page.thing(item.key))

    def _renamed(self, items: list[Item], name: str) -> None:
        if all(i.name == name.strip() for i in items):
            return
        labels = [i.label for i in items if i.label]
        keys = [i.key for i in items if not i.label]
        self._annotator.revisions.rename(labels, name, keys=keys)

    def _remove(self) -> None:
        items = self._table.selection()
        if not items:
            show_warning("Select the rows of the objects to remove first.")
            return
        keys = [i.key for i in items if not i.label]
        self._annotator.revisions.remove(self._labels(), keys=keys)

    def _drop(self) -> None:
        words = "Take away separate parts of fewer pixels than:"
        smaller, yes = QInputDialog.getInt(
            self, "Drop specks", words, self._smaller, 2, 10_000_000
        )  # fmt: skip
        if yes:
            self._smaller = smaller
            self._annotator.revisions.drop(self._labels(), smaller)

    def _smooth(self) -> None:
        words = "Radius in pixels of what is rounded away:"
        radius, yes = QInputDialog.getDouble(self, "Smooth", words, self._radius, 1.0, 100.0, 1)
        if yes:
            self._radius = radius
            self._annotator.revisions.smooth(self._labels(), radius)


def _without_argument(act: Callable[[], None], checked: bool = False) -> None:
    act()


def _button(action: QAction) -> QPushButton:
    """A button for an action; a QToolButton has no frame in napari's themes."""
    button = QPushButton(action.text())
    button.setToolTip(action.toolTip())
    button.setMinimumWidth(40)
    button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
    button.clicked.connect(action.trigger)

    def follow() -> None:
        button.setEnabled(action.isEnabled())

    action.changed.connect(follow)
    return button

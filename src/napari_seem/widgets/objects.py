"""The dock "Objects": all objects of the slice, what can be done to them, and finding more."""

from __future__ import annotations

import weakref
from functools import partial
from typing import TYPE_CHECKING

from qtpy.QtCore import Qt, QTimer
from qtpy.QtGui import QColor, QKeySequence
from qtpy.QtWidgets import (
    QComboBox,
    QFormLayout,
    QFrame,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QShortcut,
    QVBoxLayout,
    QWidget,
)

from napari_seem.annotator import annotator_for, real_viewer
from napari_seem.canvas_picks import CanvasPicks
from napari_seem.in_view import bring_into_view
from napari_seem.inventory import counted
from napari_seem.widgets.bond import Bond
from napari_seem.widgets.docking import join_main
from napari_seem.widgets.finding import FindView
from napari_seem.widgets.object_actions import ObjectActions
from napari_seem.widgets.object_looks import LayerChoice, Looks
from napari_seem.widgets.object_model import Wanted
from napari_seem.widgets.object_table import ObjectTable
from napari_seem.widgets.proposing import ProposalView
from seem_model.packed import bounds

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import napari
    from qtpy.QtGui import QCloseEvent, QShowEvent

    from napari_seem.annotator import Annotator
    from napari_seem.inventory import Item

ALL, NONE = "all classes", "without class"


class ObjectsWidget(QWidget):
    """Dock widget "Objects".

    Parameters
    ----------
    napari_viewer : napari.Viewer
    """

    def __init__(self, napari_viewer: napari.Viewer) -> None:
        super().__init__()
        self._placed = False
        viewer = real_viewer(napari_viewer)
        self._viewer = weakref.ref(viewer)
        self.annotator = annotator_for(napari_viewer)
        self.layer = LayerChoice(self.annotator)
        self.table = ObjectTable(self._colour)
        self.filter, self.name = _filter_line(), QComboBox()
        self.name.setToolTip("Show only objects of this class.")
        self.counts = QLabel()
        self.counts.setToolTip("Committed objects by class, and those that are open.")
        self.counts.setWordWrap(True)
        self.undo = _arrow("↶", "Undo. Ctrl+Z.", self.annotator.undo)
        self.redo = _arrow("↷", "Redo. Ctrl+Shift+Z.", self.annotator.redo)
        self.deeds = ObjectActions(self.annotator, self.table)
        self.looks = Looks(self.annotator)
        self.finder = FindView(self.annotator, self.table.selection)
        self.proposals = ProposalView(self.annotator)
        self.news = QLabel()
        self.news.setWordWrap(True)
        self.news.setToolTip("What happened last.")
        # many changes at once, such as those of a long list of commits, are shown once
        self._soon = QTimer(self)
        self._soon.setSingleShot(True)
        self._soon.timeout.connect(self.refresh)
        self._picks = CanvasPicks(viewer, self.annotator)
        self._lay_out()
        self._connect()
        bond = Bond(self._soon.start, self.annotator)
        self._ends = (self._picks.close, partial(_rest, self.annotator, self._later), bond.close)
        self.destroyed.connect(partial(_end, self._ends))
        self.refresh()

    def refresh(self) -> None:
        """Show the state of the moment."""
        annotator, items = self.annotator, self.annotator.inventory.items
        self._picks.look()
        self.layer.refresh()
        self.looks.refresh()
        self.table.show_objects(items, annotator.measuring.result, self.looks.columns)
        self._offer_classes(items)
        self.counts.setText(counted(items))
        self.undo.setEnabled(annotator.timeline.can_undo)
        self.redo.setEnabled(annotator.timeline.can_redo)
        self.deeds.refresh()
        self.finder.refresh()
        self.proposals.refresh()
        words = annotator.engine.problem or annotator.focus.trouble or annotator.news
        self.news.setText(words)
        self.news.setVisible(bool(words))

    def showEvent(self, event: QShowEvent | None) -> None:
        """Share the place of the main dock, the first time."""
        super().showEvent(event)
        if not self._placed:
            self._placed = True
            join_main(self)

    def closeEvent(self, event: QCloseEvent | None) -> None:
        """Let the annotator rest; layers and colours stay."""
        self._soon.stop()
        _end(self._ends)
        super().closeEvent(event)

    def _later(self) -> None:
        self._soon.start()

    def _connect(self) -> None:
        self.filter.textChanged.connect(self._filter)
        self.name.activated.connect(self._filter)
        self.table.chosen.connect(self._show)
        self.table.selected.connect(self.finder.refresh)
        self._picks.picked.connect(self.table.select_label)
        self._picks.altered.connect(self._later)
        self.annotator.measuring.changed.connect(self._later)
        for key, act in (("Ctrl+Z", self.annotator.undo), ("Ctrl+Shift+Z", self.annotator.redo)):
            shortcut = QShortcut(QKeySequence(key), self)
            shortcut.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
            shortcut.activated.connect(partial(_call, act))

    def _filter(self, _: object = None) -> None:
        name = self.name.currentData()
        self.table.shown.want(Wanted(text=self.filter.text(), name=name))

    def _offer_classes(self, items: Sequence[Item]) -> None:
        names = sorted({i.name for i in items}, key=str.casefold)
        if [None, *names] == [self.name.itemData(k) for k in range(self.name.count())]:
            return
        chosen = self.name.currentData()
        self.name.clear()
        self.name.addItem(ALL, None)
        for name in names:
            self.name.addItem(name or NONE, name)
        self.name.setCurrentIndex(names.index(chosen) + 1 if chosen in names else 0)
        self._filter()

    def _show(self, item: Item) -> None:
        layer, plane = self.annotator.shelf.layer, self.annotator.focus.plane
        viewer = self._viewer()
        if not item.label or layer is None or plane is None or viewer is None:
            return
        if layer.selected_label != item.label:
            layer.selected_label = item.label
        box = bounds(self.annotator.inventory.pixels() == item.label)
        bring_into_view(viewer, layer, plane, box)

    def _colour(self, label: int) -> QColor | None:
        layer = self.annotator.shelf.layer
        colour = None if layer is None else layer.colormap.map(label)
        return None if colour is None else QColor.fromRgbF(*(float(c) for c in colour))

    def _lay_out(self) -> None:
        box = QVBoxLayout(self)
        box.setContentsMargins(8, 6, 8, 6)
        box.setSpacing(5)
        form = QFormLayout()
        form.addRow("Objects in", self.layer)
        box.addLayout(form)
        top, below = QHBoxLayout(), QHBoxLayout()
        top.addWidget(self.filter, 1)
        top.addWidget(self.name)
        box.addLayout(top)
        self.table.setMinimumHeight(110)
        box.addWidget(self.table, 1)
        below.addWidget(self.counts, 1)
        below.addWidget(self.undo)
        below.addWidget(self.redo)
        box.addLayout(below)
        for part in (self.deeds, self.looks, _line(), self.finder, self.proposals, self.news):
            box.addWidget(part)


def _filter_line() -> QLineEdit:
    line = QLineEdit()
    line.setPlaceholderText("filter by class, label or “open”")
    line.setToolTip("Show only objects whose label or class has all of these words.")
    line.setClearButtonEnabled(True)
    return line


def _arrow(text: str, tip: str, act: Callable[[], None]) -> QPushButton:
    button = QPushButton(text)
    button.setFixedWidth(32)
    button.setToolTip(tip)
    button.clicked.connect(partial(_call, act))
    return button


def _line() -> QFrame:
    line = QFrame()
    line.setFrameShape(QFrame.Shape.HLine)
    return line


def _call(act: Callable[[], None], checked: bool = False) -> None:
    act()


def _rest(annotator: Annotator, later: Callable[[], None]) -> None:
    annotator.measuring.changed.disconnect(later, missing_ok=True)
    annotator.measuring.switch(False)


def _end(ends: Sequence[Callable[[], None]]) -> None:
    for end in ends:
        end()

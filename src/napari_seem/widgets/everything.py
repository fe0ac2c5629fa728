"""The dock "Everything": segment the whole image without a prompt, with a table of classes."""

from __future__ import annotations

import weakref
from functools import partial
from typing import TYPE_CHECKING, Any

from magicgui.widgets import ComboBox, TextEdit
from napari.utils.notifications import show_warning
from qtpy.QtCore import Qt
from qtpy.QtGui import QColor
from qtpy.QtWidgets import (
    QAbstractItemView,
    QFormLayout,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QPushButton,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from napari_seem.annotator import annotator_for, real_viewer
from napari_seem.everything import class_names
from napari_seem.restricting import Region
from napari_seem.search import Into
from napari_seem.widgets.bond import Bond, BusyBar
from napari_seem.widgets.docking import join_main
from napari_seem.widgets.model import ModelView
from napari_seem.widgets.prompts import ImageChoice
from napari_seem.widgets.readouts import READOUTS
from seem_model.errors import SeemError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import napari
    from napari.layers import Labels
    from qtpy.QtGui import QCloseEvent, QShowEvent


HEADERS = ("id", "class", "score", "area")


class EverythingWidget(QWidget):
    """Dock widget "Everything".

    Parameters
    ----------
    napari_viewer : napari.Viewer
    """

    def __init__(self, napari_viewer: napari.Viewer) -> None:
        super().__init__()
        self._placed = False
        self._viewer = weakref.ref(real_viewer(napari_viewer))
        self.annotator = annotator_for(napari_viewer)
        self._layer: Labels | None = None
        self.model = ModelView(self.annotator)
        self.image = ImageChoice(self.annotator)
        self.kind = ComboBox(
            choices=tuple(READOUTS),
            tooltip="\n".join(f"{name}: {tip}" for name, (_, tip) in READOUTS.items()),
        )
        self.region = ComboBox(
            choices=[(region.value, region) for region in Region],
            tooltip="Of a part, small things are seen larger. Marks: boxes, polygons and paint.",
        )
        self.into = ComboBox(
            choices=[(into.value, into) for into in Into],
            tooltip="A layer of its own, proposals to accept or reject, or into the objects.",
        )
        self.classes = TextEdit(tooltip="Names to look for, separated by commas or lines.")
        self.classes.native.setAcceptRichText(False)
        self.classes.native.setFixedHeight(64)
        self.start = QPushButton("Segment everything")
        self.start.setToolTip("Segment the slice on display without a click.")
        self.start.clicked.connect(self._start)
        self.cancel = QPushButton("Cancel")
        self.cancel.setToolTip("Stop the segmentation that is being computed.")
        self.cancel.clicked.connect(self._cancel)
        self.busy = BusyBar(self.annotator.engine)
        self.hint = QLabel()
        self.hint.setWordWrap(True)
        self.hint.setToolTip("What is going on.")
        self.table = self._make_table()
        self._lay_out()
        self.annotator.search.segmented.connect(self._show)
        bond = Bond(self.refresh, self.annotator)
        self._ends = (bond.close, partial(_forget, self.annotator, self._show))
        self.destroyed.connect(partial(_end, self._ends))
        self.refresh()

    def refresh(self) -> None:
        """Show the state of the moment."""
        engine, focus = self.annotator.engine, self.annotator.focus
        self.model.refresh()
        self.image.refresh()
        wished = engine.wish is not None
        self.start.setEnabled(focus.plane is not None and not wished)
        self.cancel.setEnabled(wished)
        self.busy.refresh()
        known = len(engine.predictor.vocabulary) if engine.predictor is not None else 0
        own = (
            f"empty: the model's own {known} classes" if known else "empty: the model's own classes"
        )
        self.classes.native.setPlaceholderText(f"{own}, or for example: person, dog, nucleus")
        self.hint.setText(self._words(wished))
        if self._layer is not None and not any(self._layer is x for x in self._layers()):
            self._layer = None
            self.table.setRowCount(0)

    def showEvent(self, event: QShowEvent | None) -> None:
        """Share the place of the main dock, the first time."""
        super().showEvent(event)
        if not self._placed:
            self._placed = True
            join_main(self)

    def closeEvent(self, event: QCloseEvent | None) -> None:
        """Let the annotator rest; layers stay."""
        _end(self._ends)
        super().closeEvent(event)

    def _words(self, wished: bool) -> str:
        if self.annotator.focus.plane is None:
            return self.annotator.focus.trouble
        if self.annotator.engine.problem:
            return self.annotator.engine.problem
        if wished:
            return "Working; you may go on with other things."
        if self._layer is None and self.annotator.news:
            return self.annotator.news
        if self._layer is None:
            return "No clicks needed: press “Segment everything”."
        return f"{self.table.rowCount()} segments. Click a row to select its label."

    def _layers(self) -> list[Any]:
        viewer = self._viewer()
        return [] if viewer is None else list(viewer.layers)

    def _start(self) -> None:
        name = str(self.kind.value)
        read = partial(READOUTS[name][0], class_names(self.classes.value))
        viewer, search = self._viewer(), self.annotator.search
        try:
            within = None if viewer is None else search.part(viewer, self.region.value)
        except SeemError as error:
            show_warning(str(error))
            return
        search.everything(
            read, title=f"SEEM {name.lower()}", into=self.into.value, within=within,
            semantic=name == "Semantic",
        )  # fmt: skip

    def _cancel(self) -> None:
        self.annotator.engine.wish_for(None)

    def _show(self, layer: Labels) -> None:
        self._layer = layer
        table = layer.features
        self.table.setSortingEnabled(False)
        self.table.setRowCount(len(table))
        rows = table[["index", "class", "score", "area"]].itertuples(index=False, name=None)
        for row, (label, name, score, area) in enumerate(rows):
            values = (int(label), str(name), float(score), int(area))
            items = [QTableWidgetItem() for _ in values]
            for column, (item, value) in enumerate(zip(items, values, strict=True)):
                item.setData(Qt.ItemDataRole.DisplayRole, value)
                self.table.setItem(row, column, item)
            color = layer.get_color(int(label))
            if color is not None:
                swatch = QColor.fromRgbF(*(float(c) for c in color[:3]))
                items[0].setData(Qt.ItemDataRole.DecorationRole, swatch)
        self.table.setSortingEnabled(True)
        self.table.sortItems(HEADERS.index("area"), Qt.SortOrder.DescendingOrder)
        self.refresh()

    def _select(self, row: int, column: int) -> None:
        item = self.table.item(row, 0)
        viewer = self._viewer()
        if item is None or self._layer is None or viewer is None:
            return
        self._layer.selected_label = int(item.data(Qt.ItemDataRole.DisplayRole))
        viewer.layers.selection.active = self._layer

    def _make_table(self) -> QTableWidget:
        table = QTableWidget(0, len(HEADERS))
        table.setHorizontalHeaderLabels(HEADERS)
        table.setToolTip("Segments; click one to select its label, click a title to sort.")
        table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        rows, header = table.verticalHeader(), table.horizontalHeader()
        if rows is not None and header is not None:  # for the type checker: a table has both
            rows.setVisible(False)
            header.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
            header.setSectionResizeMode(1, QHeaderView.ResizeMode.Stretch)
        table.cellClicked.connect(self._select)
        return table

    def _lay_out(self) -> None:
        box = QVBoxLayout(self)
        box.setContentsMargins(8, 6, 8, 6)
        box.setSpacing(6)
        form = QFormLayout()
        form.setSpacing(4)
        form.addRow("Model", self.model)
        form.addRow("Image", self.image)
        form.addRow("Result", self.kind.native)
        form.addRow("Where", self.region.native)
        form.addRow("Goes to", self.into.native)
        form.addRow("Classes", self.classes.native)
        box.addLayout(form)
        row = QHBoxLayout()
        row.addWidget(self.start, 1)
        row.addWidget(self.cancel)
        box.addLayout(row)
        box.addWidget(self.busy)
        box.addWidget(self.hint)
        box.addWidget(self.table, 1)


def _forget(annotator: Any, show: Callable[[Labels], None]) -> None:
    annotator.search.segmented.disconnect(show, missing_ok=True)


def _end(ends: Sequence[Callable[[], None]]) -> None:
    for end in ends:
        end()

"""List of what a model can learn from: images with their objects, to be ticked."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from qtpy.QtCore import Qt, Signal
from qtpy.QtWidgets import QHeaderView, QTreeWidget, QTreeWidgetItem

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from napari_seem.lessons import Source

HEADERS = ("image", "objects in", "count", "all")
IMAGE, LABELS, COUNT, ALL = range(4)
_UNKNOWN = "…"
_ON, _OFF = Qt.CheckState.Checked, Qt.CheckState.Unchecked
_TIPS = (
    "Tick the images to learn from.",
    "The Labels layer with the objects. Every one of the image's size is listed: tick the one that "
    "belongs to the image.",
    "Objects; one that reaches through several slices counts on each.",
    "Tick it where every object of the image is labelled: then the model also learns what is "
    "background. With a few objects labelled among many, leave it empty.",
)


class LessonTable(QTreeWidget):
    """A row for each image with a Labels layer over it."""

    ticked = Signal()
    """The person has ticked or unticked something."""

    def __init__(self) -> None:
        super().__init__()
        self.setColumnCount(len(HEADERS))
        self.setHeaderLabels(HEADERS)
        self.setRootIsDecorated(False)
        self.setToolTip("What the model will learn from: images and the objects in them.")
        head, item = self.header(), self.headerItem()
        if head is not None and item is not None:  # for the type checker: a tree has both
            head.setStretchLastSection(False)
            head.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
            head.setSectionResizeMode(LABELS, QHeaderView.ResizeMode.Stretch)
            for column, tip in enumerate(_TIPS):
                item.setToolTip(column, tip)
        self._sources: list[Source] = []
        self.itemChanged.connect(self._changed)

    @property
    def chosen(self) -> list[tuple[Source, bool]]:
        """Ticked sources, each with whether everything in it is labelled."""
        return [
            (source, item.checkState(ALL) == _ON)
            for source, item in zip(self._sources, self._items, strict=True)
            if item.checkState(IMAGE) == _ON
        ]

    def show_sources(
        self, sources: Sequence[Source], counts: Mapping[tuple[int, int], int]
    ) -> None:
        """Show these, keeping ticks.

        Committed objects are ticked at first, and other layers where image and labels have nobody
        else to go with: a model must not learn from the objects of another image by mistake.
        """
        self.blockSignals(True)
        if [s.key for s in sources] != [s.key for s in self._sources]:
            known = {s.key: i for s, i in zip(self._sources, self._items, strict=True)}
            ticks = {
                key: (item.checkState(IMAGE), item.checkState(ALL)) for key, item in known.items()
            }
            self.clear()
            self._sources = list(sources)
            images = Counter(id(s.image) for s in sources)
            labels = Counter(id(s.labels) for s in sources)
            for source in sources:
                alone = images[id(source.image)] == labels[id(source.labels)] == 1
                default = _ON if source.is_own or alone else _OFF
                tick, whole = ticks.get(source.key, (default, _OFF))
                item = QTreeWidgetItem(self)
                item.setFlags(item.flags() | Qt.ItemFlag.ItemIsUserCheckable)
                item.setCheckState(IMAGE, tick)
                item.setCheckState(ALL, whole)
                for column, tip in enumerate(_TIPS):
                    item.setToolTip(column, tip)
        for source, item in zip(self._sources, self._items, strict=True):
            count = counts.get(source.key)
            texts = {IMAGE: source.image.name, LABELS: source.labels.name}
            texts[COUNT] = _UNKNOWN if count is None else str(count)
            for column, text in texts.items():
                if item.text(column) != text:
                    item.setText(column, text)
        self.blockSignals(False)

    @property
    def _items(self) -> list[QTreeWidgetItem]:
        found = (self.topLevelItem(k) for k in range(self.topLevelItemCount()))
        return [item for item in found if item is not None]

    def _changed(self, item: QTreeWidgetItem, column: int) -> None:
        self.ticked.emit()

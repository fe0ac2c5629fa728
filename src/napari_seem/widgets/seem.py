"""The main dock: model, image, tools, current object, rounds, hint."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from qtpy.QtCore import Qt, QTimer
from qtpy.QtWidgets import QFormLayout, QLabel, QTabWidget, QVBoxLayout, QWidget

from napari_seem.annotator import annotator_for
from napari_seem.hints import hint
from napari_seem.keys import SHORTCUTS, Keys
from napari_seem.target import Tool
from napari_seem.widgets.bond import Bond, BusyBar
from napari_seem.widgets.entries import EntriesView
from napari_seem.widgets.model import ModelView
from napari_seem.widgets.prompts import ImageChoice, PromptView
from napari_seem.widgets.rounds import HistoryView, ObjectView, RoundsView
from napari_seem.widgets.sources import SourcesView

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import napari
    from qtpy.QtGui import QCloseEvent


class SeemWidget(QWidget):
    """Dock widget "SEEM": click, draw or name a thing, correct the answer, commit it.

    Parameters
    ----------
    napari_viewer : napari.Viewer
    """

    def __init__(self, napari_viewer: napari.Viewer) -> None:
        super().__init__()
        self.annotator = annotator_for(napari_viewer)
        self.model = ModelView(self.annotator)
        self.image = ImageChoice(self.annotator)
        self.prompts = PromptView(self.annotator)
        self.object = ObjectView(self.annotator)
        self.sources = SourcesView(self.annotator)
        self.entries = EntriesView(self.annotator)
        self.rounds = RoundsView(self.annotator)
        self.history = HistoryView(self.annotator)
        self.busy = BusyBar(self.annotator.engine)
        self.hint = QLabel()
        self.hint.setToolTip("What is going on, or what the next click will do.")
        self._start = QTimer(self)
        self._start.setSingleShot(True)
        self._start.timeout.connect(self._take_click_tool)
        self.tabs = QTabWidget()
        self._views = (
            self.model, self.image, self.prompts, self.sources, self.object, self.entries,
            self.rounds, self.history,
        )  # fmt: skip
        self._lay_out()
        bond = Bond(self.refresh, self.annotator)
        keys = Keys(napari_viewer, self.annotator)
        self._ends = (keys.close, bond.close)
        # closed by its own button the dock is destroyed, with the whole window it is closed
        self.destroyed.connect(partial(_end, self._ends))
        self.refresh()

    def refresh(self) -> None:
        """Show the state of the moment."""
        for view in self._views:
            view.refresh()
        entries, rounds = len(self.annotator.asking.entries), len(self.annotator.page.current.steps)
        self.tabs.setTabText(0, f"Prompts ({entries})" if entries else "Prompts")
        self.tabs.setTabText(1, f"Rounds ({rounds})" if rounds else "Rounds")
        text = hint(self.annotator)
        if text != self.hint.text():
            self.hint.setText(text)
        self.busy.refresh()
        if self.annotator.tool is None and self.annotator.focus.plane is not None:
            # not at once: napari may be in the middle of adding the image
            self._start.start(0)

    def closeEvent(self, event: QCloseEvent | None) -> None:
        """Unbind keys and let the annotator rest; it keeps everything for the next time."""
        _end(self._ends)
        super().closeEvent(event)

    def _take_click_tool(self) -> None:
        # so that the first click on an image already gives a mask
        if self.annotator.tool is None and self.annotator.focus.plane is not None:
            self.annotator.use(Tool.CLICK)

    def _lay_out(self) -> None:
        box = QVBoxLayout(self)
        box.setContentsMargins(8, 6, 8, 6)
        box.setSpacing(6)
        form = QFormLayout()
        form.setSpacing(4)
        form.addRow("Model", self.model)
        form.addRow("Image", self.image)
        box.addLayout(form)
        self.hint.setWordWrap(True)
        self.hint.setMinimumHeight(3 * self.hint.fontMetrics().lineSpacing() + 8)
        self.hint.setAlignment(Qt.AlignmentFlag.AlignTop)
        self.hint.setStyleSheet("QLabel { font-weight: bold; }")
        self.tabs.addTab(self.entries, "Prompts")
        self.tabs.addTab(self.rounds, "Rounds")
        self.tabs.setDocumentMode(True)
        parts = (self.hint, self.busy, self.prompts, self.sources, heading("Object"), self.object)
        for part in parts:
            box.addWidget(part)
        box.addWidget(self.tabs, 1)
        box.addWidget(self.history)
        legend = QLabel(legend_of_keys())
        legend.setWordWrap(True)
        legend.setToolTip("\n".join(f"{s.key}: {s.words}" for s in SHORTCUTS))
        legend.setStyleSheet("QLabel { color: #999999; }")
        box.addWidget(legend)
        self.legend = legend


def heading(text: str) -> QLabel:
    """Title of a part of a dock."""
    label = QLabel(text)
    label.setStyleSheet("QLabel { color: #aaaaaa; }")
    return label


def legend_of_keys() -> str:
    """The keys in one or two lines."""
    return " · ".join(f"{s.key} {s.brief}" for s in SHORTCUTS if s.brief)


def _end(ends: Sequence[Callable[[], None]]) -> None:
    for end in ends:
        end()

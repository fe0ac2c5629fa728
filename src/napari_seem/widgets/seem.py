"""The main dock: model, image, tools, current object, its prompts and rounds, rules, classes."""

from __future__ import annotations

import weakref
from functools import partial
from typing import TYPE_CHECKING, Any

from qtpy.QtCore import Qt, QTimer
from qtpy.QtWidgets import QFormLayout, QHBoxLayout, QLabel, QToolButton, QVBoxLayout, QWidget

from napari_seem.actions import legend
from napari_seem.annotator import annotator_for, real_viewer
from napari_seem.desk import Request, desk_for
from napari_seem.hints import hint
from napari_seem.keys import Keys
from napari_seem.settings import PLUGIN
from napari_seem.target import Tool
from napari_seem.tour import SAMPLE, Place
from napari_seem.widgets.appearance import AppearanceView
from napari_seem.widgets.bond import Bond, BusyBar, muted
from napari_seem.widgets.docking import bring_forward
from napari_seem.widgets.keys_help import KeysHelp
from napari_seem.widgets.model import ModelView
from napari_seem.widgets.prompts import ImageChoice, PromptView
from napari_seem.widgets.ready import ReadyBadge
from napari_seem.widgets.resume import ResumeBanner
from napari_seem.widgets.rounds import HistoryView, ObjectView
from napari_seem.widgets.seem_tabs import SeemTabs
from napari_seem.widgets.sources import SourcesView
from napari_seem.widgets.status import StatusLine
from napari_seem.widgets.tour import TourCard

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import napari
    from qtpy.QtGui import QCloseEvent, QShowEvent


class SeemWidget(QWidget):
    """Dock widget "SEEM": click, draw or name a thing, correct the answer, commit it.

    Parameters
    ----------
    napari_viewer : napari.Viewer
    """

    def __init__(self, napari_viewer: napari.Viewer) -> None:
        super().__init__()
        self._viewer = weakref.ref(real_viewer(napari_viewer))
        self.annotator = annotator_for(napari_viewer)
        self.model = ModelView(self.annotator)
        self.image = ImageChoice(self.annotator)
        self.ready = ReadyBadge(self.annotator)
        self.appearance = AppearanceView(self.annotator)
        self.prompts = PromptView(self.annotator)
        self.sources = SourcesView(self.annotator)
        self.object = ObjectView(self.annotator)
        self.tabs = SeemTabs(self.annotator)
        self.history = HistoryView(self.annotator)
        self.busy = BusyBar(self.annotator.engine)
        self.resume = ResumeBanner(self.annotator.sessions)
        self.tour = TourCard(self.annotator, self._find, self._open_sample)
        self.hint = QLabel()
        self.hint.setToolTip("What is going on, or what the next click will do.")
        self.legend = QLabel()
        self.help = QToolButton()
        self.keys_help: KeysHelp | None = None
        self._start = QTimer(self)
        self._start.setSingleShot(True)
        self._start.timeout.connect(self._take_click_tool)
        self._views = (
            self.model, self.image, self.ready, self.appearance, self.prompts, self.sources,
            self.object, self.tabs, self.history, self.busy,
        )  # fmt: skip
        self._lay_out()
        desk = desk_for(self.annotator)
        desk.asked.connect(self._asked)
        bond = Bond(self.refresh, self.annotator)
        keys, status = (
            Keys(napari_viewer, self.annotator),
            StatusLine(napari_viewer, self.annotator),
        )
        unask = partial(desk.asked.disconnect, self._asked, missing_ok=True)
        self._ends = (self.tour.put_away, keys.close, status.close, unask, bond.close)
        # closed by its own button the dock is destroyed, with the whole window it is closed
        self.destroyed.connect(partial(_end, self._ends))
        self.refresh()

    def refresh(self) -> None:
        """Show the state of the moment."""
        for view in self._views:
            view.refresh()
        for label, text in (
            (self.hint, hint(self.annotator)),
            (self.legend, legend(self.annotator)),
        ):
            if text != label.text():
                label.setText(text)
        if self.annotator.tool is None and self.annotator.focus.plane is not None:
            # not at once: napari may be in the middle of adding the image
            self._start.start(0)

    def showEvent(self, event: QShowEvent | None) -> None:
        """Offer the tour the first time."""
        super().showEvent(event)
        self.tour.offer()

    def closeEvent(self, event: QCloseEvent | None) -> None:
        """Unbind keys and let the annotator rest; it keeps everything for the next time."""
        _end(self._ends)
        super().closeEvent(event)

    def _take_click_tool(self) -> None:
        # so that the first click on an image already gives a mask
        if self.annotator.tool is None and self.annotator.focus.plane is not None:
            self.annotator.use(Tool.CLICK)

    def _asked(self, request: Request) -> None:
        if request is Request.SHOW_KEYS:
            if self.keys_help is None:
                self.keys_help = KeysHelp(self.annotator, self)
            self.keys_help.show()
            self.keys_help.raise_()
        elif request is Request.TAKE_TOUR:
            self.tour.tour.start()
        elif request is Request.TYPE_WORDS:
            self.prompts.text.setFocus()
        elif request is Request.TALK:
            bring_forward(self)
            self.tabs.setCurrentWidget(self.tabs.speech)
            self.tabs.speech.start()
        elif request is Request.STOP_TALKING:
            self.tabs.speech.stop()
        elif request is Request.TEACH:
            viewer = self._viewer()
            if viewer is not None:
                viewer.window.add_plugin_dock_widget(PLUGIN, "Fine-tune")

    def _find(self, place: Place) -> QWidget | None:
        viewer = self._viewer()
        window = None if viewer is None else viewer.window.main_menu.window()
        canvas: Any = None if window is None else window.centralWidget()
        places: dict[Place, QWidget | None] = {
            Place.IMAGE: self.image, Place.CANVAS: canvas, Place.SIGN: self.prompts.sign,
            Place.UNDO: self.history.undo, Place.COMMIT: self.object.commit,
            Place.TEXT: self.prompts.text, Place.HELP: self.help,
        }  # fmt: skip
        return places.get(place)

    def _open_sample(self) -> None:
        viewer = self._viewer()
        if viewer is not None:
            viewer.open_sample(PLUGIN, SAMPLE)

    def _lay_out(self) -> None:
        box = QVBoxLayout(self)
        box.setContentsMargins(8, 6, 8, 6)
        box.setSpacing(5)
        form = QFormLayout()
        form.setSpacing(4)
        form.addRow("Model", self.model)
        form.addRow("Image", _row(self.image, self.ready))
        box.addLayout(form)
        self.hint.setWordWrap(True)
        self.hint.setMinimumHeight(3 * self.hint.fontMetrics().lineSpacing() + 4)
        self.hint.setAlignment(Qt.AlignmentFlag.AlignTop)
        self.hint.setStyleSheet("QLabel { font-weight: bold; }")
        for part in (
            self.appearance, self.resume, self.tour, self.hint, self.busy, self.prompts,
            self.sources, self.object,
        ):  # fmt: skip
            box.addWidget(part)
        box.addWidget(self.tabs, 1)
        box.addWidget(self.history)
        self.legend.setWordWrap(True)
        self.legend.setToolTip("Keys; “?” lists all of them.")
        muted(self.legend)
        self.help.setText("?")
        self.help.setToolTip("List all keys.")
        self.help.clicked.connect(partial(self._asked, Request.SHOW_KEYS))
        box.addWidget(_row(self.legend, self.help))


def _row(wide: QWidget, narrow: QWidget) -> QWidget:
    holder = QWidget()
    row = QHBoxLayout(holder)
    row.setContentsMargins(0, 0, 0, 0)
    row.setSpacing(4)
    row.addWidget(wide, 1)
    row.addWidget(narrow)
    return holder


def _end(ends: Sequence[Callable[[], None]]) -> None:
    for end in ends:
        end()

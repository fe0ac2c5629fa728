"""The main dock: model, image, tools, current object, rounds, hint."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qtpy.QtCore import QObject, Qt
from qtpy.QtWidgets import QFormLayout, QLabel, QProgressBar, QSizePolicy, QVBoxLayout, QWidget

from napari_seem.annotator import annotator_for
from napari_seem.hints import hint
from napari_seem.keys import SHORTCUTS, Keys
from napari_seem.settings import preferences
from napari_seem.target import Tool
from napari_seem.widgets.model import ModelView
from napari_seem.widgets.prompts import ImageChoice, PromptView
from napari_seem.widgets.rounds import ObjectView, RoundsView

if TYPE_CHECKING:
    import napari

    from napari_seem.annotator import Annotator

BUSY = ("loading", "encoding", "thinking", "segmenting")


class Bond(QObject):
    """Keeps an annotator open as long as a widget lives, and the widget fresh.

    Parameters
    ----------
    widget : QWidget
        Has a ``refresh()``.
    annotator : Annotator
    """

    def __init__(self, widget: Any, annotator: Annotator) -> None:
        super().__init__(widget)
        self._refresh = widget.refresh
        self._annotator = annotator
        self._open = True
        annotator.changed.connect(self._changed)
        annotator.open()

    def close(self) -> None:
        """Let go of the annotator; once is enough, more does no harm."""
        if self._open:
            self._open = False
            self._annotator.changed.disconnect(self._changed)
            self._annotator.close()

    def _changed(self) -> None:
        self._refresh()

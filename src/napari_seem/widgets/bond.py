"""What docks have in common: a bond to their annotator, a bar for work going on, faint text."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import QTimer
from qtpy.QtGui import QColor, QPainter, QPalette
from qtpy.QtWidgets import QGraphicsOpacityEffect, QWidget

if TYPE_CHECKING:
    from collections.abc import Callable

    from qtpy.QtGui import QPaintEvent

    from napari_seem.annotator import Annotator
    from napari_seem.engine import Engine

BUSY_COLOR = "#ffb000"
BUSY = ("converting", "loading", "encoding", "thinking", "segmenting", "naming")


class Bond:
    """Keeps an annotator open as long as a widget lives, and the widget fresh.

    Parameters
    ----------
    refresh : callable
        Called after every change.
    annotator : Annotator
    """

    def __init__(self, refresh: Callable[[], None], annotator: Annotator) -> None:
        self._refresh = refresh
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


def muted(widget: QWidget) -> None:
    """Draw a widget fainter than the rest, whatever colours napari's theme has."""
    effect = QGraphicsOpacityEffect(widget)
    effect.setOpacity(0.65)
    widget.setGraphicsEffect(effect)


class BusyBar(QWidget):
    """Thin bar that moves while the model works; it keeps its place, so nothing jumps.

    Parameters
    ----------
    engine : Engine
        Whose work is shown; how much of it is done, where that is known, is asked while it moves.

    Notes
    -----
    Not a QProgressBar: that one repaints at once when reset, and the whole window with the canvas
    goes with it, 75 ms on the GUI thread.
    """

    def __init__(self, engine: Engine) -> None:
        super().__init__()
        self.setFixedHeight(4)
        self.setToolTip("Moves while the model works, and fills where the end is known.")
        self._engine = engine
        self._at = 0.0
        self._timer = QTimer(self)
        self._timer.setInterval(60)
        self._timer.timeout.connect(self._move)

    def refresh(self) -> None:
        """Move while the engine is busy, else be empty."""
        busy = self._engine.state in BUSY
        if busy != self._timer.isActive():
            if busy:
                self._timer.start()
            else:
                self._timer.stop()
            self.update()

    def paintEvent(self, event: QPaintEvent | None) -> None:
        """Draw the groove, and in it the moving part."""
        painter = QPainter(self)
        groove = self.palette().color(QPalette.ColorRole.WindowText)
        groove.setAlphaF(0.25)
        painter.fillRect(self.rect(), groove)
        if self._timer.isActive():
            share = self._engine.share
            part = self.width() // 4
            left = round(self._at * (self.width() + part)) - part
            if share:
                left, part = 0, round(share * self.width())
            painter.fillRect(left, 0, part, self.height(), QColor(BUSY_COLOR))
        painter.end()

    def _move(self) -> None:
        self._at = (self._at + 0.04) % 1.0
        self.update()

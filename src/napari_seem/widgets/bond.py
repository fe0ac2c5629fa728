"""What docks have in common: a bond to their annotator, a bar for work going on, faint text."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import Qt, QTimer
from qtpy.QtGui import QColor, QPainter, QPalette
from qtpy.QtWidgets import QGraphicsOpacityEffect, QWidget

if TYPE_CHECKING:
    from collections.abc import Callable

    from qtpy.QtGui import QPaintEvent

    from napari_seem.annotator import Annotator
    from napari_seem.engine import Engine
    from napari_seem.jobs import Progress

BUSY_COLOR = "#ffb000"
HEIGHT = 13
"""Pixels of the bar; a line of small text fits."""
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


def time_left(progress: Progress) -> str:
    """How long work will take, in words; "" where that is not known or not worth a word."""
    left = progress.left
    if left is None or left < 1:
        return ""
    span = f"{left:.0f} s" if left < 90 else f"{left / 60:.0f} min"
    return f"{progress.share:.0%}, about {span} left"


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
        self.setFixedHeight(HEIGHT)
        font = self.font()
        font.setPixelSize(HEIGHT - 2)
        self.setFont(font)
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
            progress = self._engine.progress
            part = self.width() // 4
            left = round(self._at * (self.width() + part)) - part
            if progress is not None and progress.share:
                left, part = 0, round(progress.share * self.width())
            painter.fillRect(left, 0, part, self.height(), QColor(BUSY_COLOR))
            if progress is not None:
                painter.setPen(self.palette().color(QPalette.ColorRole.WindowText))
                painter.drawText(self.rect(), Qt.AlignmentFlag.AlignCenter, time_left(progress))
        painter.end()

    def _move(self) -> None:
        self._at = (self._at + 0.04) % 1.0
        self.update()

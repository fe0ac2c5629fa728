"""A bar for training under way and a small picture of its loss, in the colours of the theme."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import QPointF, QRect, Qt
from qtpy.QtGui import QColor, QPainter, QPalette, QPen, QPolygonF
from qtpy.QtWidgets import QWidget

from napari_seem.widgets.bond import BUSY_COLOR, HEIGHT

if TYPE_CHECKING:
    from collections.abc import Sequence

    from qtpy.QtGui import QPaintEvent

CURVE_HEIGHT = 72
SMOOTH = 0.9
"""Share of the curve's mean that each step keeps: single batches differ too much to be read."""


class ShareBar(QWidget):
    """Bar that fills, with a line of text on it; it keeps its place, so nothing jumps.

    See :class:`~napari_seem.widgets.bond.BusyBar` for why it is no QProgressBar.
    """

    def __init__(self) -> None:
        super().__init__()
        self.setFixedHeight(HEIGHT + 5)
        self.setToolTip("How far training is, and how long the rest will take.")
        self.share, self.text = 0.0, ""

    def show_share(self, share: float, text: str) -> None:
        """Fill to ``share``, 0 to 1."""
        if (share, text) != (self.share, self.text):
            self.share, self.text = share, text
            self.update()

    def paintEvent(self, event: QPaintEvent | None) -> None:
        """Draw groove, filling and text."""
        painter = QPainter(self)
        ink = self.palette().color(QPalette.ColorRole.WindowText)
        groove = QColor(ink)
        groove.setAlphaF(0.25)
        filling = QColor(BUSY_COLOR)
        filling.setAlphaF(0.6)
        painter.fillRect(self.rect(), groove)
        filled = QRect(0, 0, round(self.share * self.width()), self.height())
        painter.fillRect(filled, filling)
        painter.setPen(ink)
        painter.drawText(self.rect(), Qt.AlignmentFlag.AlignCenter, self.text)
        painter.end()


class LossCurve(QWidget):
    """The loss of each step as faint dots, and its running mean as a line."""

    def __init__(self) -> None:
        super().__init__()
        self.setFixedHeight(CURVE_HEIGHT)
        self.setToolTip(
            "The loss: how far answers are from your objects. Dots are single steps, the line is "
            "their running mean. It should fall, then level off."
        )
        self.losses: tuple[float, ...] = ()
        self.of = 1

    def show_losses(self, losses: Sequence[float], of: int) -> None:
        """Draw the losses of the first steps of ``of``."""
        if len(losses) != len(self.losses) or of != self.of:
            self.losses, self.of = tuple(losses), max(1, of)
            self.update()

    def paintEvent(self, event: QPaintEvent | None) -> None:
        """Draw axes, dots and line."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        ink = self.palette().color(QPalette.ColorRole.WindowText)
        faint = QColor(ink)
        faint.setAlphaF(0.3)
        painter.setPen(faint)
        bottom = self.height() - 1
        painter.drawLine(0, bottom, self.width(), bottom)
        painter.drawLine(0, 0, 0, bottom)
        if self.losses:
            dots, line = (self._points(v) for v in (self.losses, running_mean(self.losses)))
            painter.setPen(QPen(faint, 2))
            painter.drawPoints(dots)
            painter.setPen(QPen(QColor(BUSY_COLOR), 2))
            painter.drawPolyline(line)
            painter.setPen(ink)
            corner = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignTop
            text = f"loss {running_mean(self.losses)[-1]:.2f}"
            painter.drawText(self.rect().adjusted(0, 2, -4, 0), corner, text)
        painter.end()

    def _points(self, values: Sequence[float]) -> QPolygonF:
        most = max(self.losses) or 1.0
        step, height = self.width() / self.of, self.height() - 4
        return QPolygonF(
            [QPointF((k + 0.5) * step, 2 + height * (1 - v / most)) for k, v in enumerate(values)]
        )


def running_mean(losses: Sequence[float]) -> list[float]:
    """Exponential mean of the values up to each, without a bias towards the first."""
    means, total, weight = [], 0.0, 0.0
    for loss in losses:
        total = SMOOTH * total + (1 - SMOOTH) * loss
        weight = SMOOTH * weight + (1 - SMOOTH)
        means.append(total / weight)
    return means

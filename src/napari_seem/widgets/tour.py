"""The tour as a card in the dock, with a frame around what the step is about."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from qtpy.QtCore import QPoint, QRect, Qt, QTimer
from qtpy.QtGui import QColor, QPainter, QRegion
from qtpy.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from napari_seem.settings import tour_is_new, tour_was_seen
from napari_seem.tour import STEPS, Place, Tour
from napari_seem.widgets.bond import BUSY_COLOR

if TYPE_CHECKING:
    from collections.abc import Callable

    from qtpy.QtGui import QPaintEvent

    from napari_seem.annotator import Annotator

FOLLOW = 100
"""Milliseconds between looks at where the widget is."""
WIDTH = 3
"""Of the frame, in pixels."""


class TourCard(QFrame):
    """Card with the step of the moment; hidden while the tour does not run, and never modal.

    Parameters
    ----------
    annotator : Annotator
    find : callable
        ``find(place)``: the widget at which a step points, None where there is none now.
    open_sample : callable, optional
        Opens the sample :data:`napari_seem.tour.SAMPLE`, for a button in the first step.
    """

    def __init__(
        self,
        annotator: Annotator,
        find: Callable[[Place], QWidget | None],
        open_sample: Callable[[], object] | None = None,
    ) -> None:
        super().__init__()
        self._annotator = annotator
        self.tour = Tour(annotator)
        self._find = find
        self._frame: Highlight | None = None
        self.setObjectName("tour")
        self.setStyleSheet(
            f"QFrame#tour {{ border: 1px solid {BUSY_COLOR}; border-radius: 3px; }}"
            "QPushButton { padding: 3px 8px; }"
        )
        self.setToolTip("A short tour; all else works as usual meanwhile.")
        self.title, self.text, self.dots = QLabel(), QLabel(), QLabel()
        self.title.setStyleSheet("QLabel { font-weight: bold; }")
        self.text.setWordWrap(True)
        self.dots.setToolTip("How far the tour is.")
        self.skip = _button("Skip tour", "End the tour. It stays in the command palette.")
        self.back = _button("Back", "Read the step before again; nothing is undone.")
        self.next = _button("Next", "Go on, whether this was done or not.")
        self.sample = _button("Open it", "Open the sample image of the tour.")
        self._has_sample = open_sample is not None
        if open_sample is not None:
            opening = open_sample
            self.sample.clicked.connect(lambda: opening())
        self.skip.clicked.connect(self.tour.stop)
        self.back.clicked.connect(self.tour.back)
        self.next.clicked.connect(self.tour.forward)
        head, row = QHBoxLayout(), QHBoxLayout()
        head.addWidget(self.title, 1)
        head.addWidget(self.dots)
        row.addWidget(self.skip)
        row.addStretch(1)
        row.addWidget(self.sample)
        row.addWidget(self.back)
        row.addWidget(self.next)
        box = QVBoxLayout(self)
        box.setContentsMargins(6, 4, 6, 4)
        box.setSpacing(4)
        box.addLayout(head)
        box.addWidget(self.text)
        box.addLayout(row)
        self.tour.moved.connect(self.refresh)
        self.destroyed.connect(partial(_end, self.tour))
        self.hide()

    def offer(self) -> None:
        """Start by itself if the tour was neither taken nor skipped before."""
        if tour_is_new():
            self.tour.start()

    def put_away(self) -> None:
        """Point at nothing any more: the dock is being closed."""
        if self._frame is not None:
            self._frame.remove()
            self._frame = None

    def refresh(self) -> None:
        """Show the step of the moment, or nothing."""
        step, at = self.tour.step, self.tour.at
        self.put_away()
        self.setVisible(step is not None)
        if step is None or at is None:
            tour_was_seen()
            return
        self.title.setText(f"{at + 1} of {len(STEPS)}  {step.title}" + " ✓" * self.tour.is_done)
        self.text.setText(step.words(self._annotator))
        self.dots.setText("".join("●" if k <= at else "○" for k in range(len(STEPS))))
        self.back.setEnabled(at > 0)
        last = at + 1 == len(STEPS)
        self.next.setText("Done" if last else "Next")
        self.skip.setVisible(not last)
        self.sample.setVisible(self._has_sample and step.place is Place.IMAGE)
        target = self._find(step.place)
        if target is not None:
            self._frame = Highlight(target)


class Highlight(QWidget):
    """A coloured frame around another widget; the mouse goes through it.

    Parameters
    ----------
    target : QWidget
        The frame follows it, and is hidden and gone with it.
    """

    def __init__(self, target: QWidget) -> None:
        super().__init__(target.window())
        self._target: QWidget | None = target
        for flag in (
            Qt.WidgetAttribute.WA_TransparentForMouseEvents,
            Qt.WidgetAttribute.WA_NoSystemBackground,
        ):
            self.setAttribute(flag)
        # looked at now and then: event filters on a window that is taken down crash Qt
        self._timer = QTimer(self)
        self._timer.setInterval(FOLLOW)
        self._timer.timeout.connect(self._follow)
        self._timer.start()
        target.destroyed.connect(self._lost)
        self._follow()

    def remove(self) -> None:
        """Take the frame away."""
        self._lost()
        self.deleteLater()

    def paintEvent(self, event: QPaintEvent | None) -> None:
        """Fill what the mask leaves, which is the frame."""
        painter = QPainter(self)
        painter.fillRect(self.rect(), QColor(BUSY_COLOR))
        painter.end()

    def _lost(self) -> None:
        self._target = None
        self._timer.stop()
        self.hide()

    def _follow(self) -> None:
        target = self._target
        window = None if target is None else target.window()
        if target is None or window is None or not target.isVisible():
            self.hide()
            return
        if self.parent() is not window:
            self.setParent(window)  # the dock was made to float, or put back
        corner = target.mapTo(window, QPoint(0, 0))
        place = QRect(corner, target.size()).adjusted(-WIDTH, -WIDTH, WIDTH, WIDTH)
        if self.isVisible() and place == self.geometry():
            return
        self.setGeometry(place)
        inner = self.rect().adjusted(WIDTH, WIDTH, -WIDTH, -WIDTH)
        # cut out, so that the canvas below is not composed with a second layer
        self.setMask(QRegion(self.rect()).subtracted(QRegion(inner)))
        self.show()
        self.raise_()


def _button(text: str, tip: str) -> QPushButton:
    button = QPushButton(text)
    button.setToolTip(tip)
    return button


def _end(tour: Tour) -> None:
    tour.moved.disconnect()
    tour.stop()

"""The panel of proposals: how many, from which score on, accept and reject by mouse or key."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from qtpy.QtCore import Qt
from qtpy.QtWidgets import QGridLayout, QHBoxLayout, QLabel, QPushButton, QSlider, QWidget

from napari_seem.actions import key_text

if TYPE_CHECKING:
    from collections.abc import Callable

    from qtpy.QtGui import QKeyEvent

    from napari_seem.annotator import Annotator
    from napari_seem.proposals import Proposals

STEPS = 100


class ProposalView(QWidget):
    """Proposals of the slice on display.

    Parameters
    ----------
    annotator : Annotator
    """

    def __init__(self, annotator: Annotator) -> None:
        super().__init__()
        self._annotator = annotator
        suggestions = annotator.suggestions
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setToolTip("With the mouse here or on it: A accepts, X rejects, arrows move on.")
        self._keys: dict[int, Callable[[], None]] = {
            Qt.Key.Key_A: suggestions.accept,
            Qt.Key.Key_X: suggestions.reject,
            Qt.Key.Key_Right: partial(suggestions.move, 1),
            Qt.Key.Key_Down: partial(suggestions.move, 1),
            Qt.Key.Key_Left: partial(suggestions.move, -1),
            Qt.Key.Key_Up: partial(suggestions.move, -1),
        }
        self.focus = QLabel()
        self.focus.setToolTip("The yellow one in the picture; click another to move there.")
        font = self.focus.font()
        font.setBold(True)
        self.focus.setFont(font)
        self.back = self._button("◀", "The one before. Left arrow.", self._keys[Qt.Key.Key_Left])
        self.on = self._button("▶", "The next one. Right arrow.", self._keys[Qt.Key.Key_Right])
        self.threshold = QSlider(Qt.Orientation.Horizontal)
        self.threshold.setRange(0, STEPS)
        self.threshold.setToolTip("Only those with this score or more are proposed.")
        self.threshold.valueChanged.connect(self._moved)
        self.offered = QLabel()
        self.offered.setToolTip("The threshold, and how many are proposed at it.")
        self.accept = self._button("Accept", "Commit the yellow one.", suggestions.accept)
        self.reject = self._button("Reject", "Drop the yellow one.", suggestions.reject)
        self.accept_all = self._button(
            "Accept all", "Commit all that are proposed, with one undo.", suggestions.accept_all
        )
        self.close_rest = self._button("Reject rest", "Drop all that are left.", suggestions.close)
        self.elsewhere = self._button("", "Go to where other proposals wait.", suggestions.go)
        self._lay_out()

    def refresh(self) -> None:
        """Show the proposals of the moment; nothing where there are none."""
        suggestions = self._annotator.suggestions
        proposals, waiting = suggestions.current, suggestions.elsewhere()
        self.setVisible(proposals is not None or bool(waiting))
        self.elsewhere.setVisible(bool(waiting))
        places = "slice or image" if len(waiting) == 1 else "slices or images"
        total = sum(count for _, _, count in waiting)
        self.elsewhere.setText(f"{total} wait on {len(waiting)} other {places}: go there")
        self._here.setVisible(proposals is not None)
        for button, word in ((self.accept, "accept"), (self.reject, "reject")):
            key = key_text(self._annotator, word)
            button.setText(f"{word.capitalize()}   [{key}]" if key else word.capitalize())
        if proposals is not None:
            self._show(proposals)

    def keyPressEvent(self, event: QKeyEvent | None) -> None:
        """A, X and the arrows."""
        if event is None:
            return
        act = self._keys.get(event.key())
        if act is None or self._annotator.suggestions.current is None:
            super().keyPressEvent(event)
        else:
            act()

    def _show(self, proposals: Proposals) -> None:
        waiting, focus = proposals.open, proposals.focus
        left = len(proposals.all) - len(proposals.decided)
        if focus is None:
            words = f"None of {left} at this threshold"
        else:
            one = proposals.all[focus]
            name = f"{one.name} " if one.name else ""
            words = f"{waiting.index(focus) + 1} of {len(waiting)}: {name}{one.score:.2f}"
        self.focus.setText(words)
        self.offered.setText(f"≥ {proposals.threshold:.2f}: {len(waiting)} of {left}")
        self.threshold.blockSignals(True)
        self.threshold.setValue(round(proposals.threshold * STEPS))
        self.threshold.blockSignals(False)
        for button in (self.accept, self.reject, self.accept_all, self.back, self.on):
            button.setEnabled(focus is not None)

    def _moved(self, value: int) -> None:
        self._annotator.suggestions.set_threshold(value / STEPS)

    def _button(self, text: str, tip: str, act: Callable[[], None]) -> QPushButton:
        button = QPushButton(text)
        button.setToolTip(tip)
        button.setFocusPolicy(Qt.FocusPolicy.TabFocus)

        def press() -> None:
            act()
            self.setFocus()  # so that the keys work after the mouse was used

        button.clicked.connect(press)
        return button

    def _lay_out(self) -> None:
        self._here = QWidget()
        grid = QGridLayout(self._here)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setSpacing(3)
        top = QHBoxLayout()
        top.addWidget(self.focus, 1)
        for arrow in (self.back, self.on):
            arrow.setFixedWidth(32)
            top.addWidget(arrow)
        grid.addLayout(top, 0, 0, 1, 4)
        grid.addWidget(self.threshold, 1, 0, 1, 3)
        grid.addWidget(self.offered, 1, 3)
        buttons = (self.accept, self.reject, self.accept_all, self.close_rest)
        for k, button in enumerate(buttons):
            grid.addWidget(button, 2, k)
        whole = QGridLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(3)
        whole.addWidget(self._here, 0, 0)
        whole.addWidget(self.elsewhere, 1, 0)

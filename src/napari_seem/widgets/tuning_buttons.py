"""Start, stop and decide on fine-tuning; and how far it is, in words."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from qtpy.QtWidgets import QHBoxLayout, QPushButton, QWidget

if TYPE_CHECKING:
    from napari_seem.attempt import Attempt
    from napari_seem.tutor import Tutor


class TuningButtons(QWidget):
    """A row to start and end training; ``decision`` is another, for a model that is worse.

    Parameters
    ----------
    tutor : Tutor
        Does what they say, but for ``start``, which is connected by whoever knows what to teach.
    """

    def __init__(self, tutor: Tutor) -> None:
        super().__init__()
        self._tutor = tutor
        self.start = _button("Start", "Train the model on the ticked objects.")
        self.keep = _button("Stop and keep", "End training now and measure the model as it is.")
        self.cancel = _button(
            "Cancel", "Stop at once. The model stays the one from before; nothing is kept."
        )
        self.use = _button(
            "Use it anyway", "Keep the new model and use it, though it was measured to be worse."
        )
        self.drop = _button("Drop it", "Delete the new model and stay with the one from before.")
        self.decision = row(self.use, self.drop)
        box = QHBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        for button in (self.start, self.keep, self.cancel):
            box.addWidget(button, 1)
        self.keep.clicked.connect(tutor.keep_so_far)
        self.cancel.clicked.connect(tutor.cancel)
        self.use.clicked.connect(partial(_decide, tutor, True))
        self.drop.clicked.connect(partial(_decide, tutor, False))

    def refresh(self, *, can_start: bool) -> None:
        """Offer what is possible; ``can_start``: there is something to learn from."""
        attempt, pending = self._tutor.attempt, self._tutor.pending
        self.start.setEnabled(can_start and attempt is None and pending is None)
        self.cancel.setEnabled(attempt is not None)
        self.keep.setEnabled(attempt is not None and bool(attempt.steps))
        self.decision.setVisible(pending is not None)


def telling(attempt: Attempt) -> str:
    """How far training is, in words."""
    measuring = attempt.measuring
    if measuring is not None and measuring.after:
        return f"measuring the new model: object {measuring.done} of {measuring.of}"
    if attempt.steps:
        step = attempt.steps[-1]
        left = f", about {duration(step.left)} left" if step.done > 1 and step.left else ""
        return f"step {step.done} of {step.of}{left}"
    if measuring is not None:
        return f"measuring the model before: object {measuring.done} of {measuring.of}"
    if attempt.child is not None:
        return "starting…"
    return f"reading images, {attempt.reading:.0%}"


def duration(seconds: float) -> str:
    """Seconds or minutes, in words."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min"


def row(*parts: QWidget) -> QWidget:
    """Widgets beside each other."""
    whole = QWidget()
    box = QHBoxLayout(whole)
    box.setContentsMargins(0, 0, 0, 0)
    for part in parts:
        box.addWidget(part, 1)
    return whole


def _button(text: str, tip: str) -> QPushButton:
    button = QPushButton(text)
    button.setToolTip(tip)
    return button


def _decide(tutor: Tutor, use: bool, checked: bool) -> None:
    tutor.decide(use=use)

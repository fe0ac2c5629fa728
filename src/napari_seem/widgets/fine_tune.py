"""The dock "Fine-tune": the model learns from objects that a person has labelled."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from qtpy.QtCore import QTimer
from qtpy.QtWidgets import (
    QCheckBox,
    QComboBox,
    QFormLayout,
    QLabel,
    QLineEdit,
    QVBoxLayout,
    QWidget,
)

from napari_seem.annotator import annotator_for
from napari_seem.tutor import Amount
from napari_seem.widgets.bond import Bond
from napari_seem.widgets.docking import join_main
from napari_seem.widgets.lesson_table import LessonTable
from napari_seem.widgets.loss_curve import LossCurve, ShareBar
from napari_seem.widgets.model import ModelView
from napari_seem.widgets.tuning_buttons import TuningButtons, duration, row, telling
from seem_model.own_models import free_name

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import napari
    from qtpy.QtGui import QCloseEvent, QShowEvent

_LOOK = 250  # milliseconds between two looks at training under way
_SETTLE = 400  # milliseconds after the last change until objects are counted anew
NOTHING_OPEN = "Open an image and label some objects, or open a Labels layer of the same size."
TICK = "Tick the images to learn from, each with the Labels layer that belongs to it."
READY = (
    "The model in use learns from the ticked objects; you may go on working meanwhile. A part of "
    "the objects is held out to measure whether it has become better."
)


class FineTuneWidget(QWidget):
    """Dock widget "Fine-tune".

    Parameters
    ----------
    napari_viewer : napari.Viewer
    """

    def __init__(self, napari_viewer: napari.Viewer) -> None:
        super().__init__()
        self._placed = False
        self.annotator = annotator_for(napari_viewer)
        self.tutor = self.annotator.tutor
        self.model = ModelView(self.annotator)
        self.lessons = LessonTable()
        self.lessons.ticked.connect(self.refresh)
        self.name = QLineEdit()
        self.name.setToolTip("Under this name the new model will be in the menu of models.")
        self.amount = QComboBox()
        self.amount.setToolTip("How long to train. The time is an estimate for this machine.")
        self.any_way_up = QCheckBox("any way up")
        self.any_way_up.setToolTip(
            "Show pictures to the model flipped and turned as well: right for microscopy, wrong "
            "for photos, which have an up and a down."
        )
        self.any_way_up.setChecked(True)
        self.any_way_up.clicked.connect(self._choose_way)
        self._way_chosen = False
        self._stems, self._suggested = ("", ""), ""
        self.buttons = TuningButtons(self.tutor)
        self.buttons.start.clicked.connect(self._start)
        self.bar, self.curve, self.words = ShareBar(), LossCurve(), QLabel()
        self.words.setWordWrap(True)
        self.words.setToolTip("What is going on, or what came of it.")
        self._lay_out()
        self._timer, self._settle = QTimer(self), QTimer(self)
        self._timer.setInterval(_LOOK)
        self._timer.timeout.connect(self._look)
        self._settle.setSingleShot(True)
        self._settle.setInterval(_SETTLE)
        self._settle.timeout.connect(self.tutor.count)
        bond = Bond(self._changed, self.annotator)
        self.tutor.changed.connect(self.refresh)
        unhear = partial(self.tutor.changed.disconnect, self.refresh, missing_ok=True)
        self._ends = (unhear, bond.close)
        self.destroyed.connect(partial(_end, self._ends))
        self._changed()

    def refresh(self) -> None:
        """Show the state of the moment."""
        self.model.refresh()
        self.lessons.show_sources(self.tutor.sources, self.tutor.counts)
        self._show_amounts()
        attempt, pending = self.tutor.attempt, self.tutor.pending
        if attempt is None and pending is None:
            self._suggest()
        self.buttons.refresh(can_start=bool(self.lessons.chosen))
        for part in (self.lessons, self.name, self.amount, self.any_way_up):
            part.setEnabled(attempt is None)
        if attempt is not None and not self._timer.isActive():
            self._timer.start()
        self._look()

    def showEvent(self, event: QShowEvent | None) -> None:
        """Share the place of the main dock, the first time; count what was painted meanwhile."""
        super().showEvent(event)
        self.tutor.count(anew=True)
        if not self._placed:
            self._placed = True
            join_main(self)

    def closeEvent(self, event: QCloseEvent | None) -> None:
        """Let the annotator rest; training goes on while another dock of ours is open."""
        _end(self._ends)
        super().closeEvent(event)

    def _changed(self) -> None:
        self._settle.start()
        self.refresh()

    def _look(self) -> None:
        """Show how far training is."""
        attempt = self.tutor.attempt
        if attempt is None:
            self._timer.stop()
            self.bar.show_share(0.0, "")
            there = READY if self.lessons.chosen else TICK
            ready = there if self.tutor.sources else NOTHING_OPEN
            self.words.setText(self.tutor.words or ready)
            return
        self.buttons.keep.setEnabled(bool(attempt.steps))
        self.bar.show_share(attempt.share, telling(attempt))
        self.curve.show_losses([s.loss for s in attempt.steps], attempt.tuning.steps)
        self.words.setText(f"“{attempt.place.name}” is learning; you may go on working.")

    def _start(self) -> None:
        steps = self.amount.currentData()
        self.curve.show_losses((), steps)
        self.tutor.start(
            self.lessons.chosen, name=self.name.text(), steps=steps,
            any_way_up=self.any_way_up.isChecked(),
        )  # fmt: skip

    def _suggest(self) -> None:
        """A name that is free, and a way up that suits the images, until the person chooses."""
        images = [source.image for source, _ in self.lessons.chosen]
        model = Path(self.tutor.base).name
        stem = Path(images[0].name).stem if images else model
        replaceable = self.name.text() in ("", self._suggested, model)
        if (stem, model) != self._stems and replaceable and not self.name.hasFocus():
            self._stems, self._suggested = (stem, model), free_name(stem)
            self.name.setText(self._suggested)
        if not self._way_chosen and images:
            self.any_way_up.setChecked(not all(image.rgb for image in images))

    def _choose_way(self) -> None:
        self._way_chosen = True

    def _show_amounts(self) -> None:
        if not self.amount.count():
            for amount in Amount:
                self.amount.addItem("", amount.value)
        for k, amount in enumerate(Amount):
            time = duration(amount.value * self.tutor.pace)
            text = f"{amount.name.capitalize()}: {amount.value} steps, about {time}"
            if self.amount.itemText(k) != text:
                self.amount.setItemText(k, text)

    def _lay_out(self) -> None:
        box = QVBoxLayout(self)
        box.setContentsMargins(8, 6, 8, 6)
        box.setSpacing(6)
        form = QFormLayout()
        form.setSpacing(4)
        form.addRow("Model", self.model)
        box.addLayout(form)
        box.addWidget(self.lessons, 1)
        below = QFormLayout()
        below.setSpacing(4)
        below.addRow("New name", self.name)
        below.addRow("Amount", row(self.amount, self.any_way_up))
        box.addLayout(below)
        for part in (self.buttons, self.bar, self.curve, self.words, self.buttons.decision):
            box.addWidget(part)


def _end(ends: Sequence[Callable[[], None]]) -> None:
    for end in ends:
        end()

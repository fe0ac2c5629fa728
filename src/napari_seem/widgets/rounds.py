"""The current object: its class and score, commit, and the list of rounds to go back to."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from qtpy.QtCore import Qt
from qtpy.QtWidgets import (
    QCompleter,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QListWidget,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from napari_seem.described import described

if TYPE_CHECKING:
    from collections.abc import Callable

    from napari_seem.annotator import Annotator


def _button(text: str, tip: str, act: Callable[[], None]) -> QPushButton:
    button = QPushButton(text)
    button.setToolTip(tip)
    button.clicked.connect(lambda: act())
    return button


class ObjectView(QWidget):
    """Class and score of the current object, commit and next.

    Parameters
    ----------
    annotator : Annotator
    """

    def __init__(self, annotator: Annotator) -> None:
        super().__init__()
        self._annotator = annotator
        self._shown = ""
        self._vocabulary: tuple[str, ...] = ()
        self.name = QLineEdit()
        self.name.setPlaceholderText("class")
        self.name.setToolTip("Class of the object; the model proposes one, you may type another.")
        self.name.editingFinished.connect(self._renamed)
        self.score = QLabel()
        self.score.setToolTip("Confidence of the mask; in brackets that of the class name.")
        self.commit = _button(
            "Commit   [K]",
            "Write the object into the layer “SEEM objects” under its class and start the next "
            "one. Earlier objects are never overwritten. Key K.",
            self._commit,
        )
        self.next = _button(
            "Next   [N]",
            "Leave this object without committing it and start the next one. Key N.",
            annotator.next_object,
        )
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setSpacing(4)
        grid.addWidget(self.name, 0, 0)
        grid.addWidget(self.score, 0, 1)
        grid.addWidget(self.commit, 1, 0)
        grid.addWidget(self.next, 1, 1)
        grid.setColumnStretch(0, 3)
        grid.setColumnStretch(1, 2)

    def refresh(self) -> None:
        """Show the object of the moment."""
        a = self._annotator
        if a.name != self._shown and not (self.name.hasFocus() and self.name.isModified()):
            self._shown = a.name
            self.name.setText(a.name)
        answer = a.answer
        if answer is None or math.isnan(answer.score):
            self.score.setText("score –")
        else:
            named = f" ({answer.label_score:.0%})" if answer.label else ""
            self.score.setText(f"score {answer.score:.0%}{named}")
        self.commit.setEnabled(answer is not None or a.waiting)
        if a.engine.predictor is not None and a.engine.predictor.vocabulary != self._vocabulary:
            self._vocabulary = tuple(a.engine.predictor.vocabulary)
            completer = QCompleter(list(self._vocabulary), self.name)
            completer.setCaseSensitivity(Qt.CaseSensitivity.CaseInsensitive)
            self.name.setCompleter(completer)

    def _renamed(self) -> None:
        if self.name.isModified():
            self.name.setModified(False)
            self._annotator.set_name(self.name.text())

    def _commit(self) -> None:
        self._renamed()
        self._annotator.commit()


class RoundsView(QWidget):
    """List of rounds with undo, redo and clear.

    Parameters
    ----------
    annotator : Annotator
    """

    def __init__(self, annotator: Annotator) -> None:
        super().__init__()
        self._annotator = annotator
        self._shown: list[str] = []
        self.list = QListWidget()
        self.list.setToolTip("Rounds of this object; click one to go back to it.")
        self.list.setMinimumHeight(70)
        self.list.itemClicked.connect(self._clicked)
        self.undo = _button("Undo", "Take back the last mark or commit. Ctrl+Z.", annotator.undo)
        self.redo = _button("Redo", "Do again what was undone. Ctrl+Shift+Z.", annotator.redo)
        self.reset = _button("Clear", "Clear all marks of this object.", annotator.reset)
        row = QHBoxLayout()
        row.setSpacing(3)
        for button in (self.undo, self.redo, self.reset):
            row.addWidget(button)
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        box.setSpacing(4)
        box.addWidget(self.list)
        box.addLayout(row)

    def refresh(self) -> None:
        """Show the rounds of the moment."""
        thing, timeline = self._annotator.page.current, self._annotator.timeline
        numbers = range(1, len(thing.steps) + 1)
        rows = ["Start", *(f"{k}.  {described(thing, k)}" for k in numbers)]
        if rows != self._shown:
            self._shown = rows
            self.list.clear()
            self.list.addItems(rows)
        self.list.setCurrentRow(thing.at)
        self.undo.setEnabled(timeline.can_undo)
        self.redo.setEnabled(timeline.can_redo)
        self.reset.setEnabled(not thing.current.marks.is_empty or self._annotator.waiting)

    def _clicked(self) -> None:
        self._annotator.goto(self.list.currentRow())

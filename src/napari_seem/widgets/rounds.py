"""The current object: class, score, commit; its rounds to go back to; undo and redo."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from qtpy.QtCore import QSize, Qt
from qtpy.QtGui import QIcon, QImage, QPixmap
from qtpy.QtWidgets import (
    QCompleter,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QPushButton,
    QWidget,
)

from napari_seem.described import described
from napari_seem.thumbnails import SIZE, thumbnail

if TYPE_CHECKING:
    from collections.abc import Callable

    from napari_seem.annotator import Annotator
    from napari_seem.document import Thing


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


class RoundsView(QListWidget):
    """The rounds of the current object, each with a picture; click one to go back to it.

    Parameters
    ----------
    annotator : Annotator
    """

    def __init__(self, annotator: Annotator) -> None:
        super().__init__()
        self._annotator = annotator
        self._shown: tuple[object, ...] = ()
        self.setToolTip(
            "Rounds of this object. Click one to go back to it; the next prompt branches off there."
        )
        self.setIconSize(QSize(SIZE[1], SIZE[0]))
        self.setMinimumHeight(70)
        self.setWordWrap(True)
        self.itemClicked.connect(self._clicked)

    def refresh(self) -> None:
        """Show the rounds of the moment."""
        thing, plane = self._annotator.page.current, self._annotator.focus.plane
        shown = (plane, thing.key, *thing.steps)  # steps are equal only if they are the same
        if shown != self._shown:
            kept = len(self._shown) if shown[: len(self._shown)] == self._shown else 0
            self._shown = shown
            if not kept:
                self.clear()
                self.addItem("Start")
            for number in range(self.count(), len(thing.steps) + 1):
                self.addItem(self._row(thing, number))
            self.scrollToBottom()
        self.setCurrentRow(thing.at)

    def _row(self, thing: Thing, number: int) -> QListWidgetItem:
        item = QListWidgetItem(f"{number}.  {described(thing, number)}")
        plane, target = self._annotator.focus.plane, self._annotator.focus.target
        if plane is not None and target is not None:
            seen = target.seen(plane)
            picture = thumbnail(
                thing.steps[number - 1], plane.shape, None if seen is None else seen.thumbnail
            )
            height, width, _ = picture.shape
            image = QImage(picture.tobytes(), width, height, 3 * width, QImage.Format.Format_RGB888)
            item.setIcon(QIcon(QPixmap.fromImage(image)))
        return item

    def _clicked(self) -> None:
        self._annotator.goto(self.currentRow())


class HistoryView(QWidget):
    """Undo, redo and clear.

    Parameters
    ----------
    annotator : Annotator
    """

    def __init__(self, annotator: Annotator) -> None:
        super().__init__()
        self._annotator = annotator
        self.undo = _button(
            "Undo", "Take back the last thing you did to this image. Ctrl+Z.", annotator.undo
        )
        self.redo = _button("Redo", "Do again what was undone. Ctrl+Shift+Z.", annotator.redo)
        self.reset = _button("Clear", "Clear all prompts of this object.", annotator.reset)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(3)
        for button in (self.undo, self.redo, self.reset):
            row.addWidget(button)

    def refresh(self) -> None:
        """Show what can be done at the moment."""
        timeline, waiting = self._annotator.timeline, self._annotator.waiting
        self.undo.setEnabled(timeline.can_undo)
        self.redo.setEnabled(timeline.can_redo)
        self.reset.setEnabled(not self._annotator.page.current.current.marks.is_empty or waiting)

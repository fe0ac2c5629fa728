"""The one fold of the plugin: prompts in, rounds out, kept in the history of a slice."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari.utils.notifications import show_warning
from psygnal import Signal

from napari_seem import layers as lay
from napari_seem.engine import Engine
from napari_seem.focus import Focus
from napari_seem.history import SliceHistory
from napari_seem.jobs import Question

if TYPE_CHECKING:
    from collections.abc import Callable

    from napari.components import ViewerModel

    from napari_seem.worker import Run
    from seem_model import Predictor, Round


class Loop:
    """Asks the model after every edit and shows its answer.

    Parameters
    ----------
    viewer : ViewerModel
    load : callable
        ``load(checkpoint, device=...) -> Predictor``.
    run : Run
    """

    changed = Signal()
    settled = Signal()
    """The newest edit has been answered."""

    def __init__(self, viewer: ViewerModel, *, load: Callable[..., Predictor], run: Run) -> None:
        self.focus = Focus(viewer)
        self.engine = Engine(
            self.focus, load=load, run=run, question=self._question, answered=self._answered
        )
        self.engine.changed.connect(self.changed.emit)
        self.engine.unanswered.connect(self._unanswered)
        self.focus.edited.connect(self.edited)
        self.focus.leaving.connect(self.keep_pending)
        self.focus.moved.connect(self._moved)
        self.focus.listed.connect(self.changed.emit)
        self.focus.pixels_changed.connect(self.ask_again)
        self.positive = True
        self.text = ""
        self.news = ""
        self._dirty = False
        self._outside = 0

    @property
    def history(self) -> SliceHistory:
        """Objects and rounds of the slice in focus (an empty one when there is none)."""
        target, plane = self.focus.target, self.focus.plane
        return SliceHistory() if target is None or plane is None else target.history(plane)

    @property
    def waiting(self) -> bool:
        """Whether an edit has no answer yet."""
        return self._dirty or self.engine.asked is not None

    def edited(self) -> None:
        """The person changed a prompt."""
        self._dirty, self.news = True, ""
        asked = self.engine.asked
        if asked is not None and asked.marks.is_empty:
            self.engine.drop_question()  # looking for a phrase takes long, a mark should not wait
        self.engine.retry()

    def keep_pending(self) -> None:
        """Make an edit without an answer a step too: undo and redo never lose it."""
        target, plane = self.focus.target, self.focus.plane
        if self.waiting and target is not None and plane is not None:
            marks = target.prompts.marks(plane)
            if not self.history.current.current.asks_same(marks, self.text):
                self.history.add(marks, text=self.text, round=None)
        self._dirty, self.news = False, ""
        self.engine.drop_question()

    def show_current(self) -> None:
        """Make prompt layers, text and result show the step in force."""
        target, plane, step = self.focus.target, self.focus.plane, self.history.current.current
        if target is None or plane is None:
            return
        self.text = step.text
        target.prompts.restore(plane, step.marks, positive=self.positive)
        self._outside = step.marks.outside(plane.shape)
        self._show_mask(step.round)
        self._dirty = step.unanswered
        self.engine.retry()

    def ask_again(self) -> None:
        """Compute the current answer anew."""
        # same marks, other pixels or another model: the answer must be computed again
        self.keep_pending()
        self.history.current.drop_answer()
        self._dirty = self.history.current.current.unanswered
        self.engine.retry()

    def _moved(self) -> None:
        target, plane = self.focus.target, self.focus.plane
        self._dirty, self._outside = False, 0
        if target is not None and plane is not None:
            step = self.history.current.current
            self.text = step.text
            self._dirty = step.unanswered or not step.asks_same(
                target.prompts.marks(plane), self.text
            )
        self.engine.retry()

    def _question(self) -> Question | None:
        target, plane = self.focus.target, self.focus.plane
        if not self._dirty or target is None or plane is None:
            return None
        self._dirty = False
        marks, history = target.prompts.marks(plane), self.history
        self._warn_outside(marks.outside(plane.shape))
        step = history.current.current
        if step.asks_same(marks, self.text) and not step.unanswered:
            return None
        prompts = marks.prompts(plane.shape, self.text)
        if prompts.is_empty:
            history.add(marks, text=self.text, round=None)
            self._show_mask(None)
            return None
        return Question(
            target=target,
            plane=plane,
            marks=marks,
            text=self.text,
            prompts=prompts,
            memory=history.current.memory_for(prompts),
        )

    def _unanswered(self) -> None:
        self._dirty = True

    def _answered(self, question: Question, round: Round) -> None:
        history = question.target.history(question.plane)
        history.add(question.marks, text=question.text, round=round)
        self._show_mask(round)
        if not round.mask.any():
            self.news = "The model found nothing there: add another mark or other words."
        if not self._dirty:
            self.settled.emit()
        self.changed.emit()

    def _show_mask(self, round: Round | None) -> None:
        target, plane = self.focus.target, self.focus.plane
        if target is None or plane is None or (round is None and target.result is None):
            return
        lay.write_mask(target.ensure_result(), plane, None if round is None else round.mask)

    def _warn_outside(self, outside: int) -> None:
        if outside > self._outside:
            show_warning("That mark lies outside the image, so it is ignored.")
        self._outside = outside

    def say(self, news: str) -> None:
        """Show a line of news until the next edit."""
        self.news = news
        self.changed.emit()

"""The one fold of the plugin: prompts in, rounds out, kept in the journal of an image."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari.utils.notifications import show_warning
from psygnal import Signal

from napari_seem import ink, offering
from napari_seem import layers as lay
from napari_seem.document import Answer, Page
from napari_seem.engine import Engine
from napari_seem.focus import Focus
from napari_seem.jobs import Question
from napari_seem.journal import Journal
from napari_seem.marks import Marks

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
    touched = Signal()
    """The person changed a prompt."""
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
        self.beside = Marks()
        """Words, masks and examples of the current object: prompts that are on no layer."""
        self.news = ""
        self._dirty = False
        self._outside = 0
        self._axes: tuple[int, int] | None = None

    @property
    def journal(self) -> Journal:
        """History of the image in focus (an empty one when there is none)."""
        return Journal() if self.focus.target is None else self.focus.target.journal

    @property
    def page(self) -> Page:
        """Objects of the slice in focus (an empty page when there is none)."""
        plane = self.focus.plane
        return Page() if plane is None else self.journal.page(plane)

    @property
    def marks(self) -> Marks:
        """All prompts of the moment, also those without an answer yet."""
        target, plane = self.focus.target, self.focus.plane
        if target is None or plane is None:
            return Marks()
        return target.prompts.marks(plane).beside(self.beside)

    @property
    def waiting(self) -> bool:
        """Whether an edit has no answer yet."""
        return self._dirty or self.engine.asked is not None

    def edited(self) -> None:
        """The person changed a prompt."""
        self._dirty, self.news = True, ""
        self.touched.emit()
        asked = self.engine.asked
        if asked is not None and asked.marks.only_words:
            self.engine.drop_question()  # looking for a phrase takes long, a mark should not wait
        self.engine.retry()

    def put(self, marks: Marks) -> None:
        """Make these the prompts of the current object, as one edit."""
        target, plane = self.focus.target, self.focus.plane
        if target is None or plane is None:
            show_warning(self.focus.trouble)
            return
        self.beside = Marks().beside(marks)
        target.prompts.restore(plane, marks, positive=self.positive)
        self.edited()

    def keep_pending(self) -> None:
        """Make an edit without an answer a step too: undo and redo never lose it."""
        plane = self.focus.plane
        if self.waiting and plane is not None:
            marks = self.marks
            if not self.page.current.current.marks.same(marks):
                self._add(marks, None)
        # asked again unless the deed that comes goes on with something else
        self._dirty, self.news = self.page.current.current.unanswered, ""
        self.engine.drop_question()

    def show_current(self, *, news: str | None = None) -> None:
        """Make prompt layers, words, result and proposals show what is in force.

        ``news`` is shown with it: views are told of one change, not of two.
        """
        target, plane, step = self.focus.target, self.focus.plane, self.page.current.current
        if target is None or plane is None:
            if news is not None:
                self.say(news)
            return
        if news is not None:
            self.news = news
        self.beside = Marks().beside(step.marks)
        target.prompts.restore(plane, step.marks, positive=self.positive)
        self._outside = ink.outside(step.marks, plane.shape)
        self._show_answer(step.answer)
        self.show_proposals()
        self._dirty = step.unanswered
        self.engine.retry()

    def show_proposals(self) -> None:
        """Paint what waits to be accepted, or nothing."""
        target, plane = self.focus.target, self.focus.plane
        if target is not None and plane is not None:
            offering.show(target, plane, self.page.proposals)

    def ask_again(self) -> None:
        """Compute the current answer anew."""
        # same marks, other pixels or another model: the answer must be computed again
        self.keep_pending()
        plane, page = self.focus.plane, self.page
        if plane is not None and page.current.current.answer is not None:
            self.journal.amend(plane, page.having(page.current.with_answer(None)))
        self._dirty = self.page.current.current.unanswered
        self.engine.retry()

    def say(self, news: str) -> None:
        """Show a line of news until the next edit."""
        self.news = news
        self.changed.emit()

    def _moved(self) -> None:
        target, plane = self.focus.target, self.focus.plane
        self._dirty, self._outside = False, 0
        if target is not None and plane is not None:
            step = self.page.current.current
            self.beside = Marks().beside(step.marks)
            if target.prompts.lacks(step.marks):
                # deleted while another slice was on display: it goes for that slice only
                target.prompts.restore(plane, step.marks, positive=self.positive)
            self._dirty = step.unanswered or not step.marks.same(self.marks)
            if self._axes not in (None, plane.axes):
                # slices along other axes cross those that were shown before: paint this one anew
                target.offered.clear()
                self._show_answer(step.answer)
            self._axes = plane.axes
            self.show_proposals()  # some may have been found while it was not on display
        self.engine.retry()

    def _question(self) -> Question | None:
        target, plane = self.focus.target, self.focus.plane
        if not self._dirty or target is None or plane is None:
            return None
        self._dirty = False
        marks, thing = self.marks, self.page.current
        self._warn_outside(ink.outside(marks, plane.shape))
        if thing.current.marks.same(marks) and not thing.current.unanswered:
            return None
        prompts, base = ink.prompts_of(marks, plane.shape), ink.base_of(marks)
        if prompts.is_empty and (base is None or not prompts.negative.any()):
            # nothing to ask; a mask to start from is itself the answer
            answer = None if base is None else Answer.of_mask(base)
            self._add(marks, answer)
            self._show_answer(answer)
            return None
        basis = thing.basis(marks)
        memory = None if basis is None else basis.memory
        if basis is not None and memory is None and base is None and basis.packed.any:
            base = basis.mask  # of a session that was opened: the mask is all there is
        return Question(
            target=target, plane=plane, key=thing.key, marks=marks, prompts=prompts, base=base,
            memory=memory,
        )  # fmt: skip

    def _unanswered(self) -> None:
        self._dirty = True

    def _answered(self, question: Question, round: Round) -> None:
        answer = Answer.of(round, label=self.engine.naming.resolve(round.label))
        self._add(question.marks, answer)
        self._show_answer(answer)
        if not answer.packed.any:
            self.news = "The model found nothing there: add another mark or other words."
        if not self._dirty:
            self.settled.emit()
        self.changed.emit()

    def _add(self, marks: Marks, answer: Answer | None) -> None:
        """Store what was asked and answered: the answer of this step, or one step more."""
        plane, page = self.focus.plane, self.page
        if plane is None:
            return
        thing = page.current
        if thing.at and thing.current.answer is None and thing.current.marks.same(marks):
            self.journal.amend(plane, page.having(thing.with_answer(answer)))
        else:
            self.journal.turn("prompt", plane, page.having(thing.with_step(marks, answer)))

    def _show_answer(self, answer: Answer | None) -> None:
        target, plane = self.focus.target, self.focus.plane
        if target is None or plane is None or (answer is None and target.result is None):
            return
        mask = None if answer is None else answer.mask
        lay.write_mask(target.ensure_result(), plane, mask)

    def _warn_outside(self, outside: int) -> None:
        if outside > self._outside:
            show_warning("That mark lies outside the image, so it is ignored.")
        self._outside = outside

"""What happened on one slice: rounds of the current object and finished objects, undoable."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from napari_seem.marks import Marks
from napari_seem.objects import Committed
from seem_model.values import Round

if TYPE_CHECKING:
    from seem_model.values import Prompts


@dataclass(frozen=True, eq=False, kw_only=True)
class Step:
    """Marks and text after one edit, and the model's answer (None: nothing asked, or not yet)."""

    marks: Marks = field(default_factory=Marks)
    text: str = ""
    round: Round | None = None

    @property
    def is_empty(self) -> bool:
        """True when nothing is drawn and nothing is typed."""
        return not self.text and self.marks.is_empty

    @property
    def unanswered(self) -> bool:
        """Whether something is drawn or typed and the model has not said anything to it."""
        return self.round is None and not self.is_empty

    def asks_same(self, marks: Marks, text: str) -> bool:
        """Whether this step was made of these marks and this text."""
        return self.text == text and self.marks.same(marks)


START = Step()
UNDO_DEPTH = 20
"""Finished objects that can be taken back; each holds its masks in memory."""


@dataclass(eq=False)
class Thing:
    """One object being worked on: its steps, and how many of them are in force."""

    steps: list[Step] = field(default_factory=list)
    at: int = 0
    name: str = ""

    @property
    def current(self) -> Step:
        """The step in force; an empty one at the start."""
        return self.steps[self.at - 1] if self.at else START

    def push(self, step: Step) -> None:
        """Add a step after the current one; what was undone is gone."""
        self.steps[self.at :] = [step]
        self.at += 1

    def answer(self, marks: Marks, *, text: str, round: Round | None) -> bool:
        """Store an answer in the current step if it asked just this (False), else push (True)."""
        if self.at and self.current.round is None and self.current.asks_same(marks, text):
            self.steps[self.at - 1] = replace(self.current, round=round)
            return False
        self.push(Step(marks=marks, text=text, round=round))
        return True

    def drop_answer(self) -> None:
        """Forget the current answer but keep what was asked."""
        if self.at:
            self.steps[self.at - 1] = replace(self.current, round=None)

    def memory_for(self, prompts: Prompts) -> object | None:
        """Memory of the newest round whose prompts are all still there, so deleted ones fade."""
        rounds = [s.round for s in reversed(self.steps[: self.at])]
        return next(
            (r.memory for r in rounds if r is not None and prompts.contains(r.prompts)), None
        )


@dataclass(frozen=True, eq=False)
class Finished:
    """An object put aside: committed, or left without a commit."""

    thing: Thing
    committed: Committed | None


@dataclass(eq=False)
class SliceHistory:
    """All objects of one slice, the current one last."""

    current: Thing = field(default_factory=Thing)
    finished: list[Finished] = field(default_factory=list)
    undone: list[tuple[Finished, Thing]] = field(default_factory=list)

    @property
    def can_undo(self) -> bool:
        """Whether there is a step or a finished object to take back."""
        return bool(self.current.at or self.finished)

    @property
    def can_redo(self) -> bool:
        """Whether something was taken back."""
        return bool(self.current.at < len(self.current.steps) or self.undone)

    def add(self, marks: Marks, *, text: str, round: Round | None) -> None:
        """Store what was asked and answered; finished objects that were taken back are gone."""
        if self.current.answer(marks, text=text, round=round):
            self.undone.clear()

    def finish(self, committed: Committed | None) -> None:
        """Put the current object aside and start the next."""
        self.undone.clear()
        self.finished.append(Finished(self.current, committed))
        del self.finished[:-UNDO_DEPTH]
        self.current = Thing()

    def reopen(self) -> Finished:
        """Take the last finished object up again."""
        last = self.finished.pop()
        self.undone.append((last, self.current))
        self.current = last.thing
        return last

    def finish_again(self) -> Finished:
        """Redo of :meth:`reopen`."""
        last, after = self.undone.pop()
        self.finished.append(last)
        self.current = after
        return last

"""What is known of one slice: its objects, the rounds of each, and what is proposed; all frozen."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from napari_seem.marks import Marks
from napari_seem.proposals import Proposals
from seem_model.packed import Packed

if TYPE_CHECKING:
    from collections.abc import Collection

    import numpy as np
    from numpy.typing import NDArray

    from seem_model.values import Round


@dataclass(frozen=True, eq=False, kw_only=True)
class Answer:
    """What the model said, kept small.

    Parameters
    ----------
    packed : Packed
        (H, W) bool.
    score, label, label_score
        As of :class:`seem_model.Round`.
    memory : object or None
        For the next round; None when it is no longer at hand.
    """

    packed: Packed
    score: float
    label: str = ""
    label_score: float = 0.0
    memory: Any = field(default=None, repr=False)

    @classmethod
    def of(cls, round: Round, *, label: str | None = None) -> Answer:
        """Keep a round; ``label`` is its class in the person's list, None for the model's word."""
        return cls(
            packed=Packed.of(round.mask),
            score=round.score,
            label=round.label if label is None else label,
            label_score=round.label_score,
            memory=round.memory,
        )

    @classmethod
    def of_mask(cls, mask: NDArray[np.bool_]) -> Answer:
        """A mask (H, W) bool that is no model's answer: taken as it is."""
        return cls(packed=Packed.of(mask), score=float("nan"))

    @property
    def mask(self) -> NDArray[np.bool_]:
        """(H, W) bool."""
        return self.packed.array


@dataclass(frozen=True, eq=False, kw_only=True)
class Step:
    """Prompts after one edit, and the model's answer (None: nothing asked, or not yet).

    Parameters
    ----------
    marks : Marks
    answer : Answer or None
    after : int
        Number of the step it follows; 0 is the start.
    """

    marks: Marks = field(default_factory=Marks)
    answer: Answer | None = None
    after: int = 0

    @property
    def unanswered(self) -> bool:
        """Whether something is asked and the model has not said anything to it."""
        return self.answer is None and not self.marks.is_empty


START = Step()


@dataclass(frozen=True, eq=False, kw_only=True)
class Thing:
    """One object: a tree of steps, of which one is in force.

    Parameters
    ----------
    key : int
        Unique on its slice.
    steps : tuple of Step
        In the order they were made. Going on from an earlier one starts a branch; nothing is lost.
    at : int
        Number of the step in force; 0 is the start.
    name : str
        Class that the person gave; "" for the model's.
    label : int
        Its value in the objects layer; 0 when it is not committed.
    """

    key: int
    steps: tuple[Step, ...] = ()
    at: int = 0
    name: str = ""
    label: int = 0

    @property
    def current(self) -> Step:
        """The step in force; an empty one at the start."""
        return self.steps[self.at - 1] if self.at else START

    @property
    def is_blank(self) -> bool:
        """Whether nothing was ever done to it."""
        return not self.steps and not self.label

    @property
    def class_name(self) -> str:
        """What the person typed, else what the model says."""
        answer = self.current.answer
        return self.name or ("" if answer is None else answer.label)

    def with_step(self, marks: Marks, answer: Answer | None) -> Thing:
        """One step more, after the one in force."""
        step = Step(marks=marks, answer=answer, after=self.at)
        return replace(self, steps=(*self.steps, step), at=len(self.steps) + 1)

    def with_answer(self, answer: Answer | None) -> Thing:
        """The step in force with another answer, or without."""
        if not self.at:
            return self
        step = replace(self.current, answer=answer)
        return replace(self, steps=(*self.steps[: self.at - 1], step, *self.steps[self.at :]))

    def basis(self, marks: Marks) -> Answer | None:
        """Answer of the newest round before, whose prompts are all still there: to be refined."""
        at = self.at
        while at:
            step = self.steps[at - 1]
            if step.answer is not None and marks.contains(step.marks):
                return step.answer
            at = step.after
        return None

    def rested(self) -> Thing:
        """The same, with memory of the step in force only: an object that is put aside."""
        steps = tuple(
            s
            if k == self.at or s.answer is None or s.answer.memory is None
            else replace(s, answer=replace(s.answer, memory=None))
            for k, s in enumerate(self.steps, 1)
        )
        return replace(self, steps=steps)


@dataclass(frozen=True, eq=False, kw_only=True)
class Page:
    """All objects of one slice.

    Parameters
    ----------
    things : tuple of Thing
        In the order they were started; never empty.
    key : int
        Key of the current one.
    proposals : Proposals or None
        What waits to be accepted or rejected.
    """

    things: tuple[Thing, ...] = (Thing(key=1),)
    key: int = 1
    proposals: Proposals | None = None

    @property
    def current(self) -> Thing:
        """The object being worked on."""
        return self.thing(self.key)

    def thing(self, key: int) -> Thing:
        """The object with this key.

        Raises
        ------
        KeyError
            If there is none.
        """
        for thing in self.things:
            if thing.key == key:
                return thing
        raise KeyError(key)

    def of_label(self, label: int) -> Thing | None:
        """The committed object with this label."""
        return next((t for t in self.things if t.label == label), None)

    def having(self, thing: Thing) -> Page:
        """The same with this object in place of the one of its key."""
        return replace(self, things=tuple(thing if t.key == thing.key else t for t in self.things))

    def turned_to(self, thing: Thing) -> Page:
        """Work on this object, which may be new; the one left is rested, or dropped if blank."""
        left = self.current
        kept = [
            t.rested() if t is left else t
            for t in self.things
            if t.key == thing.key or not (t is left and t.is_blank)
        ]
        if all(t.key != thing.key for t in kept):
            kept.append(thing)
        things = tuple(thing if t.key == thing.key else t for t in kept)
        return replace(self, things=things, key=thing.key)

    def fresh(self) -> Thing:
        """A new object with a key of its own."""
        return Thing(key=max(t.key for t in self.things) + 1)

    def onward(self) -> Page:
        """Start the next object; the current one stays as it is."""
        if self.current.is_blank:
            return self
        blank = next((t for t in self.things if t.is_blank), None)
        return self.turned_to(blank or self.fresh())

    def unlabelled(self, gone: Collection[int]) -> Page:
        """The same where these labels are not in the objects layer any more."""
        if not any(t.label in gone for t in self.things):
            return self
        things = tuple(replace(t, label=0) if t.label in gone else t for t in self.things)
        return replace(self, things=things)

    def uncommitted(self) -> Page:
        """The same without committed objects; the current one, if it was, is open now."""
        if not any(t.label for t in self.things):
            return self
        left = (t for t in self.things if not t.label or t.key == self.key)
        return replace(self, things=tuple(replace(t, label=0) if t.label else t for t in left))

    def without(self, key: int) -> Page:
        """The same without an object; if it was the current one, a new one is started."""
        rest = tuple(t for t in self.things if t.key != key)
        if key != self.key:
            return replace(self, things=rest)
        fresh = self.fresh()
        return replace(self, things=(*rest, fresh), key=fresh.key)

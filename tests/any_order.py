"""What must hold in any order of deeds: a model of the objects, and undo of everything."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_seem import objects
from napari_seem.commit_rules import Overlap
from napari_seem.entries import entries
from seem_model.errors import PromptError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from napari_seem.annotator import Annotator
    from napari_seem.document import Page
    from napari_seem.target import Target

PREDICTOR_ERRORS = (MemoryError(), PromptError("This cannot be answered."))


def marks_of(annotator: Annotator) -> tuple:
    """The prompts that the journal has for the current object."""
    return entries(annotator.page.current.current.marks)


@dataclass(frozen=True, eq=False)
class State:
    """Committed objects of one image at one moment."""

    layer: Any
    pixels: np.ndarray
    table: dict[int, tuple[str, float]]

    @classmethod
    def of(cls, target: Target) -> State:
        layer = target.objects
        if layer is None:
            return cls(None, np.zeros(target.grid.shape, int), {})
        table = {r.label: (r.name, np.nan_to_num(r.score, nan=-1)) for r in objects.table(layer)}
        return cls(layer if layer.data.any() else None, np.array(layer.data), table)

    def same(self, other: State) -> bool:
        return (
            self.layer is other.layer
            and np.array_equal(self.pixels, other.pixels)
            and self.table == other.table
        )


class Objects:
    """Which objects there should be, and which deed may take pixels of which."""

    def __init__(self, annotator: Annotator) -> None:
        self._annotator = annotator
        self._states: dict[tuple, State] = {}
        self._last: dict[Target, State] = {}
        self._kept: list[Any] = []
        self._free: set[int] | None = set()

    @contextmanager
    def committing(self) -> Iterator[None]:
        """A commit takes pixels only as its rule says; an object's own may change."""
        overlap = self._annotator.shelf.rules.overlap
        takes = overlap in (Overlap.OVERWRITE, Overlap.SUBTRACT)
        with self._allowing(None if takes else {self._annotator.page.current.label}):
            yield

    @contextmanager
    def losing(self, labels: Iterable[int]) -> Iterator[None]:
        """Only these may lose pixels."""
        with self._allowing(set(labels)):
            yield

    @contextmanager
    def painting(self) -> Iterator[None]:
        """A person may overwrite anything."""
        with self._allowing(None):
            yield

    moving = painting
    """Undo and redo: what should be there is known from before."""

    @contextmanager
    def _allowing(self, labels: set[int] | None) -> Iterator[None]:
        self._free = labels
        yield
        self.check()
        self._free = set()

    def check(self) -> None:
        for target in self._annotator.focus.targets:
            state = State.of(target)
            self._consistent(target, state)
            # objects are what the journal says, and nothing else
            told = [c for c in target.journal.done if c.deeds or _layer_change(c)]
            self._kept.extend(told)
            key = (id(target), *(id(c.deeds or _layer_change(c)) for c in told))
            known = self._states.setdefault(key, state)
            assert state.same(known), [c.words for c in target.journal.done]
            self._nothing_lost(self._last.get(target, state), state)
            self._last[target] = state

    def _consistent(self, target: Target, state: State) -> None:
        assert set(np.unique(state.pixels).tolist()) - {0} == set(state.table)
        for page in target.journal.pages.values():
            labels = [t.label for t in page.things if t.label]
            assert len(labels) == len(set(labels))
            assert set(labels) <= set(state.table)
            assert len({t.key for t in page.things}) == len(page.things)

    def _nothing_lost(self, before: State, now: State) -> None:
        if self._free is None or (before.layer is not now.layer and before.layer is not None):
            return
        lost = set(before.pixels[before.pixels != now.pixels].tolist()) - {0}
        assert lost <= self._free, f"{lost} lost pixels"


def _layer_change(change: Any) -> Any:
    return change.removed or change.adopted or change.swap


class Rewound:
    """Everything undone, then everything redone."""

    def __init__(self, annotator: Annotator) -> None:
        self._annotator, self._target = annotator, annotator.focus.target

    def check(self) -> None:
        annotator, target = self._annotator, self._target
        annotator._loop.keep_pending()
        while target.journal.undone:
            annotator.redo()
        before = State.of(target), dict(target.journal.pages)
        n = len(target.journal.done)
        for _ in range(n):
            annotator.undo()
        assert not target.journal.done
        assert len(target.journal.undone) == n
        start = State.of(target)
        assert not start.table
        assert not start.pixels.any()
        for page in target.journal.pages.values():
            assert page.current.is_blank
        for _ in range(n):
            annotator.redo()
        assert len(target.journal.done) == n
        assert State.of(target).same(before[0])
        assert set(before[1]) == set(target.journal.pages)
        for plane, page in before[1].items():
            same_page(page, target.journal.page(plane))


def same_page(before: Page, now: Page) -> None:
    """Whether all is there again; an answer may have come meanwhile."""
    assert (before.key, len(before.things)) == (now.key, len(now.things))
    for a, b in zip(before.things, now.things, strict=True):
        assert (a.key, a.at, a.name, a.label) == (b.key, b.at, b.name, b.label)
        assert len(a.steps) == len(b.steps)
        for s, t in zip(a.steps, b.steps, strict=True):
            assert s.marks.same(t.marks)
            assert s.after == t.after
            assert s.answer is None or s.answer.packed == t.answer.packed
    assert before.proposals is now.proposals

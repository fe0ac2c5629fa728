"""Everything asked about one object on one slice, as a value: drawn, said, shown by example."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from seem_model.packed import Packed
from seem_model.values import Exemplar

POSITIVE, NEGATIVE = "positive", "negative"
STROKES = ("path", "line", "polyline")
PAINT_POSITIVE, PAINT_NEGATIVE = 1, 2
HIDDEN_PAINT = 2
"""Added to the value of paint that is hidden: 3 = positive, 4 = negative."""


@dataclass(frozen=True, eq=False)
class Outline:
    """A drawn shape: ``kind`` as napari calls it, vertices (K, 2) in ``(row, col)``."""

    kind: str
    vertices: NDArray[np.float64]
    width: float
    positive: bool
    shown: bool = True

    def same(self, other: Outline) -> bool:
        """Whether both are the same drawing."""
        mine = (self.kind, self.width, self.positive, self.shown)
        theirs = (other.kind, other.width, other.positive, other.shown)
        return mine == theirs and np.array_equal(self.vertices, other.vertices)


@dataclass(frozen=True)
class Words:
    """A phrase that names the object, or what it is not."""

    text: str
    positive: bool = True
    shown: bool = True


@dataclass(frozen=True)
class MaskMark:
    """A mask from elsewhere: a label, another program's result, an earlier answer.

    Parameters
    ----------
    mask : Packed
        (H, W) bool.
    title : str
        Where it is from.
    positive, shown : bool
    base : bool
        Taken as the answer of a round before, to be refined, not as pixels that surely belong.
    """

    mask: Packed
    title: str
    positive: bool = True
    shown: bool = True
    base: bool = False


@dataclass(frozen=True, eq=False)
class ExampleMark:
    """Something marked in this or another image: "like this", or "not like this"."""

    exemplar: Exemplar
    title: str
    positive: bool = True
    shown: bool = True

    def same(self, other: ExampleMark) -> bool:
        """Whether both show the same example in the same sense."""
        return self.exemplar is other.exemplar and (self.positive, self.shown) == (
            other.positive,
            other.shown,
        )


def _no_points() -> NDArray[np.float64]:
    return np.zeros((0, 2))


def _no_signs() -> NDArray[np.bool_]:
    return np.zeros(0, bool)


@dataclass(frozen=True, eq=False, kw_only=True)
class Marks:
    """All prompts of the current object on one slice.

    Parameters
    ----------
    points : (N, 2) float64
        ``(row, col)`` of clicks.
    signs : (N,) bool
        True for a positive click.
    shown : (N,) bool
        False for a click that is put aside; all True when left out.
    outlines : tuple of Outline
    scribble : Packed or None
        (H, W) uint8: 1 = positive, 2 = negative, 3 and 4 the same but hidden; None: no paint.
    words : tuple of Words
    masks : tuple of MaskMark
    examples : tuple of ExampleMark
    """

    points: NDArray[np.float64] = field(default_factory=_no_points)
    signs: NDArray[np.bool_] = field(default_factory=_no_signs)
    shown: NDArray[np.bool_] | None = None
    outlines: tuple[Outline, ...] = ()
    scribble: Packed | None = None
    words: tuple[Words, ...] = ()
    masks: tuple[MaskMark, ...] = ()
    examples: tuple[ExampleMark, ...] = ()

    @property
    def visible(self) -> NDArray[np.bool_]:
        """(N,) bool, which clicks count."""
        return np.ones(len(self.points), bool) if self.shown is None else self.shown

    @property
    def text(self) -> str:
        """The phrase that names the object; "" for none."""
        return ", ".join(w.text for w in self.words if w.positive and w.shown)

    def same(self, other: Marks) -> bool:
        """Whether both ask the same."""
        return self.same_drawing(other) and self.same_beside(other)

    def same_drawing(self, other: Marks) -> bool:
        """Whether the same is drawn in both."""
        return (
            self.scribble == other.scribble
            and np.array_equal(self.points, other.points)
            and np.array_equal(self.signs, other.signs)
            and np.array_equal(self.visible, other.visible)
            and len(self.outlines) == len(other.outlines)
            and all(a.same(b) for a, b in zip(self.outlines, other.outlines, strict=True))
        )

    def same_beside(self, other: Marks) -> bool:
        """Whether words, masks and examples are the same."""
        return (
            self.words == other.words
            and self.masks == other.masks
            and len(self.examples) == len(other.examples)
            and all(a.same(b) for a, b in zip(self.examples, other.examples, strict=True))
        )

    def beside(self, other: Marks) -> Marks:
        """The drawing of these with the words, masks and examples of another."""
        return replace(self, words=other.words, masks=other.masks, examples=other.examples)

    def contains(self, other: Marks) -> bool:
        """Whether everything asked in ``other`` is asked here too, so its answer may be refined."""
        clicks = set(_clicks(self))
        return (
            all(c in clicks for c in _clicks(other))
            and all(any(a.same(b) for b in self.outlines) for a in other.outlines if a.shown)
            and _paint_within(other.scribble, self.scribble)
            and all(w in self.words for w in other.words if w.shown)
            and all(m in self.masks for m in other.masks if m.shown)
            and all(any(a.same(b) for b in self.examples) for a in other.examples if a.shown)
        )

    @property
    def is_empty(self) -> bool:
        """True when nothing is drawn, said or shown."""
        drawn = len(self.points) or self.outlines or self.scribble is not None
        return not (drawn or self.words or self.masks or self.examples)

    @property
    def only_words(self) -> bool:
        """True when something is said or shown, but nothing drawn: the answer takes longer."""
        drawn = len(self.points) or self.outlines or self.scribble is not None or self.masks
        return bool((self.words or self.examples) and not drawn)


def _clicks(marks: Marks) -> list[tuple[float, float, bool]]:
    chosen = marks.visible
    places, signs = marks.points[chosen].tolist(), marks.signs[chosen].tolist()
    return [(row, col, sign) for (row, col), sign in zip(places, signs, strict=True)]


def _paint_within(inner: Packed | None, outer: Packed | None) -> bool:
    if inner is None or inner == outer:
        return True
    if outer is None:
        return False
    paint = inner.array
    painted = (paint > 0) & (paint <= HIDDEN_PAINT)
    return bool((outer.array[painted] == paint[painted]).all())

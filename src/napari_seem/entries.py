"""Every prompt of an object as an entry of a list: hidden, flipped or deleted one by one."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_seem.marks import HIDDEN_PAINT, PAINT_NEGATIVE, PAINT_POSITIVE, STROKES, Marks, MaskMark
from seem_model.packed import Packed

if TYPE_CHECKING:
    from collections.abc import Callable


class Kind(Enum):
    """What an entry is."""

    CLICK = "Click"
    SHAPE = "Shape"
    PAINT = "Paint"
    MASK = "Mask"
    WORDS = "Words"
    EXAMPLE = "Example"


@dataclass(frozen=True)
class Entry:
    """One prompt.

    Parameters
    ----------
    kind : Kind
    at : int
        Position among those of its kind; of paint, its value: 1 positive, 2 negative.
    positive, shown : bool
    words : str
        For people.
    """

    kind: Kind
    at: int
    positive: bool
    shown: bool
    words: str


_SHAPES = {"rectangle": "Box", "ellipse": "Ellipse", "polygon": "Polygon"}


def entries(marks: Marks) -> tuple[Entry, ...]:
    """All prompts, in the order clicks, shapes, paint, masks, words, examples."""
    listed = []
    for k, ((row, col), sign, shown) in enumerate(
        zip(marks.points.tolist(), marks.signs.tolist(), marks.visible.tolist(), strict=True)
    ):
        listed.append(Entry(Kind.CLICK, k, sign, shown, f"Click at {row:.0f}, {col:.0f}"))
    for k, outline in enumerate(marks.outlines):
        name = "Stroke" if outline.kind in STROKES else _SHAPES.get(outline.kind, outline.kind)
        listed.append(Entry(Kind.SHAPE, k, outline.positive, outline.shown, name))
    listed.extend(_painted(marks.scribble))
    for k, mask in enumerate(marks.masks):
        words = f"Start from {mask.title}" if mask.base else f"Mask {mask.title}"
        listed.append(Entry(Kind.MASK, k, mask.positive, mask.shown, words))
    for k, said in enumerate(marks.words):
        listed.append(Entry(Kind.WORDS, k, said.positive, said.shown, f"“{said.text}”"))
    for k, like in enumerate(marks.examples):
        words = f"{'Like' if like.positive else 'Unlike'} {like.title}"
        listed.append(Entry(Kind.EXAMPLE, k, like.positive, like.shown, words))
    return tuple(listed)


def without(marks: Marks, entry: Entry) -> Marks:
    """The marks without one entry."""
    at = entry.at
    if entry.kind is Kind.CLICK:
        keep = np.arange(len(marks.points)) != at
        shown = None if marks.shown is None else marks.shown[keep]
        return replace(marks, points=marks.points[keep], signs=marks.signs[keep], shown=shown)
    if entry.kind is Kind.PAINT:
        return _repainted(marks, entry, 0)
    return _edited(marks, entry, lambda values: values[:at] + values[at + 1 :])


def flipped(marks: Marks, entry: Entry) -> Marks:
    """The marks with the sign of one entry turned."""
    at = entry.at
    if entry.kind is Kind.CLICK:
        signs = marks.signs.copy()
        signs[at] = not signs[at]
        return replace(marks, signs=signs)
    if entry.kind is Kind.PAINT:
        other = PAINT_NEGATIVE if at == PAINT_POSITIVE else PAINT_POSITIVE
        return _repainted(marks, entry, other + (0 if entry.shown else HIDDEN_PAINT))
    return _changed(marks, entry, _turned)


def hidden(marks: Marks, entry: Entry) -> Marks:
    """The marks with one entry put aside, or taken up again if it was."""
    at = entry.at
    if entry.kind is Kind.CLICK:
        shown = marks.visible.copy()
        shown[at] = not shown[at]
        return replace(marks, shown=shown)
    if entry.kind is Kind.PAINT:
        return _repainted(marks, entry, at + (HIDDEN_PAINT if entry.shown else 0))
    return _changed(marks, entry, lambda mark: replace(mark, shown=not mark.shown))


def _painted(scribble: Packed | None) -> list[Entry]:
    if scribble is None:
        return []
    values, counts = np.unique(scribble.crop, return_counts=True)
    return [
        Entry(
            Kind.PAINT,
            at=value - (HIDDEN_PAINT if value > HIDDEN_PAINT else 0),
            positive=value % 2 == PAINT_POSITIVE,
            shown=value <= HIDDEN_PAINT,
            words=f"Paint, {count:,} px",
        )
        for value, count in zip(values.tolist(), counts.tolist(), strict=True)
        if value
    ]


def _repainted(marks: Marks, entry: Entry, value: int) -> Marks:
    if marks.scribble is None:
        return marks
    paint = marks.scribble.array
    paint[paint == entry.at + (0 if entry.shown else HIDDEN_PAINT)] = value
    return replace(marks, scribble=Packed.of(paint) if paint.any() else None)


def _turned(mark: Any) -> Any:
    if isinstance(mark, MaskMark):  # what an object is not is no answer to start from
        return replace(mark, positive=not mark.positive, base=False)
    return replace(mark, positive=not mark.positive)


def _changed(marks: Marks, entry: Entry, change: Callable[[Any], Any]) -> Marks:
    at = entry.at
    return _edited(
        marks, entry, lambda values: (*values[:at], change(values[at]), *values[at + 1 :])
    )


def _edited(
    marks: Marks, entry: Entry, edit: Callable[[tuple[Any, ...]], tuple[Any, ...]]
) -> Marks:
    """The marks with those of the entry's kind edited; not for clicks and paint."""
    if entry.kind is Kind.SHAPE:
        return replace(marks, outlines=edit(marks.outlines))
    if entry.kind is Kind.MASK:
        return replace(marks, masks=edit(marks.masks))
    if entry.kind is Kind.WORDS:
        return replace(marks, words=edit(marks.words))
    return replace(marks, examples=edit(marks.examples))

"""Masks written into the objects layer by the rules, and the objects that they become."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_seem import commit_rules, objects
from napari_seem.boxes import around, joined, widened
from napari_seem.commit_rules import CommitRules, Overlap
from napari_seem.document import Answer, Page, Thing
from napari_seem.marks import Marks, MaskMark
from napari_seem.objects import CommitError, Deed, Row
from napari_seem.painted import counts
from seem_model.packed import Packed

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from napari.layers import Labels
    from numpy.typing import NDArray

    from napari_seem.boxes import Box
    from napari_seem.painted import Painted
    from napari_seem.plane import Plane
    from napari_seem.target import Target

    Found = Sequence[tuple[Packed, str, float]]
    """Masks (H, W) bool with class and score."""

COVERED = (
    "Nothing new to commit: every pixel of this mask already belongs to a committed object. "
    "Choose another rule under “When committing” to take its pixels or to merge."
)


FEW = 8
"""So many labels are looked for one by one; for more it is quicker to count all."""


class Batch:
    """Masks written into a slice of the objects layer, one after the other, shown at the end.

    Parameters
    ----------
    layer : Labels
    plane : Plane
    """

    def __init__(self, layer: Labels, plane: Plane) -> None:
        self._layer, self._plane = layer, plane
        self._rows = {r.label: r for r in objects.table(layer)}
        self._next = 0
        self._sizes: dict[int, int] | None = None
        self._asked = 0
        self.pixels = np.asarray(layer.data[plane.indexer])
        self.deeds: list[Deed] = []
        self.boxes: dict[int, Box] = {}
        """Where the new objects are."""

    @property
    def made(self) -> list[int]:
        """Labels of new objects of which something is left."""
        return [label for label in self.boxes if label in self._rows]

    def put(self, mask: Packed, name: str, score: float, *, rules: CommitRules, own: int) -> bool:
        """Write a tidied mask; False if earlier objects cover it wholly.

        Raises
        ------
        CommitError
            If the layer cannot count further.
        """
        label = own or self._free_label()
        former = around(self.pixels == own) if own else None
        window = joined(_slices(mask.box) if mask.any else None, former)
        if window is None:
            return False
        change = commit_rules.painted(
            self.pixels[window], mask.within(window), label=label, rules=rules, own=own or None
        )
        if not change.written and rules.overlap is not Overlap.SUBTRACT:
            return False
        row, col = window[0].start, window[1].start
        rows, cols = change.box
        box = (slice(rows.start + row, rows.stop + row), slice(cols.start + col, cols.stop + col))
        self._write(box, change.after, Row(label, name, score), change)
        if change.written == label:
            self._next = max(self._next, label + 1)
        return True

    def finish(self) -> None:
        """Set the table right and show the layer."""
        objects.enter([(d.layer, d.rows_before, d.rows_after) for d in self.deeds])

    def abandon(self) -> None:
        """Take all of it back."""
        objects.revert(self.deeds)

    def _gone(self, label: int) -> bool:
        """Whether nothing of a label is left on the slice."""
        self._asked += 1
        if self._sizes is None and self._asked <= FEW:
            return not bool((self.pixels == label).any())
        if self._sizes is None:  # counted once: many masks may cover many objects
            self._sizes = dict(counts(self.pixels))
        return not self._sizes.get(label)

    def _free_label(self) -> int:
        if not self._next:
            self._next = objects.next_label(self._layer, self._plane)
        objects.check_countable(self._layer, self._next)
        return self._next

    def _write(self, box: Box, after: NDArray[Any], row: Row, change: Painted) -> None:
        part = self.pixels[box]
        before = objects.packed(part)
        if self._sizes is not None:
            for n, pixels in counts(part):
                self._sizes[n] -= pixels
            for n, pixels in counts(after):
                self._sizes[n] = self._sizes.get(n, 0) + pixels
        part[...] = after
        left = [n for n in change.vanished if self._gone(n)]
        gone = set(left) - objects.elsewhere(self._layer, self._plane, left)
        rows = (row,) if change.written == row.label else ()
        touched = gone | {r.label for r in rows}
        self.deeds.append(
            Deed(
                layer=self._layer,
                plane=self._plane,
                box=edges(box),
                before=before,
                after=objects.packed(part),
                rows_before=tuple(self._rows[n] for n in touched if n in self._rows),
                rows_after=rows,
            )
        )
        for n in gone:
            self._rows.pop(n, None)
        for new in rows:
            self._rows[new.label] = new
            self.boxes[new.label] = box
        if change.written in self.boxes:
            known = joined(self.boxes[change.written], box)
            self.boxes[change.written] = box if known is None else known


def write(
    target: Target, plane: Plane, found: Found, *, rules: CommitRules, own: int = 0,
    lenient: bool = False,
) -> Batch:  # fmt: skip
    """Write tidied masks one after the other.

    Parameters
    ----------
    target, plane, found
        Where, and what.
    rules : CommitRules
    own : int
        Label that the first mask had before, and keeps; 0 for none.
    lenient : bool
        Leave out masks that earlier objects cover wholly, instead of refusing all.

    Raises
    ------
    CommitError
        If a mask is covered wholly, or the layer cannot count further; nothing is written then.
    """
    batch = Batch(target.ensure_objects(), plane)
    try:
        for mask, name, score in found:
            mine = own if own and not batch.boxes else 0
            if not batch.put(mask, name, score, rules=rules, own=mine) and not lenient:
                raise CommitError(COVERED)
    except CommitError:
        batch.abandon()
        raise
    batch.finish()
    return batch


def tidied(mask: Packed, rules: CommitRules) -> list[Packed]:
    """:func:`commit_rules.tidied`, of which only the part with the mask is unpacked."""
    if not mask.any:
        return []
    window = widened(_slices(mask.box), math.ceil(rules.smooth) + 1, mask.shape)
    row, col = window[0].start, window[1].start
    pieces = commit_rules.tidied(mask.within(window), rules)
    return [Packed.of(piece).placed(mask.shape, row, col) for piece in pieces]


def from_mask(thing: Thing, mask: Packed, *, name: str, label: int) -> Thing:
    """An object whose one more step is a mask (H, W) bool to start from."""
    start = Marks(masks=(MaskMark(mask, f"object {label}", base=True),))
    stepped = thing.with_step(start, Answer(packed=mask, score=float("nan")))
    return replace(stepped, name=name, label=label)


def shelved(page: Page, made: Iterable[tuple[Packed, str, int]]) -> Page:
    """The page with committed objects more (mask, class, label); the current one stays current."""
    key = page.fresh().key
    more = [
        from_mask(Thing(key=key + k), mask, name=name, label=label)
        for k, (mask, name, label) in enumerate(made)
    ]
    return replace(page, things=(*page.things, *more))


def edges(box: tuple[slice, slice]) -> tuple[int, int, int, int]:
    """Top, left, bottom, right of a box."""
    return box[0].start, box[1].start, box[0].stop, box[1].stop


def _slices(box: tuple[int, int, int, int]) -> Box:
    return slice(box[0], box[2]), slice(box[1], box[3])

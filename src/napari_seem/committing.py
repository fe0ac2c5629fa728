"""Masks written into the objects layer by the rules, and the objects that they become."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_seem import commit_rules, objects
from napari_seem.boxes import around, joined, widened
from napari_seem.document import Answer, Page, Step, Thing
from napari_seem.marks import Marks, MaskMark
from napari_seem.objects import CommitError, Deed, Row
from napari_seem.painted import beside, present
from napari_seem.runs import Runs
from seem_model.packed import Packed

if TYPE_CHECKING:
    from collections.abc import Iterable

    from napari.layers import Labels
    from numpy.typing import NDArray

    from napari_seem.boxes import Box
    from napari_seem.commit_rules import CommitRules
    from napari_seem.plane import Plane
    from napari_seem.target import Target

    Found = Iterable[tuple[Packed, str, float]]
    """Masks (H, W) bool with class and score; taken one by one, as thousands do not fit."""
NOWHERE: Box = (slice(0, 0), slice(0, 0))


class Batch:
    """Masks put among the objects of a slice, one after the other, on a copy of its pixels.

    The layer is as it was until :meth:`finish`, which writes them all as one deed. What they do to
    other objects is counted there, once for all of them. For one mask only its box is copied.

    Parameters
    ----------
    layer : Labels
    plane : Plane
    """

    def __init__(self, layer: Labels, plane: Plane) -> None:
        self._layer, self._plane = layer, plane
        self._there = np.asarray(layer.data[plane.indexer])
        self._copy = self._there[:0, :0]
        self._held = NOWHERE
        self._next = 0
        self._highest = np.iinfo(self._there.dtype).max
        self._boxes: dict[int, Box] = {}
        self._whole: dict[int, tuple[Packed, int]] = {}
        self._changed: Box | None = None
        self.made: dict[int, Row] = {}
        """New objects by label; after :meth:`finish`, those of which something is left."""
        self.deeds: tuple[Deed, ...] = ()
        """One after :meth:`finish`, or none if nothing changed."""

    def put(self, mask: Packed, name: str, score: float, *, rules: CommitRules, own: int) -> str:
        """Add a tidied mask; returns why nothing comes of it, as a sentence, or "".

        ``own`` is the label of an object that is committed again by the first mask, or 0.

        Raises
        ------
        CommitError
            If the layer cannot count further.
        """
        own = 0 if self._boxes else own
        label = own or self._free_label()
        former = around(self._now() == own) if own else None
        box = joined(_slices(mask.box) if mask.any else None, former)
        if box is None:
            return commit_rules.NOTHING
        part = mask.within(box)
        held = self._hold(box)
        change = commit_rules.painted_in(
            self._copy, held, part, label=label, rules=rules, own=own or None
        )
        why = commit_rules.refusal(change, rules)
        if why:
            return why
        self._copy[held] = change.after
        self._changed = joined(self._changed, box)
        if change.written == label:
            self.made[label] = Row(label, name, score)
            self._boxes[label] = box
            self._whole[label] = mask, int(np.count_nonzero(part))
            self._next += not own
        elif change.written in self._boxes:
            known = joined(self._boxes[change.written], box)
            self._boxes[change.written] = box if known is None else known
            self._whole.pop(change.written, None)
        return ""

    def finish(self) -> None:
        """Write all of it into the layer and its table, and show it."""
        if self._changed is None:
            return
        pixels, box = self._copy[self._hold(self._changed)], self._changed
        before, after = Runs.of(self._there[box]), Runs.of(pixels)
        left = after.sizes
        gone = before.sizes.keys() - left.keys()
        if gone:  # from the box; more may be left around it
            gone -= present(*beside(self._there, box))
        self.made = {n: row for n, row in self.made.items() if n in left}
        # as large as its mask: nothing was kept from it, and nothing was taken since
        self._whole = {n: kept for n, kept in self._whole.items() if left.get(n) == kept[1]}
        deed = objects.draft(
            self._layer, self._plane, edges(box), before=before, after=after,
            rows=self.made.values(), gone=gone,
        )  # fmt: skip
        self._there[box] = pixels
        # napari needs as much memory to draw, and finding new memory takes as long as drawing
        del pixels
        self._copy, self._held = self._there[:0, :0], NOWHERE
        objects.show([deed])
        self.deeds = (deed,)

    def mask(self, label: int) -> Packed:
        """(H, W) bool, what there is of a new object; after :meth:`finish`."""
        if label in self._whole:
            return self._whole[label][0]
        rows, cols = box = self._boxes[label]
        shape = (int(self._there.shape[0]), int(self._there.shape[1]))
        return Packed.of(self._there[box] == label).placed(shape, rows.start, cols.start)

    def _now(self) -> NDArray[Any]:
        """(H, W) labels with all that was put."""
        if self._changed is None:
            return self._there
        height, width = self._there.shape
        return self._copy[self._hold((slice(0, height), slice(0, width)))]

    def _hold(self, box: Box) -> Box:
        """Copy what is in a box, unless that was done; returns where it is in the copy."""
        if self._held == NOWHERE:
            self._held, self._copy = box, self._there[box].copy()
        elif joined(self._held, box) != self._held:
            whole, rows, cols = self._there.copy(), *self._held
            whole[rows, cols] = self._copy
            self._copy = whole
            self._held = (slice(0, whole.shape[0]), slice(0, whole.shape[1]))
        row, col = (side.start for side in self._held)
        rows, cols = box
        return slice(rows.start - row, rows.stop - row), slice(cols.start - col, cols.stop - col)

    def _free_label(self) -> int:
        if not self._next:
            self._next = objects.next_label(self._layer, self._plane)
        if self._next > self._highest:
            objects.check_room(self._layer, self._next)
        return self._next


def write(
    target: Target, plane: Plane, found: Found, *, rules: CommitRules, own: int = 0,
    lenient: bool = False,
) -> Batch:  # fmt: skip
    """Write tidied masks one after the other, as one deed.

    Parameters
    ----------
    target, plane
        Where.
    found, rules, own
        See :func:`commit_rules.painted`; ``own`` is the label of an object that is committed again,
        or 0.
    lenient : bool
        Whether masks that are covered wholly are left out instead of refused.

    Raises
    ------
    CommitError
        If a mask is covered wholly, or the layer cannot count further; nothing is written then.
    """
    batch = Batch(target.ensure_objects(), plane)
    for mask, name, score in found:
        why = batch.put(mask, name, score, rules=rules, own=own)
        if why and not lenient:
            raise CommitError(why)
    batch.finish()
    return batch


def tidied(mask: Packed, rules: CommitRules) -> list[Packed]:
    """:func:`commit_rules.tidied`, of which only the part with the mask is unpacked."""
    if not mask.any:
        return []
    if not rules.tidies:
        return [mask]
    window = widened(_slices(mask.box), math.ceil(rules.smooth) + 1, mask.shape)
    row, col = window[0].start, window[1].start
    pieces = commit_rules.tidied(mask.within(window), rules)
    return [Packed.of(piece).placed(mask.shape, row, col) for piece in pieces]


def from_mask(thing: Thing, mask: Packed, *, name: str, label: int) -> Thing:
    """An object whose one more step is a mask (H, W) bool to start from."""
    start = Marks(masks=(MaskMark(mask, f"object {label}", base=True),))
    step = Step(marks=start, answer=Answer(packed=mask, score=float("nan")), after=thing.at)
    steps = (*thing.steps, step)
    return Thing(key=thing.key, steps=steps, at=len(steps), name=name, label=label)


def shelved(page: Page, made: Iterable[tuple[Packed, str, int]]) -> Page:
    """The page with committed objects more (mask, class, label); the current one stays current."""
    key = page.fresh().key
    more = [
        from_mask(Thing(key=key + k), mask, name=name, label=label)
        for k, (mask, name, label) in enumerate(made)
    ]
    return replace(page, things=(*page.things, *more))


def all_shelved(page: Page, batch: Batch) -> Page:
    """The page with all objects that a batch has made and that it does not have yet."""
    known = {t.label for t in page.things}
    made = [(batch.mask(n), row.name, n) for n, row in batch.made.items() if n not in known]
    return shelved(page, made)


def edges(box: tuple[slice, slice]) -> tuple[int, int, int, int]:
    """Top, left, bottom, right of a box."""
    return box[0].start, box[1].start, box[0].stop, box[1].stop


def _slices(box: tuple[int, int, int, int]) -> Box:
    return slice(box[0], box[2]), slice(box[1], box[3])

"""What the model proposes, to be accepted or rejected one by one or all at once."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from napari_seem.boxes import joined
from seem_model.packed import Packed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from numpy.typing import NDArray

    from napari_seem.boxes import Box
    from seem_model.values import Instance, Segmentation

EDGE = 2
"""Pixels that the outline of a proposal is wide."""


@dataclass(frozen=True)
class Proposal:
    """One object that may be there.

    Parameters
    ----------
    mask : Packed
        (H, W) bool.
    name : str
        Class; "" for none.
    score : float
        How sure the model is, or how similar it is; 0 to 1.
    """

    mask: Packed
    name: str
    score: float


@dataclass(frozen=True, eq=False, kw_only=True)
class Proposals:
    """Proposals of one slice, best first.

    Parameters
    ----------
    title : str
        What was looked for.
    all : tuple of Proposal
    threshold : float
        Those with a lower score are not offered.
    decided : frozenset of int
        Positions of those that were accepted or rejected.
    at : int
        Position of the one in focus.
    """

    title: str
    all: tuple[Proposal, ...]
    threshold: float = 0.5
    decided: frozenset[int] = frozenset()
    at: int = 0

    @classmethod
    def of(
        cls, instances: Iterable[Instance], *, title: str, threshold: float, name: str = ""
    ) -> Proposals:
        """Proposals from what a model found; ``name`` replaces its class names."""
        found = sorted(instances, key=lambda i: -i.score)
        rows = (Proposal(Packed.of(i.mask), name or i.label, i.score) for i in found)
        return cls(title=title, all=tuple(p for p in rows if p.mask.any), threshold=threshold)

    @classmethod
    def of_segments(cls, found: Segmentation, *, title: str) -> Proposals:
        """Proposals from a segmentation without prompts, all of them offered."""
        ranked = sorted(found.segments, key=lambda s: -s.score)
        rows = (Proposal(Packed.of(found.labels == s.id), s.label, s.score) for s in ranked)
        return cls(title=title, all=tuple(p for p in rows if p.mask.any), threshold=0.0)

    def classed(self, resolve: Callable[[str], str]) -> Proposals:
        """The same, each with the class that its name stands for."""
        return replace(self, all=tuple(replace(p, name=resolve(p.name)) for p in self.all))

    @property
    def open(self) -> tuple[int, ...]:
        """Positions of those that are offered and wait for a decision."""
        return tuple(
            k for k, p in enumerate(self.all) if p.score >= self.threshold and k not in self.decided
        )

    @property
    def focus(self) -> int | None:
        """Position of the one that a key would decide; None when none is left."""
        waiting = self.open
        return next((k for k in waiting if k >= self.at), waiting[0] if waiting else None)

    def beside(self, labels: NDArray[np.integer]) -> Proposals:
        """The same without those of whose pixels more than half have a label (H, W) already."""
        taken = labels != 0
        return replace(self, all=tuple(p for p in self.all if not _mostly(p.mask, taken)))

    def above(self, threshold: float) -> Proposals:
        """The same, offering those with this score or more."""
        return replace(self, threshold=threshold)

    def decide(self, positions: Iterable[int]) -> Proposals:
        """The same without those positions; the focus goes on to the next."""
        gone = frozenset(positions)
        return replace(self, decided=self.decided | gone, at=max(gone, default=self.at) + 1)

    def moved(self, by: int) -> Proposals:
        """The same with the focus ``by`` places on among those that wait; it goes round."""
        waiting, focus = self.open, self.focus
        if focus is None:
            return self
        return replace(self, at=waiting[(waiting.index(focus) + by) % len(waiting)])

    def picked(self, row: float, col: float) -> Proposals:
        """The same with the focus on the best one that covers a pixel, if one does."""
        for k in self.open:
            mask = self.all[k].mask
            top, left, bottom, right = mask.box
            r, c = round(row), round(col)
            if top <= r < bottom and left <= c < right and mask.crop[r - top, c - left]:
                return replace(self, at=k)
        return self

    def painted(self, shape: tuple[int, int]) -> NDArray[np.int32]:
        """(H, W) int32 outlines: position + 2 of what is offered, the best on top; 1: focus."""
        return self.painted_in((slice(0, shape[0]), slice(0, shape[1])))

    def painted_in(self, box: Box) -> NDArray[np.int32]:
        """(h, w) int32, a part of :meth:`painted`."""
        rows, cols = box
        canvas = np.zeros((rows.stop - rows.start, cols.stop - cols.start), np.int32)
        focus = self.focus
        for k in reversed(self.open):
            if k != focus:
                _outline(canvas, box, self.all[k].mask, k + 2)
        if focus is not None:
            _outline(canvas, box, self.all[focus].mask, 1)
        return canvas

    def changed(self, before: Proposals | None, shape: tuple[int, int]) -> Box | None:
        """Box outside of which both are painted alike; None if they are everywhere."""
        if before is None or before.all is not self.all:
            return slice(0, shape[0]), slice(0, shape[1])
        others = set(self.open) ^ set(before.open)
        if self.focus != before.focus:
            others |= {k for k in (self.focus, before.focus) if k is not None}
        box: Box | None = None
        for k in others:
            top, left, bottom, right = self.all[k].mask.box
            box = joined(box, (slice(top, bottom), slice(left, right)))
        return box


def _outline(canvas: NDArray[np.int32], box: Box, mask: Packed, value: int) -> None:
    """Paint the edge of a mask, as far as it is in ``box``, of which ``canvas`` has the pixels."""
    top, left, bottom, right = mask.box
    rows, cols = box
    if bottom <= rows.start or rows.stop <= top or right <= cols.start or cols.stop <= left:
        return
    inside = mask.crop
    edge, w = inside.copy(), EDGE
    edge[w:-w, w:-w] &= ~(
        inside[: -2 * w, w:-w] & inside[2 * w :, w:-w]
        & inside[w:-w, : -2 * w] & inside[w:-w, 2 * w :]
    )  # fmt: skip
    low, high = max(top, rows.start), min(bottom, rows.stop)
    first, last = max(left, cols.start), min(right, cols.stop)
    part = canvas[low - rows.start : high - rows.start, first - cols.start : last - cols.start]
    shown = slice(low - top, high - top), slice(first - left, last - left)
    part[inside[shown]] = 0  # what lies under it does not show through
    part[edge[shown]] = value


def _mostly(mask: Packed, taken: NDArray[np.bool_]) -> bool:
    top, left, bottom, right = mask.box
    crop = mask.crop
    return bool(2 * taken[top:bottom, left:right][crop].sum() > crop.sum())

"""A change of a label image as a value, before anything is changed."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from napari_seem.boxes import Box
from napari_seem.runs import Labels, sizes

__all__ = ["Labels", "Painted", "beside", "change", "counts", "present", "unchanged"]


@dataclass(frozen=True, eq=False, kw_only=True)
class Painted:
    """What a change does to a label image: ``labels[box] = after`` carries it out.

    What it does to other objects is counted when it is asked for; that may be after it was carried
    out, but not after anything beside the box was changed.

    Parameters
    ----------
    labels : (H, W) integers
        The label image, of which only what is beside the box is read.
    box : Box
        Where anything may change; empty if nothing does.
    before, after : (h, w) integers
        The labels there before and afterwards.
    written : int
        Label that holds the mask now; 0 if none of its pixels was given to an object.
    added : tuple of int
        Labels that were not there before.
    own : int or None
        The label that the change is about; all its pixels are in the box.
    """

    labels: Labels
    box: Box
    before: Labels
    after: Labels
    written: int
    added: tuple[int, ...]
    own: int | None

    @cached_property
    def changed(self) -> int:
        """How many pixels change."""
        return int(np.count_nonzero(self.before != self.after))

    @cached_property
    def shrunk(self) -> dict[int, int]:
        """Labels of other objects that lose pixels, and how many."""
        lost = counts(self.before[self.before != self.after])
        return {label: n for label, n in lost if label not in (self.own, self.written)}

    @cached_property
    def vanished(self) -> tuple[int, ...]:
        """Labels of which nothing is left."""
        gone = present(self.before) - present(self.after)
        others = gone - {self.own}
        if others:
            gone -= others & present(*beside(self.labels, self.box))
        return tuple(sorted(gone))


def change(
    labels: Labels,
    box: Box,
    after: Labels,
    *,
    written: int,
    added: tuple[int, ...] = (),
    own: int | None = None,
) -> Painted:
    """That ``labels[box]`` becomes ``after``, see :class:`Painted`."""
    before = labels[box].copy()
    return Painted(
        labels=labels, box=box, before=before, after=after, written=written, added=added, own=own
    )


def unchanged(labels: Labels, *, written: int = 0) -> Painted:
    """A change that changes nothing."""
    nowhere = (slice(0, 0), slice(0, 0))
    return change(labels, nowhere, labels[nowhere].copy(), written=written)


def counts(values: Labels) -> tuple[tuple[int, int], ...]:
    """Labels and how often each is there, most first, then the smaller label; without 0."""
    return tuple(sorted(sizes(values).items(), key=lambda pair: (-pair[1], pair[0])))


def present(*regions: Labels) -> set[int]:
    """Labels of which there is a pixel, without 0."""
    return {label for region in regions for label in sizes(region)}


def beside(labels: Labels, box: Box) -> tuple[Labels, Labels, Labels, Labels]:
    """The parts of an image above, below, left and right of a box."""
    rows, cols = box
    return (
        labels[: rows.start],
        labels[rows.stop :],
        labels[rows, : cols.start],
        labels[rows, cols.stop :],
    )

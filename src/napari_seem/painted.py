"""A change of a label image as a value, before anything is changed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_seem.boxes import Box

_COUNTABLE = 2**16
Labels = NDArray[Any]
"""(H, W) whole numbers: one for each object, 0 for none."""


@dataclass(frozen=True, eq=False, kw_only=True)
class Painted:
    """What a change does to a label image: ``labels[box] = after`` carries it out.

    Parameters
    ----------
    box : Box
        Where anything may change; empty if nothing does.
    after : (h, w) integers
        The labels there afterwards.
    changed : int
        How many pixels change.
    written : int
        Label that holds the mask now; 0 if none of its pixels was given to an object.
    added : tuple of int
        Labels that were not there before.
    shrunk : dict of int to int
        Labels of other objects that lose pixels, and how many.
    vanished : tuple of int
        Labels of which nothing is left.
    """

    box: Box
    after: Labels
    changed: int
    written: int
    added: tuple[int, ...]
    shrunk: dict[int, int]
    vanished: tuple[int, ...]


def change(
    labels: Labels,
    box: Box,
    after: Labels,
    *,
    written: int,
    added: tuple[int, ...] = (),
    own: int | None = None,
) -> Painted:
    """What it means for the objects that ``labels[box]`` becomes ``after``.

    ``own`` is the label that the change is about; all its pixels are in the box.
    """
    before = labels[box]
    different = before != after
    lost = counts(before[different])
    return Painted(
        box=box,
        after=after,
        changed=int(np.count_nonzero(different)),
        written=written,
        added=added,
        shrunk={label: n for label, n in lost if label not in (own, written)},
        vanished=tuple(
            sorted(
                label
                for label, _ in lost
                if not (after == label).any() and (label == own or not _beside(labels, box, label))
            )
        ),
    )


def unchanged(labels: Labels, *, written: int = 0) -> Painted:
    """A change that changes nothing."""
    nowhere = (slice(0, 0), slice(0, 0))
    return change(labels, nowhere, labels[nowhere].copy(), written=written)


def counts(values: Labels) -> tuple[tuple[int, int], ...]:
    """Labels and how often each is there, most first, then the smaller label; without 0."""
    if not values.size:
        return ()
    low, high = int(values.min()), int(values.max())
    if high == low == 0:
        return ()
    if low >= 0 and high < _COUNTABLE:  # many times as fast as sorting
        every = np.bincount(values.ravel())
        every[0] = 0
        found = np.flatnonzero(every)
        pairs = zip(found.tolist(), every[found].tolist(), strict=True)
    else:
        labels, sizes = np.unique(values[values != 0], return_counts=True)
        pairs = zip(labels.tolist(), sizes.tolist(), strict=True)
    return tuple(sorted(pairs, key=lambda pair: (-pair[1], pair[0])))


def _beside(labels: Labels, box: Box, label: int) -> bool:
    rows, cols = box
    regions = (
        labels[: rows.start],
        labels[rows.stop :],
        labels[rows, : cols.start],
        labels[rows, cols.stop :],
    )
    return any(bool((region == label).any()) for region in regions)

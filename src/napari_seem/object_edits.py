"""Changes of objects that are committed already: merge, split, fill, drop specks, smooth.

Each returns what changes as :class:`~napari_seem.painted.Painted`; the label image given, (H, W)
integers with 0 for nothing, stays as it is. Pixels of other objects are never touched.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from napari_seem.boxes import around, widened
from napari_seem.painted import Painted, change, unchanged
from napari_seem.tidying import filled, parts, smoothed, without_specks
from seem_model.errors import ImageError

if TYPE_CHECKING:
    from napari_seem.boxes import Box
    from napari_seem.painted import Labels
    from napari_seem.tidying import Mask


def merge(labels: Labels, keep: int, other: int) -> Painted:
    """Give all pixels of ``other`` to ``keep``.

    Raises
    ------
    ImageError
        If one of them is not there, or they are one object.
    """
    if keep == other:
        raise ImageError(f"Object {keep} cannot be merged with itself: choose two objects.")
    _box(labels, keep)
    box = _box(labels, other)
    after = labels[box].copy()
    after[after == other] = keep
    return change(labels, box, after, written=keep, own=other)


def split(labels: Labels, label: int, *, first: int) -> Painted:
    """Make each connected part an object: the largest keeps its label, the others are new.

    Parameters
    ----------
    labels : (H, W) integers
    label : int
    first : int
        Label of the first of the new objects, top row first, then leftmost; the others count on.
        None of these may be in use.

    Raises
    ------
    ImageError
        If the object is not there or in one part, or the type of ``labels`` cannot hold the labels.
    """
    box = _box(labels, label)
    pieces = parts(labels[box] == label)
    if len(pieces) == 1:
        raise ImageError(f"Object {label} is in one part: there is nothing to split.")
    if first + len(pieces) - 2 > np.iinfo(labels.dtype).max:
        raise ImageError(
            f"Splitting makes {len(pieces) - 1} objects more than {labels.dtype} can count: "
            "convert the layer to a larger integer type."
        )
    largest = int(np.argmax([np.count_nonzero(piece) for piece in pieces]))
    after = labels[box].copy()
    rest = pieces[:largest] + pieces[largest + 1 :]
    for number, piece in enumerate(rest, start=first):
        after[piece] = number
    added = tuple(range(first, first + len(rest)))
    return change(labels, box, after, written=label, added=added, own=label)


def fill(labels: Labels, label: int) -> Painted:
    """Fill the holes of an object; what other objects have in them stays theirs.

    Raises
    ------
    ImageError
        If the object is not there.
    """
    box = widened(_box(labels, label), 1, labels.shape)
    return _reshaped(labels, box, label, filled(labels[box] == label))


def drop(labels: Labels, label: int, *, smaller: int) -> Painted:
    """Take away connected parts of fewer than ``smaller`` pixels, perhaps all; errors as `fill`."""
    box = _box(labels, label)
    return _reshaped(labels, box, label, without_specks(labels[box] == label, smaller))


def smooth(labels: Labels, label: int, *, radius: float) -> Painted:
    """Round the outline, see :func:`napari_seem.tidying.smoothed`; errors as `fill`."""
    box = widened(_box(labels, label), math.ceil(radius) + 1, labels.shape)
    return _reshaped(labels, box, label, smoothed(labels[box] == label, radius))


def _reshaped(labels: Labels, box: Box, label: int, mask: Mask) -> Painted:
    before = labels[box]
    after = before.copy()
    after[before == label] = 0
    after[mask & (after == 0)] = label
    if np.array_equal(before, after):
        return unchanged(labels, written=label)
    written = label if (after == label).any() else 0
    return change(labels, box, after, written=written, own=label)


def _box(labels: Labels, label: int) -> Box:
    box = around(labels == label) if label > 0 else None
    if box is None:
        raise ImageError(f"There is no object {label} in this slice.")
    return box

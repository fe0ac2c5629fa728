"""What becomes of a mask when it is committed: tidied first, then painted among earlier objects.

Pure functions of arrays, (row, col); nothing here changes its input. Parts of an object may touch
at a corner (8 neighbours), holes may not leak through one (4), as everywhere in this plugin.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from enum import Enum

import numpy as np
from numpy.typing import NDArray

from napari_seem.boxes import Box, around, joined, widened
from napari_seem.painted import Labels, Painted, change, counts, unchanged
from napari_seem.tidying import filled, parts, smoothed, without_specks
from seem_model.errors import ImageError

__all__ = [
    "CommitRules",
    "Overlap",
    "Painted",
    "conflicts",
    "covering",
    "painted",
    "painted_in",
    "reason",
    "refusal",
    "tidied",
]
Mask = NDArray[np.bool_]
NOTHING = "There is no mask to commit yet: click on an object or type its name."


class Overlap(Enum):
    """Who gets the pixels of a mask that belong to earlier objects; the value is for people."""

    KEEP = "keep earlier objects"
    """They stay with the earlier objects."""
    OVERWRITE = "take their pixels"
    """The mask takes them."""
    SUBTRACT = "erase from them"
    """Nobody: the mask is erased from earlier objects and makes no object itself."""
    MERGE = "join the one below"
    """The free pixels of the mask join the earlier object that it overlaps most."""


@dataclass(frozen=True)
class CommitRules:
    """How masks are committed.

    Parameters
    ----------
    overlap : Overlap
    split : bool
        Whether each connected part becomes an object of its own.
    fill_holes : bool
        Whether holes become part of the object.
    drop_specks : int
        Parts of fewer pixels than this are left out; 0 keeps all.
    smallest : int
        Objects of fewer pixels than this are not made at all; 0 makes all.
    smooth : float
        Radius in pixels of the disc that rounds the outline; below 1 nothing is smoothed.
    """

    overlap: Overlap = Overlap.KEEP
    split: bool = False
    fill_holes: bool = False
    drop_specks: int = 0
    smallest: int = 0
    smooth: float = 0.0

    @property
    def tidies(self) -> bool:
        """Whether :func:`tidied` may make something else of a mask than what it is."""
        sizes = max(self.drop_specks, self.smallest)
        return self.split or self.fill_holes or sizes > 1 or self.smooth >= 1


def tidied(mask: Mask, rules: CommitRules) -> tuple[Mask, ...]:
    """Masks of the objects that become of ``mask``: smooth, fill, drop, split, in this order.

    Parameters
    ----------
    mask : (H, W) bool
    rules : CommitRules

    Returns
    -------
    tuple of (H, W) bool
        Top row first, then leftmost; empty if nothing is left, see :func:`reason`. Their union is
        what there is without ``split``, and tidying that again changes nothing; only a part that
        nearly touches another may be smoothed differently when it is alone.
    """
    box = around(mask)
    if box is None:
        return ()
    box = widened(box, math.ceil(rules.smooth) + 1, mask.shape)
    part = _cleaned(mask[box], rules)
    if rules.smooth >= 1 and (rules.fill_holes or rules.drop_specks):
        # smoothing sees another outline now; with it, a second time settles everything
        part = _cleaned(part, rules)
    pieces = parts(part) if rules.split else (part,)
    return tuple(
        _whole(piece, box, mask.shape)
        for piece in pieces
        if np.count_nonzero(piece) >= max(1, rules.smallest)
    )


def reason(mask: Mask, rules: CommitRules) -> str:
    """Why :func:`tidied` leaves nothing of a mask, as a sentence; "" if it leaves something."""
    size = np.count_nonzero(mask)
    if not size:
        return NOTHING
    if tidied(mask, rules):
        return ""
    if not tidied(mask, CommitRules(smooth=rules.smooth)):
        return (
            f"Smoothing with a radius of {rules.smooth:g} px leaves nothing of this mask "
            f"({size} px): choose a smaller radius."
        )
    if not tidied(mask, replace(rules, smallest=0)):
        return (
            f"Every part of this mask is a speck of fewer than {rules.drop_specks} px: lower that "
            "limit in the commit rules, or add to the mask."
        )
    what = "Every object in this mask" if rules.split else "This object"
    return (
        f"{what} has fewer than the {rules.smallest} px that the commit rules ask for: lower that "
        "limit, or add to the mask."
    )


def painted(
    labels: Labels, mask: Mask, *, label: int, rules: CommitRules, own: int | None = None
) -> Painted:
    """Put a tidied mask among the objects of a slice; of ``rules`` only the overlap counts.

    Several masks are painted one after the other, each on what the one before has made of
    ``labels``; if an object is committed again in parts, only the first has ``own``.

    Parameters
    ----------
    labels : (H, W) integers
        Earlier objects, 0 where there is none.
    mask : (H, W) bool
    label : int
        For the object: ``own``, or one that ``labels`` does not hold.
    own : int or None
        Object that is committed again: all its pixels are free first.

    Raises
    ------
    ImageError
        If the shapes differ, or the type of ``labels`` cannot hold ``label``.
    """
    _check(labels, mask, label)
    box = around(mask)
    box = joined(box, None if own is None else around(labels == own))
    if box is None:
        return unchanged(labels)
    return painted_in(labels, box, mask[box], label=label, rules=rules, own=own)


def painted_in(
    labels: Labels, box: Box, inside: Mask, *, label: int, rules: CommitRules,
    own: int | None = None,
) -> Painted:  # fmt: skip
    """:func:`painted` where ``box`` holds all of the mask and of ``own``; ``inside`` is (h, w)."""
    after, written = labels[box].copy(), label
    had = own is not None and bool((after == own).any())
    if had:
        after[after == own] = 0
    if rules.overlap is Overlap.OVERWRITE:
        after[inside] = label
    elif rules.overlap is Overlap.SUBTRACT:
        after[inside] = 0
        written = 0
    else:
        below = counts(after[inside]) if rules.overlap is Overlap.MERGE else ()
        written = below[0][0] if below else label
        after[inside & (after == 0)] = written
    if not (after == written).any():
        written = 0
    added = () if written != label or (label == own and had) else (label,)
    return change(labels, box, after, written=written, added=added, own=own)


def refusal(change: Painted, rules: CommitRules) -> str:
    """Why :func:`painted` comes to nothing, as a sentence; "" if it does not."""
    if rules.overlap is Overlap.SUBTRACT:
        return "" if change.changed else "The mask covers no object: there is nothing to erase."
    if change.written and (rules.overlap is not Overlap.MERGE or change.changed):
        return ""
    return (
        "Nothing new to commit: every pixel of this mask already belongs to a committed object. "
        "Another rule for overlaps can take pixels from it."
    )


def conflicts(labels: Labels, mask: Mask, own: int | None = None) -> tuple[tuple[int, int], ...]:
    """Objects that a mask covers and how many of their pixels, most first; without ``own``."""
    _check(labels, mask, 0)
    box = around(mask)
    if box is None:
        return ()
    return tuple(pair for pair in counts(labels[box][mask[box]]) if pair[0] != own)


def covering(found: tuple[tuple[int, int], ...]) -> str:
    """:func:`conflicts` in words, such as "covers 120 px of object 3"; "" for none."""
    if not found:
        return ""
    (label, pixels), *others = found
    words = f"covers {pixels} px of object {label}"
    if len(others) == 1:
        words += f" and {others[0][1]} px of object {others[0][0]}"
    elif others:
        words += f" and {sum(n for _, n in others)} px of {len(others)} others"
    return words


def _check(labels: Labels, mask: Mask, label: int) -> None:
    if labels.shape != mask.shape:
        raise ImageError(
            f"The mask is {mask.shape}, the objects are {labels.shape}: not one image."
        )
    if label > np.iinfo(labels.dtype).max:
        raise ImageError(
            f"Objects of the type {labels.dtype} cannot be counted up to {label}: convert the "
            "layer to a larger integer type."
        )


def _cleaned(mask: Mask, rules: CommitRules) -> Mask:
    part = smoothed(mask, rules.smooth)
    if rules.fill_holes:
        part = filled(part)
    return without_specks(part, rules.drop_specks)


def _whole(piece: Mask, box: Box, shape: tuple[int, ...]) -> Mask:
    mask = np.zeros(shape, bool)
    mask[box] = piece
    return mask

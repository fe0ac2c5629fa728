"""What was drawn, taken apart: clicks are places, strokes are areas.

Prompts hold painted pixels. A click is a few of them around one place, and it stays that place
however far a view zooms in; a stroke grows with the view.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import binary_dilation, binary_erosion, correlate, find_objects, label

from seem_model.packed import bounds
from seem_model.values import Mask

LARGEST = 9  # sides of a group of touching clicks, in original pixels; larger ones are strokes
NUDGE = 0.1  # logit that just decides a pixel
_SQUARE = np.ones((3, 3), bool)


@dataclass(frozen=True, eq=False)
class Marks:
    """Marks of one sign.

    Parameters
    ----------
    dots : (K, 2) int64
        (row, col) of clicks.
    strokes : (H, W) bool
        Everything larger.
    """

    dots: NDArray[np.int64]
    strokes: Mask


def taken_apart(mask: Mask) -> Marks:
    """Clicks and strokes of a painted mask (H, W); touching clicks are told apart.

    The middle of a 3x3 click is what is left of it after an erosion; of thinner marks every
    pixel counts.
    """
    strokes = mask.copy()
    if not mask.any():
        return Marks(np.zeros((0, 2), np.int64), strokes)
    top, left, bottom, right = bounds(mask)
    found, _ = label(mask[top:bottom, left:right], structure=_SQUARE)
    dots = []
    for number, part in enumerate(find_objects(found), start=1):
        rows, cols = place = tuple(
            slice(s.start + first, s.stop + first)
            for s, first in zip(part, (top, left), strict=True)
        )
        if max(rows.stop - rows.start, cols.stop - cols.start) > LARGEST:
            continue
        around = np.pad(found[part] == number, 1)
        strokes[place] &= ~around[1:-1, 1:-1]
        flat, narrow = rows.stop - rows.start < 3, cols.stop - cols.start < 3
        cut = (
            flat and rows.start == 0,
            narrow and cols.start == 0,
            flat and rows.stop == mask.shape[0],
            narrow and cols.stop == mask.shape[1],
        )
        core = _core(around, cut)
        dots.append(np.argwhere(core) + np.array([rows.start - 1, cols.start - 1]))
    together = np.concatenate(dots) if dots else np.zeros((0, 2))
    return Marks(together.astype(np.int64), strokes)


def count(mask: Mask) -> int:
    """How many marks a painted mask (H, W) holds: its clicks, and one for all strokes together."""
    apart = taken_apart(mask)
    return len(apart.dots) + int(apart.strokes.any())


def _core(around: Mask, cut: tuple[bool, ...]) -> Mask:
    """Middles of the clicks in a padded patch; a click cut by the image border is filled up."""
    filled = around.copy()
    top, left, bottom, right = cut
    filled[0] |= filled[1] & top
    filled[-1] |= filled[-2] & bottom
    filled[:, 0] |= filled[:, 1] & left
    filled[:, -1] |= filled[:, -2] & right
    core: Mask = binary_erosion(filled, _SQUARE) & around
    return core if core.any() else around


def obeyed(logits: NDArray[np.float32], positive: Mask, negative: Mask) -> NDArray[np.float32]:
    """Mask logits (H, W) in which every clicked pixel has the sign it was given.

    So have the middles of thin marks of any length: clicks that touch are such a mark. Between
    them may lie middles that nobody clicked: those give way to clicks of the other sign.
    """
    result = logits.copy()
    for middles, sign in zip(_clicked(positive, negative), (1, -1), strict=True):
        result[middles] = sign * np.maximum(sign * result[middles], NUDGE)
    return result


def _clicked(positive: Mask, negative: Mask) -> tuple[Mask, Mask]:
    """Middles of the marks of both signs; of two on one pixel, the one that was clicked."""
    inside, outside = _middles(positive), _middles(negative)
    while (inside & outside).any():
        made, denied = _needed(inside, positive), _needed(outside, negative)
        unmade = inside & outside & (made ^ denied)
        if not unmade.any():
            return inside & ~outside, outside
        inside, outside = inside & ~(unmade & denied), outside & ~(unmade & made)
    return inside, outside


def _middles(mask: Mask) -> Mask:
    """Middles of the clicks and of the thin strokes of a painted mask."""
    apart = taken_apart(mask)
    middles = _thin(apart.strokes) if apart.strokes.any() else np.zeros(mask.shape, bool)
    middles[tuple(apart.dots.T)] = True
    return middles


def _needed(middles: Mask, mask: Mask) -> Mask:
    """Middles without whose 3x3 pixels some pixel of the painted mask would be bare: real clicks.

    The middle of three in a row is not: the outer two alone paint the same.
    """
    times = correlate(middles.astype(np.uint8), _SQUARE.astype(np.uint8), mode="constant")
    once = mask & (times == 1)
    needed: Mask = middles & binary_dilation(once, _SQUARE)
    return needed


def _thin(strokes: Mask) -> Mask:
    """Middles of what is at least 3 and less than 5 pixels wide."""
    middle = binary_erosion(np.pad(strokes, 1, mode="edge"), _SQUARE)[1:-1, 1:-1]
    wide = binary_erosion(middle, _SQUARE)
    thin: Mask = middle & ~binary_dilation(wide, _SQUARE)
    return thin

"""Clean masks: rounder, without holes, without specks, in parts.

Everything sees the mask as a part of an image: at the edge of the array the object may go on, so
the edge rounds nothing and encloses no hole.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

Mask = NDArray[np.bool_]
SQUARE = np.ones((3, 3), bool)


def smoothed(mask: Mask, radius: float) -> Mask:
    """Opening and then closing by a disc: spikes, gaps and notches narrower than it are gone.

    Unlike a blur cut at one half it leaves what is smooth already exactly as it is, so that doing
    it again changes nothing: a half plane of any slope is a union of discs, and so is what is
    beside it, and a round object does not shrink. (The composition of an opening and a closing by
    one shape is idempotent: Serra, Image Analysis and Mathematical Morphology, 1988, vol. 2.)

    Parameters
    ----------
    mask : (H, W) bool
    radius : float
        Pixels; below 1 the disc is one pixel, and nothing happens.
    """
    if radius < 1:
        return mask.copy()
    disc = _disc(radius)
    # beyond the edge there is object for one and nothing for the other: so they are adjoint
    eroded = ndimage.binary_erosion(mask, disc, border_value=1)
    opened = ndimage.binary_dilation(eroded, disc)
    return np.asarray(
        ndimage.binary_erosion(ndimage.binary_dilation(opened, disc), disc, border_value=1)
    )


def filled(mask: Mask) -> Mask:
    """Without holes; what touches the edge of the array is none."""
    return np.asarray(ndimage.binary_fill_holes(mask))


def without_specks(mask: Mask, smaller: int) -> Mask:
    """Without connected parts of fewer than ``smaller`` pixels."""
    if smaller <= 1:
        return mask.copy()
    numbers, _ = ndimage.label(mask, SQUARE)
    keep = np.bincount(numbers.ravel()) >= smaller
    keep[0] = False
    return np.asarray(keep[numbers])


def parts(mask: Mask) -> tuple[Mask, ...]:
    """Connected parts (8 neighbours), top row first, then leftmost."""
    numbers, _ = ndimage.label(mask, SQUARE)
    # in the order in which their first pixels are met, row by row
    values, first = np.unique(numbers, return_index=True)
    order = values[np.argsort(first)]
    return tuple(numbers == number for number in order if number)


def _disc(radius: float) -> Mask:
    reach = math.floor(radius)
    rows, cols = np.mgrid[-reach : reach + 1, -reach : reach + 1]
    return np.asarray(rows**2 + cols**2 <= radius**2)

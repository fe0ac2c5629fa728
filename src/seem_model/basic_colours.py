"""How much of some pixels a person would call red: shares of the basic colours."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from skimage.color import rgb2lab

if TYPE_CHECKING:
    from numpy.typing import NDArray

_ENOUGH = 2000  # pixels are looked at, more or less
# sRGB of the basic colour terms (Berlin & Kay, 1969)
_COLOURS = {
    "black": (15, 15, 15), "white": (245, 245, 245), "grey": (128, 128, 128),
    "red": (200, 25, 30), "orange": (240, 140, 20), "yellow": (245, 220, 40),
    "green": (40, 140, 50), "blue": (35, 80, 190), "purple": (120, 45, 150),
    "pink": (245, 150, 180), "brown": (110, 70, 35),
}  # fmt: skip
BASIC = tuple(_COLOURS)
_SAME = {"gray": "grey", "violet": "purple"}
# lightness tells colours apart less than hue does, in light and shade
_WEIGHT = np.array([0.6, 1.0, 1.0])
_LAB = rgb2lab(np.array(list(_COLOURS.values()))[None] / 255)[0]


def colour_shares(pixels: NDArray[np.uint8]) -> NDArray[np.float64]:
    """Share of pixels whose nearest basic colour (CIELAB) is each of ``BASIC``.

    Parameters
    ----------
    pixels : (N, 3) uint8
        RGB, at least one.

    Returns
    -------
    (11,) float64
        They add up to 1.
    """
    step = max(1, len(pixels) // _ENOUGH)
    lab = rgb2lab(pixels[None, ::step] / 255)[0]
    apart_by = np.linalg.norm((lab[:, None] - _LAB[None]) * _WEIGHT, axis=2)
    counts = np.bincount(apart_by.argmin(axis=1), minlength=len(BASIC))
    return np.asarray(counts / counts.sum())


def colour_share(pixels: NDArray[np.uint8], colour: str) -> float:
    """Share of (N, 3) pixels whose nearest basic colour is ``colour``, as people say it."""
    return float(colour_shares(pixels)[BASIC.index(_SAME.get(colour, colour))])

"""Default colours of classes: apart from each other, also for people who are colour-blind.

Colours are compared in OKLab (B. Ottosson, 2020), as they are and as people without red or without
green cones see them (Machado, Oliveira and Fernandes, IEEE TVCG 2009).
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING
from zlib import crc32

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

NEUTRAL = "#9aa0a6"  # of what has no class
APART = 0.12
_COUNT = 512
_STEPS = (0.7548776662, 0.5698402910)  # both axes filled evenly, however many are taken
_LIGHT, _DARK = 0.9, 0.45
_CHROMA = np.linspace(0.19, 0.01, 19)
_TO_CONES = np.array(
    [
        [0.4122214708, 0.5363325363, 0.0514459929],
        [0.2119034982, 0.6806995451, 0.1073969566],
        [0.0883024619, 0.2817188376, 0.6299787005],
    ]
)
_TO_LAB = np.array(
    [
        [0.2104542553, 0.7936177850, -0.0040720468],
        [1.9779984951, -2.4285922050, 0.4505937099],
        [0.0259040371, 0.7827717662, -0.8086757660],
    ]
)
_NO_RED = np.array(
    [
        [0.152286, 1.052583, -0.204868],
        [0.114503, 0.786281, 0.099216],
        [-0.003882, -0.048116, 1.051998],
    ]
)
_NO_GREEN = np.array(
    [
        [0.367322, 0.860646, -0.227968],
        [0.280085, 0.672501, 0.047413],
        [-0.011820, 0.042940, 0.968881],
    ]
)
_EYES = np.stack([np.eye(3), _NO_RED, _NO_GREEN])


def default_colours(names: Sequence[str], *, taken: Iterable[str] = ()) -> tuple[str, ...]:
    """A colour for each name, the same each time.

    Parameters
    ----------
    names : sequence of str
        A name has a favourite colour; it gets another one only if that is too like the colours
        before it (:data:`APART`). In a long list, where nothing is apart, it gets the colour that
        is farthest from the others.
    taken : iterable of "#rrggbb"
        Colours in use already.

    Returns
    -------
    tuple of "#rrggbb"
        Different ones, up to 500 in all, and none is :data:`NEUTRAL`; further names get their
        favourites.
    """
    colours, seen = _palette()
    nearest = np.full(_COUNT, np.inf)
    for colour in (NEUTRAL, *taken):
        nearest = np.minimum(nearest, _distance(seen, _seen(_rgb(colour))[:, 0]))
    chosen = []
    for name in names:
        order = (crc32(name.casefold().encode()) + np.arange(_COUNT)) % _COUNT
        apart = np.flatnonzero(nearest[order] >= APART)
        spent = not nearest.any()
        pick = int(order[apart[0]] if len(apart) else order[0] if spent else nearest.argmax())
        chosen.append(colours[pick])
        if not spent:
            nearest = np.minimum(nearest, _distance(seen, seen[:, pick]))
    return tuple(chosen)


def difference(one: str, other: str) -> float:
    """How unlike two colours "#rrggbb" look, to the eyes that tell them apart worst.

    The distance in OKLab: 0 is the same, 1 is black and white, 0.02 can just be seen.
    """
    return float(_distance(_seen(_rgb(one)), _seen(_rgb(other))[:, 0])[0])


@cache
def _palette() -> tuple[tuple[str, ...], NDArray[np.float64]]:
    """512 colours, and (3, 512, 3) how each pair of eyes sees them."""
    number = np.arange(_COUNT)
    light = _DARK + (_LIGHT - _DARK) * ((number * _STEPS[1]) % 1)
    hue = 2 * np.pi * ((number * _STEPS[0]) % 1)
    linear = np.zeros((_COUNT, 3))
    for chroma in _CHROMA[::-1]:  # the strongest that a screen can show wins
        lab = np.stack([light, chroma * np.cos(hue), chroma * np.sin(hue)], axis=-1)
        there = (lab @ np.linalg.inv(_TO_LAB).T) ** 3 @ np.linalg.inv(_TO_CONES).T
        shown = ((there >= 0) & (there <= 1)).all(axis=1)
        linear[shown] = there[shown]
    screen = np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)
    bytes_ = np.round(255 * screen.clip(0, 1)).astype(int)
    names = tuple(f"#{r:02x}{g:02x}{b:02x}" for r, g, b in bytes_)
    return names, _seen(bytes_ / 255)


def _rgb(colour: str) -> NDArray[np.float64]:
    """(1, 3) 0 to 1."""
    return np.array([[int(colour[k : k + 2], 16) for k in (1, 3, 5)]]) / 255


def _seen(screen: NDArray[np.float64]) -> NDArray[np.float64]:
    """(3, N, 3) OKLab of (N, 3) sRGB 0 to 1, as each pair of eyes sees it."""
    linear = np.where(screen <= 0.04045, screen / 12.92, ((screen + 0.055) / 1.055) ** 2.4)
    seen = (linear @ _EYES.transpose(0, 2, 1)).clip(0, 1)
    return np.asarray(np.cbrt(seen @ _TO_CONES.T) @ _TO_LAB.T)


def _distance(seen: NDArray[np.float64], other: NDArray[np.float64]) -> NDArray[np.float64]:
    """(N,) smallest distance over the eyes of (3, N, 3) from (3, 3)."""
    return np.asarray(np.linalg.norm(seen - other[:, None], axis=-1).min(axis=0))

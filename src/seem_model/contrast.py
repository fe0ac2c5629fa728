"""Which pixel value is shown as black and which as white."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from seem_model.errors import ImageError

if TYPE_CHECKING:
    from numpy.typing import NDArray

Limits = tuple[float, float] | Sequence[tuple[float, float]]

PERCENTILES = (0.5, 99.5)
_SAMPLED_PIXELS = 2**20  # percentiles of more pixels cost time and change nothing


def given(limits: Limits, count: int) -> list[tuple[float, float]]:
    """One (low, high) per plane from what the caller passed.

    Raises
    ------
    ImageError
        If these are not as many pairs of finite numbers, low first.
    """
    try:
        pairs = np.asarray(limits, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise ImageError(f"Contrast limits must be pairs of numbers, not {limits!r}.") from error
    if pairs.shape == (2,):
        pairs = np.tile(pairs, (count, 1))
    if pairs.shape == (3, 2) and count == 4:  # alpha has no contrast
        pairs = np.concatenate([pairs, pairs[:1]])
    if pairs.shape != (count, 2):
        raise ImageError(
            f"Contrast limits must be one (low, high) pair or {count} of them, not {limits!r}."
        )
    if not np.isfinite(pairs).all() or (pairs[:, 0] > pairs[:, 1]).any():
        raise ImageError(f"Contrast limits must be finite with low below high, not {limits!r}.")
    return [(float(low), float(high)) for low, high in pairs]


def found(planes: list[NDArray[Any]], *, colour: bool) -> list[tuple[float, float]]:
    """One (low, high) per plane from the type or, failing that, from the values.

    Parameters
    ----------
    planes : list of (H, W) arrays
    colour : bool
        Planes are red, green, blue (, alpha): they share their limits, so that hues stay.
    """
    fixed = {"b": (0.0, 1.0), "u1": (0.0, 255.0)}
    dtype = planes[0].dtype
    pair = fixed.get("b" if dtype.kind == "b" else dtype.str[1:])
    if pair is not None:
        return [pair] * len(planes)
    if colour:
        return [percentiles(planes[:3])] * len(planes)
    return [percentiles([plane]) for plane in planes]


def percentiles(planes: list[NDArray[Any]]) -> tuple[float, float]:
    """(low, high) between which nearly all values of the (H, W) planes lie, see ``PERCENTILES``.

    Infinities and NaN do not count. Where nearly all values are the same, the extremes.
    """
    step = max(1, int(np.sqrt(planes[0].size / _SAMPLED_PIXELS)))
    low, high = _ends([plane[::step, ::step] for plane in planes], PERCENTILES)
    if low < high:
        return low, high
    return _ends(planes, (0.0, 100.0))  # a few bright pixels on nothing: show them


def _ends(planes: list[NDArray[Any]], percentiles: tuple[float, float]) -> tuple[float, float]:
    with np.errstate(over="ignore"):
        values = np.concatenate([plane.astype(np.float64).ravel() for plane in planes])
    values = values[np.isfinite(values)]
    if values.size == 0:
        return 0.0, 0.0
    # "lower" picks pixels that exist: interpolation would overflow near the largest float
    low, high = np.percentile(values, percentiles, method="lower")
    return float(low), float(high)


def stretch(plane: NDArray[Any], low: float, high: float) -> NDArray[np.uint8]:
    """(H, W) uint8 with ``low`` at 0 and ``high`` at 255; NaN is 0."""
    if plane.dtype == np.uint8 and (low, high) == (0.0, 255.0):
        return plane
    if low == high:
        # a float64 scalar: a Python float would first be rounded to the plane's own type
        return np.where(plane > np.float64(high), 255, 0).astype(np.uint8)
    scale = max(abs(low), abs(high))  # first to [-1, 1], so that no difference overflows
    # whole numbers of 16 bits and half floats are exact in float32
    small = plane.dtype.itemsize < 4 and 1e-30 < scale < 1e30
    values: NDArray[np.floating[Any]]
    with np.errstate(over="ignore"):
        values = plane.astype(np.float32 if small else np.float64)
    np.clip(values, low, high, out=values)
    span = high / scale - low / scale
    values = (values / scale - low / scale) * (255.0 / span)
    np.nan_to_num(values, copy=False, nan=0.0)
    return np.rint(np.clip(values, 0, 255)).astype(np.uint8)

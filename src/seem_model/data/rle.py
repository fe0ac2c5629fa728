"""Masks from run lengths and polygons, pixel by pixel as COCO's own tools draw them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from seem_model.errors import DataError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from seem_model.values import Mask

_FINE = 5  # COCO draws polygon edges on a grid that is finer by this factor


def decode(segmentation: Any, shape: tuple[int, int]) -> Mask:
    """Mask of a COCO ``segmentation``: polygons, plain run lengths or compressed run lengths.

    Parameters
    ----------
    segmentation : list of lists of float, or mapping with ``counts`` and ``size``
    shape : (H, W)

    Returns
    -------
    (H, W) bool

    Raises
    ------
    DataError
        If it is none of these, or does not fit the shape.
    """
    if isinstance(segmentation, Sequence) and not isinstance(segmentation, str | bytes):
        if not segmentation:
            raise DataError("the list of polygons is empty")
        mask = np.zeros(shape, bool)
        for points in segmentation:
            mask |= polygon(points, shape)
        return mask
    try:
        counts, size = segmentation["counts"], tuple(int(n) for n in segmentation["size"])
    except (TypeError, KeyError, ValueError):
        raise DataError("the segmentation is neither polygons nor run lengths") from None
    if size != tuple(shape):
        raise DataError(f"run lengths are for {size}, the image is {tuple(shape)}")
    return runs(expand(counts) if isinstance(counts, str | bytes) else counts, shape)


def runs(counts: Sequence[int] | NDArray[np.int64], shape: tuple[int, int]) -> Mask:
    """(H, W) mask of run lengths down the columns, beginning with pixels that are off."""
    try:
        lengths = np.asarray(counts, np.int64)
    except (TypeError, ValueError):
        raise DataError("run lengths are not whole numbers") from None
    total = shape[0] * shape[1]
    if lengths.ndim != 1 or (lengths < 0).any() or lengths.sum() != total:
        raise DataError(f"run lengths do not add up to {shape[0]} x {shape[1]} pixels")
    on = np.arange(len(lengths)) % 2 == 1
    return np.repeat(on, lengths).reshape(shape[1], shape[0]).T


def expand(text: str | bytes) -> list[int]:
    """Run lengths from COCO's compressed text.

    Each number is written in groups of five bits, lowest first, as characters from "0" on; the
    sixth bit says that more follow and the last group's highest bit is the sign. From the fourth
    number on, the difference to the number two places before is written.
    """
    code = text.encode("ascii", "replace") if isinstance(text, str) else text
    counts: list[int] = []
    value = shift = 0
    for byte in code:
        bits = byte - 48
        if not 0 <= bits < 64:
            raise DataError("compressed run lengths hold a character that may not be there")
        value |= (bits & 31) << shift
        shift += 5
        if bits & 32:
            continue
        if bits & 16:
            value -= 1 << shift
        counts.append(value + (counts[-2] if len(counts) > 2 else 0))
        value = shift = 0
    if shift:
        raise DataError("compressed run lengths are cut off")
    return counts


def run_lengths(mask: Mask) -> list[int]:
    """Run lengths down the columns of a (H, W) mask, beginning with pixels that are off."""
    flat = np.asarray(mask, bool).T.ravel()
    changes = np.flatnonzero(np.diff(flat, prepend=False))
    return np.diff(changes, prepend=0, append=len(flat)).tolist()


def compress(counts: Sequence[int]) -> str:
    """COCO's compressed text of run lengths; the inverse of :func:`expand`."""
    code = []
    for place, count in enumerate(counts):
        value = count - counts[place - 2] if place > 2 else count
        more = True
        while more:
            bits, value = value & 31, value >> 5
            more = value != (-1 if bits & 16 else 0)
            code.append(bits + (32 if more else 0) + 48)
    return bytes(code).decode("ascii")


def polygon(points: Sequence[float] | NDArray[np.float64], shape: tuple[int, int]) -> Mask:
    """(H, W) mask of one closed polygon, given as x0, y0, x1, y1, … in pixels.

    Edges are walked on a grid that is five times finer; wherever a walk changes from one column
    of pixels to the next, everything below flips.
    """
    try:
        corners = np.asarray(points, np.float64).reshape(-1, 2)
    except (TypeError, ValueError):
        raise DataError("a polygon is not a list of x, y pairs") from None
    if len(corners) < 3 or not np.isfinite(corners).all():
        raise DataError("a polygon has fewer than three corners or infinite ones")
    height, width = shape
    grid = np.trunc(corners * _FINE + 0.5).astype(np.int64)
    limit = _FINE * (np.array([width, height]) * 4 + 1000)
    grid = np.clip(grid, -limit, limit)  # corners far outside would walk forever
    path = np.concatenate([_walk(a, b) for a, b in zip(grid, np.roll(grid, -1, 0), strict=True)])
    before, after = path[:-1], path[1:]
    turns = before[:, 0] != after[:, 0]
    x = np.minimum(before[turns, 0], after[turns, 0])
    y = np.minimum(before[turns, 1], after[turns, 1])
    column = (x + 0.5) / _FINE - 0.5
    row = np.ceil(np.clip((y + 0.5) / _FINE - 0.5, 0, height)).astype(np.int64)
    whole = (column == np.floor(column)) & (column >= 0) & (column <= width - 1)
    flips = column[whole].astype(np.int64) * height + row[whole]
    flat = np.zeros(height * width + 1, bool)
    if len(flips):  # between the first flip and the last; a closed path flips back
        first, last = int(flips.min()), int(flips.max())
        flat[first : last + 1] = np.cumsum(np.bincount(flips - first)) % 2 == 1
    return flat[:-1].reshape(width, height).T


def _walk(start: NDArray[np.int64], stop: NDArray[np.int64]) -> NDArray[np.int64]:
    """(N, 2) grid points from ``start`` to ``stop``, one for each step along the longer side.

    Always computed in the direction of growing coordinates, so that an edge between two polygons
    is the same for both.
    """
    long = 0 if abs(stop[0] - start[0]) >= abs(stop[1] - start[1]) else 1
    turned = start[long] > stop[long]
    low, high = (stop, start) if turned else (start, stop)
    steps = np.arange(high[long] - low[long] + 1)
    slope = (high[1 - long] - low[1 - long]) / max(high[long] - low[long], 1)
    points = np.empty((len(steps), 2), np.int64)
    points[:, long] = low[long] + steps
    points[:, 1 - long] = np.trunc(low[1 - long] + slope * steps + 0.5)
    return points[::-1] if turned else points

"""Outlines along pixel edges, and back to pixels.

Corners are (x, y). The pixel in row r and column c is the square from (c, r) to (c + 1, r + 1), its
centre is (c + 0.5, r + 0.5). Filling takes the pixels whose centre is inside, so that the outline
of a mask, filled again, is the same mask.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from seem_model.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from seem_model.values import Mask

Ring = NDArray[np.int64]
"""(N, 2) corners x, y; the last is joined to the first."""
MAX_BOX = 2**30


def trace(mask: Mask) -> tuple[tuple[Ring, ...], ...]:
    """Outlines of a mask.

    Returns
    -------
    tuple of parts
        One part for each group of pixels that share edges: its outer ring, then the rings of its
        holes. Rings never cross or touch themselves; outer ones run clockwise on the screen (their
        area by the shoelace formula is positive), holes the other way.
    """
    numbers, _ = ndimage.label(mask)
    parts = []
    for number, (rows, cols) in enumerate(ndimage.find_objects(numbers), start=1):
        offset = np.array([cols.start, rows.start])
        rings = [ring + offset for ring in _rings(numbers[rows, cols] == number)]
        parts.append(tuple(sorted(rings, key=area, reverse=True)))
    return tuple(parts)


def area(ring: Ring) -> float:
    """Signed area of a ring, by the shoelace formula."""
    x, y = ring[:, 0], ring[:, 1]
    return float(np.sum(x * np.roll(y, -1) - np.roll(x, -1) * y)) / 2


def fill(
    rings: Sequence[NDArray[np.generic]], limit: tuple[int, int] | None = None
) -> tuple[tuple[int, int], Mask]:
    """Pixels whose centre is inside an odd number of rings.

    Parameters
    ----------
    rings : sequence of (N, 2) numbers
        Corners x, y, anywhere.
    limit : (H, W), optional
        Of the image; only cut at the left and top if not given.

    Returns
    -------
    (row, col), (h, w) bool
        The pixels, cut out, and where they were; the cut may be empty.

    Raises
    ------
    DataError
        If a ring has fewer than three corners or infinite ones, or the area is far too large.
    """
    lines = [np.asarray(ring, np.float64) for ring in rings]
    if not lines or any(r.ndim != 2 or r.shape[1:] != (2,) or len(r) < 3 for r in lines):
        raise DataError("An outline is not a list of three or more x, y pairs.")
    start = np.concatenate(lines)
    stop = np.concatenate([np.roll(ring, -1, axis=0) for ring in lines])
    if not np.isfinite(start).all() or np.abs(start).max() > 2**31:
        raise DataError("An outline has corners that are infinite or far outside any image.")
    edge = np.array([np.inf, np.inf]) if limit is None else np.array(limit[::-1], float)
    low = np.clip(np.floor(start.min(0)), 0, edge).astype(np.int64)
    high = np.maximum(np.minimum(np.ceil(start.max(0)), edge).astype(np.int64), low)
    (width, height) = (int(n) for n in high - low)
    if width * height > MAX_BOX:
        raise DataError(f"An outline spans {width} x {height} pixels, which is too large.")
    return (int(low[1]), int(low[0])), _scan(start - low, stop - low, (height, width))


def _scan(start: NDArray[np.float64], stop: NDArray[np.float64], shape: tuple[int, int]) -> Mask:
    """Even-odd filling: every edge flips all pixels to its right, in the rows it passes."""
    height, width = shape
    level = start[:, 1] != stop[:, 1]
    (x0, y0), (x1, y1) = start[level].T, stop[level].T
    first = np.clip(np.ceil(np.minimum(y0, y1) - 0.5), 0, height).astype(np.int64)
    last = np.clip(np.ceil(np.maximum(y0, y1) - 0.5), 0, height).astype(np.int64)
    count = last - first
    edge = np.repeat(np.arange(len(count)), count)
    row = np.arange(count.sum()) - np.repeat(np.cumsum(count) - count, count) + first[edge]
    along = (row + 0.5 - y0[edge]) / (y1 - y0)[edge]
    x = x0[edge] + along * (x1 - x0)[edge]
    col = np.clip(np.ceil(x - 0.5), 0, width).astype(np.int64)
    flips = np.bincount(row * (width + 1) + col, minlength=height * (width + 1))
    inside = np.cumsum(flips.reshape(height, width + 1), axis=1) % 2 == 1
    return np.asarray(inside[:, :width])


def _rings(mask: Mask) -> list[Ring]:
    """Rings of one group of pixels, the mask on the right of whoever walks along them.

    Edges are those between corners that follow each other in a row, or in a column. Where two
    pixels touch at a corner only, the corner is there twice; whichever edges meet in which copy,
    :func:`_apart` cuts walks that come back to it.
    """
    padded = np.pad(mask, 1).astype(np.int8)
    above, below = padded[:-1], padded[1:]
    total = above[:, :-1] + above[:, 1:] + below[:, :-1] + below[:, 1:]
    touching = (total == 2) & (above[:, :-1] == below[:, 1:])
    y, x = np.nonzero((total % 2 == 1) | touching)
    twice = 1 + touching[y, x]
    y, x = np.repeat(y, twice), np.repeat(x, twice)
    order = np.lexsort((y, x))
    partner = np.empty(len(order), np.int64)
    partner[order[0::2]], partner[order[1::2]] = order[1::2], order[0::2]
    corners = list(zip(x.tolist(), y.tolist(), strict=True))
    inside_below = (below[y, x + 1] == 1).tolist()
    return [
        np.array(ring, np.int64)
        for loop in _loops(corners, partner.tolist(), inside_below)
        for ring in _apart(loop)
    ]


def _loops(
    corners: list[tuple[int, int]], partner: list[int], inside_below: list[bool]
) -> list[list[tuple[int, int]]]:
    """Closed walks: along a row, along a column, and so on; even corners are left ends."""
    seen = [False] * len(corners)
    loops = []
    for begin in range(0, len(corners), 2):
        if seen[begin]:
            continue
        loop, at = [], begin
        while not seen[at]:
            other = at ^ 1
            seen[at] = seen[other] = True
            loop += [corners[at], corners[other]]
            at = partner[other]
        loops.append(loop if inside_below[begin] else loop[::-1])
    return loops


def _apart(loop: list[tuple[int, int]]) -> list[list[tuple[int, int]]]:
    """Cut a walk wherever it comes back to a corner, so that no ring touches itself."""
    rings: list[list[tuple[int, int]]] = []
    path: list[tuple[int, int]] = []
    position: dict[tuple[int, int], int] = {}
    for corner in loop:
        if corner in position:
            at = position[corner]
            rings.append(path[at:])
            for passed in path[at + 1 :]:
                del position[passed]
            del path[at + 1 :]
        else:
            position[corner] = len(path)
            path.append(corner)
    return [*rings, path]

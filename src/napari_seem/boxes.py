"""Half-open rectangles of pixels as two slices, rows first: what to cut out of an (H, W) array."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

Box = tuple[slice, slice]
"""Rows and columns, both with a start and a stop, no step: ``array[box]`` is the part inside."""


def around(mask: NDArray[np.bool_]) -> Box | None:
    """Smallest box that holds all of a mask (H, W); None if the mask is empty."""
    rows = np.flatnonzero(mask.any(axis=1))
    if not rows.size:
        return None
    band = slice(int(rows[0]), int(rows[-1]) + 1)
    cols = np.flatnonzero(mask[band].any(axis=0))
    return band, slice(int(cols[0]), int(cols[-1]) + 1)


def joined(first: Box | None, second: Box | None) -> Box | None:
    """Smallest box that holds both; None counts as nothing."""
    if first is None or second is None:
        return first or second
    rows, cols = (
        slice(min(a.start, b.start), max(a.stop, b.stop))
        for a, b in zip(first, second, strict=True)
    )
    return rows, cols


def widened(box: Box, margin: int, shape: tuple[int, ...]) -> Box:
    """``box`` with ``margin`` pixels more on each side, inside an image of ``shape`` (H, W)."""
    rows, cols = (
        slice(max(0, side.start - margin), min(size, side.stop + margin))
        for side, size in zip(box, shape, strict=True)
    )
    return rows, cols

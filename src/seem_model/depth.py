"""Where an error is deepest: the place that a careful person would click."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.ndimage import distance_transform_cdt, distance_transform_edt

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from seem_model.values import Mask

_SOFTNESS = 0.35  # h of the convolutional distance transform
_SIDE, _CORNER = np.exp(-1 / _SOFTNESS), np.exp(-(2**0.5) / _SOFTNESS)


def deepest(region: Mask, clicked: Mask | None = None) -> tuple[float, tuple[int, int] | None]:
    """Euclidean depth and place of the innermost unclicked pixel, first in row order.

    Parameters
    ----------
    region : (H, W) bool
    clicked : (H, W) bool, optional
        Pixels that may not be chosen, though the region's depth is measured with them.

    Returns
    -------
    float and (row, col), or 0 and None where nothing is left
    """
    box = _box(region)
    if box is None:
        return 0.0, None
    depth = distance_transform_edt(np.pad(region[box], 1))[1:-1, 1:-1]
    if clicked is not None:
        depth = np.where(clicked[box], 0.0, depth)
    row, col = np.unravel_index(int(depth.argmax()), depth.shape)
    far = float(depth[row, col])
    return (far, (box[0].start + int(row), box[1].start + int(col))) if far > 0 else (0.0, None)


def signed(mask: Mask) -> NDArray[np.float64]:
    """Pixels from the outline of a mask (H, W), positive inside; infinite where it has none."""
    if not mask.any():
        return np.full(mask.shape, -np.inf)
    inside = np.full(mask.shape, np.inf) if mask.all() else distance_transform_edt(mask)
    return np.where(mask, inside - 0.5, 0.5 - distance_transform_edt(~mask))


def closed(mask: Mask, radius: float) -> Mask:
    """A mask (H, W) with gaps narrower than twice ``radius`` pixels filled.

    At the border it is taken to go on as it is there.
    """
    cut = int(np.ceil(radius)) + 1
    padded = np.pad(mask, cut, mode="edge")
    if not padded.any():
        return mask.copy()
    grown = distance_transform_edt(~padded) <= radius
    filled: Mask = (distance_transform_edt(np.pad(grown, 1))[1:-1, 1:-1] > radius)[
        cut:-cut, cut:-cut
    ]
    return filled | mask


def deepest_by_shells(region: Mask) -> tuple[int, int] | None:
    """Place of the deepest pixel by the distance that the official click simulator takes.

    That is the convolutional distance transform (Pham et al., "Differentiable distance transform
    by convolution", 2020) with a 3x3 kernel: pixels are peeled off shell by shell, and within a
    shell a pixel is the deeper, the less of its neighbourhood was peeled before. The innermost
    shell always wins, so that only its pixels need be compared.

    Parameters
    ----------
    region : (H, W) bool

    Returns
    -------
    (row, col), first in row order among equals, or None for an empty region
    """
    box = _box(region)
    if box is None:
        return None
    shells = distance_transform_cdt(np.pad(region[box], 1), metric="chessboard")
    last = shells.max()
    rows, cols = np.nonzero(shells == last)
    peeled = np.zeros(len(rows))
    for down in (-1, 0, 1):
        for across in (-1, 0, 1):
            weight = _SIDE if down == 0 or across == 0 else _CORNER
            peeled += weight * (shells[rows + down, cols + across] < last)
    best = int(peeled.round(9).argmin())
    return box[0].start + int(rows[best]) - 1, box[1].start + int(cols[best]) - 1


def _box(region: Mask) -> tuple[slice, slice] | None:
    """Bounding box: transforming it alone, with a ring of outside, is several times faster."""
    rows, cols = np.flatnonzero(region.any(1)), np.flatnonzero(region.any(0))
    if not rows.size:
        return None
    return slice(int(rows[0]), int(rows[-1]) + 1), slice(int(cols[0]), int(cols[-1]) + 1)

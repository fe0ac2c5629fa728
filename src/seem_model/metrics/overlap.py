"""How well two masks agree, leaving out pixels that nobody labelled."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from seem_model.values import Mask


def overlap(a: Mask, b: Mask, void: Mask | None = None) -> tuple[int, int]:
    """Count the pixels of the intersection and of the union.

    Parameters
    ----------
    a, b : (H, W) bool
        The masks; their order does not matter.
    void : (H, W) bool, optional
        Pixels to leave out.

    Returns
    -------
    tuple of int
        ``(intersection, union)``.

    Raises
    ------
    ValueError
        If the shapes differ.
    """
    if a.shape != b.shape or (void is not None and void.shape != a.shape):
        shapes = [mask.shape for mask in (a, b, void) if mask is not None]
        raise ValueError(f"Masks of different shapes cannot be compared: {shapes}.")
    both, either = a & b, a | b
    if void is not None:
        both, either = both & ~void, either & ~void
    return int(np.count_nonzero(both)), int(np.count_nonzero(either))


def iou(a: Mask, b: Mask, void: Mask | None = None) -> float:
    """Intersection over union in [0, 1] of two (H, W) bool masks; 1 when both are empty."""
    intersection, union = overlap(a, b, void)
    return intersection / union if union else 1.0


def dice(a: Mask, b: Mask, void: Mask | None = None) -> float:
    """Twice the intersection over the summed areas, in [0, 1]; 1 when both are empty."""
    intersection, union = overlap(a, b, void)
    return 2 * intersection / (intersection + union) if union else 1.0


def coverage(inner: Mask, outer: Mask, void: Mask | None = None) -> float:
    """Share of ``inner`` that lies in ``outer``, in [0, 1]; 1 when ``inner`` is empty."""
    intersection, _ = overlap(inner, outer, void)
    area, _ = overlap(inner, inner, void)
    return intersection / area if area else 1.0

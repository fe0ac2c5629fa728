"""Referring segmentation: one mask for each phrase.

A tally adds: ``sum`` those of several images, in any order.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

PRECISION = (0.5, 0.6, 0.7, 0.8, 0.9)


@dataclass(frozen=True)
class PhraseTally:
    """Pixels of intersection and union of every phrase; ``PhraseTally()`` is zero, ``+`` joins."""

    pixels: tuple[tuple[int, int], ...] = ()

    def __post_init__(self) -> None:
        # sorted, so that the order of adding is forgotten
        object.__setattr__(self, "pixels", tuple(sorted(self.pixels)))

    def __add__(self, other: PhraseTally) -> PhraseTally:
        """Both together."""
        return PhraseTally(self.pixels + other.pixels)

    def __radd__(self, other: int) -> PhraseTally:
        """Let ``sum(tallies)`` start from 0."""
        return self if other == 0 else NotImplemented

    def __len__(self) -> int:
        """Count the phrases."""
        return len(self.pixels)

    @property
    def ious(self) -> np.ndarray:
        """(phrases,) IoU; 1 where both masks are empty."""
        return np.array([i / u if u else 1.0 for i, u in self.pixels])

    @property
    def mean_iou(self) -> float:
        """Mean IoU over phrases (mIoU); nan without any."""
        return float(self.ious.mean()) if self.pixels else float("nan")

    @property
    def cumulative_iou(self) -> float:
        """Summed intersections over summed unions (cIoU); large objects weigh more."""
        intersections, unions = np.array(self.pixels).reshape(-1, 2).sum(axis=0)
        return float(intersections / unions) if unions else float("nan")

    def precision(self, threshold: float) -> float:
        """Share of phrases whose IoU exceeds a threshold (Pr@); nan without any."""
        return float((self.ious > threshold).mean()) if self.pixels else float("nan")

"""Object detection in microscopy: matches of label maps at IoU thresholds.

The average precision here is that of the 2018 Data Science Bowl and of StarDist (Schmidt et al.,
MICCAI 2018): TP / (TP + FP + FN) at one threshold, no score involved; not COCO's.
A tally adds: ``sum`` those of several images, in any order.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.optimize import linear_sum_assignment

if TYPE_CHECKING:
    from numpy.typing import NDArray

THRESHOLDS = tuple(round(0.5 + 0.05 * k, 2) for k in range(10))


@dataclass(frozen=True)
class MatchTally:
    """Objects, predictions and matches at each threshold; ``+`` joins.

    Parameters
    ----------
    true, found : int
    matched : tuple of int
        At each of ``THRESHOLDS``.
    iou : tuple of float
        Summed IoU of the matches at each threshold.
    """

    true: int = 0
    found: int = 0
    matched: tuple[int, ...] = (0,) * len(THRESHOLDS)
    iou: tuple[float, ...] = (0.0,) * len(THRESHOLDS)

    def __add__(self, other: MatchTally) -> MatchTally:
        """Both together."""
        return MatchTally(
            self.true + other.true,
            self.found + other.found,
            tuple(a + b for a, b in zip(self.matched, other.matched, strict=True)),
            tuple(a + b for a, b in zip(self.iou, other.iou, strict=True)),
        )

    def __radd__(self, other: int) -> MatchTally:
        """Let ``sum(tallies)`` start from 0."""
        return self if other == 0 else NotImplemented

    def precision(self, threshold: float) -> float:
        """Average precision TP / (TP + FP + FN) at a threshold; nan without any object."""
        matched = self._at(threshold)
        either = self.true + self.found - matched
        return matched / either if either else float("nan")

    def f1(self, threshold: float) -> float:
        """2 TP / (2 TP + FP + FN) at a threshold; nan without any object."""
        both = self.true + self.found
        return 2 * self._at(threshold) / both if both else float("nan")

    def _at(self, threshold: float) -> int:
        return self.matched[THRESHOLDS.index(threshold)]


def matches(truth: NDArray[np.int32], found: NDArray[np.int32]) -> MatchTally:
    """Match the objects of two label maps one to one, as many as possible at each threshold.

    Parameters
    ----------
    truth, found : (H, W) int32
        0 is background.

    Raises
    ------
    ValueError
        If the shapes differ.
    """
    if truth.shape != found.shape:
        raise ValueError(f"Labels of shapes {truth.shape} and {found.shape} do not compare.")
    iou = overlaps(truth, found)
    matched, summed = [], []
    for threshold in THRESHOLDS:
        good = iou >= threshold
        # first as many as possible, then the best: StarDist's costs
        worth = good + iou / (2 * max(1, min(iou.shape)))
        rows, columns = linear_sum_assignment(-worth) if iou.size else ((), ())
        hits = [iou[r, c] for r, c in zip(rows, columns, strict=True) if good[r, c]]
        matched.append(len(hits))
        summed.append(float(sum(hits)))
    return MatchTally(iou.shape[0], iou.shape[1], tuple(matched), tuple(summed))


def overlaps(truth: NDArray[np.int32], found: NDArray[np.int32]) -> NDArray[np.float64]:
    """(objects of truth, objects of found) IoU of all pairs, in the order of their ids."""
    true_ids, t = np.unique(truth, return_inverse=True)
    found_ids, f = np.unique(found, return_inverse=True)
    table = np.zeros((len(true_ids), len(found_ids)))
    np.add.at(table, (t.ravel(), f.ravel()), 1)
    shared = table[true_ids != 0][:, found_ids != 0]
    either = table[true_ids != 0].sum(1)[:, None] + table[:, found_ids != 0].sum(0)[None] - shared
    return np.asarray(shared / np.maximum(either, 1))

"""Semantic segmentation: IoU of classes over all pixels of a data set.

A tally adds: ``sum`` those of several images, in any order.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from seem_model.values import Mask


@dataclass(frozen=True)
class SemanticTally:
    """Pixels of every class: both agree, the truth has, the prediction has.

    ``SemanticTally()`` is zero, ``+`` joins.
    """

    both: Mapping[int, int] = field(default_factory=dict)
    true: Mapping[int, int] = field(default_factory=dict)
    found: Mapping[int, int] = field(default_factory=dict)

    def __add__(self, other: SemanticTally) -> SemanticTally:
        """Both together."""
        return SemanticTally(
            _sum(self.both, other.both), _sum(self.true, other.true), _sum(self.found, other.found)
        )

    def __radd__(self, other: int) -> SemanticTally:
        """Let ``sum(tallies)`` start from 0."""
        return self if other == 0 else NotImplemented

    @property
    def iou(self) -> dict[int, float]:
        """IoU of every class that the truth has."""
        return {
            k: self.both.get(k, 0) / (n + self.found.get(k, 0) - self.both.get(k, 0))
            for k, n in self.true.items()
            if n
        }

    @property
    def mean_iou(self) -> float:
        """Mean IoU over the classes that the truth has (mIoU); nan without any."""
        return float(np.mean(list(self.iou.values()))) if self.iou else float("nan")

    @property
    def accuracy(self) -> float:
        """Share of labelled pixels that are right; nan without any."""
        pixels = sum(self.true.values())
        return sum(self.both.values()) / pixels if pixels else float("nan")


def semantic(
    truth: NDArray[np.integer], found: NDArray[np.integer], void: Mask | None = None
) -> SemanticTally:
    """Compare one image's classes, pixel by pixel.

    Parameters
    ----------
    truth, found : (H, W) int
        Class ids; a ``found`` value that is no class of the data set is simply wrong.
    void : (H, W) bool, optional
        Pixels to leave out.

    Raises
    ------
    ValueError
        If the shapes differ.
    """
    if truth.shape != found.shape or (void is not None and void.shape != truth.shape):
        raise ValueError(f"Classes of shapes {truth.shape} and {found.shape} do not compare.")
    t, f = (truth.ravel(), found.ravel()) if void is None else (truth[~void], found[~void])
    return SemanticTally(_counts(t[t == f]), _counts(t), _counts(f))


def _counts(values: NDArray[np.integer]) -> dict[int, int]:
    ids, counts = np.unique(values, return_counts=True)
    return {int(i): int(n) for i, n in zip(ids, counts, strict=True)}


def _sum(a: Mapping[int, int], b: Mapping[int, int]) -> dict[int, int]:
    return {k: a.get(k, 0) + b.get(k, 0) for k in dict.fromkeys((*a, *b))}

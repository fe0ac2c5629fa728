"""Panoptic quality: segments that match, and how well (Kirillov et al., CVPR 2019).

A tally adds: ``sum`` those of several images, in any order.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from seem_model.values import Mask

MATCH = 0.5  # matches have a larger IoU, so that each segment has at most one
VOID_SHARE = 0.5  # predictions with more of it on unlabelled pixels or crowds are not counted


@dataclass(frozen=True)
class ClassCount:
    """Segments of one class: matches with their summed IoU, false and missed ones."""

    iou: float = 0.0
    matched: int = 0
    false: int = 0
    missed: int = 0

    def __add__(self, other: ClassCount) -> ClassCount:
        """Both together."""
        return ClassCount(
            self.iou + other.iou,
            self.matched + other.matched,
            self.false + other.false,
            self.missed + other.missed,
        )

    @property
    def quality(self) -> tuple[float, float, float]:
        """(PQ, SQ, RQ), each in [0, 1]; 0 when nothing matches."""
        if not self.matched:
            return 0.0, 0.0, 0.0
        segmentation = self.iou / self.matched
        recognition = self.matched / (self.matched + (self.false + self.missed) / 2)
        return segmentation * recognition, segmentation, recognition

    @property
    def counts(self) -> bool:
        """Whether there was anything of the class, true or predicted."""
        return bool(self.matched + self.false + self.missed)


@dataclass(frozen=True)
class PanopticTally:
    """Counts of every class; ``PanopticTally()`` is zero, ``+`` joins."""

    classes: Mapping[str, ClassCount] = field(default_factory=dict)

    def __add__(self, other: PanopticTally) -> PanopticTally:
        """Both together."""
        names = dict.fromkeys((*self.classes, *other.classes))
        none = ClassCount()
        return PanopticTally(
            {n: self.classes.get(n, none) + other.classes.get(n, none) for n in names}
        )

    def __radd__(self, other: int) -> PanopticTally:
        """Let ``sum(tallies)`` start from 0."""
        return self if other == 0 else NotImplemented

    def quality(self, names: Iterable[str] | None = None) -> tuple[float, float, float]:
        """Mean (PQ, SQ, RQ) over the classes that occur; nan when none does.

        Parameters
        ----------
        names : iterable of str, optional
            Only these classes, such as things or stuff.
        """
        chosen = self.classes if names is None else set(names)
        found = [c.quality for n, c in self.classes.items() if n in chosen and c.counts]
        if not found:
            return float("nan"), float("nan"), float("nan")
        pq, sq, rq = np.mean(found, axis=0)
        return float(pq), float(sq), float(rq)


def panoptic(
    truth: NDArray[np.int32], names: Mapping[int, str], found: NDArray[np.int32],
    found_names: Mapping[int, str], *, crowds: Mapping[int, str] | None = None,
    void: Mask | None = None,
) -> PanopticTally:  # fmt: skip
    """Compare one image's segments with the true ones.

    Segments of one class match when their IoU exceeds 0.5, unlabelled pixels left out. A predicted
    segment that mostly lies on unlabelled pixels, or on crowds of its class, is not counted.

    Parameters
    ----------
    truth : (H, W) int32
        True segment ids; 0 is unlabelled.
    names : mapping of int to str
        Class of each true segment that is to be found.
    found, found_names
        The same of the prediction; 0 is unlabelled and a prediction of nothing.
    crowds : mapping of int to str, optional
        Segments of ``truth`` that are groups, with their classes: neither found nor missed.
    void : (H, W) bool, optional
        More pixels that are unlabelled.

    Raises
    ------
    ValueError
        If the shapes differ or a segment has no class.
    """
    if truth.shape != found.shape or (void is not None and void.shape != truth.shape):
        raise ValueError(f"Segments of shapes {truth.shape} and {found.shape} do not compare.")
    groups = crowds or {}
    labelled = np.isin(truth, [*names, *groups])
    if void is not None:
        labelled &= ~void
    true = np.where(labelled, truth, 0)
    shared = _shared(true, found)
    true_area, found_area = _areas(true), _areas(found)
    _check(found_area, found_names)
    parts: list[tuple[str, ClassCount]] = []
    true_left, found_left = {t for t in true_area if t in names}, set(found_area)
    for (t, f), pixels in shared.items():
        if t not in names or f == 0 or names[t] != found_names[f]:
            continue
        iou = pixels / (true_area[t] + found_area[f] - pixels - shared.get((0, f), 0))
        if iou > MATCH:
            parts.append((names[t], ClassCount(iou, matched=1)))
            true_left.discard(t)
            found_left.discard(f)
    parts += [(names[t], ClassCount(missed=1)) for t in true_left]
    for f in found_left:
        aside = [0, *(g for g, name in groups.items() if name == found_names[f])]
        if sum(shared.get((a, f), 0) for a in aside) <= VOID_SHARE * found_area[f]:
            parts.append((found_names[f], ClassCount(false=1)))
    return sum((PanopticTally({name: count}) for name, count in parts), PanopticTally())


def _shared(truth: NDArray[np.int32], found: NDArray[np.int32]) -> dict[tuple[int, int], int]:
    pairs, counts = np.unique(np.stack([truth.ravel(), found.ravel()]), axis=1, return_counts=True)
    return {(int(t), int(f)): int(n) for (t, f), n in zip(pairs.T, counts, strict=True)}


def _areas(labels: NDArray[np.int32]) -> dict[int, int]:
    ids, counts = np.unique(labels, return_counts=True)
    return {int(i): int(n) for i, n in zip(ids, counts, strict=True) if i != 0}


def _check(areas: dict[int, int], names: Mapping[int, str]) -> None:
    nameless = [i for i in areas if i not in names]
    if nameless:
        raise ValueError(f"The segments {nameless} have no class.")

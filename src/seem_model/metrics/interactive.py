"""Tallies of interactive segmentation: how good after each click, how many clicks needed.

A tally adds: ``sum`` those of several processes or images, in any order, and the numbers are
those of one run, to the last bit.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass(frozen=True)
class ClickRecord:
    """One object, clicked until good or until the cap.

    Parameters
    ----------
    ious : tuple of float
        IoU after 1, 2, ... clicks, one for each click up to the cap; who stops earlier repeats
        the last (see :meth:`of`).
    positive_clicks, negative_clicks : int
        Clicks looked at: after every answer, all clicks so far.
    positive_inside, negative_outside : int
        Those among them that the answer obeys.
    beside : frozenset of (str, float)
        Other measures of the object, by report key.
    where, name : str
        Image and segment, and the class of the object.
    """

    ious: tuple[float, ...]
    positive_clicks: int = 0
    positive_inside: int = 0
    negative_clicks: int = 0
    negative_outside: int = 0
    beside: frozenset[tuple[str, float]] = frozenset()
    where: str = ""
    name: str = ""

    @property
    def image(self) -> str:
        """Image id, the part of ``where`` before the segment."""
        return self.where.rpartition("/")[0]

    def row(self) -> dict[str, str | float]:
        """A line of a table, by report keys."""
        curve = {f"iou@{k}": v for k, v in enumerate(self.ious, start=1)}
        names = {"object": self.where, "image": self.image, "class": self.name}
        return {**names, **dict(sorted(self.beside)), **curve}

    @classmethod
    def of(cls, ious: list[float], cap: int, obeyed: ClickRecord | None = None) -> ClickRecord:
        """Record of ``cap`` clicks from those that were made, with the counts of ``obeyed``."""
        if not 0 < len(ious) <= cap:
            raise ValueError(f"{len(ious)} answers do not fit a cap of {cap} clicks.")
        full = tuple(float(v) for v in ious) + (float(ious[-1]),) * (cap - len(ious))
        if obeyed is None:
            return cls(full)
        return cls(
            full,
            obeyed.positive_clicks,
            obeyed.positive_inside,
            obeyed.negative_clicks,
            obeyed.negative_outside,
            obeyed.beside,
            obeyed.where,
            obeyed.name,
        )


@dataclass(frozen=True)
class ClickTally:
    """Records of many objects; ``ClickTally()`` is zero, ``+`` joins.

    Parameters
    ----------
    records : tuple of ClickRecord
        All with the same number of clicks; kept sorted, so that order of adding is forgotten.

    Raises
    ------
    ValueError
        If records with different caps are joined.
    """

    records: tuple[ClickRecord, ...] = ()

    def __post_init__(self) -> None:
        if len({len(record.ious) for record in self.records}) > 1:
            raise ValueError("Tallies with different click caps cannot be added.")
        object.__setattr__(self, "records", tuple(sorted(self.records, key=_order)))

    def __add__(self, other: ClickTally) -> ClickTally:
        """Both together."""
        return ClickTally(self.records + other.records)

    def __radd__(self, other: int) -> ClickTally:
        """Let ``sum(tallies)`` start from 0."""
        return self if other == 0 else NotImplemented

    def __len__(self) -> int:
        """Count the objects."""
        return len(self.records)

    @property
    def curves(self) -> NDArray[np.float64]:
        """(objects, clicks) IoU after each click."""
        clicks = len(self.records[0].ious) if self.records else 0
        return np.array([r.ious for r in self.records], float).reshape(len(self), clicks)

    def iou(self) -> NDArray[np.float64]:
        """(clicks,) mean IoU after 1, 2, ... clicks."""
        return np.asarray(self.curves.mean(0)) if self.records else np.zeros(0)

    def clicks_needed(self, threshold: float) -> NDArray[np.int64]:
        """(objects,) clicks until the IoU first reaches ``threshold``; the cap if it never does."""
        return clicks_needed(self.curves, threshold)

    def noc(self, threshold: float) -> float:
        """Mean number of clicks to reach ``threshold`` (NoC); nan without objects."""
        return float(self.clicks_needed(threshold).mean()) if self.records else float("nan")

    def failures(self, threshold: float) -> int:
        """Count the objects that never reach ``threshold``."""
        return int((self.curves < threshold).all(1).sum()) if self.records else 0

    def positive_inside(self) -> float:
        """Share of positive clicks that lie inside the answer; 1 when there are none."""
        clicks = sum(r.positive_clicks for r in self.records)
        return sum(r.positive_inside for r in self.records) / clicks if clicks else 1.0

    def negative_outside(self) -> float:
        """Share of negative clicks that lie outside the answer; 1 when there are none."""
        clicks = sum(r.negative_clicks for r in self.records)
        return sum(r.negative_outside for r in self.records) / clicks if clicks else 1.0

    def capped(self, clicks: int) -> ClickTally:
        """The same objects with a smaller cap."""
        return ClickTally(tuple(replace(r, ious=r.ious[:clicks]) for r in self.records))

    def beside(self) -> dict[str, NDArray[np.float64]]:
        """Values of every other measure, of the objects that have it."""
        found: dict[str, list[float]] = {}
        for record in self.records:
            for key, value in sorted(record.beside):
                found.setdefault(key, []).append(value)
        return {key: np.array(values) for key, values in sorted(found.items())}

    def worst_drop(self, upto: int = 10) -> float:
        """Largest loss of mean IoU by one more click among the first ``upto``; 0 if none."""
        steps = np.diff(self.iou()[:upto])
        return float(max(0.0, -steps.min())) if steps.size else 0.0

    def setbacks(self, by: float = 0.01) -> float:
        """Share of single clicks after which an object's IoU fell by more than ``by``."""
        steps = np.diff(self.curves, axis=1)
        return float((steps < -by).mean()) if steps.size else 0.0

    def images(self, key: str | None = None) -> NDArray[np.str_]:
        """Image id of every object, or of those that have the other measure ``key``."""
        some = (r for r in self.records if key is None or key in dict(r.beside))
        return np.array([r.image for r in some], np.str_)

    def interval(
        self, values: NDArray[np.float64], *, seed: int, draws: int = 1000,
        images: NDArray[np.str_] | None = None,
    ) -> tuple[float, float]:  # fmt: skip
        """95 % bootstrap interval of the mean of one value per object.

        Parameters
        ----------
        values : (objects,) float
            Such as a column of :attr:`curves`.
        seed : int
            Of the resampling.
        draws : int
            Number of resamples.
        images : (objects,) str, optional
            Image of each object: whole images are resampled, since objects of one image resemble
            each other. Without, objects are.

        Returns
        -------
        tuple of float
            The 2.5 and 97.5 percentiles; nan without objects.
        """
        values = np.asarray(values, float)
        if not len(values):
            return float("nan"), float("nan")
        of_image = np.arange(len(values))
        if images is not None:
            of_image = np.unique(images, return_inverse=True)[1]
        sums, counts = np.bincount(of_image, values), np.bincount(of_image)
        picks = np.random.default_rng(seed).integers(len(sums), size=(draws, len(sums)))
        means = sums[picks].sum(1) / counts[picks].sum(1)
        low, high = np.percentile(means, [2.5, 97.5])
        return float(low), float(high)


def _order(record: ClickRecord) -> tuple[object, ...]:
    return (
        record.ious, record.positive_clicks, record.positive_inside, record.negative_clicks,
        record.negative_outside, sorted(record.beside), record.where, record.name,
    )  # fmt: skip


def clicks_needed(curves: NDArray[np.float64], threshold: float) -> NDArray[np.int64]:
    """First click whose IoU reaches ``threshold``, for (objects, clicks) curves; else the cap."""
    reached = curves >= threshold
    first = np.where(reached.any(1), reached.argmax(1) + 1, curves.shape[1])
    return np.asarray(first, np.int64)

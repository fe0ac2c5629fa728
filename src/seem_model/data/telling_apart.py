"""Phrases that are true of one object of a view alone: "the left dog", "the largest nucleus".

They are made by rule from what the view shows, after it was cut, turned and recoloured, so that
nothing in it makes them false: SEEM learns from people's sentences (§3.4, RefCOCO), and most data
sets have none. Only what is clear is said: a place by a tenth of the view, a size by half as much
again, a colour that most of one object has and hardly any of its like. The other way round,
phrases that nothing in the view fits.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from seem_model.basic_colours import BASIC, colour_shares
from seem_model.modeling.names import plain_name

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from seem_model.data.crops import Crop
    from seem_model.data.sample import SegmentInfo

AWAY = 0.1  # of the view's side: nearer to the next than this, an object is not "the left one"
LARGER = 1.5  # times the area of the next: the largest
COLOURED, UNLIKE, NONE = 0.5, 0.2, 0.02  # shares of pixels: has the colour, its like do not, nobody
_MANY = 12  # objects of a class: among more, colours are not compared
_SIDES = (
    ((0, -1), ("the left {}", "the {} on the left", "the leftmost {}")),
    ((0, 1), ("the right {}", "the {} on the right", "the rightmost {}")),
    ((-1, 0), ("the top {}", "the upper {}", "the {} at the top")),
    ((1, 0), ("the bottom {}", "the lower {}", "the {} at the bottom")),
)
_MIDDLE = ("the middle {}", "the {} in the middle")
_LARGEST = ("the largest {}", "the biggest {}", "the large {}")
_SMALLEST = ("the smallest {}", "the small {}", "the little {}")
_WORDINGS = (*(wordings for _, wordings in _SIDES), _MIDDLE, _LARGEST, _SMALLEST)


@dataclass(frozen=True)
class Told:
    """A phrase and the segment that it means; 0: nothing in the view."""

    text: str
    id: int


def told_apart(
    crop: Crop, present: Sequence[SegmentInfo], rng: np.random.Generator
) -> tuple[Told, ...]:
    """Phrases for those objects of a view that differ clearly from others of their class.

    Parameters
    ----------
    crop : Crop
        A view of a data set whose objects are all labelled.
    present : sequence of SegmentInfo
        All segments with at least one pixel in the view; of a class with a crowd, or with parts
        that are no objects of their own (``pseudo``), nothing is said.
    rng : numpy.random.Generator
        Chooses among wordings.

    Returns
    -------
    tuple of Told
    """
    found: list[Told] = []
    for name, alike in _by_class(present).items():
        if len(alike) < 2 or any(s.crowd or s.pseudo for s in alike):
            continue
        ids = np.array([s.id for s in alike])
        areas, places = _measured(crop, ids)
        picked = [*_placed(places), *_sized(areas)]
        if len(alike) <= _MANY:
            picked += _coloured(_colours(crop, ids))
        for which, wordings in picked:
            wording = wordings[int(rng.integers(len(wordings)))]
            found.append(Told(wording.format(plain_name(name)), int(ids[which])))
    return tuple(found)


def missing_class(
    present: Sequence[SegmentInfo], vocabulary: Sequence[str], rng: np.random.Generator
) -> str | None:
    """A name of the vocabulary that no segment of the view has; None if it has them all."""
    there = {s.name for s in present}
    missing = [n for n in vocabulary if n not in there]
    return missing[int(rng.integers(len(missing)))] if missing else None


def told_of_nothing(
    crop: Crop, present: Sequence[SegmentInfo], vocabulary: Sequence[str],
    rng: np.random.Generator,
) -> Told | None:  # fmt: skip
    """A phrase like those of :func:`told_apart` that nothing in the view fits.

    "The red car" beside blue ones, or, half of the time, "the left car" where there is none.

    Parameters
    ----------
    crop, present, rng
        As for :func:`told_apart`.
    vocabulary : sequence of str
        Names of all classes that are labelled.
    """
    missing = missing_class(present, vocabulary, rng)
    if missing is not None and rng.random() < 0.5:
        wordings = _WORDINGS[int(rng.integers(len(_WORDINGS)))]
        wording = wordings[int(rng.integers(len(wordings)))]
        return Told(wording.format(plain_name(missing)), 0)
    shown = list(_by_class(present).values())
    alike = shown[int(rng.integers(len(shown)))] if shown else []
    if not alike or len(alike) > _MANY or any(s.crowd for s in alike):
        return None
    colours = _colours(crop, np.array([s.id for s in alike]))
    lacking = np.flatnonzero((colours < NONE).all(axis=0))
    if not lacking.size:
        return None
    colour = BASIC[int(rng.choice(lacking))]
    return Told(f"the {colour} {plain_name(alike[0].name)}", 0)


def _by_class(present: Sequence[SegmentInfo]) -> dict[str, list[SegmentInfo]]:
    alike = defaultdict(list)
    for segment in present:
        if segment.name:
            alike[segment.name].append(segment)
    return alike


def _measured(
    crop: Crop, ids: NDArray[np.int64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """(K,) pixels of each segment, and (K, 2) its mean pixel (down, across) in [0, 1]."""
    rows, cols = np.nonzero(np.isin(crop.labels, ids))
    order = np.argsort(ids)
    which = order[np.searchsorted(ids, crop.labels[rows, cols], sorter=order)]
    areas = np.bincount(which, minlength=len(ids)).astype(float)
    sums = [np.bincount(which, weights=along + 0.5, minlength=len(ids)) for along in (rows, cols)]
    extent = np.array([crop.height, crop.width])
    return areas, np.stack(sums, axis=1) / areas[:, None] / extent


def _colours(crop: Crop, ids: NDArray[np.int64]) -> NDArray[np.float64]:
    """(K, 11) shares of the basic colours."""
    return np.array([colour_shares(crop.image[crop.labels == id]) for id in ids])


def _placed(places: NDArray[np.float64]) -> Iterator[tuple[int, tuple[str, ...]]]:
    for direction, wordings in _SIDES:
        which = _first(places @ np.array(direction, float), by=AWAY)
        if which is not None:
            yield which, wordings
    if len(places) > 2:
        which = _first(-np.abs(places - 0.5).max(axis=1), by=AWAY)
        if which is not None:
            yield which, _MIDDLE


def _sized(areas: NDArray[np.float64]) -> Iterator[tuple[int, tuple[str, ...]]]:
    for sign, wordings in ((1, _LARGEST), (-1, _SMALLEST)):
        which = _first(sign * np.log(areas), by=float(np.log(LARGER)))
        if which is not None:
            yield which, wordings


def _coloured(shares: NDArray[np.float64]) -> Iterator[tuple[int, tuple[str, ...]]]:
    for k, colour in enumerate(BASIC):
        which = int(shares[:, k].argmax())
        others = np.delete(shares[:, k], which)
        if shares[which, k] >= COLOURED and (others <= UNLIKE).all():
            yield which, (f"the {colour} {{}}",)


def _first(values: NDArray[np.float64], *, by: float) -> int | None:
    """Which value is highest, if the next is lower by so much."""
    second, first = np.argsort(values)[-2:]
    return int(first) if values[first] - values[second] >= by else None

"""Which of what was found a phrase means: by its place, size or colour, or all of it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from seem_model.basic_colours import colour_share
from seem_model.values import ALIKE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from seem_model.encoded import ImageFeatures, Look
    from seem_model.proposal import Proposal
    from seem_model.reading import Reading

INSIDE = 0.65  # of the smaller of two, shared: then only the better one is kept
RIVAL = 0.7  # of the best score: what scores less is no rival that a word could choose


def chosen(
    reading: Reading, features: ImageFeatures, found: Sequence[Proposal],
    scores: NDArray[np.float32],
) -> Look:  # fmt: skip
    """The candidate that a phrase means, or all that it means as one answer.

    Parameters
    ----------
    reading : Reading
    features : ImageFeatures
    found : sequence of Proposal
        At least one.
    scores : (N,) float
        How well each fits the name in the phrase.
    """
    meant = rivals(reading, features, found, scores)
    if not reading.every:
        return found[int(meant[scores[meant].argmax()])].look
    least = float(scores[meant].min())
    kept = apart(found, scores, least=least, among=meant.tolist())
    return _together([found[k] for k in kept], features)


def rivals(
    reading: Reading, features: ImageFeatures, found: Sequence[Proposal],
    scores: NDArray[np.float32],
) -> NDArray[np.intp]:  # fmt: skip
    """Numbers of the candidates that a phrase may mean, at least one.

    Parameters are those of :func:`chosen`.
    """
    fit = np.flatnonzero(scores >= (ALIKE if reading.every else RIVAL * scores.max()))
    if fit.size == 0:
        fit = np.array([scores.argmax()])
    return _picked(reading, features, found, fit) if reading.picks and fit.size > 1 else fit


def apart(
    found: Sequence[Proposal], scores: NDArray[np.float32], *, least: float,
    among: Sequence[int] | None = None,
) -> list[int]:  # fmt: skip
    """Numbers of candidates that score ``least`` or more, best first.

    What shares ``INSIDE`` of the smaller of two with something better is left out.

    Parameters
    ----------
    found : sequence of Proposal
    scores : (N,) float
    least : float
    among : sequence of int, optional
        Look at these alone.
    """
    boxes = np.array([(p.box.row0, p.box.col0, p.box.row1, p.box.col1) for p in found])
    areas = [p.area for p in found]
    wanted = None if among is None else set(among)
    kept: list[int] = []
    for k in np.argsort(-scores, kind="stable").tolist():
        if scores[k] < least:
            break
        if wanted is not None and k not in wanted:
            continue
        others = boxes[kept]
        meets = (others[:, :2] < boxes[k, 2:]).all(1) & (boxes[k, :2] < others[:, 2:]).all(1)
        near = [kept[i] for i in np.flatnonzero(meets)]
        limits = {i: INSIDE * min(areas[k], areas[i]) for i in near}
        if all(found[k].shared(found[i]) <= limits[i] for i in near):
            kept.append(k)
    return kept


def _picked(
    reading: Reading, features: ImageFeatures, found: Sequence[Proposal], fit: NDArray[np.intp]
) -> NDArray[np.intp]:
    """Those that words for colour, place and size leave: one, or of "all" about half."""
    if reading.colour:
        pixels = [features.image[found[k].box.slices][found[k].mask] for k in fit]
        fits = np.array([colour_share(p, reading.colour) for p in pixels])
        fit = fit[fits >= 0.5 * fits.max()] if fits.max() > 0 else fit
    if reading.size:
        sizes = reading.size * np.array([found[k].area for k in fit], float)
        fit = fit[_extreme(sizes, every=reading.every)]
    if reading.down or reading.across or reading.middle:
        places = np.array([_centre(found[k], features.shape) for k in fit])
        along = places @ np.array([reading.down, reading.across], float)
        if reading.middle:
            along = -np.abs(places - 0.5).max(axis=1)
        fit = fit[_extreme(along, every=reading.every)]
    return fit


def _extreme(values: NDArray[np.float64], *, every: bool) -> NDArray[np.bool_]:
    """Where values are highest; for "all", where they are above the middle of their range."""
    limit = (values.min() + values.max()) / 2 if every else values.max()
    return np.asarray(values >= limit)


def _centre(found: Proposal, shape: tuple[int, int]) -> tuple[float, float]:
    """(down, across) of the mean pixel, in [0, 1]."""
    rows, cols = np.nonzero(found.mask)
    return (found.box.row0 + rows.mean()) / shape[0], (found.box.col0 + cols.mean()) / shape[1]


def _together(found: Sequence[Proposal], features: ImageFeatures) -> Look:
    """Several candidates as one answer."""
    best = found[0].look
    if len(found) == 1:
        return best
    frame = features.whole.frame
    parts = tuple(p.look for p in found)
    joined = replace(best, parts=parts)
    coarse = frame.memory(joined.logits(features.shape))[0]
    return replace(joined, coarse=coarse, frame=frame)

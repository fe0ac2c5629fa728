"""Whole-image readouts of proposals: panoptic, instances, semantic."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from seem_model.filling import Ground, fill
from seem_model.proposal import Proposal
from seem_model.values import Segment, Segmentation

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from seem_model.vocabulary import Vocabulary

LEAST = 0.1  # of the image: smaller stuff that nothing was found on is no segment


@dataclass(frozen=True, eq=False)
class Named:
    """A proposal and what it is called.

    Parameters
    ----------
    proposal : Proposal
    label : int
        Row of the vocabulary.
    score : float
        Quality times the probability that it is anything of the vocabulary, in [0, 1].
    """

    proposal: Proposal
    label: int
    score: float


def named(
    found: Sequence[Proposal], probabilities: NDArray[np.float32], least: float
) -> list[Named]:
    """Proposals with their likeliest names, surest first, without what is background.

    Parameters
    ----------
    found : sequence of Proposal
    probabilities : (N, K + 1) float
        Class probabilities, the last of "background".
    least : float
        Smallest score that counts.
    """
    rows = [
        Named(p, int(row[:-1].argmax()), p.quality * float(1 - row[-1]))
        for p, row in zip(found, probabilities, strict=True)
    ]
    return sorted((n for n in rows if n.score >= least), key=lambda n: -n.score)


def panoptic(
    found: list[Named], vocabulary: Vocabulary, shape: tuple[int, int], free: float,
    under: Ground | None = None,
) -> Segmentation:  # fmt: skip
    """Things, surest first; then stuff where no thing is, one segment for each class of it.

    ``free`` is the least share of its own mask that a segment must still find unpainted; ``under``
    says which stuff is where nothing was found.
    """
    labels = np.zeros(shape, np.int32)
    things = [n for n in found if vocabulary.things[n.label]]
    segments = _paint_each(things, vocabulary, labels, free)
    stuff: dict[int, Segment] = {}
    for n in found:
        if vocabulary.things[n.label]:
            continue
        known = stuff.get(n.label)
        number = len(segments) + len(stuff) + 1 if known is None else known.id
        if _paint(labels, n.proposal, number, free if known is None else 0.0) and known is None:
            stuff[n.label] = Segment(number, vocabulary.names[n.label], n.score, is_thing=False)
    segments += stuff.values()
    if under is not None:
        segments += fill(labels, stuff, under, vocabulary, things=False, least=LEAST)
    return Segmentation(labels=labels, segments=tuple(segments))


def instances(
    found: list[Named], vocabulary: Vocabulary, shape: tuple[int, int], free: float
) -> Segmentation:
    """Things only; where two overlap, the surer one is on top."""
    labels = np.zeros(shape, np.int32)
    things = [n for n in found if vocabulary.things[n.label]]
    segments = _paint_each(things, vocabulary, labels, free)
    return Segmentation(labels=labels, segments=tuple(segments))


def semantic(
    found: list[Named], vocabulary: Vocabulary, shape: tuple[int, int], under: Ground | None = None
) -> Segmentation:
    """One segment for each class; a pixel takes the class of the surest proposal on it.

    Where there is none, ``under`` decides.
    """
    labels = np.zeros(shape, np.int32)
    classes: dict[int, Segment] = {}
    for n in found:
        known = classes.get(n.label)
        number = len(classes) + 1 if known is None else known.id
        if _paint(labels, n.proposal, number, 0.0) and known is None:
            thing = vocabulary.things[n.label]
            classes[n.label] = Segment(number, vocabulary.names[n.label], n.score, thing)
    segments = list(classes.values())
    if under is not None:
        segments += fill(labels, classes, under, vocabulary, things=True, least=0.0)
    return Segmentation(labels=labels, segments=tuple(segments))


def _paint_each(
    things: list[Named], vocabulary: Vocabulary, labels: NDArray[np.int32], free: float
) -> list[Segment]:
    segments: list[Segment] = []
    for n in things:
        number = len(segments) + 1
        if _paint(labels, n.proposal, number, free):
            name = vocabulary.names[n.label]
            segments.append(Segment(number, name, n.score, is_thing=True))
    return segments


def _paint(labels: NDArray[np.int32], proposal: Proposal, number: int, free: float) -> bool:
    """Give the unpainted pixels of a proposal a number, if they are enough (and any at all)."""
    part = labels[proposal.box.slices]
    own = proposal.mask & (part == 0)
    count = int(own.sum())
    if count == 0 or count < free * proposal.area:
        return False
    part[own] = number
    return True

"""Whole-image readouts of proposals: panoptic, instances, semantic.

A thing whose likeliest name is hardly likelier than others keeps its outline and is called
``UNNAMED``: such names are wrong more often than right.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from seem_model.filling import Ground, fill
from seem_model.proposal import Proposal
from seem_model.values import UNNAMED, Segment, Segmentation

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from seem_model.everything import Thresholds
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
    chance : float
        Probability of that row, in [0, 1].
    """

    proposal: Proposal
    label: int
    score: float
    chance: float = 1.0


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
        Named(p, int(row[:-1].argmax()), p.quality * float(1 - row[-1]), float(row[:-1].max()))
        for p, row in zip(found, probabilities, strict=True)
    ]
    return sorted((n for n in rows if n.score >= least), key=lambda n: -n.score)


def panoptic(
    found: list[Named], vocabulary: Vocabulary, shape: tuple[int, int], limits: Thresholds,
    under: Ground | None = None,
) -> Segmentation:  # fmt: skip
    """Things, those of the surest names first; then stuff where no thing is, one segment a class.

    ``limits.free`` is the least share of its own mask that a segment must still find unpainted;
    ``under`` says which stuff is where nothing was found.
    """
    labels = np.zeros(shape, np.int32)
    found = _by_name(found)
    things = [n for n in found if vocabulary.things[n.label]]
    segments = _paint_each(things, vocabulary, labels, limits)
    stuff: dict[int, Segment] = {}
    for n in found:
        if vocabulary.things[n.label]:
            continue
        known = stuff.get(n.label)
        number = len(segments) + len(stuff) + 1 if known is None else known.id
        free = limits.free if known is None else 0.0
        if _paint(labels, n.proposal, number, free) and known is None:
            stuff[n.label] = Segment(number, vocabulary.names[n.label], n.score, is_thing=False)
    segments += stuff.values()
    if under is not None:
        segments += fill(labels, stuff, under, vocabulary, things=False, least=LEAST)
    return Segmentation(labels=labels, segments=tuple(segments))


def instances(
    found: list[Named], vocabulary: Vocabulary, shape: tuple[int, int], limits: Thresholds
) -> Segmentation:
    """Things only; where two overlap, the surer one is on top."""
    labels = np.zeros(shape, np.int32)
    things = [n for n in found if vocabulary.things[n.label]]
    segments = _paint_each(things, vocabulary, labels, limits)
    return Segmentation(labels=labels, segments=tuple(segments))


def semantic(
    found: list[Named], vocabulary: Vocabulary, shape: tuple[int, int], limits: Thresholds,
    under: Ground | None = None,
) -> Segmentation:  # fmt: skip
    """One segment for each class; a pixel takes the class of the surest proposal on it.

    Where there is none, or only things without a name, ``under`` decides.
    """
    labels = np.zeros(shape, np.int32)
    classes: dict[int, Segment] = {}
    for n in _by_name(found):
        if vocabulary.things[n.label] and n.chance < limits.name:
            continue
        known = classes.get(n.label)
        number = len(classes) + 1 if known is None else known.id
        if _paint(labels, n.proposal, number, 0.0) and known is None:
            thing = vocabulary.things[n.label]
            classes[n.label] = Segment(number, vocabulary.names[n.label], n.score, thing)
    segments = list(classes.values())
    if under is not None:
        segments += fill(labels, classes, under, vocabulary, things=True, least=0.0)
    return Segmentation(labels=labels, segments=tuple(segments))


def _by_name(found: list[Named]) -> list[Named]:
    """Surest names first: of a thing and its parts, the thing is what names fit."""
    return sorted(found, key=lambda n: -n.score * n.chance)


def _paint_each(
    things: list[Named], vocabulary: Vocabulary, labels: NDArray[np.int32], limits: Thresholds
) -> list[Segment]:
    segments: list[Segment] = []
    for n in things:
        number = len(segments) + 1
        if _paint(labels, n.proposal, number, limits.free):
            name = vocabulary.names[n.label] if n.chance >= limits.name else UNNAMED
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

"""Whole-image readouts of the object queries: panoptic, instances, semantic (SEEM §3.5)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from seem_model.values import Segment, Segmentation

if TYPE_CHECKING:
    from seem_model.vocabulary import Vocabulary

Resize = Callable[[Tensor], NDArray[np.float32]]  # (h, w) logits -> (H, W) logits


@dataclass(frozen=True)
class Thresholds:
    """When a query counts (official names and values in the docstrings of SEEM §6).

    Parameters
    ----------
    score : float
        Least class probability (OBJECT_MASK_THRESHOLD; the official demo uses 0.4).
    overlap : float
        Least share of its own mask that a segment keeps (OVERLAP_THRESHOLD).
    free : float
        Least share of its own mask that a thing must still find free, where things may overlap.
    top : int
        Most instances.
    """

    score: float = 0.4
    overlap: float = 0.8
    free: float = 0.5
    top: int = 100


@dataclass(frozen=True, eq=False)
class Objects:
    """Object queries of one image.

    Parameters
    ----------
    probabilities : (Q, K + 1) float
        Class probabilities, the last of "background".
    logits : (Q, h, w) float
        Mask logits at stride 4.
    """

    probabilities: Tensor
    logits: Tensor


def nothing(shape: tuple[int, int]) -> Segmentation:
    """No segment anywhere in an image of ``shape`` (H, W)."""
    return Segmentation(labels=np.zeros(shape, np.int32), segments=())


def panoptic(
    found: Objects, vocabulary: Vocabulary, resize: Resize, shape: tuple[int, int],
    thresholds: Thresholds,
) -> Segmentation:  # fmt: skip
    """Every pixel to the query that claims it most; stuff of one class is one segment."""
    scores, classes = found.probabilities.max(dim=1)
    keep = [
        i
        for i in range(len(scores))
        if int(classes[i]) < len(vocabulary.names) and float(scores[i]) > thresholds.score
    ]
    best = np.zeros(shape, np.float32)
    owner = np.full(shape, -1, np.int32)
    own_area = []
    for n, i in enumerate(keep):
        p = _sigmoid(resize(found.logits[i]))
        own_area.append(int((p >= 0.5).sum()))
        claim = p * float(scores[i])
        better = claim > best
        best[better], owner[better] = claim[better], n
        owner[better & (p < 0.5)] = -2 - n  # claimed, but not part of the segment
    labels = np.zeros(shape, np.int32)
    segments: list[Segment] = []
    stuff: dict[int, int] = {}
    for n, i in enumerate(keep):
        mask = owner == n
        area, claimed = int(mask.sum()), int((owner == n).sum() + (owner == -2 - n).sum())
        if area == 0 or own_area[n] == 0 or claimed / own_area[n] < thresholds.overlap:
            continue
        label = int(classes[i])
        if not vocabulary.things[label] and label in stuff:
            labels[mask] = stuff[label]
            continue
        number = len(segments) + 1
        labels[mask] = number
        stuff[label] = number
        thing = vocabulary.things[label]
        segments.append(Segment(number, vocabulary.names[label], float(scores[i]), thing))
    return Segmentation(labels=labels, segments=tuple(segments))


def instances(
    found: Objects, vocabulary: Vocabulary, resize: Resize, shape: tuple[int, int],
    thresholds: Thresholds,
) -> Segmentation:  # fmt: skip
    """Things only; where two overlap, the one with the higher score is on top."""
    classes = found.probabilities[:, :-1].clone()
    for k, thing in enumerate(vocabulary.things):
        if not thing:
            classes[:, k] = 0
    scores, names = classes.max(dim=1)
    inside = found.logits > 0
    certainty = (found.logits.sigmoid() * inside).sum((1, 2)) / inside.sum((1, 2)).clamp(min=1)
    rank = scores * certainty
    order = rank.argsort(descending=True)[: thresholds.top].tolist()
    labels = np.zeros(shape, np.int32)
    segments: list[Segment] = []
    for i in order:
        if float(rank[i]) < thresholds.score:
            break
        mask = resize(found.logits[i]) > 0
        free = mask & (labels == 0)
        if not free.any() or free.sum() < thresholds.free * mask.sum():
            continue
        number = len(segments) + 1
        labels[free] = number
        name = vocabulary.names[int(names[i])]
        segments.append(Segment(number, name, float(rank[i]), is_thing=True))
    return Segmentation(labels=labels, segments=tuple(segments))


def semantic(
    found: Objects, vocabulary: Vocabulary, resize: Resize, shape: tuple[int, int],
    thresholds: Thresholds,
) -> Segmentation:  # fmt: skip
    """Every pixel its class: class probabilities weighted by masks, summed over queries."""
    weights = found.probabilities[:, :-1]
    maps = (weights.T @ found.logits.sigmoid().flatten(1)).view(-1, *found.logits.shape[1:])
    best = np.full(shape, thresholds.score / 2, np.float32)
    labels = np.zeros(shape, np.int32)
    present = [k for k in range(len(maps)) if float(maps[k].max()) > thresholds.score / 2]
    for k in present:
        score = resize(maps[k])
        better = score > best
        best[better], labels[better] = score[better], k + 1
    segments: list[Segment] = []
    final = np.zeros(shape, np.int32)
    for k in present:
        mask = labels == k + 1
        if mask.any():
            number = len(segments) + 1
            final[mask] = number
            certainty = float(np.clip(best[mask].mean(), 0, 1))
            thing = vocabulary.things[k]
            segments.append(Segment(number, vocabulary.names[k], certainty, thing))
    return Segmentation(labels=final, segments=tuple(segments))


def _sigmoid(x: NDArray[np.float32]) -> NDArray[np.float32]:
    return np.asarray(1 / (1 + np.exp(-np.clip(x, -30, 30))), np.float32)

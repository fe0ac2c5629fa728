"""Whole-image readouts of the object queries: panoptic, instances, semantic (SEEM §3.5)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from seem_model.values import Instance, Segment, Segmentation

if TYPE_CHECKING:
    from seem_model.config import ModelConfig
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
    name : float
        Least probability of a thing's name where things are found by clicks; below it the thing
        has none.
    """

    score: float = 0.4
    overlap: float = 0.8
    free: float = 0.5
    top: int = 100
    name: float = 0.4

    @classmethod
    def of(cls, config: ModelConfig) -> Thresholds:
        """Those of a model: official v0 and v1 were evaluated with a higher score."""
        return cls(score=0.8) if config.decoder.prompting.startswith("separate") else cls()


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


def ranked(
    found: Objects, vocabulary: Vocabulary, resize: Resize, thresholds: Thresholds
) -> list[Instance]:
    """The likeliest pairs of query and thing, best first: what COCO's AP is measured on.

    The score is the class probability times the mean mask probability inside the mask. A query may
    appear with several names; pairs of stuff take up places among the ``top`` too, as in the
    official code.
    """
    chances = found.probabilities[:, :-1]
    best = chances.flatten().topk(min(thresholds.top, chances.numel()))
    instances: list[Instance] = []
    masks: dict[int, tuple[NDArray[np.bool_], float]] = {}
    for chance, index in zip(best.values.tolist(), best.indices.tolist(), strict=True):
        query, label = divmod(index, chances.shape[1])
        if not vocabulary.things[label]:
            continue
        if query not in masks:
            logits = resize(found.logits[query])
            mask = logits > 0
            certainty = float(_sigmoid(logits[mask]).sum() / (mask.sum() + 1e-6))
            masks[query] = mask, certainty
        mask, certainty = masks[query]
        name = vocabulary.names[label]
        instances.append(Instance(mask=mask, label=name, score=chance * certainty))
    return sorted(instances, key=lambda i: -i.score)


def instances(
    found: Objects, vocabulary: Vocabulary, resize: Resize, shape: tuple[int, int],
    thresholds: Thresholds,
) -> Segmentation:  # fmt: skip
    """Things only; where two overlap, the one with the higher score is on top."""
    labels = np.zeros(shape, np.int32)
    segments: list[Segment] = []
    for one in ranked(found, vocabulary, resize, thresholds):
        if one.score < thresholds.score:
            break
        free = one.mask & (labels == 0)
        if not free.any() or free.sum() < thresholds.free * one.mask.sum():
            continue
        number = len(segments) + 1
        labels[free] = number
        segments.append(Segment(number, one.label, one.score, is_thing=True))
    return Segmentation(labels=labels, segments=tuple(segments))


def class_maps(found: Objects, classes: list[int], resize: Resize) -> NDArray[np.float32]:
    """(len(classes), H, W) evidence: class probabilities weighted by mask probabilities."""
    weights = found.probabilities[:, classes].numpy()
    maps: NDArray[np.float32] | None = None
    for weight, logits in zip(weights, found.logits, strict=True):
        p = _sigmoid(resize(logits))
        maps = np.zeros((len(classes), *p.shape), np.float32) if maps is None else maps
        for k, w in enumerate(weight):
            maps[k] += w * p
    return np.zeros((len(classes), 0, 0), np.float32) if maps is None else maps


def semantic(
    found: Objects, vocabulary: Vocabulary, resize: Resize, shape: tuple[int, int],
    thresholds: Thresholds,
) -> Segmentation:  # fmt: skip
    """Every pixel the class with most evidence.

    Classes that have most nowhere at stride 4 are left out: they could win a few pixels of a
    border at most, and large images have no memory for a map of each class.
    """
    evidence = found.probabilities[:, :-1].T @ found.logits.sigmoid().flatten(1)
    present: list[int] = evidence.argmax(dim=0).unique().tolist()
    maps = class_maps(found, present, resize)
    best, winner = maps.max(axis=0), maps.argmax(axis=0)
    segments: list[Segment] = []
    final = np.zeros(shape, np.int32)
    for k, label in enumerate(present):
        mask = winner == k
        if mask.any():
            number = len(segments) + 1
            final[mask] = number
            certainty = float(np.clip(best[mask].mean(), 0, 1))
            thing = vocabulary.things[label]
            segments.append(Segment(number, vocabulary.names[label], certainty, thing))
    return Segmentation(labels=final, segments=tuple(segments))


def _sigmoid(x: NDArray[np.float32]) -> NDArray[np.float32]:
    return np.asarray(1 / (1 + np.exp(-np.clip(x, -30, 30))), np.float32)

"""Everything in an image without a prompt: by object queries, or by clicks where they cannot."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import torch

from seem_model import everything, painting
from seem_model.everything import Objects, Thresholds
from seem_model.filling import ground
from seem_model.proposal import probabilities
from seem_model.proposals import Watch, proposals
from seem_model.values import Instance

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from torch import Tensor

    from seem_model.encoded import ImageFeatures
    from seem_model.modeling.seem import Seem
    from seem_model.painting import Named
    from seem_model.values import Segmentation
    from seem_model.vocabulary import Vocabulary

Kind = Literal["panoptic", "instances", "semantic"]


@torch.inference_mode()
def segment(
    model: Seem, features: ImageFeatures, words: Vocabulary, kind: Kind, *,
    thresholds: Thresholds, watch: Watch | None = None,
) -> Segmentation:  # fmt: skip
    """Segment a whole image.

    Parameters
    ----------
    model : Seem
    features : ImageFeatures
        What was found by clicks is kept in it: another kind or other names cost nothing more.
    words : Vocabulary
        Names to choose from.
    kind : str
    thresholds : Thresholds
    watch : callable or None
        Called now and then with the share done, 0 to 1. What it raises stops the work.
    """
    if not model.proposes:
        return _by_queries(model, features, words, kind, thresholds)
    found = proposals(model, features, watch)
    rows: list[Named] = []
    if found:
        chances = probabilities(model, found, words.embeddings)
        rows = painting.named(found, chances, thresholds.score)
    if kind == "instances":
        return painting.instances(rows, words, features.shape, thresholds)
    under = ground(model, features, words)
    if kind == "panoptic":
        return painting.panoptic(rows, words, features.shape, thresholds, under)
    return painting.semantic(rows, words, features.shape, thresholds, under)


@torch.inference_mode()
def ranked(
    model: Seem, features: ImageFeatures, words: Vocabulary, *, thresholds: Thresholds,
    watch: Watch | None = None,
) -> tuple[Instance, ...]:  # fmt: skip
    """Things that may be there, surest first; parameters are those of :func:`segment`.

    Where everything is found by clicks, these are the segments of "instances".
    """
    if not model.proposes:
        found, full_size = _queries(model, features, words)
        return tuple(everything.ranked(found, words, full_size, thresholds))
    whole = segment(model, features, words, "instances", thresholds=thresholds, watch=watch)
    rows = [
        Instance(mask=whole.labels == s.id, label=s.label, score=s.score) for s in whole.segments
    ]
    return tuple(sorted(rows, key=lambda i: -i.score))


def _by_queries(
    model: Seem, features: ImageFeatures, words: Vocabulary, kind: Kind, thresholds: Thresholds
) -> Segmentation:
    found, full_size = _queries(model, features, words)
    read = {
        "panoptic": everything.panoptic,
        "instances": everything.instances,
        "semantic": everything.semantic,
    }[kind]
    return read(found, words, full_size, features.shape, thresholds)


def _queries(
    model: Seem, features: ImageFeatures, words: Vocabulary
) -> tuple[Objects, everything.Resize]:
    """Object queries of an image, and how their masks are brought to its size."""
    shown, frame = features.whole.features, features.whole.frame
    queries = model.decode_objects(shown).present_objects
    concepts = model.meaning(shown, queries.logits, queries.concepts)
    chances = model.similarity(concepts[0], words.embeddings).softmax(dim=1)
    found = Objects(chances.float().cpu(), queries.logits[0].float().cpu())

    def full_size(logits: Tensor) -> NDArray[np.float32]:
        return frame.back(logits, features.shape, bicubic=True)

    return found, full_size

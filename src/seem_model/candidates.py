"""What may be in an image, whichever way it is found; phrases and examples choose from it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from seem_model.encoded import Look
from seem_model.modeling.appearance import appearance
from seem_model.proposal import Proposal, distinct
from seem_model.proposals import proposals, quality
from seem_model.zoom import extent

if TYPE_CHECKING:
    from seem_model.encoded import ImageFeatures
    from seem_model.modeling.seem import Seem
    from seem_model.proposals import Watch

_SAME = 0.8  # IoU of two queries that found one and the same


def candidates(
    model: Seem, features: ImageFeatures, watch: Watch | None = None
) -> tuple[Proposal, ...]:
    """All objects and stuff of an image, best first; computed once and kept in ``features``.

    Parameters
    ----------
    model : Seem
        Models with a seeds head click; others answer with their object queries.
    features : ImageFeatures
    watch : callable or None
        Called with the share done, 0 to 1. What it raises stops the search.
    """
    if model.proposes:
        return proposals(model, features, watch)
    key = model.config.decoder
    if key not in features.found:
        features.found[key] = _queries(model, features, watch)
    return features.found[key]


@torch.inference_mode()
def _queries(model: Seem, features: ImageFeatures, watch: Watch | None) -> tuple[Proposal, ...]:
    shown, frame = features.whole.features, features.whole.frame
    queries = model.decode_objects(shown).present_objects
    concepts = model.meaning(shown, queries.logits, queries.concepts)[0]
    logits = queries.logits[0]
    kind = appearance(shown, logits.sigmoid(), concepts).cpu()
    found = []
    for k, sure in enumerate(quality(logits).tolist()):
        if watch is not None:
            watch(k / len(logits))
        look = Look(logits[k].float().cpu(), concepts[k : k + 1].cpu(), frame, bicubic=True)
        mask = look.logits(features.shape) > 0
        box = extent(mask)
        if box is not None:
            found.append(Proposal(box, mask[box.slices].copy(), sure, look, kind[k]))
    if watch is not None:
        watch(1.0)
    return distinct(found, _SAME)

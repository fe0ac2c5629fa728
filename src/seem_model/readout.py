"""Readouts: small functions that turn ``Decoded`` into masks. A new task is a new function."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
import torch.nn.functional as F
from torch import Tensor

if TYPE_CHECKING:
    from seem_model.modeling.decoded import Decoded, Queries


@dataclass(frozen=True, eq=False)
class Answer:
    """Masks chosen for N prompts.

    Parameters
    ----------
    logits : (N, h, w) float
        Stride 4 of the padded grid.
    concepts : (N, D) float
        What the chosen queries stand for in the text space.
    """

    logits: Tensor
    concepts: Tensor


def _pick(queries: Queries, index: Tensor) -> Answer:
    rows = torch.arange(len(index), device=index.device)
    return Answer(queries.logits[rows, index], queries.concepts[rows, index])


def _spatial(decoded: Decoded) -> tuple[Queries, Tensor]:
    queries = decoded.spatial or decoded.objects
    if queries is None or decoded.pooled is None:
        raise ValueError("The decoder was not given a visual prompt.")
    return queries, torch.einsum("bqm,bm->bq", queries.embeds, decoded.pooled[:, 0])


def choose_by_click(decoded: Decoded) -> Tensor:
    """(N, h, w) logits of each prompt's best query by click similarity alone (SEEM §5.6)."""
    queries, similarity = _spatial(decoded)
    return _pick(queries, similarity.argmax(dim=1)).logits


def by_click(decoded: Decoded, positive: Tensor, negative: Tensor) -> Answer:
    """Best query of each visual prompt: fewest drawn pixels contradicted, then similarity.

    Parameters
    ----------
    decoded : Decoded
        With spatial queries (or, in the joint layout, object queries).
    positive, negative : (N, Hp, Wp) bool
        What was drawn, on the padded grid.
    """
    queries, similarity = _spatial(decoded)
    size = queries.logits.shape[-2:]
    inside = F.adaptive_max_pool2d(positive.float(), size)
    outside = F.adaptive_max_pool2d(negative.float(), size)
    answer = queries.logits > 0
    missed = (inside[:, None] * ~answer).sum((2, 3)) / inside.sum((1, 2)).clamp(min=1)[:, None]
    hit = (outside[:, None] * answer).sum((2, 3)) / outside.sum((1, 2)).clamp(min=1)[:, None]
    wrong = ((missed + hit) * 4).round()
    rank = similarity.softmax(dim=1) - wrong
    return _pick(queries, rank.argmax(dim=1))


def by_text(decoded: Decoded, phrases: Tensor, scale: Tensor) -> tuple[Answer, Tensor]:
    """Best grounding query of each phrase (SEEM §5.7) and its similarity.

    Parameters
    ----------
    decoded : Decoded
        With grounding queries (or, in the joint layout, object queries).
    phrases : (N, D) float
        Normalised phrase vectors.
    scale : scalar tensor
        Temperature.

    Returns
    -------
    Answer and (N,) cosine similarity of the chosen queries
    """
    queries = decoded.grounding or decoded.objects
    if queries is None:
        raise ValueError("The decoder was not given a phrase.")
    cosine = torch.einsum("bqd,bd->bq", F.normalize(queries.concepts, dim=-1), phrases)
    best = (cosine * scale).max(dim=1)
    return _pick(queries, best.indices), cosine.gather(1, best.indices[:, None])[:, 0]


def by_example(decoded: Decoded) -> Answer:
    """Best query of each example by similarity with the example's pooled feature."""
    queries, similarity = _spatial(decoded)
    return _pick(queries, similarity.argmax(dim=1))

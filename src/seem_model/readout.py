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
        Stride 4 of the padded grid; (B, n, h, w) where n prompts share an image.
    concepts : (N, D) float
        What the chosen queries stand for in the text space; (B, n, D) accordingly.
    """

    logits: Tensor
    concepts: Tensor

    def of(self, prompt: int) -> Answer:
        """One prompt's answer in each of the B images."""
        return Answer(self.logits[:, prompt], self.concepts[:, prompt])


def candidates(decoded: Decoded) -> tuple[Queries, Tensor]:
    """The queries that may answer, and (B, n, Q) how much each is like each prompt's pixels.

    Raises
    ------
    ValueError
        If the decoder was not given a visual prompt.
    """
    queries = decoded.spatial or decoded.objects
    if queries is None or decoded.pooled is None:
        raise ValueError("The decoder was not given a visual prompt.")
    return queries, torch.einsum("bqm,bnm->bnq", queries.embeds, decoded.pooled)


def by_prompts(decoded: Decoded) -> Answer:
    """Likeliest query of each of n visual prompts or examples, among its own (SEEM §5.6).

    Parameters
    ----------
    decoded : Decoded
        With spatial queries (or, in the joint layout, object queries).

    Returns
    -------
    Answer
        (B, n, h, w) logits.
    """
    queries, likeness = candidates(decoded)
    if queries.owner is not None:
        prompts = torch.arange(likeness.shape[1], device=likeness.device)[:, None]
        own = (queries.owner[:, None] == -1) | (queries.owner[:, None] == prompts)
        likeness = likeness.masked_fill(~own, -torch.inf)
    return Answer(*queries.picked(likeness.argmax(dim=2)))


def by_click(decoded: Decoded, positive: Tensor, negative: Tensor) -> Answer:
    """Best query of each visual prompt: fewest drawn pixels contradicted, then similarity.

    Parameters
    ----------
    decoded : Decoded
        With spatial queries (or, in the joint layout, object queries), one prompt an image.
    positive, negative : (N, Hp, Wp) bool
        What was drawn, on the padded grid.
    """
    queries, likeness = candidates(decoded)
    size = queries.logits.shape[-2:]
    inside = F.adaptive_max_pool2d(positive.float(), size)
    outside = F.adaptive_max_pool2d(negative.float(), size)
    answer = queries.logits > 0
    missed = (inside[:, None] * ~answer).sum((2, 3)) / inside.sum((1, 2)).clamp(min=1)[:, None]
    hit = (outside[:, None] * answer).sum((2, 3)) / outside.sum((1, 2)).clamp(min=1)[:, None]
    wrong = ((missed + hit) * 4).round()
    rank = likeness[:, 0].softmax(dim=1) - wrong
    return Answer(*queries.picked(rank.argmax(dim=1)))


def by_phrases(decoded: Decoded, phrases: Tensor) -> Answer:
    """Likeliest grounding query of each of n phrases that were read together (SEEM §5.7).

    Parameters
    ----------
    decoded : Decoded
        With grounding queries (or, in the joint layout, object queries).
    phrases : (n, D) float
        Normalised phrase vectors.

    Returns
    -------
    Answer
        (B, n, h, w) logits.
    """
    queries = decoded.grounding or decoded.objects
    if queries is None:
        raise ValueError("The decoder was not given a phrase.")
    cosine = F.normalize(queries.concepts, dim=-1) @ phrases.T
    return Answer(*queries.picked(cosine.argmax(dim=1)))

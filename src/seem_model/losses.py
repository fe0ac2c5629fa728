"""Training losses: class, click and phrase cross-entropy, mask BCE and Dice (SEEM §3.4)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
import torch.nn.functional as F
from torch import Tensor

from seem_model.matching import bce, cheapest, dice, match
from seem_model.modeling.points import sample, uncertain_points

if TYPE_CHECKING:
    from seem_model.loss_config import LossConfig, TaskWeights
    from seem_model.modeling.decoded import Decoded, Queries


@dataclass(frozen=True, eq=False)
class ObjectTargets:
    """What one image holds.

    Parameters
    ----------
    masks : (G, H, W) bool
    classes : (G,) int64
        Rows of ``embeddings``.
    embeddings : (K + 1, D) float
        Class names of the image's own data set; the last row is "background".
    """

    masks: Tensor
    classes: Tensor
    embeddings: Tensor


@dataclass(frozen=True, eq=False)
class PhraseTargets:
    """What the phrases of one image mean.

    Parameters
    ----------
    masks : (P, H, W) bool
    phrases : tuple of str
        P phrases (of class names, the names before any template); equal ones share their queries.
    sentence : bool
        Whether they are sentences about the image, not names of classes.
    """

    masks: Tensor
    phrases: tuple[str, ...]
    sentence: bool


def mask_losses(
    logits: Tensor, truth: Tensor, *, config: LossConfig, generator: torch.Generator | None,
    count: float,
) -> tuple[Tensor, Tensor]:  # fmt: skip
    """BCE and Dice of matched (N, h, w) logits and (N, H, W) bool truths, summed / ``count``."""
    with torch.no_grad():
        points = uncertain_points(
            logits[:, None], count=config.points, oversample=config.oversample,
            importance=config.importance, generator=generator,
        )  # fmt: skip
        wanted = sample(truth[:, None].float(), points, align_corners=False)[:, 0]
    predicted = sample(logits[:, None], points, align_corners=False)[:, 0]
    return bce(predicted, wanted).sum() / count, dice(predicted, wanted).sum() / count


def object_losses(
    queries: Queries, logits: list[Tensor], targets: list[ObjectTargets], *, config: LossConfig,
    generator: torch.Generator | None,
) -> dict[str, Tensor]:  # fmt: skip
    """Panoptic losses of one layer.

    Parameters
    ----------
    queries : Queries
        Object queries of B images.
    logits : list of (Q, K_b + 1) float
        Class logits of each image in its own class list.
    targets : list of ObjectTargets
        Of each image.

    Returns
    -------
    dict of scalar tensors, weighted; the masks' terms are absent where no image holds anything
    """
    picked, wanted, ce, shares = [], [], [], []
    for b, target in enumerate(targets):
        cost = -logits[b].softmax(-1)[:, target.classes] * config.cost.ce
        rows, columns = match(
            queries.logits[b], target.masks, cost, config=config, generator=generator
        )
        background = logits[b].shape[1] - 1
        labels = torch.full((logits[b].shape[0],), background, device=rows.device)
        labels[rows] = target.classes[columns]
        share = torch.where(labels == background, config.no_object, 1.0)
        ce.append((share * F.cross_entropy(logits[b], labels, reduction="none")).sum())
        shares.append(share.sum())
        picked.append(queries.logits[b][rows])
        wanted.append(target.masks[columns])
    masks, truth = torch.cat(picked), torch.cat(wanted)
    mean_ce = torch.stack(ce).sum() / torch.stack(shares).sum()
    losses = {"objects_ce": mean_ce * config.objects.ce}
    if len(masks):
        total_bce, total_dice = mask_losses(
            masks, truth, config=config, generator=generator, count=len(masks)
        )
        losses["objects_bce"] = total_bce * config.objects.bce
        losses["objects_dice"] = total_dice * config.objects.dice
    return losses


def choice_losses(
    masks: Tensor, logits: Tensor, truth: Tensor, *, weights: TaskWeights, name: str,
    config: LossConfig, generator: torch.Generator | None, among: Tensor | None = None,
) -> tuple[dict[str, Tensor], Tensor]:  # fmt: skip
    """One truth a row among Q candidate masks: of a visual prompt or of a phrase.

    Parameters
    ----------
    masks : (N, Q, h, w) float
    logits : (N, Q) float
        Similarity of each candidate with the prompt (SEEM §5.6, §5.7).
    truth : (N, H, W) bool
    among : (N, Q) bool or None
        Which candidates may be matched (None: all); the others only count as wrong choices.

    Returns
    -------
    losses and the (N,) index of the matched candidates
    """
    if among is None:
        among = torch.ones_like(logits, dtype=torch.bool)
    index = cheapest(masks, truth, logits, among, config=config, generator=generator)
    picked = masks[torch.arange(len(index), device=index.device), index]
    ce = F.cross_entropy(logits, index)
    terms = (ce, *mask_losses(picked, truth, config=config, generator=generator, count=len(index)))
    return _weighted(terms, weights, name), index


def click_losses(
    queries: Queries, pooled: Tensor, truth: Tensor, *, config: LossConfig,
    generator: torch.Generator | None,
) -> tuple[dict[str, Tensor], Tensor]:  # fmt: skip
    """Losses of one layer for the visual prompts of B images.

    Parameters
    ----------
    queries : Queries
        Spatial queries; those with an owner are matched with their owner's truth alone.
    pooled : (B, n, M) float
        Mean mask feature under each prompt.
    truth : (B, n, H, W) bool
        An empty truth leaves its prompt out.

    Returns
    -------
    losses (none where every truth is empty) and the (N,) index of the matched queries
    """
    rows, prompts = truth.flatten(2).any(2).nonzero(as_tuple=True)
    if not len(rows):
        return {}, rows
    logits = torch.einsum("bqm,bnm->bnq", queries.embeds, pooled)[rows, prompts]
    among = None
    if queries.owner is not None:
        owner = queries.owner[rows]
        among = (owner == -1) | (owner == prompts[:, None])
    return choice_losses(
        queries.logits[rows], logits, truth[rows, prompts], weights=config.clicks, name="clicks",
        config=config, generator=generator, among=among,
    )  # fmt: skip


def phrase_losses(
    queries: Queries, logits: list[Tensor], targets: list[PhraseTargets], *, config: LossConfig,
    generator: torch.Generator | None,
) -> dict[str, Tensor]:  # fmt: skip
    """Losses of one layer for the phrases of B images.

    Parameters
    ----------
    queries : Queries
        Grounding queries.
    logits : list of (Q, P_b) float
        Similarity of each query with each phrase of its image.
    targets : list of PhraseTargets
        Of each image, P_b >= 1.
    """
    picked, wanted, ce = [], [], []
    for b, target in enumerate(targets):
        cost = -logits[b].softmax(0) * config.cost.ce
        rows, columns = match(
            queries.logits[b], target.masks, cost, config=config, generator=generator
        )
        right = torch.zeros_like(logits[b])
        right[rows, columns] = 1
        # Equal phrases cannot be told apart: each of their queries is as right as the others.
        phrases = target.phrases
        alike = right.new_tensor([[float(p == q) for q in phrases] for p in phrases])
        right = right @ (alike / alike.sum(1, keepdim=True))
        entropy = -(right * logits[b].log_softmax(0)).sum(0).mean()
        ce.append(entropy * (config.sentence if target.sentence else config.class_name))
        picked.append(queries.logits[b][rows])
        wanted.append(target.masks[columns])
    masks, truth = torch.cat(picked), torch.cat(wanted)
    terms = mask_losses(masks, truth, config=config, generator=generator, count=len(masks))
    return _weighted((torch.stack(ce).mean(), *terms), config.phrases, "phrases")


def _weighted(
    terms: tuple[Tensor, Tensor, Tensor], weights: TaskWeights, name: str
) -> dict[str, Tensor]:
    ce, total_bce, total_dice = terms
    return {
        f"{name}_ce": ce * weights.ce,
        f"{name}_bce": total_bce * weights.bce,
        f"{name}_dice": total_dice * weights.dice,
    }


def total(losses: dict[str, Tensor]) -> Tensor:
    """Sum of all terms."""
    return torch.stack(list(losses.values())).sum()


def added(first: dict[str, Tensor], second: dict[str, Tensor]) -> dict[str, Tensor]:
    """Term-wise sum: deep supervision adds the layers."""
    names = first.keys() | second.keys()
    zero = torch.zeros(())
    return {k: first.get(k, zero) + second.get(k, zero) for k in sorted(names)}


def layers(decoded: Decoded) -> tuple[Decoded, ...]:
    """Every prediction of a decode with ``every_layer``, earliest first."""
    return (*decoded.aux, decoded)

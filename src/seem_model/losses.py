"""Training losses: matching, class and click cross-entropy, mask BCE and Dice (SEEM §3.4)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch
import torch.nn.functional as F
from scipy.optimize import linear_sum_assignment
from torch import Tensor

from seem_model.modeling.points import sample, uncertain_points

if TYPE_CHECKING:
    from seem_model.modeling.decoded import Decoded, Queries


@dataclass(frozen=True)
class TaskWeights:
    """Weights of one task's cross-entropy, BCE and Dice."""

    ce: float
    bce: float
    dice: float


@dataclass(frozen=True)
class LossConfig:
    """Weights and sampling of all losses (paper's values, points fewer for small crops)."""

    cost: TaskWeights = TaskWeights(2.0, 5.0, 5.0)
    objects: TaskWeights = TaskWeights(2.0, 5.0, 5.0)
    clicks: TaskWeights = TaskWeights(0.4, 1.0, 1.0)
    phrases: TaskWeights = TaskWeights(0.4, 1.0, 1.0)
    names: float = 0.2
    naming: float = 1.0
    seeds: float = 1.0
    no_object: float = 0.1
    points: int = 12544
    oversample: float = 3.0
    importance: float = 0.75


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


def dice(logits: Tensor, truth: Tensor) -> Tensor:
    """1 - Dice of (N, P) logits and (N, P) truth in {0, 1}; (N,) (V-Net, 2016, with +1)."""
    p = logits.sigmoid()
    return 1 - (2 * (p * truth).sum(1) + 1) / (p.sum(1) + truth.sum(1) + 1)


def bce(logits: Tensor, truth: Tensor) -> Tensor:
    """Mean binary cross-entropy a row, (N,)."""
    return F.binary_cross_entropy_with_logits(logits, truth, reduction="none").mean(1)


def pair_costs(logits: Tensor, truth: Tensor) -> tuple[Tensor, Tensor]:
    """BCE and Dice of every (Q, P) prediction with every (G, P) truth: two (Q, G)."""
    count = logits.shape[1]
    positive = F.softplus(-logits) @ truth.T
    negative = F.softplus(logits) @ (1 - truth).T
    p = logits.sigmoid()
    overlap = 2 * p @ truth.T
    total = p.sum(1)[:, None] + truth.sum(1)[None]
    return (positive + negative) / count, 1 - (overlap + 1) / (total + 1)


@torch.no_grad()
def match(
    masks: Tensor, truth: Tensor, class_cost: Tensor, *, config: LossConfig,
    generator: torch.Generator | None,
) -> tuple[Tensor, Tensor]:  # fmt: skip
    """Hungarian matching of queries to truths on shared random points.

    Parameters
    ----------
    masks : (Q, h, w) float logits
    truth : (G, H, W) bool
    class_cost : (Q, G) float
        Weighted cost of the class, phrase or click term.

    Returns
    -------
    (G,) query and (G,) truth indices, int64
    """
    points = torch.rand(1, config.points, 2, generator=generator).to(masks.device)
    predicted = sample(masks[None], points, align_corners=False)[0]
    wanted = sample(truth[None].float(), points, align_corners=False)[0]
    cost_bce, cost_dice = pair_costs(predicted, wanted)
    weights = config.cost
    cost = class_cost + weights.bce * cost_bce + weights.dice * cost_dice
    rows, columns = linear_sum_assignment(np.nan_to_num(cost.cpu().numpy(), nan=1e4))
    device = masks.device
    return torch.as_tensor(rows, device=device), torch.as_tensor(columns, device=device)


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
    """
    picked, wanted, ce = [], [], []
    for b, target in enumerate(targets):
        cost = -logits[b].softmax(-1)[:, target.classes] * config.cost.ce
        rows, columns = match(
            queries.logits[b], target.masks, cost, config=config, generator=generator
        )
        background = logits[b].shape[1] - 1
        labels = torch.full((logits[b].shape[0],), background, device=rows.device)
        labels[rows] = target.classes[columns]
        weight = torch.ones(background + 1, device=rows.device)
        weight[background] = config.no_object
        ce.append(F.cross_entropy(logits[b], labels, weight=weight))
        picked.append(queries.logits[b][rows])
        wanted.append(target.masks[columns])
    masks, truth = torch.cat(picked), torch.cat(wanted)
    losses = {"objects_ce": torch.stack(ce).mean() * config.objects.ce}
    if len(masks):
        total_bce, total_dice = mask_losses(
            masks, truth, config=config, generator=generator, count=len(masks)
        )
        losses["objects_bce"] = total_bce * config.objects.bce
        losses["objects_dice"] = total_dice * config.objects.dice
    return losses


def choice_losses(
    masks: Tensor, logits: Tensor, truth: Tensor, *, weights: TaskWeights, name: str,
    config: LossConfig, generator: torch.Generator | None,
) -> tuple[dict[str, Tensor], Tensor]:  # fmt: skip
    """One truth a row among Q candidate masks: of a visual prompt or of a phrase.

    Parameters
    ----------
    masks : (N, Q, h, w) float
    logits : (N, Q) float
        Similarity of each candidate with the prompt (SEEM §5.6, §5.7).
    truth : (N, H, W) bool

    Returns
    -------
    losses and the (N,) index of the matched candidates
    """
    n = len(masks)
    with torch.no_grad():
        # One truth a row: the assignment is the cheapest candidate, all rows at once.
        points = torch.rand(1, config.points, 2, generator=generator).to(masks.device)
        places = points.expand(n, -1, -1)
        predicted = sample(masks, places, align_corners=False)
        wanted = sample(truth[:, None].float(), places, align_corners=False).expand_as(predicted)
        cost = config.cost.bce * bce(predicted.flatten(0, 1), wanted.flatten(0, 1))
        cost += config.cost.dice * dice(predicted.flatten(0, 1), wanted.flatten(0, 1))
        index = (cost.view(n, -1) - config.cost.ce * logits.softmax(1)).argmin(1)
    picked = masks[torch.arange(n, device=index.device), index]
    total_bce, total_dice = mask_losses(picked, truth, config=config, generator=generator, count=n)
    losses = {
        f"{name}_ce": F.cross_entropy(logits, index) * weights.ce,
        f"{name}_bce": total_bce * weights.bce,
        f"{name}_dice": total_dice * weights.dice,
    }
    return losses, index


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

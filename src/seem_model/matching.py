"""Which prediction answers for which truth: mask costs and assignment (SEEM §3.4)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch
import torch.nn.functional as F
from scipy.optimize import linear_sum_assignment
from torch import Tensor

from seem_model.modeling.points import sample

if TYPE_CHECKING:
    from seem_model.loss_config import LossConfig


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


@torch.no_grad()
def cheapest(
    masks: Tensor, truth: Tensor, logits: Tensor, among: Tensor, *, config: LossConfig,
    generator: torch.Generator | None,
) -> Tensor:  # fmt: skip
    """Cheapest candidate of each prompt, all prompts compared on the same random points.

    Parameters
    ----------
    masks : (N, Q, h, w) float logits
    truth : (N, H, W) bool
    logits : (N, Q) float
        Similarity of each candidate with the prompt.
    among : (N, Q) bool
        The candidates; one truth a row makes the assignment a choice.

    Returns
    -------
    (N,) int64
    """
    n = len(masks)
    points = torch.rand(1, config.points, 2, generator=generator).to(masks.device)
    places = points.expand(n, -1, -1)
    predicted = sample(masks, places, align_corners=False)
    wanted = sample(truth[:, None].float(), places, align_corners=False).expand_as(predicted)
    cost = config.cost.bce * bce(predicted.flatten(0, 1), wanted.flatten(0, 1))
    cost += config.cost.dice * dice(predicted.flatten(0, 1), wanted.flatten(0, 1))
    likeness = logits.masked_fill(~among, -torch.inf).softmax(1)
    cost = cost.view(n, -1) - config.cost.ce * likeness
    return cost.masked_fill(~among, torch.inf).argmin(1)

"""Answers that are nearly right, made from the truth: late corrections without the rounds before.

What is left to correct after some clicks is small: a gap that is filled, a thin part that is
missing, a piece too much or too little, an outline that wavers (after the disturbed masks that
CascadePSP learns from, Cheng et al., CVPR 2020). Made from the truth it costs some hundredths of a
second, where clicks until there would take as many answers of the model.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch
import torch.nn.functional as F
from scipy.ndimage import gaussian_filter, label

from seem_model.clicks import Click, paint_click
from seem_model.depth import closed, signed
from seem_model.frame import STRIDE
from seem_model.modeling.dense_prompt import PromptMaps

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from seem_model.training_rounds import RoundsConfig
    from seem_model.values import Mask

GAP = 0.12  # half the widest gap that is filled, and part that is lost: shares of the object's size
PIECE = 0.15  # largest radius of a piece too much or too little
WAVE = 0.03  # of the outline
PIECES = 3  # most of each kind
CLICKS = (3, 12)  # marks that led there
SURE = 7.0  # logit far from the outline
STEEP = (0.3, 1.2)  # logits a pixel near it


def spoiled(truth: Mask, rng: np.random.Generator) -> Mask:
    """An answer that is nearly right.

    Parameters
    ----------
    truth : (H, W) bool
        What is not there is not spoiled.
    rng : numpy.random.Generator

    Returns
    -------
    (H, W) bool
        Never empty where ``truth`` is not.
    """
    if not truth.any():
        return truth.copy()
    size = float(np.sqrt(truth.sum()))
    reach = round(max(GAP, PIECE) * size) + 4
    box = _box(truth, reach)
    part = truth[box]
    answer = _wavering(part, WAVE * size * rng.random(), rng)
    if rng.random() < 0.6:
        filled = closed(part, max(2.0, GAP * size * rng.random()))
        answer |= _pieces(filled & ~part, rng)
    if rng.random() < 0.6:
        opened = ~closed(~part, max(1.5, GAP * size * rng.random()))
        answer &= ~_pieces(part & ~opened, rng)
    for _ in range(int(rng.integers(PIECES + 1))):
        disc = _disc(part, max(2.0, PIECE * size * rng.random()), rng)
        answer = answer | disc if rng.random() < 0.5 else answer & ~disc
    whole = np.zeros_like(truth)
    whole[box] = answer if answer.any() else part
    return whole


def nearly_right(
    maps: PromptMaps, truths: NDArray[np.bool_], *, rng: np.random.Generator, rounds: RoundsConfig
) -> tuple[PromptMaps, NDArray[np.bool_]]:
    """What is known after some rounds of clicks on N objects.

    Parameters
    ----------
    maps : PromptMaps
        First prompts.
    truths : (N, S, S) bool
    rng : numpy.random.Generator
    rounds : RoundsConfig

    Returns
    -------
    PromptMaps
        With more marks, and logits of the answers as memory.
    (N, S, S) bool
        The answers.
    """
    device = maps.positive.device
    positive, negative = maps.positive.cpu().numpy().copy(), maps.negative.cpu().numpy().copy()
    answers, logits = np.zeros_like(truths), []
    for i, truth in enumerate(truths):
        answers[i] = spoiled(truth, rng)
        depth = signed(answers[i])
        for click in _earlier(truth, answers[i], depth, rng):
            if click.positive or rounds.negative:
                target = positive if click.positive else negative
                radius = int(rng.integers(1, rounds.largest_click + 1))
                target[i] |= paint_click(truth.shape, click, radius=radius)
        steep = rng.uniform(*STEEP)
        logits.append(torch.from_numpy(np.clip(depth * steep, -SURE, SURE)).float())
    memory = F.avg_pool2d(torch.stack(logits)[:, None], STRIDE)[:, 0]
    known = PromptMaps(
        torch.from_numpy(positive).to(device), torch.from_numpy(negative).to(device), maps.region,
        memory.to(device),
    )  # fmt: skip
    return known, answers


def _earlier(
    truth: Mask, answer: Mask, depth: NDArray[np.float64], rng: np.random.Generator
) -> list[Click]:
    """Clicks at places that are right now, most of them near the outline, where errors were."""
    size = max(1.0, float(np.sqrt(truth.sum())))
    right = np.flatnonzero(truth == answer)
    near = np.exp(-np.abs(depth.ravel()[right]) / (PIECE * size))
    count = int(rng.integers(CLICKS[0], CLICKS[1] + 1))
    if near.sum() <= 0 or np.count_nonzero(near) < count:
        return []
    chosen = rng.choice(right, count, replace=False, p=near / near.sum())
    rows, cols = np.unravel_index(chosen, truth.shape)
    return [
        Click(int(r), int(c), positive=bool(truth[r, c])) for r, c in zip(rows, cols, strict=True)
    ]


def _box(mask: Mask, reach: int) -> tuple[slice, slice]:
    rows, cols = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
    return (
        slice(max(0, int(rows[0]) - reach), int(rows[-1]) + 1 + reach),
        slice(max(0, int(cols[0]) - reach), int(cols[-1]) + 1 + reach),
    )


def _wavering(mask: Mask, height: float, rng: np.random.Generator) -> Mask:
    noise = gaussian_filter(rng.normal(size=mask.shape), rng.uniform(2.0, 8.0))
    waves = noise * (height / max(float(noise.std()), 1e-9))
    wavered: Mask = signed(mask) + waves > 0
    return wavered


def _pieces(mask: Mask, rng: np.random.Generator) -> Mask:
    """Some of the connected parts of a mask, the larger ones rather."""
    found, count = label(mask)
    if not count:
        return mask
    areas = np.bincount(found.ravel())[1:].astype(np.float64)
    most = min(PIECES, count)
    chosen = rng.choice(count, int(rng.integers(1, most + 1)), replace=False, p=areas / areas.sum())
    return np.isin(found, chosen + 1)


def _disc(mask: Mask, radius: float, rng: np.random.Generator) -> Mask:
    """A disc around a place on the outline."""
    edge = np.argwhere(np.abs(signed(mask)) < 1)
    row, col = edge[rng.integers(len(edge))] if len(edge) else np.array(mask.shape) // 2
    rows, cols = np.ogrid[: mask.shape[0], : mask.shape[1]]
    disc: Mask = (rows - row) ** 2 + (cols - col) ** 2 <= radius**2
    return disc

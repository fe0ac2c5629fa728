"""Interaction in training: first prompts as maps, and the clicks of a simulated user on them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

from seem_model.clicks import Protocol, next_click, paint_click
from seem_model.errors import ConfigError
from seem_model.modeling.dense_prompt import PromptMaps
from seem_model.settling import FREE, Places, settled

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from seem_model.data.batch import Ask


@dataclass(frozen=True)
class RoundsConfig:
    """Simulated interaction (SEEM §3.4: rounds without gradients, then one with).

    Parameters
    ----------
    most : int
        k is uniform in 0..most.
    late, latest : float, int
        Share of steps in which k is uniform in most + 1..latest instead: corrections of answers
        that are nearly right.
    spoiled : float
        Share of steps in which the answer before is the truth made slightly wrong, see
        :mod:`seem_model.training_spoiling`, instead of what the model answered in k rounds.
    settle : bool
        Whether answers on the way change only where the predictor lets a correction change them.
    first : float
        Weight of the losses of the first answer where others follow it; 0 as in the paper: only
        the last answer is learned from. Above 0, first answers are learned from in every step
        that is not ``spoiled``.
    again : float
        Share of rounds in which nothing is added: the model refines its own answer.
    forget : float
        Share of last rounds whose memory is taken away.
    random_click : float
        Share of corrections at a random error pixel instead of its centre.
    negative : bool
        Whether corrections may be negative; without, what is painted too much stays.
    largest_click : int
        Corrections are painted with a radius from 1 to this.
    protocol : {"ritm", "seem"}
        Which error is corrected, see :func:`seem_model.clicks.next_click`.
    """

    most: int = 3
    late: float = 0.0
    latest: int = 0
    spoiled: float = 0.0
    settle: bool = False
    first: float = 0.0
    again: float = 0.2
    forget: float = 0.1
    random_click: float = 0.3
    negative: bool = True
    largest_click: int = 1
    protocol: Protocol = "ritm"

    def __post_init__(self) -> None:
        for name in ("late", "spoiled"):
            share = getattr(self, name)
            if not 0 <= share <= 1:
                raise ConfigError(f"rounds.{name}={share} must be a share from 0 to 1.")
        if self.late and self.latest <= self.most:
            raise ConfigError(
                f"rounds.latest={self.latest} must be more than rounds.most={self.most} where "
                "rounds.late is not 0."
            )

    def spoils(self, rng: np.random.Generator) -> bool:
        """Draw whether this step starts from the truth made wrong."""
        return bool(self.spoiled) and rng.random() < self.spoiled

    def drawn(self, rng: np.random.Generator) -> int:
        """Draw k, the number of rounds without gradients."""
        if self.late and rng.random() < self.late:
            return int(rng.integers(self.most + 1, self.latest + 1))
        return int(rng.integers(self.most + 1))


def prompt_maps(asks: tuple[Ask, ...]) -> PromptMaps:
    """First prompts of N objects as (N, S, S) bool maps."""

    def stack(name: str) -> Tensor:
        return torch.from_numpy(np.stack([getattr(a, name) for a in asks]))

    return PromptMaps(stack("positive"), stack("negative"), stack("region"))


def with_corrections(
    maps: PromptMaps, truths: NDArray[np.bool_], answers: NDArray[np.bool_], *,
    rng: np.random.Generator, rounds: RoundsConfig,
) -> PromptMaps:  # fmt: skip
    """``maps`` with the click that a careful person would add to each of N answers (N, S, S)."""
    device = maps.positive.device
    positive, negative = maps.positive.cpu().numpy().copy(), maps.negative.cpu().numpy().copy()
    for i, answer in enumerate(answers):
        if rng.random() < rounds.again:
            continue
        random_place = rng if rng.random() < rounds.random_click else None
        clicked = positive[i] | negative[i]
        click = next_click(
            truths[i], answer, clicked=clicked, rng=random_place, protocol=rounds.protocol
        )
        if click is not None and (click.positive or rounds.negative):
            target = positive if click.positive else negative
            radius = int(rng.integers(1, rounds.largest_click + 1))
            target[i] |= paint_click(answer.shape, click, radius=radius)
    return PromptMaps(
        torch.from_numpy(positive).to(device), torch.from_numpy(negative).to(device),
        maps.region, maps.memory,
    )  # fmt: skip


def settle(before: PromptMaps | None, now: PromptMaps, logits: Tensor, *, number: int) -> Tensor:
    """What is left of N answers where corrections change only what is nearest to their marks.

    Parameters
    ----------
    before, now : PromptMaps
        What the round before was asked (None: there was none), and this one, which remembers its
        answer.
    logits : (N, h, w) float
        This round's answers.
    number : int
        Of the round, the first being 1.

    Returns
    -------
    (N, h, w) float
    """
    if before is None or now.memory is None:
        return logits
    each = []
    for i, memory in enumerate(now.memory.float().cpu()):
        after = logits[i].float().cpu()
        has_positive = bool(before.positive[i].any())
        each.append(
            settled(memory, after, _places(before, now, i, number)) if has_positive else after
        )
    return torch.stack(each).to(logits)


def _places(before: PromptMaps, now: PromptMaps, row: int, number: int) -> Places:
    shown = [now.positive[row], now.negative[row]]
    fresh = [now.positive[row] & ~before.positive[row], now.negative[row] & ~before.negative[row]]
    if number <= FREE:
        fresh = [torch.zeros_like(m) for m in fresh]
    return Places(*(m.nonzero().cpu().numpy() + 0.5 for m in (*shown, *fresh)))

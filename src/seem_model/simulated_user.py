"""A person who knows the truth, and the conversation with the model folded over them.

``rollout(step, user, rounds)`` is the whole interactive loop: training plays it without
gradients, evaluation with the real session.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from seem_model.clicks import Click, Protocol, add_click, next_click
from seem_model.values import Mask, Prompts

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from seem_model.values import Round


@dataclass(eq=False)
class SimulatedUser:
    """A person who knows the truth and clicks until the answer matches it.

    Call it with the newest mask (None before the first answer) for all prompts so far, or None
    when there is nothing left to correct. It remembers its clicks: one user for one object.

    Parameters
    ----------
    truth, void : (H, W) bool
        The object, and the pixels to stay away from.
    protocol : {"ritm", "seem"}
        See :func:`next_click`.
    max_clicks : int
        The user gives up after this many.
    start : Prompts, optional
        Marks that are there before the first click, such as a phrase or a stroke. When they ask
        for something, they are the first question and clicks follow its answer.
    radius : int
        Of the painted clicks, see :func:`paint_click`.
    rng : numpy.random.Generator, optional
        Random clicks in the chosen error instead of central ones.
    """

    truth: Mask
    void: Mask | None = None
    protocol: Protocol = "ritm"
    max_clicks: int = 20
    start: Prompts | None = None
    radius: int = 1
    rng: np.random.Generator | None = None
    clicks: list[Click] = field(default_factory=list, init=False)

    def __post_init__(self) -> None:
        height, width = self.truth.shape
        self.prompts = self.start or Prompts.empty((height, width))

    def __call__(self, mask: Mask | None) -> Prompts | None:
        """All prompts after correcting ``mask`` (H, W) bool, or None when done."""
        if mask is None and not self.prompts.is_empty:
            return self.prompts
        if len(self.clicks) >= self.max_clicks:
            return None
        answer = np.zeros(self.truth.shape, bool) if mask is None else mask
        click = next_click(
            self.truth,
            answer,
            void=self.void,
            clicked=self._clicked(),
            protocol=self.protocol,
            rng=self.rng,
        )
        if click is None:
            return None
        self.clicks.append(click)
        self.prompts = add_click(self.prompts, click, radius=self.radius)
        return self.prompts

    def _clicked(self) -> Mask:
        """SEEM bars everything that was painted, RITM only the pixels that were clicked."""
        if self.protocol == "seem":
            return self.prompts.positive | self.prompts.negative
        clicked = np.zeros(self.truth.shape, bool)
        for click in self.clicks:
            clicked[click.row, click.col] = True
        return clicked


def rollout(
    step: Callable[[Prompts], Round], user: Callable[[Mask | None], Prompts | None], rounds: int
) -> Iterator[Round]:
    """Fold the conversation: ask, answer, correct, at most ``rounds`` times.

    Parameters
    ----------
    step : callable
        ``step(prompts) -> Round``, such as ``Session.step``.
    user : callable
        ``user(mask or None) -> Prompts or None``, such as a :class:`SimulatedUser`.
    rounds : int
        The most rounds to play; it ends earlier when the user returns None.

    Yields
    ------
    Round
        Each answer, as soon as it is there.
    """
    mask: Mask | None = None
    for _ in range(rounds):
        prompts = user(mask)
        if prompts is None:
            return
        answer = step(prompts)
        yield answer
        mask = answer.mask

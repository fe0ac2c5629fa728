"""Several objects of one image, answered in one pass where the model can."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from seem_model.answering import read
from seem_model.errors import PromptError
from seem_model.looking import answerable, look_together

if TYPE_CHECKING:
    from collections.abc import Sequence

    from seem_model.encoded import ImageFeatures, Memory
    from seem_model.predictor import Predictor
    from seem_model.proposals import Watch
    from seem_model.values import Prompts, Round


@torch.inference_mode()
def step_all(
    predictor: Predictor, features: ImageFeatures, prompts: Sequence[Prompts],
    memories: Sequence[Memory | None] | None = None, *, watch: Watch | None = None,
) -> tuple[Round, ...]:  # fmt: skip
    """Answer prompts about N objects; each answer is that of ``predictor.step``.

    Official models answer drawn prompts of all objects in one pass. Objects with words or an
    example, and models that look at each object in a view of its own, take turns.

    Parameters
    ----------
    predictor : Predictor
    features : ImageFeatures
    prompts : sequence of N Prompts
    memories : sequence of N memories or None
        ``Round.memory`` of the rounds that are refined.
    watch : callable or None
        Called with the share done, 0 to 1; what it raises stops.

    Returns
    -------
    N rounds

    Raises
    ------
    PromptError
        As :meth:`Predictor.step`, or if there are not as many memories as prompts.
    """
    known = [None] * len(prompts) if memories is None else list(memories)
    if len(known) != len(prompts):
        raise PromptError(f"There are {len(prompts)} prompts, but {len(known)} memories.")
    for one, memory in zip(prompts, known, strict=True):
        answerable(one, features.shape, refines=memory is not None)
    drawn = all(not (p.text or p.exemplar or p.unlike or p.unlike_exemplars) for p in prompts)
    if predictor.model.config.composed or not drawn:
        rounds = []
        for k, (one, memory) in enumerate(zip(prompts, known, strict=True)):
            if watch is not None:
                watch(k / len(prompts))
            rounds.append(predictor.step(features, one, memory))
        return tuple(rounds)
    seen = look_together(predictor.model, features, prompts, known)
    return tuple(read(predictor, p, look) for p, look in zip(prompts, seen, strict=True))

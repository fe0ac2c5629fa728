"""One round, from prompts to an answer: what words keep out, where to look, what is read."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from seem_model.clicks import Click, add_click
from seem_model.depth import deepest
from seem_model.edges import edged
from seem_model.excluding import kept_out
from seem_model.looking import answerable, look, look_for
from seem_model.marks import NUDGE, obeyed
from seem_model.settling import same_words
from seem_model.similar import likeliest
from seem_model.values import Prompts, Round
from seem_model.words import encode_words

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from seem_model.encoded import ImageFeatures, Look, Memory
    from seem_model.predictor import Predictor
    from seem_model.proposals import Watch
    from seem_model.values import Mask


def answered(
    predictor: Predictor, features: ImageFeatures, prompts: Prompts, memory: Memory | None,
    watch: Watch | None,
) -> Round:  # fmt: skip
    """Answer prompts about one object, see :meth:`Predictor.step`."""
    answerable(prompts, features.shape, refines=memory is not None)
    excluded = kept_out(predictor.model, features, prompts, predictor.words, watch)
    asked = prompts
    if memory is not None:
        memory = None if _means_another(prompts, memory) else memory
        asked = asked if memory is None else _anchored(asked, memory)
    seen = _seen(predictor, features, asked, memory, excluded, watch)
    logits = edged(seen, features, predictor.model.config.frame)
    return read(predictor, prompts, seen, excluded, asked=asked, logits=logits, before=memory)


def read(
    predictor: Predictor, prompts: Prompts, look: Look, excluded: Mask | None = None, *,
    asked: Prompts | None = None, logits: NDArray[np.float32] | None = None,
    before: Memory | None = None,
) -> Round:  # fmt: skip
    """Turn what was seen into an answer in original pixels, with a name.

    Parameters
    ----------
    predictor : Predictor
    prompts : Prompts
        What was asked; clicks are obeyed.
    look : Look
    excluded : (H, W) bool or None
        Pixels that the answer may not have.
    asked : Prompts or None
        What the next round should know was asked, if not ``prompts``.
    logits : (H, W) float32 or None
        The answer at full size, if not simply enlarged.
    before : Memory or None
        Of the round that was refined.
    """
    if logits is None:
        logits = look.logits(prompts.shape)
    if excluded is not None:
        logits = np.where(excluded, np.minimum(logits, np.float32(-NUDGE)), logits)
    if predictor.model.config.composed:
        logits = obeyed(logits, prompts.positive, prompts.negative)
    mask = logits > 0
    inside = logits[mask]
    score = float((1 / (1 + np.exp(-inside))).mean()) if inside.size else 0.0
    similarity = predictor.model.similarity(look.concepts, predictor.words.embeddings[:-1])
    best = similarity[0].softmax(dim=0).max(dim=0)
    return Round(
        prompts=prompts,
        mask=mask,
        score=score,
        label=predictor.words.names[int(best.indices)] if mask.any() else "",
        label_score=float(best.values) if mask.any() else 0.0,
        memory=look.remembered(asked or prompts, before=before).spilled(predictor.spill),
    )


def _drawn(prompts: Prompts) -> bool:
    return bool(prompts.positive.any()) or prompts.region is not None


def _means_another(prompts: Prompts, memory: Memory) -> bool:
    """Whether words alone follow a round of other words alone: they may mean another object."""
    drawn = _drawn(prompts) or _drawn(memory.prompts) or memory.given
    return not (drawn or prompts.is_empty or same_words(memory.prompts, prompts))


def _anchored(prompts: Prompts, memory: Memory) -> Prompts:
    """A click inside what is refined, where no mark says so: else the object gets lost.

    That is so if all marks are negative, and for masks that no mark of this object led to.
    """
    lost = bool(prompts.negative.any()) and not prompts.positive.any()
    if prompts.region is not None or not (memory.given or lost):
        return prompts
    _, place = deepest((memory.logits > 0) & ~prompts.negative)
    return prompts if place is None else add_click(prompts, Click(*place, positive=True))


def _seen(
    predictor: Predictor, features: ImageFeatures, prompts: Prompts, memory: Memory | None,
    excluded: Mask | None, watch: Watch | None,
) -> Look:  # fmt: skip
    model = predictor.model
    words = encode_words(model, prompts, features.examples)
    if memory is None and not _drawn(prompts):
        if model.proposes:
            found = likeliest(
                model, features, text=prompts.text, exemplar=prompts.exemplar,
                names=predictor.words, kept_out=excluded, watch=watch,
            )  # fmt: skip
            if found is not None:
                return found
        if words.tokens is not None and words.phrases is not None and words.example is None:
            return look_for(model, features, words.tokens, words.phrases)
    return look(model, features, prompts, memory=memory, words=words, zoom_in=predictor.zoom_in)

"""One round, from prompts to an answer: what words keep out, where to look, what is read."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
from scipy.ndimage import maximum_filter

from seem_model.clicks import Click, add_click
from seem_model.depth import deepest
from seem_model.looking import answerable, look, look_for
from seem_model.marks import NUDGE, obeyed
from seem_model.settling import same_words
from seem_model.similar import likeliest
from seem_model.values import Prompts, Round
from seem_model.words import encode_words
from seem_model.zoom import extent

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from seem_model.encoded import ImageFeatures, Look, Memory
    from seem_model.frame import Box
    from seem_model.predictor import Predictor
    from seem_model.proposals import Watch
    from seem_model.values import Mask

AROUND = 0.02  # of the image's longer side: how far around positive marks nothing is kept out


def answered(
    predictor: Predictor, features: ImageFeatures, prompts: Prompts, memory: Memory | None,
    watch: Watch | None,
) -> Round:  # fmt: skip
    """Answer prompts about one object, see :meth:`Predictor.step`."""
    answerable(prompts, features.shape, refines=memory is not None)
    kept_out = _kept_out(predictor, features, prompts, watch)
    asked = prompts
    if kept_out is not None:
        asked = replace(prompts, negative=prompts.negative | kept_out)
    if memory is not None:
        memory = None if _means_another(prompts, memory) else memory
        asked = asked if memory is None else _anchored(asked, memory)
    seen = _seen(predictor, features, asked, memory, kept_out, watch)
    answer = read(predictor, prompts, seen, kept_out)
    return replace(answer, memory=seen.remembered(asked))


def read(predictor: Predictor, prompts: Prompts, look: Look, kept_out: Mask | None = None) -> Round:
    """Turn what was seen into an answer in original pixels, with a name.

    Parameters
    ----------
    predictor : Predictor
    prompts : Prompts
        What was asked; clicks are obeyed.
    look : Look
    kept_out : (H, W) bool or None
        Pixels that the answer may not have.
    """
    logits = look.logits(prompts.shape)
    if kept_out is not None:
        logits = np.where(kept_out, np.minimum(logits, np.float32(-NUDGE)), logits)
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
        memory=look.remembered(prompts),
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
    kept_out: Mask | None, watch: Watch | None,
) -> Look:  # fmt: skip
    model = predictor.model
    words = encode_words(model, prompts, features.examples)
    if memory is None and not _drawn(prompts):
        if model.proposes:
            found = likeliest(
                model, features, phrase=words.phrases, exemplar=prompts.exemplar,
                names=predictor.words, kept_out=kept_out, watch=watch,
            )  # fmt: skip
            if found is not None:
                return found
        if words.tokens is not None and words.phrases is not None and words.example is None:
            return look_for(model, features, words.tokens, words.phrases)
    return look(model, features, prompts, memory=memory, words=words, zoom_in=predictor.zoom_in)


def _kept_out(
    predictor: Predictor, features: ImageFeatures, prompts: Prompts, watch: Watch | None
) -> Mask | None:
    """What the answer may not be: all that its negative words find, but for its positive marks."""
    alone = Prompts.empty(features.shape)
    asked = [alone.with_text(phrase) for phrase in prompts.unlike]
    asked += [alone.with_example(exemplar) for exemplar in prompts.unlike_exemplars]
    if not asked:
        return None
    kept_out = np.zeros(features.shape, bool)
    for k, one in enumerate(asked):
        if watch is not None and not predictor.model.proposes:  # that search tells its own share
            watch(k / (len(asked) + 1))
        place = _answer_alone(predictor, features, one, watch)
        if place is not None:
            box, mask = place
            kept_out[box.slices] |= mask
    if prompts.positive.any():
        reach = max(1, round(AROUND * max(features.shape)))
        kept_out &= ~maximum_filter(prompts.positive, 2 * reach + 1)
    return kept_out


def _answer_alone(
    predictor: Predictor, features: ImageFeatures, prompts: Prompts, watch: Watch | None
) -> tuple[Box, NDArray[np.bool_]] | None:
    """Where a phrase or an example alone is, remembered for the rounds to come."""
    answer = partial(_find_alone, predictor, features, prompts, watch)
    said = prompts.text or prompts.exemplar
    return features.once(("alone", said, predictor.vocabulary), answer)


def _find_alone(
    predictor: Predictor, features: ImageFeatures, prompts: Prompts, watch: Watch | None
) -> tuple[Box, NDArray[np.bool_]] | None:
    seen = _seen(predictor, features, prompts, None, None, watch)
    mask = seen.logits(features.shape) > 0
    box = extent(mask)
    return None if box is None else (box, mask[box.slices].copy())

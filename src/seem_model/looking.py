"""One round in views: the whole image, a crop where the object is small, and what they answer."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from seem_model import automatic, zoom
from seem_model.encoded import Encoded, ImageFeatures, Look, Memory, encode_crop
from seem_model.modeling.dense_prompt import PromptMaps
from seem_model.readout import Answer, by_click, by_phrases, by_prompts
from seem_model.settling import may_settle

if TYPE_CHECKING:
    from torch import Tensor

    from seem_model.frame import Box
    from seem_model.modeling.attention import TokenGroup
    from seem_model.modeling.seem import Seem
    from seem_model.proposals import Watch
    from seem_model.values import Prompts
    from seem_model.vocabulary import Vocabulary
    from seem_model.words import Words


def look(
    model: Seem, features: ImageFeatures, prompts: Prompts, *, memory: Memory | None, words: Words,
    zoom_in: bool,
) -> Look:  # fmt: skip
    """Answer what was drawn: the whole image first, unless something says where the object is.

    Parameters
    ----------
    model, features, prompts
        Who is asked what about which image.
    memory : Memory or None
        Of the round that is refined.
    words : Words
        The encoded phrase and example of ``prompts``.
    zoom_in : bool
        Whether small objects are looked at again in a crop.
    """
    if not model.config.composed:
        return _ask(model, features.whole, prompts, known=memory, words=words)
    zooms = zoom_in and model.config.frame.zoom_side > 0
    seen, known = None, memory
    if memory is None and (prompts.region is None or not zooms):
        seen = _ask(model, features.whole, prompts, known=None, words=words)
        known = seen.remembered(prompts)
    box = _view(prompts, known, features.whole.frame.box) if zooms else None
    if seen is None or box is not None:
        shown = features.whole if box is None else encode_crop(model, features, box)
        seen = _ask(model, shown, prompts, known=known, words=words)
    if memory is None or not may_settle(memory.prompts, prompts):
        return seen
    return seen.settled(memory, prompts)


def look_for(
    model: Seem, features: ImageFeatures, tokens: TokenGroup, phrase: Tensor, *,
    names: Vocabulary, watch: Watch | None,
) -> Look:  # fmt: skip
    """Answer a phrase alone: the likeliest proposal, or else the best grounding query.

    Parameters
    ----------
    model, features
        Who is asked about which image.
    tokens : TokenGroup
        The phrase for the decoder.
    phrase : (1, D) float
        The phrase in the text space, normalised.
    names : Vocabulary
        What else things may be.
    watch : callable or None
        Called with the share done, 0 to 1; what it raises stops the search.
    """
    if model.proposes:
        found = automatic.by_phrase(model, features, phrase, names, watch)
        if found is not None:
            return found
    decoded = model.decode_phrases(features.whole.features, tokens)
    answer = by_phrases(decoded, phrase)
    seen = _seen(model, features.whole, answer.of(0))
    return seen if model.config.composed else replace(seen, bicubic=True)


def _view(prompts: Prompts, known: Memory | None, whole: Box) -> Box | None:
    """The crop to look at, the one of the round before if it still serves; None: no crop."""
    wanted = zoom.need(None if known is None else known.logits > 0, prompts)
    if wanted is None:
        return None
    if known is not None and known.box != whole and zoom.still_good(known.box, wanted):
        return known.box
    return zoom.view(wanted)


def _ask(
    model: Seem, shown: Encoded, prompts: Prompts, *, known: Memory | None, words: Words
) -> Look:
    frame, device = shown.frame, model.logit_scale.device
    region = np.zeros(prompts.shape, bool) if prompts.region is None else prompts.region
    maps = PromptMaps(
        positive=frame.marks(prompts.positive),
        negative=frame.marks(prompts.negative),
        region=frame.mask(region),
        memory=None if known is None else known.seen_in(frame)[None],
    ).to(device)
    decoded = model.decode_prompts(shown.features, maps, text=words.tokens, example=words.example)
    if model.config.composed:
        return _seen(model, shown, by_click(decoded, maps.positive, maps.negative))
    return _seen(model, shown, by_prompts(decoded).of(0))


def _seen(model: Seem, shown: Encoded, answer: Answer) -> Look:
    concepts = model.meaning(shown.features, answer.logits[None], answer.concepts[None])
    return Look(answer.logits[0].float().cpu(), concepts[0], shown.frame)

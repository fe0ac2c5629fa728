"""One round in views: the whole image, a crop where the object is small, and what they answer."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import torch

from seem_model import automatic, zoom
from seem_model.encoded import Encoded, ImageFeatures, Look, Memory, encode_crop
from seem_model.errors import PromptError
from seem_model.modeling.dense_prompt import PromptMaps
from seem_model.readout import Answer, by_click, by_phrases, by_prompts
from seem_model.settling import may_settle

if TYPE_CHECKING:
    from collections.abc import Sequence

    from torch import Tensor

    from seem_model.frame import Box, Frame
    from seem_model.modeling.attention import TokenGroup
    from seem_model.modeling.seem import Seem
    from seem_model.proposals import Watch
    from seem_model.values import Prompts
    from seem_model.vocabulary import Vocabulary
    from seem_model.words import Words


def answerable(prompts: Prompts, shape: tuple[int, int]) -> None:
    """Refuse prompts that ask for nothing, or were not drawn on an image of ``shape`` (H, W).

    Raises
    ------
    PromptError
    """
    if prompts.shape != shape:
        raise PromptError(
            f"The prompts were drawn on {prompts.shape} pixels, the image has {shape}."
        )
    if prompts.is_empty:
        raise PromptError(
            "There is nothing to find yet: click on the object, draw on it, or type what "
            "it is. Negative marks alone do not say what you want."
        )


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


def look_together(
    model: Seem, features: ImageFeatures, prompts: Sequence[Prompts],
    memories: Sequence[Memory | None],
) -> list[Look]:  # fmt: skip
    """Answer what was drawn of N objects in one pass, each as if it were alone.

    For official layouts, whose prompts neither say words nor change the view. Objects with and
    without a round before are two passes.
    """
    looks: dict[int, Look] = {}
    for refined in (False, True):
        chosen = [i for i, m in enumerate(memories) if (m is not None) == refined]
        if not chosen:
            continue
        shown = features.whole
        each = [_maps(shown.frame, prompts[i], memories[i]) for i in chosen]
        maps = PromptMaps.stacked(each).to(model.logit_scale.device)
        rows = torch.zeros(len(chosen), dtype=torch.int64, device=model.logit_scale.device)
        answer = by_prompts(model.decode_prompts(shown.features.rows(rows), maps)).of(0)
        for k, i in enumerate(chosen):
            one = Answer(answer.logits[k : k + 1], answer.concepts[k : k + 1])
            looks[i] = _seen(model, shown, one)
    return [looks[i] for i in range(len(prompts))]


def _maps(frame: Frame, prompts: Prompts, known: Memory | None) -> PromptMaps:
    """What was drawn, and the round before, as one view shows them."""
    region = np.zeros(prompts.shape, bool) if prompts.region is None else prompts.region
    return PromptMaps(
        positive=frame.marks(prompts.positive),
        negative=frame.marks(prompts.negative),
        region=frame.mask(region),
        memory=None if known is None else known.seen_in(frame)[None],
    )


def _ask(
    model: Seem, shown: Encoded, prompts: Prompts, *, known: Memory | None, words: Words
) -> Look:
    maps = _maps(shown.frame, prompts, known).to(model.logit_scale.device)
    decoded = model.decode_prompts(shown.features, maps, text=words.tokens, example=words.example)
    if model.config.composed:
        return _seen(model, shown, by_click(decoded, maps.positive, maps.negative))
    return _seen(model, shown, by_prompts(decoded).of(0))


def _seen(model: Seem, shown: Encoded, answer: Answer) -> Look:
    concepts = model.meaning(shown.features, answer.logits[None], answer.concepts[None])
    return Look(answer.logits[0].float().cpu(), concepts[0], shown.frame)

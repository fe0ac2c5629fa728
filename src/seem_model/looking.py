"""One round in views: the whole image, a crop where the object is small, and what they answer."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import torch

from seem_model import zoom
from seem_model.encoded import (
    Encoded,
    ImageFeatures,
    Look,
    Memory,
    encode_crop,
    encode_glance,
    framed,
)
from seem_model.errors import PromptError
from seem_model.modeling.dense_prompt import PromptMaps
from seem_model.packed_prompts import PackedPrompts
from seem_model.readout import Answer, by_click, by_phrases, by_prompts
from seem_model.settling import may_settle
from seem_model.values import Prompts

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray
    from torch import Tensor

    from seem_model.frame import Box, Frame
    from seem_model.modeling.attention import TokenGroup
    from seem_model.modeling.seem import Seem
    from seem_model.values import Mask
    from seem_model.words import Words

SURE = 10.0  # logit of pixels that somebody marked


def answerable(prompts: Prompts, shape: tuple[int, int], *, refines: bool = False) -> None:
    """Refuse prompts that ask for nothing, or were not drawn on an image of ``shape`` (H, W).

    Where a round is refined, negative marks alone are enough.

    Raises
    ------
    PromptError
    """
    if prompts.shape != shape:
        raise PromptError(
            f"The prompts were drawn on {prompts.shape} pixels, the image has {shape}."
        )
    if prompts.is_empty and not (refines and prompts.negative.any()):
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
        seen = _found(model, features, prompts, words)
        known = seen.remembered(prompts)
    box = _view(prompts, known, features.whole.frame.box)
    if zooms and box is not None:
        side = zoom.shown_at(box, 0 if memory is None else memory.rounds, model.config.frame)
        crop = encode_crop(model, features, box, side)
        seen = _ask(model, crop, prompts, known=known, words=words)
    elif seen is None:
        if box is None and known is not None and not known.given and known.rounds < zoom.GLANCES:
            known = _glanced(model, features, prompts, known, words)
        seen = _ask(model, features.whole, prompts, known=known, words=words)
    if memory is None:
        return seen
    if memory.given:
        return seen.kept(memory) if _agree(memory, prompts) else seen
    return seen.settled(memory, prompts) if may_settle(memory.prompts, prompts) else seen


def _found(model: Seem, features: ImageFeatures, prompts: Prompts, words: Words) -> Look:
    """The first look at the whole image; what turns out large is looked for where it is small."""
    seen = _ask(model, features.whole, prompts, known=None, words=words)
    if _view(prompts, seen.remembered(prompts), features.whole.frame.box) is not None:
        return seen
    known = _glanced(model, features, prompts, None, words)
    if known is None:
        return seen
    return _ask(model, features.whole, prompts, known=known, words=words)


def _glanced(
    model: Seem, features: ImageFeatures, prompts: Prompts, known: Memory | None, words: Words
) -> Memory | None:
    """What full size should know of something large: this round's answer in the small image.

    Parts hang together better there.
    """
    small = encode_glance(model, features)
    if small is None:
        return known
    return _ask(model, small, prompts, known=known, words=words).remembered(prompts)


def _agree(memory: Memory, prompts: Prompts) -> bool:
    """Whether marks ask for nothing that a given mask does not have; else all of it may change."""
    mask = memory.logits > 0
    return not ((prompts.positive & ~mask) | (prompts.negative & mask)).any()


def look_for(model: Seem, features: ImageFeatures, tokens: TokenGroup, phrase: Tensor) -> Look:
    """Answer a phrase alone by the best grounding query.

    Parameters
    ----------
    model, features
        Who is asked about which image.
    tokens : TokenGroup
        The phrase for the decoder.
    phrase : (1, D) float
        The phrase in the text space, normalised.
    """
    decoded = model.decode_phrases(features.whole.features, tokens)
    answer = by_phrases(decoded, phrase)
    seen = _seen(model, features.whole, answer.of(0))
    return seen if model.config.composed else replace(seen, bicubic=True)


def marked(mask: Mask) -> NDArray[np.float32]:
    """(H, W) logits of a mask that somebody else made."""
    return np.where(mask, np.float32(SURE), np.float32(-SURE))


def memory_of(model: Seem, features: ImageFeatures, mask: Mask, *, zoom_in: bool) -> Memory:
    """A mask as if it were the answer of the round before, see :meth:`Predictor.memory_of`."""
    if mask.shape != features.shape or mask.dtype != np.bool_:
        raise PromptError(
            f"The mask must be boolean and of the image's {features.shape} pixels; it is "
            f"{mask.dtype} of {mask.shape}."
        )
    if not mask.any():
        raise PromptError("The mask is empty: there is nothing to refine.")
    drawn = Prompts(positive=mask, negative=np.zeros(features.shape, bool))
    zooms = zoom_in and model.config.composed and model.config.frame.zoom_side > 0
    box = _view(drawn, None, features.whole.frame.box) if zooms else None
    frame = features.whole.frame
    if box is not None:
        side = model.config.frame.zoom_side
        frame = framed(model, features.shape, box, long_side=side)
    nothing = PackedPrompts.of(Prompts.empty(features.shape))
    return Memory(frame.memory(marked(mask))[0], frame, nothing, given=True)


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
    nowhere = torch.zeros(1, *frame.padded, dtype=torch.bool)
    return PromptMaps(
        positive=frame.marks(prompts.positive),
        negative=frame.marks(prompts.negative),
        region=nowhere if prompts.region is None else frame.mask(prompts.region),
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

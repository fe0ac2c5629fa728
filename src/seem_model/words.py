"""What a prompt says rather than draws: its phrase and its example, encoded once a round."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from torch import Tensor

from seem_model.encoded import encode_whole
from seem_model.modeling.attention import TokenGroup
from seem_model.modeling.visual_sampler import VisualTokens

if TYPE_CHECKING:
    from collections import OrderedDict

    from seem_model.modeling.seem import Seem
    from seem_model.values import Exemplar, Prompts

_EXAMPLES_KEPT = 4


@dataclass(frozen=True, eq=False)
class Words:
    """Phrase and example of one prompt.

    Parameters
    ----------
    tokens : TokenGroup or None
        The phrase for the decoder, (1, T, C).
    phrases : (1, D) float or None
        The phrase in the text space, normalised.
    example : VisualTokens or None
        The example, read from its own image.
    """

    tokens: TokenGroup | None
    phrases: Tensor | None
    example: VisualTokens | None


def encode_words(
    model: Seem, prompts: Prompts, known: OrderedDict[Exemplar, VisualTokens]
) -> Words:
    """Encode the phrase and the example of ``prompts``.

    Parameters
    ----------
    model : Seem
    prompts : Prompts
    known : ordered dict
        Examples that were encoded before, newest last; this one is added.

    Raises
    ------
    PromptError
        If the phrase is longer than the text tower takes.
    """
    tokens = phrases = example = None
    if prompts.text:
        states = model.text.encode([prompts.text])
        tokens = model.phrase_tokens(states)
        phrases = model.phrase_embedding(states.summary)
    if prompts.exemplar is not None:
        example = _example(model, prompts.exemplar, known)
    return Words(tokens, phrases, example)


def _example(
    model: Seem, exemplar: Exemplar, known: OrderedDict[Exemplar, VisualTokens]
) -> VisualTokens:
    # Every click comes with all prompts: without this each would encode the example's image again.
    if exemplar not in known:
        shown = encode_whole(model, exemplar.image)
        mask = shown.frame.mask(exemplar.mask).to(model.logit_scale.device)
        known[exemplar] = model.example_tokens(shown.features, mask)
        if len(known) > _EXAMPLES_KEPT:
            known.popitem(last=False)
    return known[exemplar]

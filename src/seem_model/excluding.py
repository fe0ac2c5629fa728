"""What negative words and negative examples keep out of an answer.

It is taken away from the answer, not shown to the decoder: areas that large as negative marks make
the model lose the object, even where they are right (measured, ``docs/experiments.md``).
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import numpy as np
from scipy.ndimage import maximum_filter

from seem_model.candidates import candidates
from seem_model.looking import look, look_for
from seem_model.similar import scored
from seem_model.values import ALIKE, Prompts
from seem_model.words import encode_words
from seem_model.zoom import extent

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from seem_model.encoded import ImageFeatures
    from seem_model.frame import Box
    from seem_model.modeling.seem import Seem
    from seem_model.proposals import Watch
    from seem_model.values import Mask
    from seem_model.vocabulary import Vocabulary

    Place = tuple[Box, NDArray[np.bool_]]

AROUND = 0.02  # of the image's longer side: how far around positive marks nothing is kept out


def kept_out(
    model: Seem, features: ImageFeatures, prompts: Prompts, names: Vocabulary, watch: Watch | None
) -> Mask | None:
    """What the answer may not be: all that its negatives find, but for its positive marks.

    Parameters
    ----------
    model, features, prompts
        Who is asked what about which image.
    names : Vocabulary
        What else things may be.
    watch : callable or None
        Called with the share done, 0 to 1. What it raises stops the search.

    Returns
    -------
    (H, W) bool or None
        None without negative words and examples.
    """
    alone = Prompts.empty(features.shape)
    asked = [alone.with_text(phrase) for phrase in prompts.unlike]
    asked += [alone.with_example(exemplar) for exemplar in prompts.unlike_exemplars]
    if not asked:
        return None
    mask = np.zeros(features.shape, bool)
    for k, one in enumerate(asked):
        if model.proposes:
            places = _candidates(model, features, one, names, prompts.positive, watch)
        else:
            if watch is not None:
                watch(k / (len(asked) + 1))
            key = ("answer", one.text or one.exemplar)
            places = features.once(key, partial(_answer, model, features, one))
        for box, part in places:
            mask[box.slices] |= part
    if prompts.positive.any():
        reach = max(1, round(AROUND * max(features.shape)))
        mask &= ~maximum_filter(prompts.positive, 2 * reach + 1)
    return mask


def _candidates(
    model: Seem, features: ImageFeatures, said: Prompts, names: Vocabulary, positive: Mask,
    watch: Watch | None,
) -> list[Place]:  # fmt: skip
    """The best candidate and all others that count, without those that hold a positive mark."""
    found = candidates(model, features, watch)
    key = ("scores", said.text or said.exemplar, names.names)
    scores = features.once(key, partial(scored, model, features, found, said, names))
    order = np.argsort(-scores, kind="stable").tolist()
    free = [k for k in order if not (positive[found[k].box.slices] & found[k].mask).any()]
    chosen = [k for n, k in enumerate(free) if n == 0 or scores[k] >= ALIKE]
    return [(found[k].box, found[k].mask) for k in chosen]


def _answer(model: Seem, features: ImageFeatures, said: Prompts) -> list[Place]:
    words = encode_words(model, said, features.examples)
    if words.tokens is not None and words.phrases is not None:
        seen = look_for(model, features, words.tokens, words.phrases)
    else:
        seen = look(model, features, said, memory=None, words=words, zoom_in=False)
    mask = seen.logits(features.shape) > 0
    box = extent(mask)
    return [] if box is None else [(box, mask[box.slices].copy())]

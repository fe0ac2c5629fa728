"""What in an image is like an example, or fits a phrase: every candidate with a score.

A candidate scores by how sure the model is of its outline, times how much it is like the example
or how likely the phrase names it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch

from seem_model.candidates import candidates
from seem_model.choosing import apart, chosen, rivals
from seem_model.encoded import ImageFeatures, encode, encode_whole
from seem_model.errors import PromptError
from seem_model.looking import look, marked
from seem_model.modeling.appearance import appearance
from seem_model.proposal import probabilities
from seem_model.reading import read_phrase
from seem_model.values import Instance, Prompts
from seem_model.words import Words
from seem_model.zoom import around, extent

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray
    from torch import Tensor

    from seem_model.encoded import Encoded, Look
    from seem_model.modeling.seem import Seem
    from seem_model.proposal import Proposal
    from seem_model.proposals import Watch
    from seem_model.reading import Reading
    from seem_model.values import Exemplar, Mask
    from seem_model.vocabulary import Vocabulary

MARGIN = 3.0  # side of an example's view over its longer side
LEAST = 0.05  # scores below are not worth showing
SYNONYM = 0.6  # cosine of a name with a phrase from which both mean the same
ELSEWHERE = 0.8  # weight of the meaning of an example where the best in another image is chosen


@torch.inference_mode()
def similar(
    model: Seem, features: ImageFeatures, exemplars: Sequence[Exemplar], watch: Watch | None = None
) -> tuple[Instance, ...]:
    """Everything that is like the examples, see :meth:`Predictor.similar`."""
    if not exemplars:
        raise PromptError("Mark at least one example of what you are looking for.")
    found = candidates(model, features, watch)
    return _instances(found, _alike(model, features, found, exemplars), "", features.shape)


@torch.inference_mode()
def named(
    model: Seem, features: ImageFeatures, text: str, names: Vocabulary, watch: Watch | None = None
) -> tuple[Instance, ...]:
    """Everything that a phrase fits, see :meth:`Predictor.named`."""
    said = text.strip()
    if not said:
        raise PromptError("Type what you are looking for.")
    reading = read_phrase(said, names.names)
    phrase = _phrase(model, reading.name)  # before the search: it may be too long
    found = candidates(model, features, watch)
    scores = _meant(reading, features, found, fitting(model, found, phrase, names))
    said = reading.name if reading.every or reading.picks else said
    return _instances(found, scores, said, features.shape)


@torch.inference_mode()
def scored(
    model: Seem, features: ImageFeatures, found: Sequence[Proposal], said: Prompts,
    names: Vocabulary,
) -> NDArray[np.float32]:  # fmt: skip
    """(N,) scores of candidates: the phrase of ``said``, or without one its example."""
    if said.exemplar is None or said.text:
        reading = read_phrase(said.text, names.names)
        scores = fitting(model, found, _phrase(model, reading.name), names)
        return _meant(reading, features, found, scores)
    return _alike(model, features, found, [said.exemplar])


@torch.inference_mode()
def likeliest(
    model: Seem, features: ImageFeatures, *, text: str, exemplar: Exemplar | None,
    names: Vocabulary, kept_out: Mask | None, watch: Watch | None,
) -> Look | None:  # fmt: skip
    """The candidate that fits a phrase, an example or both best; all of them, if words say so.

    Parameters
    ----------
    model, features, watch
        As of :func:`similar`.
    text : str
        The phrase, or "".
    exemplar : Exemplar or None
    names : Vocabulary
        What else things may be: a candidate must be the phrase rather than these.
    kept_out : (H, W) bool or None
        What the answer may not be; candidates count as far as they lie elsewhere.

    Returns
    -------
    Look or None
        None when there is no candidate at all.
    """
    reading = read_phrase(text, names.names)
    phrase = _phrase(model, reading.name) if text else None  # before the search: as above
    found = candidates(model, features, watch)
    if not found:
        return None
    worth = np.ones(len(found), np.float32)
    if phrase is not None:
        worth *= fitting(model, found, phrase, names)
    if exemplar is not None:
        nearness = alike(model, features, found, [exemplar], meaning=ELSEWHERE)
        worth *= nearness * _quality(found) ** np.float32(0.25)
    if kept_out is not None:
        worth *= [1 - float(kept_out[p.box.slices][p.mask].mean()) for p in found]
    return chosen(reading, features, found, worth)


def _meant(
    reading: Reading, features: ImageFeatures, found: Sequence[Proposal],
    scores: NDArray[np.float32],
) -> NDArray[np.float32]:  # fmt: skip
    """Scores without those of candidates that words for place, size or colour exclude."""
    if not found or not reading.picks:
        return scores
    left = np.zeros_like(scores)
    meant = rivals(reading, features, found, scores)
    left[meant] = scores[meant]
    return left


def _phrase(model: Seem, text: str) -> Tensor:
    """(1, D) float, normalised."""
    return model.phrase_embedding(model.text.encode([text]).summary)


def _alike(
    model: Seem, features: ImageFeatures, found: Sequence[Proposal], exemplars: Sequence[Exemplar]
) -> NDArray[np.float32]:
    """(N,) scores of candidates by examples."""
    return alike(model, features, found, exemplars) * _quality(found)


def alike(
    model: Seem, features: ImageFeatures, found: Sequence[Proposal],
    exemplars: Sequence[Exemplar], meaning: float = 0.5,
) -> NDArray[np.float32]:  # fmt: skip
    """(N,) how near candidates are to examples, 0 to 1: cosines, averaged over the examples.

    ``meaning`` is the weight of what they stand for; the rest is how they look.
    """
    if not found:
        return np.zeros(0, np.float32)
    wanted = torch.stack([_kind(model, features, e) for e in exemplars]).mean(dim=0)
    parts = torch.stack([p.kind for p in found]) * wanted
    split = parts.shape[1] - model.config.decoder.concept
    looks, stands = 2 * parts[:, :split].sum(dim=1), 2 * parts[:, split:].sum(dim=1)
    cosine = (1 - meaning) * looks + meaning * stands
    return np.asarray(cosine.clamp(0, 1).numpy(), np.float32)


def fitting(
    model: Seem, found: Sequence[Proposal], phrase: Tensor, names: Vocabulary
) -> NDArray[np.float32]:
    """(N,) scores of candidates: quality, and the chance of being a phrase, not another name."""
    if not found:
        return np.zeros(0, np.float32)
    others = names.embeddings[(names.embeddings @ phrase.T)[:, 0] < SYNONYM]
    chances = probabilities(model, found, torch.cat([phrase, others]))[:, 0]
    # there are many names: the root brings a likely phrase to where a likely example is
    return np.asarray(np.cbrt(chances) * _quality(found), np.float32)


def _quality(found: Sequence[Proposal]) -> NDArray[np.float32]:
    return np.array([p.quality for p in found], np.float32)


def _kind(model: Seem, features: ImageFeatures, exemplar: Exemplar) -> Tensor:
    """(C,) what an example looks like, read once for an image."""
    return features.once(("kind", exemplar), lambda: _read(model, exemplar))


def _read(model: Seem, exemplar: Exemplar) -> Tensor:
    shown = _shown(model, exemplar)
    logits = shown.frame.memory(marked(exemplar.mask)).to(model.logit_scale.device)
    if model.naming is None:  # then queries carry the meaning: the one that answers the mask
        own = ImageFeatures(exemplar.image, shown)
        drawn = Prompts(positive=exemplar.mask, negative=np.zeros_like(exemplar.mask))
        words = Words(None, None, None)
        concepts = look(model, own, drawn, memory=None, words=words, zoom_in=False).concepts
    else:
        blank = logits.new_zeros(1, 1, model.config.decoder.concept)
        concepts = model.meaning(shown.features, logits[None], blank)[0]
    return appearance(shown.features, logits.sigmoid(), concepts)[0].cpu()


def _shown(model: Seem, exemplar: Exemplar) -> Encoded:
    """An example with its surroundings, about as large as candidates are where they are found."""
    config = model.config.proposals
    box = extent(exemplar.mask)
    if config is None or box is None:
        return encode_whole(model, exemplar.image)
    height, width = exemplar.mask.shape
    side = round(MARGIN * box.side)
    view = around(box, max(32, side), height, width)
    return encode(model, exemplar.image, view, long_side=config.side)


def _instances(
    found: Sequence[Proposal], scores: NDArray[np.float32], label: str, shape: tuple[int, int]
) -> tuple[Instance, ...]:
    """Best first, without what scores next to nothing and what lies on something better."""
    kept = apart(found, scores, least=LEAST)
    return tuple(
        Instance(mask=found[k].within(shape), label=label, score=float(scores[k])) for k in kept
    )

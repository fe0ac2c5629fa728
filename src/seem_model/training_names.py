"""Losses of names: of the naming head, or of queries that carry the meaning themselves."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from seem_model.modeling.names import BACKGROUND, PhraseBook

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from seem_model.data.batch import Batch, View
    from seem_model.modeling.decoded import Features
    from seem_model.modeling.seem import Seem

LEAST_BACKGROUND = 0.02  # share of a view
MOSTLY = 0.5  # share of a place that its class must cover


@dataclass(frozen=True, eq=False)
class Dropout:
    """Leaves out a share of what is read, drawn anew each time, and makes up for it.

    Readers of a few thousand objects know them by heart otherwise (Srivastava et al., JMLR 2014).

    Parameters
    ----------
    share : float
        From 0 to below 1.
    generator : torch.Generator
        On the CPU, so that every device draws the same.
    """

    share: float
    generator: torch.Generator

    def __call__(self, x: Tensor) -> Tensor:
        """Features of any shape, of the same shape and mean."""
        if self.share == 0:
            return x
        kept = torch.rand(x.shape, generator=self.generator) >= self.share
        return x * kept.to(x.device) / (1 - self.share)


def query_names_loss(model: Seem, book: PhraseBook, concepts: Tensor, batch: Batch) -> Tensor:
    """Cross-entropy of the names that the queries of a batch's asks, (N, D), stand for."""
    terms = []
    for concept, ask in zip(concepts, batch.asks, strict=True):
        listed = batch.views[ask.image].vocabulary
        terms.append(_cross_entropy(model, book, concept[None], (ask.name,), listed))
    return torch.stack(terms).mean()


def naming_loss(
    model: Seem, book: PhraseBook, features: Features, batch: Batch, dropout: Dropout | None = None
) -> Tensor:
    """Cross-entropy of all labelled masks' names, and of what is known to be none of them.

    Each reader of the naming head learns by itself: what one knows by heart would leave another
    nothing to learn.
    """
    device, size = features.mask.device, features.mask.shape[-2:]
    terms = []
    for i, view in enumerate(batch.views):
        masks, names = view.masks, view.names
        rest = _rest(view)
        if view.background and rest.mean() > LEAST_BACKGROUND:
            masks, names = np.concatenate([masks, rest[None]]), (*names, BACKGROUND)
        soft = F.interpolate(torch.from_numpy(masks)[None].float(), size=size, mode="area")
        row = features.rows(torch.tensor([i], device=device))
        # logits of the true masks, so that training goes through the same door as answers do
        logits = torch.logit(soft, eps=1e-4).to(device)
        listed = (*view.vocabulary, BACKGROUND)
        terms += [
            _cross_entropy(model, book, concepts[0], names, listed)
            for concepts in model.meanings(row, logits, disturb=dropout)
        ]
    return torch.stack(terms).mean()


def places_loss(
    model: Seem, book: PhraseBook, features: Features, batch: Batch, dropout: Dropout | None = None
) -> Tensor:
    """Cross-entropy of the names of places, which fill what no object covers.

    A place of the finest map that the naming head reads is asked where one class, or what is known
    to be none, covers half of it. Each class of a view counts as the root of its places, so that
    neither sky nor a spoon decides alone.

    Returns
    -------
    () float
        Mean over readers and views that show such places; 0 without any.
    """
    readers = model.meanings_everywhere(features, disturb=dropout)
    each = (zip(seen, batch.views, strict=True) for seen in readers)
    terms = []
    for seen, view in chain.from_iterable(each):
        listed = (*view.vocabulary, BACKGROUND)
        known = model.phrase_embedding(book.names(listed).to(seen.device))
        rows = places_of(view, (seen.shape[0], seen.shape[1])).to(seen.device)
        asked = rows >= 0
        if asked.any():
            wanted = rows[asked]
            weight = wanted.bincount(minlength=len(listed))[wanted].float().rsqrt()
            entropy = F.cross_entropy(
                model.similarity(seen[asked], known), wanted, reduction="none"
            )
            terms.append((entropy * weight).sum() / weight.sum())
    return torch.stack(terms).mean() if terms else features.mask.new_zeros(())


def places_of(view: View, size: tuple[int, int]) -> Tensor:
    """What each place of a view is known to be.

    Parameters
    ----------
    view : View
    size : (int, int)
        Places down and across.

    Returns
    -------
    size int64
        Rows of the view's vocabulary, its length where it is known to be none of it, -1 where
        nothing covers half of the place.
    """
    masks, rows = view.masks, [view.vocabulary.index(n) for n in view.names]
    if view.background:
        masks, rows = np.concatenate([masks, _rest(view)[None]]), [*rows, len(view.vocabulary)]
    shares = F.interpolate(torch.from_numpy(masks)[None].float(), size=size, mode="area")[0]
    covered = shares.new_zeros(len(view.vocabulary) + 1, *size)
    share, which = covered.index_add(0, torch.tensor(rows), shares).max(dim=0)
    return torch.where(share >= MOSTLY, which, -1)


def _cross_entropy(
    model: Seem, book: PhraseBook, concepts: Tensor, names: tuple[str, ...], listed: tuple[str, ...]
) -> Tensor:
    known = model.phrase_embedding(book.names(listed).to(concepts.device))
    wanted = torch.tensor([listed.index(n) for n in names], device=concepts.device)
    return F.cross_entropy(model.similarity(concepts, known), wanted)


def _rest(view: View) -> NDArray[np.bool_]:
    """(S, S) bool: pixels of the image that nothing is labelled on."""
    rest = np.asarray(view.crop.labels == 0)
    rest[view.crop.height :], rest[:, view.crop.width :] = False, False
    return rest

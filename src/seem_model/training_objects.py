"""Everything in training: the object queries of views where all is labelled."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from seem_model.losses import ObjectTargets, added, layers, object_losses
from seem_model.modeling.names import BACKGROUND

if TYPE_CHECKING:
    from torch import Tensor

    from seem_model.data.batch import Batch
    from seem_model.loss_config import LossConfig
    from seem_model.modeling.decoded import Features
    from seem_model.modeling.names import PhraseBook
    from seem_model.modeling.seem import Seem


def objects_loss(
    model: Seem, book: PhraseBook, features: Features, batch: Batch, *, config: LossConfig,
    generator: torch.Generator,
) -> dict[str, Tensor]:  # fmt: skip
    """Losses of the object queries, added up over the layers; none without a complete view.

    Parameters
    ----------
    model : Seem
    book : PhraseBook
        Frozen text states.
    features : Features
        Of the batch's views.
    batch : Batch
    config : LossConfig
    generator : torch.Generator
        Of the points at which masks are compared.
    """
    complete = [i for i, v in enumerate(batch.views) if v.complete]
    if not complete:
        return {}
    device = features.mask.device
    targets = []
    for view in (batch.views[i] for i in complete):
        summaries = book.names((*view.vocabulary, BACKGROUND)).to(device)
        classes = [view.vocabulary.index(n) for n in view.names]
        targets.append(
            ObjectTargets(
                torch.from_numpy(view.masks).to(device),
                torch.tensor(classes, dtype=torch.int64, device=device),
                model.phrase_embedding(summaries),
            )
        )
    rows = features.rows(torch.tensor(complete, device=device))
    decoded = model.decode_objects(rows, every_layer=True)
    summed: dict[str, Tensor] = {}
    for layer in layers(decoded):
        queries = layer.present_objects
        logits = [
            model.similarity(c, t.embeddings)
            for c, t in zip(queries.concepts, targets, strict=True)
        ]
        terms = object_losses(queries, logits, targets, config=config, generator=generator)
        summed = added(summed, terms)
    return summed

"""Grounding in training: what the phrases of a view name, all of a view read together."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch

from seem_model.losses import PhraseTargets, added, layers, phrase_losses
from seem_model.modeling.text import TextStates

if TYPE_CHECKING:
    from torch import Tensor

    from seem_model.data.batch import Batch
    from seem_model.loss_config import LossConfig
    from seem_model.modeling.decoded import Features
    from seem_model.modeling.names import PhraseBook
    from seem_model.modeling.seem import Seem


def phrases_loss(
    model: Seem, book: PhraseBook, features: Features, batch: Batch, *, config: LossConfig,
    generator: torch.Generator,
) -> dict[str, Tensor]:  # fmt: skip
    """Losses of the grounding queries, added up over the layers; none without a phrase.

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
    asked = [(i, v.phrased) for i, v in enumerate(batch.views) if v.phrased]
    if not asked:
        return {}
    device = model.logit_scale.device
    targets = [
        PhraseTargets(
            torch.from_numpy(np.stack([p.mask for p in phrased])).to(device),
            tuple(p.text for p in phrased),
            phrased[0].sentence,
        )
        for _, phrased in asked
    ]
    states = [book.states([p.text for p in phrased]).to(device) for _, phrased in asked]
    tokens = model.phrase_tokens(read_together(states))
    rows = features.rows(torch.tensor([i for i, _ in asked], device=device))
    decoded = model.decode_phrases(rows, tokens, every_layer=True)
    phrases = [model.phrase_embedding(s.summary) for s in states]
    summed: dict[str, Tensor] = {}
    for layer in layers(decoded):
        queries = layer.grounding or layer.present_objects
        logits = [model.similarity(c, p) for c, p in zip(queries.concepts, phrases, strict=True)]
        terms = phrase_losses(queries, logits, targets, config=config, generator=generator)
        summed = added(summed, terms)
    return summed


def read_together(states: list[TextStates]) -> TextStates:
    """The phrases of each of B views as one sequence of their real tokens (SEEM §5.7)."""
    rows = [s.tokens[~s.padding] for s in states]
    tokens = torch.nn.utils.rnn.pad_sequence(rows, batch_first=True)
    lengths = torch.tensor([len(row) for row in rows], device=tokens.device)
    padding = torch.arange(tokens.shape[1], device=tokens.device) >= lengths[:, None]
    return TextStates(
        tokens=tokens, padding=padding, summary=torch.stack([s.summary.mean(0) for s in states])
    )

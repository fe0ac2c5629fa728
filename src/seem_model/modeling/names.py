"""Class names and phrases as vectors, computed once by the frozen text tower."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
import torch.nn.functional as F
from torch import Tensor

from seem_model.modeling.templates import OFFICIAL_TEMPLATES
from seem_model.modeling.text import TextStates, TextTower

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

TEMPLATES = ("{}", "a photo of a {}", "a picture of the {}")
BACKGROUND = "background"


def name_summaries(tower: TextTower, names: Sequence[str], *, batch: int = 64) -> Tensor:
    """(K, D) mean of the normalised tower summaries of each name in every template."""
    if not names:
        return torch.zeros(0, tower.width)
    phrases = [t.format(plain_name(name)) for name in names for t in TEMPLATES]
    parts = [
        F.normalize(tower.encode(phrases[i : i + batch]).summary, dim=-1)
        for i in range(0, len(phrases), batch)
    ]
    return torch.cat(parts).view(len(names), len(TEMPLATES), -1).mean(1)


def plain_name(name: str) -> str:
    """A class name as people say it: "floor-other-merged" is "floor"."""
    return without_endings(name).replace("-", " ")


def without_endings(name: str) -> str:
    """A class name without what COCO appends to names of stuff."""
    for ending in ("-other", "-merged", "-stuff"):
        name = name.replace(ending, "")
    return name


@torch.no_grad()
def official_summaries(
    tower: TextTower, projection: Tensor, names: Sequence[str], *, batch: int = 64,
    watch: Callable[[float], None] | None = None,
) -> Tensor:  # fmt: skip
    """Summaries of class names that, projected, are the official class embeddings.

    Parameters
    ----------
    tower : TextTower
    projection : (D, C) float
        Into the space shared with masks, where the official code takes the length of each of the
        81 sentences about a name before it averages them.
    names : sequence of str
        K names; "background", if it is wanted, is one of them.
    batch : int
        Sentences that go through the tower together.
    watch : callable or None
        Called with the share done, 0 to 1. What it raises stops the work.

    Returns
    -------
    (K, D) float32 on the tower's device
    """
    sentences = [t.format(without_endings(n)) for n in names for t in OFFICIAL_TEMPLATES]
    # sentences of one length have no padding that would have to be computed
    order = sorted(range(len(sentences)), key=lambda k: tower.count_tokens(sentences[k]))
    rows = torch.zeros(len(sentences), tower.width, device=projection.device)
    for start in range(0, len(order), batch):
        part = order[start : start + batch]
        summary = tower.encode([sentences[k] for k in part]).summary
        length = (summary @ projection).norm(dim=-1, keepdim=True)
        rows[part] = summary / (length + 1e-7)
        if watch is not None:
            watch((start + len(part)) / len(order))
    return rows.view(len(names), len(OFFICIAL_TEMPLATES), -1).mean(1)


class PhraseBook:
    """Tower states of phrases, each computed when it is asked for, the last kept on the CPU.

    Parameters
    ----------
    tower : TextTower
    kept : int
        So many phrases; data sets of people's sentences hold hundreds of thousands.
    """

    def __init__(self, tower: TextTower, *, kept: int = 5000) -> None:
        self.tower, self.kept = tower, kept
        self._states: dict[str, TextStates] = {}
        self._names: dict[str, Tensor] = {}

    def states(self, phrases: Sequence[str]) -> TextStates:
        """States of N phrases, padded to one length: tokens (N, T, D)."""
        missing = sorted(set(phrases) - self._states.keys())
        for phrase in missing:
            self._states[phrase] = self.tower.encode([phrase]).to(torch.device("cpu"))
        found = [self._states[p] for p in phrases]
        for phrase in list(self._states)[: max(0, len(self._states) - self.kept)]:
            del self._states[phrase]
        length = max(f.tokens.shape[1] for f in found)
        width = found[0].tokens.shape[2]
        tokens = torch.zeros(len(found), length, width)
        padding = torch.ones(len(found), length, dtype=torch.bool)
        for i, f in enumerate(found):
            tokens[i, : f.tokens.shape[1]] = f.tokens[0]
            padding[i, : f.tokens.shape[1]] = f.padding[0]
        return TextStates(
            tokens=tokens, padding=padding, summary=torch.cat([f.summary for f in found])
        )

    def names(self, names: Sequence[str]) -> Tensor:
        """(K, D) summaries of class names (see :func:`name_summaries`)."""
        missing = [n for n in dict.fromkeys(names) if n not in self._names]
        for name, row in zip(missing, name_summaries(self.tower, missing), strict=True):
            self._names[name] = row.cpu()
        return torch.stack([self._names[n] for n in names])

"""Text towers: phrases in, frozen token states and one summary per phrase out.

A tower knows nothing of pictures; the projection into the space shared with masks belongs to
the model that holds the tower.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import torch
from torch import Tensor, nn

from seem_model.errors import CheckpointError, PromptError
from seem_model.modeling.text_config import (
    ClipTextConfig,
    TextConfig,
    TinyTextConfig,
)

if TYPE_CHECKING:
    from collections.abc import Sequence


@dataclass(frozen=True, eq=False, kw_only=True)
class TextStates:
    """What a tower says about N phrases, the longest of which has T tokens.

    Attributes
    ----------
    tokens : Tensor
        (N, T, D) float32; zero where there is no token (except in the CLIP tower, whose padding
        states are as computed).
    padding : Tensor
        (N, T) bool, True where there is no token.
    summary : Tensor
        (N, D) float32, one unnormalised vector per phrase.
    """

    tokens: Tensor
    padding: Tensor
    summary: Tensor

    def to(self, device: torch.device) -> TextStates:
        """The same on another device."""
        return TextStates(
            tokens=self.tokens.to(device),
            padding=self.padding.to(device),
            summary=self.summary.to(device),
        )


class TextTower(Protocol):
    """What the model needs from a text tower; towers are frozen, so no call makes gradients."""

    @property
    def width(self) -> int:
        """Channels D of a token."""
        ...

    @property
    def max_tokens(self) -> int:
        """Most tokens a phrase may have."""
        ...

    def count_tokens(self, phrase: str) -> int:
        """Count the tokens of a phrase, to compare with `max_tokens`."""
        ...

    def encode(self, phrases: Sequence[str]) -> TextStates:
        """Encode N phrases; raises `PromptError` when one of them has too many tokens."""
        ...


class TinyText(nn.Module):
    """Each word is a row of a seeded random table; the summary is the mean of the words.

    Parameters
    ----------
    config : TinyTextConfig
        Size and seed of the table.
    """

    table: Tensor

    def __init__(self, config: TinyTextConfig) -> None:
        super().__init__()
        self.width, self.max_tokens = config.width, config.max_tokens
        # On the CPU even where the model is created without memory: no file brings the numbers.
        generator = torch.Generator("cpu").manual_seed(config.seed)
        # Row 0 stands for a phrase without words, so that every phrase has a token.
        table = torch.randn(config.words + 1, config.width, generator=generator, device="cpu")
        self.register_buffer("table", table, persistent=False)

    def count_tokens(self, phrase: str) -> int:
        """Count the words of a phrase (an empty one counts as one)."""
        return len(self._rows(phrase))

    @torch.no_grad()
    def encode(self, phrases: Sequence[str]) -> TextStates:
        """Encode N phrases.

        Parameters
        ----------
        phrases : sequence of str
            Any N strings, N >= 0.

        Returns
        -------
        TextStates
            Tokens (N, T, D) on the table's device.

        Raises
        ------
        PromptError
            If a phrase has more than `max_tokens` words.
        """
        rows = [self._rows(phrase) for phrase in phrases]
        for row in rows:
            refuse_too_long(len(row), self.max_tokens)
        ids, padding = pad_ids(rows, device=self.table.device)
        tokens = self.table[ids].masked_fill(padding[..., None], 0.0)
        return TextStates(tokens=tokens, padding=padding, summary=mean_of_tokens(tokens, padding))

    def _rows(self, phrase: str) -> list[int]:
        words = phrase.casefold().split()
        return [1 + zlib.crc32(word.encode()) % (len(self.table) - 1) for word in words] or [0]


def pad_ids(rows: Sequence[Sequence[int]], *, device: torch.device) -> tuple[Tensor, Tensor]:
    """Stack lists of token ids: (N, T) int64 filled up with 0, and (N, T) bool padding."""
    longest = max((len(row) for row in rows), default=0)
    ids = torch.zeros(len(rows), longest, dtype=torch.int64)
    padding = torch.ones(len(rows), longest, dtype=torch.bool)
    for n, row in enumerate(rows):
        ids[n, : len(row)] = torch.tensor(row, dtype=torch.int64)
        padding[n, : len(row)] = False
    return ids.to(device), padding.to(device)


def mean_of_tokens(tokens: Tensor, padding: Tensor) -> Tensor:
    """Average (N, T, D) tokens where (N, T) padding is False, giving (N, D)."""
    real = (~padding)[..., None].to(tokens.dtype)
    return (tokens * real).sum(1) / real.sum(1).clamp_min(1.0)


def refuse_too_long(tokens: int, limit: int) -> None:
    """Raise `PromptError` in plain words when a phrase has more tokens than a tower takes."""
    if tokens > limit:
        raise PromptError(
            f"This text is too long: it has {tokens} word pieces and the text tower takes at "
            f"most {limit}. Shorten it to a phrase that names the object."
        )


def build_text(config: TextConfig, folder: str | Path | None) -> TextTower:
    """Build the tower that a configuration describes.

    Parameters
    ----------
    config : TextConfig
        The kind of tower is the type of its configuration.
    folder : str, Path or None
        Where its weights and its tokenizer are. `TinyText` needs none, nor does the CLIP tower: its
        weights are in the model's own checkpoint and its tokenizer comes with this package.

    Returns
    -------
    TextTower
        A frozen `torch.nn.Module` on the CPU.

    Raises
    ------
    CheckpointError
        If files are missing, damaged or do not fit the configuration.
    """
    # Imported here because each tower brings libraries that the others do not need.
    if isinstance(config, TinyTextConfig):
        return TinyText(config)
    if isinstance(config, ClipTextConfig):
        from seem_model.modeling.clip_text import ClipText

        return ClipText(config)
    if folder is None:
        raise CheckpointError("The MiniLM text tower needs a folder with its weights; give one.")
    from seem_model.modeling.minilm import load_minilm

    return load_minilm(config, Path(folder))

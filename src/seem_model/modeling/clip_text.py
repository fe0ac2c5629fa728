"""The text transformer of the official checkpoints, borrowed from transformers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from seem_model.errors import CheckpointError
from seem_model.modeling.clip_tokenizer import PIECES, clip_tokenizer
from seem_model.modeling.text import TextStates, pad_ids, refuse_too_long

if TYPE_CHECKING:
    from collections.abc import Sequence

    from seem_model.modeling.text_config import ClipTextConfig


class ClipText(nn.Module):
    """CLIP's causal text transformer (Radford et al., 2021) at SEEM's size; a `TextTower`.

    The projection into the space shared with masks is not part of it.

    Parameters
    ----------
    config : ClipTextConfig
        Sizes of the tower.
    """

    def __init__(self, config: ClipTextConfig) -> None:
        super().__init__()
        # Imported here because it takes seconds, and only official checkpoints need it.
        from transformers import CLIPTextConfig, CLIPTextModel

        self.width, self.max_tokens = config.width, config.max_tokens
        self.start, self.end = config.start, config.end
        self._pieces = config.vocabulary
        self.transformer = CLIPTextModel(
            CLIPTextConfig(
                vocab_size=config.vocabulary,
                hidden_size=config.width,
                intermediate_size=config.hidden,
                projection_dim=config.width,
                num_hidden_layers=config.layers,
                num_attention_heads=config.heads,
                max_position_embeddings=config.max_tokens,
                hidden_act="quick_gelu",
                layer_norm_eps=config.epsilon,
                bos_token_id=config.start,
                eos_token_id=config.end,
                pad_token_id=config.end,
            )
        )
        # No checkpoint brings these numbers, so they must exist even where the model is created
        # without memory.
        positions = torch.arange(config.max_tokens, device="cpu")[None]
        self.transformer.embeddings.register_buffer("position_ids", positions, persistent=False)
        self.requires_grad_(False)

    @torch.no_grad()
    def encode_ids(self, ids: Tensor) -> TextStates:
        """Encode phrases that are already tokens.

        Parameters
        ----------
        ids : Tensor
            (N, T) int64, T <= `max_tokens`; each row starts with the start token and is filled
            up with end tokens, of which it has at least one.

        Returns
        -------
        TextStates
            Tokens up to and including the first end token are real; the summary is the state at
            that token. The attention is causal, so what pads a row does not change its states.
        """
        states = self.transformer(input_ids=ids).last_hidden_state  # (N, T, D)
        last = (ids == self.end).int().argmax(1)  # (N,) the first end token
        padding = torch.arange(ids.shape[1], device=ids.device) > last[:, None]
        summary = states[torch.arange(len(ids), device=ids.device), last]
        return TextStates(tokens=states, padding=padding, summary=summary)

    def count_tokens(self, phrase: str) -> int:
        """Count the word pieces of a phrase, start and end included."""
        return len(self.ids([phrase])[0])

    @torch.no_grad()
    def encode(self, phrases: Sequence[str]) -> TextStates:
        """Encode N phrases as far as the longest goes; what one gives depends on no other.

        Parameters
        ----------
        phrases : sequence of str
            Any N strings, N >= 0; case and runs of spaces are ignored.

        Returns
        -------
        TextStates
            Tokens (N, T, D) on the tower's device, T the length of the longest phrase.

        Raises
        ------
        PromptError
            If a phrase has more than `max_tokens` word pieces. (The official code cuts it off.)
        CheckpointError
            If the tower was made for another tokenizer.
        """
        rows = self.ids(phrases)
        for row in rows:
            refuse_too_long(len(row), self.max_tokens)
        device = self.transformer.embeddings.token_embedding.weight.device
        if not rows:
            nothing = torch.zeros(0, 0, self.width, device=device)
            return TextStates(
                tokens=nothing, padding=nothing.bool().any(-1), summary=nothing.sum(1)
            )
        ids, padding = pad_ids(rows, device=device)
        return self.encode_ids(ids.masked_fill(padding, self.end))

    def ids(self, phrases: Sequence[str]) -> list[list[int]]:
        """Token ids of each phrase, from the start token to the end token, as long as they are.

        Raises
        ------
        CheckpointError
            If the tower was made for another tokenizer.
        """
        if self._pieces != PIECES:
            raise CheckpointError(
                f"This text tower was made for {self._pieces} word pieces, CLIP's tokenizer has "
                f"{PIECES}, so it cannot read text. Clicks, boxes and strokes work without it."
            )
        tokenizer = clip_tokenizer()
        return [[self.start, *tokenizer.encode(phrase).ids, self.end] for phrase in phrases]

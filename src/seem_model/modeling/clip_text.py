"""The text transformer of the official checkpoints, borrowed from transformers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from seem_model.errors import CheckpointError
from seem_model.modeling.text import TextStates

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from seem_model.modeling.text_config import ClipTextConfig


class ClipText(nn.Module):
    """CLIP's causal text transformer (Radford et al., 2021) at SEEM's size; a `TextTower`.

    The projection into the space shared with masks is not part of it.

    Parameters
    ----------
    config : ClipTextConfig
        Sizes of the tower.
    folder : Path or None
        The checkpoint, named in the message when text cannot be read.
    """

    def __init__(self, config: ClipTextConfig, *, folder: Path | None = None) -> None:
        super().__init__()
        # Imported here because it takes seconds, and only official checkpoints need it.
        from transformers import CLIPTextConfig, CLIPTextModel

        self.width, self.max_tokens, self.end = config.width, config.max_tokens, config.end
        self._folder = folder
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
        """Count the tokens of a phrase; raises `CheckpointError` while there is no tokenizer."""
        raise self._no_tokenizer()

    def encode(self, phrases: Sequence[str]) -> TextStates:
        """Encode N phrases; raises `CheckpointError` while there is no tokenizer."""
        raise self._no_tokenizer()

    def _no_tokenizer(self) -> CheckpointError:
        where = "this checkpoint" if self._folder is None else str(self._folder)
        return CheckpointError(
            f"There is no tokenizer file in {where}, so this model cannot read text. "
            "Clicks, boxes and strokes work without it."
        )

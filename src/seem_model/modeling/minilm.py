"""MiniLM, the small sentence encoder of the embedded default.

Wang et al., MiniLM (NeurIPS 2020): six BERT layers (Devlin et al., 2019), post-norm, exact GELU.
Written out here because importing a library for it takes longer than running it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor, nn
from torch.nn import functional as F

from seem_model.errors import CheckpointError
from seem_model.modeling.quantize import dequantize
from seem_model.modeling.text import TextStates, mean_of_tokens, pad_ids, refuse_too_long

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from tokenizers import Tokenizer

    from seem_model.modeling.text_config import MiniLMConfig

WEIGHTS_FILE = "text.safetensors"
TOKENIZER_FILE = "tokenizer.json"
BATCH = 128


class MiniLMLayer(nn.Module):
    """Self-attention and MLP, each followed by a norm over the sum.

    Parameters
    ----------
    config : MiniLMConfig
        Sizes of the layer.
    """

    def __init__(self, config: MiniLMConfig) -> None:
        super().__init__()
        self.heads = config.heads
        self.qkv = nn.Linear(config.width, 3 * config.width)
        self.out = nn.Linear(config.width, config.width)
        self.norm1 = nn.LayerNorm(config.width, eps=config.epsilon)
        self.grow = nn.Linear(config.width, config.hidden)
        self.shrink = nn.Linear(config.hidden, config.width)
        self.norm2 = nn.LayerNorm(config.width, eps=config.epsilon)

    def forward(self, x: Tensor, visible: Tensor) -> Tensor:
        """Transform (N, T, D) tokens; `visible` (N, 1, 1, T) bool, True where to look."""
        q, k, v = self.qkv(x).unflatten(-1, (3, self.heads, -1)).permute(2, 0, 3, 1, 4)
        seen = F.scaled_dot_product_attention(q, k, v, attn_mask=visible)  # (N, heads, T, D/heads)
        x = self.norm1(x + self.out(seen.transpose(1, 2).flatten(2)))
        x = self.norm2(x + self.shrink(F.gelu(self.grow(x))))
        return x


class MiniLM(nn.Module):
    """The encoder and its tokenizer; a `TextTower`.

    Parameters
    ----------
    config : MiniLMConfig
        Sizes of the tower.
    tokenizer : tokenizers.Tokenizer
        A BERT word-piece tokenizer that adds the start and end pieces by itself.
    """

    def __init__(self, config: MiniLMConfig, tokenizer: Tokenizer) -> None:
        super().__init__()
        self.width, self.max_tokens = config.width, config.max_tokens
        self._tokenizer = tokenizer
        # Plain parameters: creating `nn.Embedding` without memory imports torch's compiler, which
        # would triple the time to load.
        self.words = nn.Parameter(torch.empty(config.vocabulary, config.width))
        self.positions = nn.Parameter(torch.empty(config.max_tokens, config.width))
        self.norm = nn.LayerNorm(config.width, eps=config.epsilon)
        self.layers = nn.ModuleList(MiniLMLayer(config) for _ in range(config.layers))

    def forward(self, ids: Tensor, padding: Tensor) -> Tensor:
        """Turn (N, T) int64 ids into (N, T, D) states; `padding` (N, T) bool is not looked at."""
        x: Tensor = self.norm(F.embedding(ids, self.words) + self.positions[: ids.shape[1]])
        visible = ~padding[:, None, None, :]
        for layer in self.layers:
            x = layer(x, visible)
        return x

    def count_tokens(self, phrase: str) -> int:
        """Count the word pieces of a phrase, start and end included."""
        return len(self._ids(phrase))

    @torch.no_grad()
    def encode(self, phrases: Sequence[str]) -> TextStates:
        """Encode N phrases; what one gives does not depend on its neighbours.

        Parameters
        ----------
        phrases : sequence of str
            Any N strings, N >= 0; case and accents are ignored.

        Returns
        -------
        TextStates
            Tokens (N, T, D) on the tower's device; the summary is the mean of the real tokens.

        Raises
        ------
        PromptError
            If a phrase has more than `max_tokens` word pieces.
        """
        rows = [self._ids(phrase) for phrase in phrases]
        for row in rows:
            refuse_too_long(len(row), self.max_tokens)
        ids, padding = pad_ids(rows, device=self.words.device)
        tokens = self.words.new_zeros(*ids.shape, self.width)
        for start in range(0, len(rows), BATCH):
            part = slice(start, start + BATCH)
            longest = max(len(row) for row in rows[part])
            tokens[part, :longest] = self(ids[part, :longest], padding[part, :longest])
        tokens = tokens.masked_fill(padding[..., None], 0.0)
        return TextStates(tokens=tokens, padding=padding, summary=mean_of_tokens(tokens, padding))

    def _ids(self, phrase: str) -> list[int]:
        # One by one: the library's batch call starts threads, which forked data loaders dislike.
        return list(self._tokenizer.encode(phrase).ids)


def load_minilm(config: MiniLMConfig, folder: Path) -> MiniLM:
    """Load the tower from `text.safetensors` and `tokenizer.json`.

    Parameters
    ----------
    config : MiniLMConfig
        Sizes; they must agree with the files.
    folder : Path
        Where the two files are. Weights may be stored by `quantize`.

    Returns
    -------
    MiniLM
        In float32, on the CPU, without gradients.

    Raises
    ------
    CheckpointError
        If a file is missing or damaged, or holds a tower of other sizes.
    """
    for name in (WEIGHTS_FILE, TOKENIZER_FILE):
        if not (folder / name).is_file():
            raise CheckpointError(f"The text tower's file {name} is missing from {folder}.")
    from tokenizers import Tokenizer

    try:
        stored = load_file(folder / WEIGHTS_FILE)
    except SafetensorError as error:
        raise CheckpointError(f"{folder / WEIGHTS_FILE} cannot be read: {error}") from error
    try:
        tokenizer = Tokenizer.from_file(str(folder / TOKENIZER_FILE))
    except Exception as error:  # the library raises bare Exception for a damaged file
        raise CheckpointError(f"{folder / TOKENIZER_FILE} cannot be read: {error}") from error
    if tokenizer.get_vocab_size() > config.vocabulary:
        raise CheckpointError(
            f"{folder / TOKENIZER_FILE} knows {tokenizer.get_vocab_size()} word pieces, the model "
            f"{config.vocabulary}: the files in this folder do not belong together."
        )
    tokenizer.no_padding()
    tokenizer.no_truncation()
    with torch.device("meta"):
        tower = MiniLM(config, tokenizer)
    try:
        tower.load_state_dict(dequantize(stored), assign=True)
    except RuntimeError as error:
        raise CheckpointError(
            f"{folder / WEIGHTS_FILE} is not the text tower that the configuration describes. "
            f"Details: {error}"
        ) from error
    return tower.requires_grad_(False).eval()


def from_bert(state: Mapping[str, Tensor], config: MiniLMConfig) -> dict[str, Tensor]:
    """Rename a BERT state dict as transformers writes it.

    Parameters
    ----------
    state : mapping of str to Tensor
        Names to tensors; the pooler is left out.
    config : MiniLMConfig
        Sizes of the tower that the result is for; later positions are cut.

    Returns
    -------
    dict
        A state dict of `MiniLM`. The embedding of the first sentence kind, the only one used, is
        folded into the positions.
    """
    kind = state["embeddings.token_type_embeddings.weight"][0]
    positions = state["embeddings.position_embeddings.weight"][: config.max_tokens] + kind
    ours = {
        "words": state["embeddings.word_embeddings.weight"],
        "positions": positions,
    }
    renames = {"norm": "embeddings.LayerNorm"}
    for i in range(config.layers):
        theirs = f"encoder.layer.{i}."
        renames |= {
            f"layers.{i}.out": theirs + "attention.output.dense",
            f"layers.{i}.norm1": theirs + "attention.output.LayerNorm",
            f"layers.{i}.grow": theirs + "intermediate.dense",
            f"layers.{i}.shrink": theirs + "output.dense",
            f"layers.{i}.norm2": theirs + "output.LayerNorm",
        }
    for kind_of in ("weight", "bias"):
        ours |= {f"{our}.{kind_of}": state[f"{their}.{kind_of}"] for our, their in renames.items()}
        for i in range(config.layers):
            parts = [
                state[f"encoder.layer.{i}.attention.self.{part}.{kind_of}"]
                for part in ("query", "key", "value")
            ]
            ours[f"layers.{i}.qkv.{kind_of}"] = torch.cat(parts)
    return ours

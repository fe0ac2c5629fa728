"""Who sees whom, and the three blocks of a decoder layer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, cast

import torch
import torch.nn.functional as F
from torch import Tensor, nn

Kind = Literal["objects", "grounding", "spatial", "text", "clicks", "example", "memory"]
Table = dict[Kind, frozenset[Kind]]


def _table(**rows: str) -> Table:
    return cast("Table", {kind: frozenset(seen.split()) for kind, seen in rows.items()})


SEPARATE = _table(
    objects="objects",
    grounding="grounding text",
    spatial="spatial clicks example memory",
    text="grounding text",
    clicks="clicks",
    example="example",
    memory="memory",
)
JOINT = _table(
    objects="objects text clicks example",
    text="objects text",
    clicks="clicks",
    example="example",
)
# Text tokens see only themselves here, so that the answer to a click with a phrase does not
# depend on whether the grounding queries run beside it.
COMPOSED = _table(
    objects="objects",
    grounding="grounding text clicks example memory",
    spatial="spatial clicks text example memory",
    text="text",
    clicks="clicks",
    example="example",
    memory="memory",
)
TABLES: dict[str, Table] = {
    "separate_v0": SEPARATE,
    "separate_v1": SEPARATE,
    "joint": JOINT,
    "composed": COMPOSED,
}


@dataclass(frozen=True, eq=False)
class TokenGroup:
    """Rows of one kind in the decoder.

    Parameters
    ----------
    kind : str
        Row of the table.
    value, position : (B, N, C) float
    padding : (B, N) bool
        True for rows that only fill up a batch.
    owner : (B, N) int64
        Index of the prompt the row belongs to; -1 for all prompts.
    """

    kind: Kind
    value: Tensor
    position: Tensor
    padding: Tensor
    owner: Tensor

    @property
    def length(self) -> int:
        """Number of rows."""
        return self.value.shape[1]

    def replaced(self, value: Tensor) -> TokenGroup:
        """The same rows with other values."""
        return TokenGroup(self.kind, value, self.position, self.padding, self.owner)


def group(
    kind: Kind, value: Tensor, position: Tensor, *, padding: Tensor | None = None,
    owner: Tensor | None = None,
) -> TokenGroup:  # fmt: skip
    """Rows without padding, shared by all prompts, unless given otherwise."""
    shape = value.shape[:2]
    if padding is None:
        padding = torch.zeros(shape, dtype=torch.bool, device=value.device)
    if owner is None:
        owner = torch.full(shape, -1, dtype=torch.int64, device=value.device)
    return TokenGroup(kind, value, position, padding, owner)


def self_attention_mask(
    groups: list[TokenGroup], sees: Table, *, looking: int | None = None
) -> Tensor:
    """(B, n, N) bool, True where a row may not look; rows of the first ``looking`` groups only.

    Rows of groups that see each other may look where the owner is the same or shared; every row
    sees itself, so that no row is ever fully blocked (SEEM §5.5 as one table).
    """
    rows = []
    for q in groups[:looking]:
        blocks = []
        for k in groups:
            if k.kind in sees[q.kind]:
                shared = (q.owner[:, :, None] == -1) | (k.owner[:, None, :] == -1)
                same = q.owner[:, :, None] == k.owner[:, None, :]
                blocks.append(~(same | shared) | k.padding[:, None, :])
            else:
                shape = (q.owner.shape[0], q.length, k.length)
                blocks.append(torch.ones(shape, dtype=torch.bool, device=q.owner.device))
        rows.append(torch.cat(blocks, dim=2))
    blocked = torch.cat(rows, dim=1)
    itself = torch.eye(*blocked.shape[1:], dtype=torch.bool, device=blocked.device)
    return blocked & ~itself


class Attention(nn.Module):
    """Multi-head attention with one packed projection, as in the official parameter layout."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.in_proj_weight = nn.Parameter(torch.empty(3 * width, width))
        self.in_proj_bias = nn.Parameter(torch.zeros(3 * width))
        self.out_proj = nn.Linear(width, width)
        nn.init.xavier_uniform_(self.in_proj_weight)
        nn.init.zeros_(self.out_proj.bias)

    def _split(self, x: Tensor) -> Tensor:
        b, n, c = x.shape
        return x.view(b, n, self.heads, c // self.heads).transpose(1, 2)  # (B, h, N, c)

    def keys_values(self, key: Tensor, value: Tensor) -> tuple[Tensor, Tensor]:
        """Projected keys and values, each (B, heads, M, c)."""
        c = key.shape[-1]
        k = F.linear(key, self.in_proj_weight[c : 2 * c], self.in_proj_bias[c : 2 * c])
        v = F.linear(value, self.in_proj_weight[2 * c :], self.in_proj_bias[2 * c :])
        return self._split(k), self._split(v)

    def attend(self, query: Tensor, keys: Tensor, values: Tensor, blocked: Tensor | None) -> Tensor:
        """(B, N, C) rows after attention; ``blocked`` (B, N, M) bool, True = may not look."""
        b, n, c = query.shape
        q = self._split(F.linear(query, self.in_proj_weight[:c], self.in_proj_bias[:c]))
        mask = None if blocked is None else ~blocked.unsqueeze(1)
        out = F.scaled_dot_product_attention(q, keys, values, attn_mask=mask)
        return self.out_proj(out.transpose(1, 2).reshape(b, n, c))


class CrossAttentionLayer(nn.Module):
    """Rows look at image tokens inside their current mask; post-norm."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.multihead_attn = Attention(width, heads)
        self.norm = nn.LayerNorm(width)

    def see(self, tokens: Tensor, places: Tensor) -> tuple[Tensor, Tensor]:
        """Keys and values of (B, M, C) image tokens at (M, C) places: the same for all prompts."""
        return self.multihead_attn.keys_values(tokens + places, tokens)

    def forward(
        self, x: Tensor, position: Tensor, read: tuple[Tensor, Tensor], blocked: Tensor
    ) -> Tensor:
        """(B, N, C) rows, what they :meth:`see`, (B, N, M) bool."""
        return self.norm(x + self.multihead_attn.attend(x + position, *read, blocked))


class SelfAttentionLayer(nn.Module):
    """Rows look at rows as the table allows; post-norm."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.self_attn = Attention(width, heads)
        self.norm = nn.LayerNorm(width)

    def forward(
        self, x: Tensor, position: Tensor, blocked: Tensor | None, *, moved: int | None = None
    ) -> Tensor:
        """(B, N, C) -> (B, N, C); only the first ``moved`` rows look (all of them if None).

        ``blocked`` (B, moved, N) bool.
        """
        k, v = self.self_attn.keys_values(x + position, x)
        x, position = x[:, :moved], position[:, :moved]
        return self.norm(x + self.self_attn.attend(x + position, k, v, blocked))


class FeedForwardLayer(nn.Module):
    """Two linear layers with ReLU; post-norm."""

    def __init__(self, width: int, hidden: int) -> None:
        super().__init__()
        self.linear1 = nn.Linear(width, hidden)
        self.linear2 = nn.Linear(hidden, width)
        self.norm = nn.LayerNorm(width)

    def forward(self, x: Tensor) -> Tensor:
        """(B, N, C) -> (B, N, C)."""
        return self.norm(x + self.linear2(F.relu(self.linear1(x))))

"""Pixel decoder with multi-scale deformable attention (Zhu et al., ICLR 2021) in plain PyTorch."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from seem_model.modeling.attention import FeedForwardLayer
from seem_model.modeling.pixel_decoder import adapter, sine_position, smooth

if TYPE_CHECKING:
    from seem_model.modeling.deformable_config import DeformablePixelDecoderConfig

LEVELS = 3
Size = tuple[int, int]


def sample_levels(values: Tensor, sizes: list[Size], locations: Tensor, weights: Tensor) -> Tensor:
    """Weighted sum of values read at any places of several maps.

    Parameters
    ----------
    values : (B, M, heads, c) float
        Values of all maps, one map after the other, each row by row.
    sizes : list of (int, int)
        Height and width of the L maps, whose products add up to M.
    locations : (B, N, heads, L, P, 2) float
        Places (x, y), 0 to 1 from edge to edge; values between pixels are interpolated, outside
        they are 0.
    weights : (B, N, heads, L, P) float
        What each place counts.

    Returns
    -------
    (B, N, heads * c) float
    """
    b, _, heads, c = values.shape
    n = locations.shape[1]
    maps = values.permute(0, 2, 3, 1).flatten(0, 1)  # (B * heads, c, M)
    places = (2 * locations - 1).transpose(1, 2).flatten(0, 1)  # (B * heads, N, L, P, 2)
    shares = weights.transpose(1, 2).flatten(0, 1)  # (B * heads, N, L, P)
    total = maps.new_zeros(b * heads, c, n)
    for level, flat in enumerate(maps.split([h * w for h, w in sizes], dim=2)):
        read = F.grid_sample(
            flat.unflatten(2, sizes[level]), places[:, :, level],
            mode="bilinear", padding_mode="zeros", align_corners=False,
        )  # fmt: skip
        # Summed level by level: the places of all levels together would take three times the room.
        total = total + torch.einsum("bcnp,bnp->bcn", read, shares[:, :, level])
    return total.view(b, heads * c, n).transpose(1, 2)


def pixel_centres(sizes: list[Size], device: torch.device) -> Tensor:
    """(M, 2) places (x, y) of the pixels of all maps, 0 to 1 from edge to edge."""
    centres = []
    for height, width in sizes:
        y = (torch.arange(height, device=device) + 0.5) / height
        x = (torch.arange(width, device=device) + 0.5) / width
        rows, columns = torch.meshgrid(y, x, indexing="ij")
        centres.append(torch.stack([columns, rows], dim=2).flatten(0, 1))
    return torch.cat(centres)


class DeformableAttention(nn.Module):
    """Each token looks at a few places of each map that it chooses itself.

    Parameters
    ----------
    width : int
        Channels C.
    heads : int
    points : int
        Places a head looks at in each map.
    """

    def __init__(self, width: int, heads: int, points: int) -> None:
        super().__init__()
        self.heads, self.points = heads, points
        self.sampling_offsets = nn.Linear(width, heads * LEVELS * points * 2)
        self.attention_weights = nn.Linear(width, heads * LEVELS * points)
        self.value_proj = nn.Linear(width, width)
        self.output_proj = nn.Linear(width, width)
        self._begin()

    @torch.no_grad()
    def _begin(self) -> None:
        """Each head starts by looking in a direction of its own, ever further, evenly weighted."""
        for layer in (self.sampling_offsets, self.attention_weights):
            nn.init.zeros_(layer.weight)
            nn.init.zeros_(layer.bias)
        for layer in (self.value_proj, self.output_proj):
            nn.init.xavier_uniform_(layer.weight)
            nn.init.zeros_(layer.bias)
        angle = torch.arange(self.heads) * (2 * math.pi / self.heads)
        towards = torch.stack([angle.cos(), angle.sin()], dim=1)  # (heads, 2)
        towards = towards / towards.abs().amax(dim=1, keepdim=True)
        reach = torch.arange(1, self.points + 1)[:, None]  # (points, 1)
        offsets = towards[:, None, None] * reach  # (heads, 1, points, 2)
        offsets = offsets.expand(-1, LEVELS, -1, -1).flatten()
        self.sampling_offsets.bias.copy_(offsets)

    def forward(self, x: Tensor, position: Tensor, sizes: list[Size], centres: Tensor) -> Tensor:
        """Look around.

        Parameters
        ----------
        x : (B, M, C) float
            Tokens of all maps.
        position : (M, C) float
            Added to what decides where to look.
        sizes : list of (int, int)
            Height and width of the maps.
        centres : (M, 2) float
            Where each token is, (x, y) from 0 to 1.

        Returns
        -------
        (B, M, C) float
        """
        split = (self.heads, LEVELS, self.points)
        query = x + position
        offsets = self.sampling_offsets(query).unflatten(-1, (*split, 2))  # in pixels of each map
        scale = torch.tensor([[w, h] for h, w in sizes], dtype=x.dtype, device=x.device)
        locations = centres[:, None, None, None] + offsets / scale[:, None]
        weights = self.attention_weights(query).unflatten(-1, (self.heads, -1)).softmax(-1)
        values = self.value_proj(x).unflatten(-1, (self.heads, -1))
        seen = sample_levels(values, sizes, locations, weights.unflatten(-1, split[1:]))
        return self.output_proj(seen)


class _AttentionLayer(nn.Module):
    """Deformable attention, added and normed."""

    def __init__(self, width: int, heads: int, points: int) -> None:
        super().__init__()
        self.self_attn = DeformableAttention(width, heads, points)
        self.norm = nn.LayerNorm(width)

    def forward(self, x: Tensor, position: Tensor, sizes: list[Size], centres: Tensor) -> Tensor:
        """(B, M, C) -> (B, M, C)."""
        return self.norm(x + self.self_attn(x, position, sizes, centres))


class DeformableEncoderLayer(nn.Module):
    """Post-norm encoder layer over the tokens of all maps."""

    def __init__(self, config: DeformablePixelDecoderConfig) -> None:
        super().__init__()
        self.attention = _AttentionLayer(config.width, config.heads, config.points)
        self.ffn = FeedForwardLayer(config.width, config.ffn)

    def forward(self, x: Tensor, position: Tensor, sizes: list[Size], centres: Tensor) -> Tensor:
        """(B, M, C) -> (B, M, C); see :class:`DeformableAttention`."""
        return self.ffn(self.attention(x, position, sizes, centres))


class DeformablePixelDecoder(nn.Module):
    """Transformer encoder over strides 32, 16 and 8, and a pyramid step to 4 (SEEM §3.2).

    Parameters
    ----------
    channels : tuple of int
        Channels of the backbone maps at strides 4, 8, 16, 32.
    config : DeformablePixelDecoderConfig
    """

    def __init__(self, channels: tuple[int, ...], config: DeformablePixelDecoderConfig) -> None:
        super().__init__()
        self.config = config
        width, groups = config.width, config.groups
        self.input_proj = nn.ModuleList(
            nn.Sequential(nn.Conv2d(c, width, 1), nn.GroupNorm(groups, width))
            for c in reversed(channels[1:])
        )  # strides 32, 16, 8
        self.level_embed = nn.Parameter(torch.empty(LEVELS, width))
        nn.init.normal_(self.level_embed)
        self.encoder = nn.ModuleList(DeformableEncoderLayer(config) for _ in range(config.layers))
        # Named by their places in PixelDecoder, so that stride 4 is called the same in both.
        self.adapters = nn.ModuleDict({"2": adapter(channels[0], width, groups)})
        self.smooth = nn.ModuleDict({"3": smooth(width, groups)})
        self.mask_features = nn.Conv2d(width, config.mask_width, 1)

    def forward(self, maps: tuple[Tensor, ...]) -> tuple[Tensor, tuple[Tensor, ...]]:
        """Four maps (strides 4..32) -> (B, M, H/4, W/4) and levels at strides 32, 16, 8.

        Computed in float32 under mixed precision too, as places need it.
        """
        with torch.autocast(maps[0].device.type, enabled=False):
            fine, *deeper = (m.float() for m in maps)
            levels = self._encoded(deeper[::-1])
            side = self.adapters["2"](fine)
            above = F.interpolate(
                levels[-1], size=fine.shape[-2:], mode="bilinear", align_corners=False
            )
            return self.mask_features(self.smooth["3"](side + above)), levels

    def _encoded(self, maps: list[Tensor]) -> tuple[Tensor, ...]:
        """Maps at strides 32, 16, 8 -> the same of the decoder's width, having seen each other."""
        width, device = self.config.width, maps[0].device
        sizes = [(m.shape[2], m.shape[3]) for m in maps]
        projected = [proj(m) for proj, m in zip(self.input_proj, maps, strict=True)]
        tokens = torch.cat([p.flatten(2).transpose(1, 2) for p in projected], dim=1)
        position = torch.cat(
            [
                sine_position(*s, width, device) + e
                for s, e in zip(sizes, self.level_embed, strict=True)
            ]
        )
        centres = pixel_centres(sizes, device)
        for layer in self.encoder:
            tokens = layer(tokens, position, sizes, centres)
        parts = tokens.transpose(1, 2).split([h * w for h, w in sizes], dim=2)
        return tuple(p.unflatten(2, s) for p, s in zip(parts, sizes, strict=True))

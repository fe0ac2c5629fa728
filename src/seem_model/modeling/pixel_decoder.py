"""Backbone maps -> mask features at stride 4 and three levels (strides 32, 16, 8)."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from seem_model.modeling.attention import FeedForwardLayer, SelfAttentionLayer
from seem_model.modeling.depthwise import DepthwiseConv

if TYPE_CHECKING:
    from seem_model.config import PixelDecoderConfig


def sine_position(height: int, width: int, channels: int, device: torch.device) -> Tensor:
    """Sine position encoding, y then x (DETR's, normalised to 2 pi); (height * width, channels)."""
    half = channels // 2
    steps = torch.arange(half, dtype=torch.float32, device=device)
    frequency = 10000 ** (2 * (steps // 2) / half)

    def encode(size: int) -> Tensor:
        count = torch.arange(1, size + 1, dtype=torch.float32, device=device)
        angle = (count / (size + 1e-6) * 2 * math.pi)[:, None] / frequency  # (size, half)
        return torch.stack([angle[:, 0::2].sin(), angle[:, 1::2].cos()], dim=2).flatten(1)

    y, x = encode(height), encode(width)
    rows = y[:, None].expand(height, width, half)
    columns = x[None].expand(height, width, half)
    return torch.cat([rows, columns], dim=2).reshape(height * width, channels)


class EncoderLayer(nn.Module):
    """Post-norm transformer encoder layer; positions go to queries and keys only."""

    def __init__(self, width: int, heads: int, ffn: int) -> None:
        super().__init__()
        self.attention = SelfAttentionLayer(width, heads)
        self.ffn = FeedForwardLayer(width, ffn)

    def forward(self, x: Tensor, position: Tensor) -> Tensor:
        """(B, N, C) -> (B, N, C)."""
        return self.ffn(self.attention(x, position, None))


def adapter(channels: int, width: int, groups: int) -> nn.Sequential:
    """A backbone map of so many channels for the pyramid."""
    return nn.Sequential(nn.Conv2d(channels, width, 1, bias=False), nn.GroupNorm(groups, width))


def silent(channels: int, width: int) -> nn.Conv2d:
    """A 1x1 convolution that adds nothing before it learns."""
    conv = nn.Conv2d(channels, width, 1, bias=False)
    nn.init.zeros_(conv.weight)
    return conv


def smooth(width: int, groups: int, *, separable: bool = False) -> nn.Sequential:
    """A 3x3 convolution over a map of the pyramid, normed."""
    norm = nn.GroupNorm(groups, width)
    if not separable:
        dense = nn.Conv2d(width, width, 3, padding=1, bias=False)
        return nn.Sequential(dense, norm, nn.ReLU(inplace=True))
    depthwise = DepthwiseConv(width, width, 3, padding=1, groups=width, bias=False)
    pointwise = nn.Conv2d(width, width, 1, bias=False)
    return nn.Sequential(depthwise, pointwise, norm, nn.ReLU(inplace=True))


class PixelDecoder(nn.Module):
    """Feature pyramid with a transformer encoder on the stride-32 map (SEEM §3.1).

    Parameters
    ----------
    channels : tuple of int
        Channels of the backbone maps at strides 4, 8, 16, 32.
    config : PixelDecoderConfig
    """

    def __init__(self, channels: tuple[int, ...], config: PixelDecoderConfig) -> None:
        super().__init__()
        self.config = config
        width = config.width
        self.input_proj = nn.Conv2d(channels[3], width, 1)
        self.encoder = nn.ModuleList(
            EncoderLayer(width, config.heads, config.ffn) for _ in range(config.layers)
        )
        self.adapters = nn.ModuleList(
            adapter(c, width, config.groups) for c in reversed(channels[:3])
        )  # strides 16, 8, 4
        self.smooth = nn.ModuleList(
            smooth(width, config.groups, separable=config.separable) for _ in range(4)
        )  # strides 32, 16, 8, 4
        self.known = (
            nn.ModuleList(silent(c, width) for c in reversed(channels[1:]))
            if config.imagenet
            else None
        )  # strides 32, 16, 8
        kernel = 1 if config.separable else 3
        self.mask_features = nn.Conv2d(width, config.mask_width, kernel, padding=kernel // 2)

    def forward(self, maps: tuple[Tensor, ...]) -> tuple[Tensor, tuple[Tensor, ...]]:
        """Maps -> (B, M, H/4, W/4) and levels at strides 32, 16, 8.

        Parameters
        ----------
        maps : four or seven maps (B, C, h, w)
            Of the backbone, strides 4, 8, 16, 32; with ``imagenet`` those of its stages as
            ImageNet left them behind, strides 8, 16, 32.
        """
        more = self._more(maps[4:])
        x = self.input_proj(maps[3])
        if more:
            x = x + more[0]
        b, c, h, w = x.shape
        tokens = x.flatten(2).transpose(1, 2)
        position = sine_position(h, w, c, x.device)
        for layer in self.encoder:
            tokens = layer(tokens, position)
        y = self.smooth[0](tokens.transpose(1, 2).reshape(b, c, h, w))
        pyramid = [y]
        for i, (adapt, smoothed, fine) in enumerate(
            zip(self.adapters, self.smooth[1:], reversed(maps[:3]), strict=True), start=1
        ):
            finer = adapt(fine)
            if i < len(more):
                finer += more[i]
            finer += F.interpolate(y, size=fine.shape[-2:], mode="nearest")
            y = smoothed(finer)
            pyramid.append(y)
        return self.mask_features(y), tuple(pyramid[:3])

    def _more(self, known: tuple[Tensor, ...]) -> list[Tensor]:
        """What ImageNet's stages add at strides 32, 16 and 8."""
        if self.known is None:
            return []
        return [conv(x) for conv, x in zip(self.known, reversed(known), strict=True)]

"""FocalNet: context gathered by ever wider depthwise convolutions; image -> four maps.

Yang et al., Focal Modulation Networks (NeurIPS 2022), with SEEM's variations. Stochastic depth
is left out: official SEEM training keeps this backbone frozen.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn
from torch.nn import functional as F

if TYPE_CHECKING:
    from seem_model.modeling.focal_config import FocalConfig

_LAYER_SCALE = 1e-4


class LayerNorm2d(nn.LayerNorm):
    """Layer norm over the channels of a (B, C, H, W) map."""

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, H, W) -> (B, C, H, W)."""
        return super().forward(x.permute(0, 2, 3, 1)).permute(0, 3, 1, 2)


class PatchEmbedding(nn.Module):
    """A strided convolution and a norm: the stem, and the step between two stages.

    Parameters
    ----------
    inner, outer : int
        Channels before and after.
    kernel, stride, padding : int
        Of the convolution.
    """

    def __init__(self, inner: int, outer: int, *, kernel: int, stride: int, padding: int) -> None:
        super().__init__()
        self.proj = nn.Conv2d(inner, outer, kernel, stride=stride, padding=padding)
        self.norm = LayerNorm2d(outer)

    def forward(self, x: Tensor) -> Tensor:
        """(B, inner, H, W) -> (B, outer, H / stride, W / stride)."""
        x = self.norm(self.proj(x))
        return x


class FocalModulation(nn.Module):
    """Each pixel's query is multiplied by a gated sum of contexts of growing reach.

    Parameters
    ----------
    width : int
        Channels C.
    levels : int
        Local contexts L; the mean over the whole map comes on top.
    """

    def __init__(self, width: int, levels: int) -> None:
        super().__init__()
        self.width, self.levels = width, levels
        self.f = nn.Linear(width, 2 * width + levels + 1)
        self.focal_layers = nn.ModuleList(
            nn.Conv2d(width, width, k, padding=k // 2, groups=width, bias=False)
            for k in range(3, 3 + 2 * levels, 2)
        )
        self.h = nn.Conv2d(width, width, 1)
        self.proj = nn.Linear(width, width)

    def forward(self, x: Tensor) -> Tensor:
        """(B, H, W, C) -> (B, H, W, C)."""
        mixed = self.f(x).permute(0, 3, 1, 2)  # (B, 2C + L + 1, H, W)
        query, context, gates = mixed.split([self.width, self.width, self.levels + 1], dim=1)
        total = torch.zeros_like(context)
        for level, layer in enumerate(self.focal_layers):
            context = F.gelu(layer(context))
            total = total + context * gates[:, level : level + 1]
        everywhere = F.gelu(context.mean((2, 3), keepdim=True))
        total = (total + everywhere * gates[:, -1:]) / (self.levels + 1)
        x = self.proj((query * self.h(total)).permute(0, 2, 3, 1))
        return x


class Mlp(nn.Module):
    """Two linear layers with a GELU between.

    Parameters
    ----------
    width, hidden : int
        Channels outside and inside.
    """

    def __init__(self, width: int, hidden: int) -> None:
        super().__init__()
        self.fc1 = nn.Linear(width, hidden)
        self.fc2 = nn.Linear(hidden, width)

    def forward(self, x: Tensor) -> Tensor:
        """(..., width) -> (..., width)."""
        x = self.fc2(F.gelu(self.fc1(x)))
        return x


class FocalBlock(nn.Module):
    """Focal modulation and MLP, each a scaled residual branch.

    Parameters
    ----------
    width : int
        Channels C.
    config : FocalConfig
        Levels, MLP ratio and flavour.
    """

    def __init__(self, width: int, config: FocalConfig) -> None:
        super().__init__()
        self.modulation = FocalModulation(width, config.levels)
        self.mlp = Mlp(width, config.mlp_ratio * width)
        self.norm1, self.norm2 = nn.LayerNorm(width), nn.LayerNorm(width)
        self.gamma_1 = nn.Parameter(torch.full((width,), _LAYER_SCALE))
        self.gamma_2 = nn.Parameter(torch.full((width,), _LAYER_SCALE))
        self.dw1 = self.dw2 = None
        if config.depthwise:
            self.dw1 = nn.Conv2d(width, width, 3, padding=1, groups=width)
            self.dw2 = nn.Conv2d(width, width, 3, padding=1, groups=width)

    def forward(self, x: Tensor) -> Tensor:
        """(B, H, W, C) -> (B, H, W, C)."""
        if self.dw1 is None or self.dw2 is None:
            x = x + self.gamma_1 * self.norm1(self.modulation(x))
            x = x + self.gamma_2 * self.norm2(self.mlp(x))
            return x
        x = x + self.dw1(x.permute(0, 3, 1, 2)).permute(0, 2, 3, 1)
        x = self.norm1(x + self.gamma_1 * self.modulation(x))
        x = x + self.dw2(x.permute(0, 3, 1, 2)).permute(0, 2, 3, 1)
        x = self.norm2(x + self.gamma_2 * self.mlp(x))
        return x


class FocalStage(nn.Module):
    """The blocks that work at one stride, after the step down that leads to it.

    Parameters
    ----------
    width : int
        Channels C.
    depth : int
        Blocks.
    config : FocalConfig
        What the blocks are like.
    """

    def __init__(self, width: int, depth: int, config: FocalConfig) -> None:
        super().__init__()
        self.blocks = nn.ModuleList(FocalBlock(width, config) for _ in range(depth))

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, H, W) -> (B, C, H, W)."""
        x = x.permute(0, 2, 3, 1)
        for block in self.blocks:
            x = block(x)
        return x.permute(0, 3, 1, 2)


class FocalNet(nn.Module):
    """Image backbone of the official Focal checkpoints.

    Parameters
    ----------
    config : FocalConfig
        Sizes and flavour.

    Attributes
    ----------
    channels : tuple of int
        Channels of the four output maps.
    strides : tuple of int
        Their strides, 4, 8, 16, 32.
    """

    def __init__(self, config: FocalConfig) -> None:
        super().__init__()
        self.channels = tuple(config.width * 2**i for i in range(len(config.depths)))
        self.strides = tuple(4 * 2**i for i in range(len(config.depths)))
        self.stem = PatchEmbedding(3, config.width, kernel=7, stride=4, padding=config.stem_padding)
        self.stages = nn.ModuleList(
            FocalStage(width, depth, config)
            for width, depth in zip(self.channels, config.depths, strict=True)
        )
        self.downs = nn.ModuleList(
            PatchEmbedding(width, 2 * width, kernel=3, stride=2, padding=1)
            for width in self.channels[:-1]
        )
        self.norms = nn.ModuleList(LayerNorm2d(width) for width in self.channels)

    def forward(self, image: Tensor) -> tuple[Tensor, ...]:
        """(B, 3, H, W), H and W multiples of 32 -> four normed maps at strides 4, 8, 16, 32."""
        x = self.stem(image)
        maps = []
        for i, (stage, norm) in enumerate(zip(self.stages, self.norms, strict=True)):
            x = stage(self.downs[i - 1](x) if i else x)
            maps.append(norm(x))
        return tuple(maps)

    def frozen_parameters(self) -> list[nn.Parameter]:
        """Parameters that never train: all, as in the official training."""
        return list(self.parameters())

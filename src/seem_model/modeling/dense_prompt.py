"""Dense prompt fusion: prompt maps join the image features behind the backbone.

Geometry travels here (a click is never lost to pooling); meaning travels in the sparse visual
tokens. After SegNext (Liu et al., CVPR 2024) and RITM's maps; off for official checkpoints.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import reduce
from typing import TYPE_CHECKING

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from seem_model.modeling.depthwise import DepthwiseConv

if TYPE_CHECKING:
    from collections.abc import Sequence

    from seem_model.config import DensePromptConfig

_CHANNELS = 3 * 16 + 2


@dataclass(frozen=True, eq=False)
class PromptMaps:
    """Drawn prompts on the padded model grid.

    Parameters
    ----------
    positive, negative, region : (N, H, W) bool
        ``region`` is all False where no box is given.
    memory : (N, H/4, W/4) float or None
        Mask logits of the round before.
    """

    positive: Tensor
    negative: Tensor
    region: Tensor
    memory: Tensor | None = None

    @classmethod
    def stacked(cls, each: Sequence[PromptMaps]) -> PromptMaps:
        """Several of one size, either all with memory or none."""
        kept = [m.memory for m in each if m.memory is not None]
        return cls(
            torch.cat([m.positive for m in each]), torch.cat([m.negative for m in each]),
            torch.cat([m.region for m in each]), torch.cat(kept) if kept else None,
        )  # fmt: skip

    def with_memory(self, memory: Tensor | None) -> PromptMaps:
        """The same drawings with another memory."""
        return PromptMaps(self.positive, self.negative, self.region, memory)

    def to(self, device: torch.device) -> PromptMaps:
        """The same on another device."""
        memory = None if self.memory is None else self.memory.to(device)
        positive, negative = self.positive.to(device), self.negative.to(device)
        return PromptMaps(positive, negative, self.region.to(device), memory)


class FusionBlock(nn.Module):
    """Depthwise convolution, norm, pointwise expansion; residual (after ConvNeXt)."""

    def __init__(self, width: int, config: DensePromptConfig) -> None:
        super().__init__()
        hidden = width * config.expansion
        k = config.kernel
        self.depthwise = DepthwiseConv(width, width, k, padding=k // 2, groups=width)
        self.norm = nn.GroupNorm(1, width)
        self.expand = nn.Conv2d(width, hidden, 1)
        self.project = nn.Conv2d(hidden, width, 1)

    def forward(self, x: Tensor) -> Tensor:
        """(N, C, h, w) -> (N, C, h, w)."""
        return x + self.project(F.relu_(self.expand(self.norm(self.depthwise(x)))))


class DensePrompt(nn.Module):
    """Prompt maps and previous mask -> fused levels and mask features, top-down."""

    def __init__(self, width: int, mask_width: int, config: DensePromptConfig) -> None:
        super().__init__()
        self.stem = nn.Conv2d(_CHANNELS, config.width, 3, padding=1)
        self.to_mask = nn.Conv2d(config.width, mask_width, 1)
        inner = (config.width, width, width)
        self.down = nn.ModuleList(nn.Conv2d(c, width, 3, stride=2, padding=1) for c in inner)
        self.up = nn.ModuleList(nn.Conv2d(width, c, 1) for c in (width, width, mask_width))
        self.blocks = nn.ModuleList(
            nn.Sequential(*(FusionBlock(c, config) for _ in range(count)))
            for c, count in zip((width, width, width, mask_width), config.blocks, strict=True)
        )

    def _maps(self, prompts: PromptMaps) -> Tensor:
        # A 3x3 click grows to 7x7 model pixels, so that it survives the strides.
        dots = _grown(torch.stack([prompts.positive, prompts.negative], dim=1))
        drawn = torch.cat([dots, prompts.region[:, None]], dim=1)
        unfolded = F.pixel_unshuffle(drawn.float(), 4)
        n, _, h, w = unfolded.shape
        if prompts.memory is None:
            before = unfolded.new_zeros(n, 2, h, w)
        else:
            known = torch.ones_like(prompts.memory)
            before = torch.stack([prompts.memory.sigmoid() * 2 - 1, known], dim=1)
        return torch.cat([unfolded, before], dim=1)

    def forward(
        self, mask: Tensor, levels: tuple[Tensor, ...], prompts: PromptMaps
    ) -> tuple[Tensor, tuple[Tensor, ...]]:
        """Image maps and N drawn prompts -> the same maps for each prompt.

        Parameters
        ----------
        mask : (N, M, H/4, W/4) float
        levels : three maps (N, C, h, w), strides 32, 16, 8
        prompts : PromptMaps
        """
        fine = F.relu_(self.stem(self._maps(prompts)))
        drawn = [fine]
        for conv in self.down:
            drawn.append(F.relu_(conv(drawn[-1])))
        fused: list[Tensor] = []
        images = (*levels, mask)
        prompts_by_level = (drawn[3], drawn[2], drawn[1], self.to_mask(fine))
        for i, (image, prompt) in enumerate(zip(images, prompts_by_level, strict=True)):
            x = image + prompt
            if i > 0:
                coarse = self.up[i - 1](fused[-1])
                x = x + F.interpolate(coarse, size=x.shape[-2:], mode="nearest")
            fused.append(self.blocks[i](x))
        return fused[3], tuple(fused[:3])


def _grown(drawn: Tensor) -> Tensor:
    """(N, C, H, W) bool, with all within two rows and columns of what is True."""
    up_and_down = F.pad(drawn, (0, 0, 2, 2))
    tall = _any([up_and_down[:, :, k : k + drawn.shape[2]] for k in range(5)])
    left_and_right = F.pad(tall, (2, 2))
    return _any([left_and_right[..., k : k + drawn.shape[3]] for k in range(5)])


def _any(each: list[Tensor]) -> Tensor:
    return reduce(torch.logical_or, each)

"""Seeds: how deep inside some object each place lies, so that a few clicks find everything.

Object queries learn to cover an image only from very many images. A click is answered well much
sooner; this head says where clicking is worth it (the maps that StarDist, Schmidt et al., MICCAI
2018, and Cellpose, Stringer et al., 2021, learn beside theirs). Off for official checkpoints.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch.nn.functional as F
from torch import Tensor, nn

from seem_model.modeling.depthwise import DepthwiseConv

if TYPE_CHECKING:
    from seem_model.modeling.decoded import Features


@dataclass(frozen=True)
class SeedsConfig:
    """Width and kernel of the head."""

    width: int = 64
    kernel: int = 5


def _wide(config: SeedsConfig) -> DepthwiseConv:
    width, k = config.width, config.kernel
    return DepthwiseConv(width, width, k, padding=k // 2, groups=width)


class Seeds(nn.Module):
    """Features -> depth logits at stride 4.

    Parameters
    ----------
    width, mask_width : int
        Channels of the levels and of the mask features.
    config : SeedsConfig
    """

    def __init__(self, width: int, mask_width: int, config: SeedsConfig) -> None:
        super().__init__()
        inner = config.width
        self.coarse = nn.ModuleList(nn.Conv2d(width, inner, 1) for _ in range(3))
        self.fine = nn.Conv2d(mask_width, inner, 1)
        self.mix = nn.Sequential(
            nn.GroupNorm(1, inner), nn.ReLU(),
            _wide(config), nn.Conv2d(inner, inner, 1),
            nn.GroupNorm(1, inner), nn.ReLU(),
            _wide(config), nn.Conv2d(inner, inner, 1),
            nn.ReLU(), nn.Conv2d(inner, 1, 1),
        )  # fmt: skip

    def forward(self, features: Features) -> Tensor:
        """(B, H/4, W/4) logits of the depth inside an object: 0 at its border, 1 in its middle."""
        x = self.fine(features.mask)
        size = x.shape[-2:]
        for project, level in zip(self.coarse, features.levels, strict=True):
            x = x + F.interpolate(project(level), size=size, mode="bilinear", align_corners=False)
        depth: Tensor = self.mix(x)[:, 0]
        return depth

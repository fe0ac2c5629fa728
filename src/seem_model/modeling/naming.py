"""Naming: what the pixels under a mask look like -> a vector in the text space.

Queries learn class names only from very many images. The image backbone knew a thousand kinds of
things before training began, so a linear layer over its features, averaged under the answer,
names things after a few thousand objects (mask pooling, as in FC-CLIP, Yu et al., NeurIPS 2023).
Off for official checkpoints, whose queries carry the meaning themselves (SEEM §3.3).
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn


@dataclass(frozen=True)
class NamingConfig:
    """The naming head reads this many backbone maps, the coarsest ones (2: strides 16 and 32)."""

    maps: int = 2


class Naming(nn.Module):
    """Backbone maps and masks -> concepts.

    Parameters
    ----------
    channels : tuple of int
        Channels of the maps.
    concept : int
        Width of the text space.
    """

    def __init__(self, channels: tuple[int, ...], concept: int) -> None:
        super().__init__()
        width = sum(channels) + channels[-1]
        self.norm = nn.LayerNorm(width)
        self.project = nn.Linear(width, concept)

    def forward(self, maps: tuple[Tensor, ...], masks: Tensor) -> Tensor:
        """Concepts of soft masks.

        Parameters
        ----------
        maps : tuple of (B, C, h, w)
            Backbone maps, coarsest last.
        masks : (B, N, H/4, W/4) float
            In [0, 1].

        Returns
        -------
        (B, N, concept) float, not normalised
        """
        read = []
        for x in maps:
            weight = F.interpolate(masks, size=x.shape[-2:], mode="area").flatten(2)
            weight = weight / weight.sum(dim=2, keepdim=True).clamp(min=1e-6)
            read.append(weight @ x.flatten(2).transpose(1, 2))
        around = maps[-1].mean(dim=(2, 3))[:, None].expand(-1, masks.shape[1], -1)
        return self.project(self.norm(torch.cat([*read, around], dim=2)))

    def everywhere(self, maps: tuple[Tensor, ...]) -> Tensor:
        """Concepts of every place instead of masks, each with its neighbours.

        Parameters
        ----------
        maps : tuple of (B, C, h, w)
            As of :meth:`forward`; the first is the finest.

        Returns
        -------
        (B, h, w, concept) float, not normalised
        """
        around = maps[-1].mean(dim=(2, 3), keepdim=True)
        size = maps[0].shape[-2:]
        near = F.avg_pool2d(maps[0], 3, stride=1, padding=1, count_include_pad=False)
        coarser = [F.interpolate(x, size=size, mode="bilinear") for x in (*maps[1:], around)]
        read = torch.cat([near, *coarser], dim=1).permute(0, 2, 3, 1)
        return self.project(self.norm(read))

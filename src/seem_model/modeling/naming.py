"""Naming: what the pixels under a mask look like -> a vector in the text space.

Queries learn class names only from very many images. The image backbone knew a thousand kinds of
things before training began, so a linear layer over its features, averaged under the answer,
names things after a few thousand objects (mask pooling, as in FC-CLIP, Yu et al., NeurIPS 2023).
Training for masks washes much of that out, so the stages that train are there once more as ImageNet
left them, and a second layer reads those; the meaning is the mean of both.
Off for official checkpoints, whose queries carry the meaning themselves (SEEM §3.3).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
import torch.nn.functional as F
from torch import Tensor, nn

if TYPE_CHECKING:
    from collections.abc import Callable

    Disturb = Callable[[Tensor], Tensor]


@dataclass(frozen=True)
class NamingConfig:
    """What the naming head reads.

    Parameters
    ----------
    maps : int
        So many backbone maps, the coarsest ones (2: strides 16 and 32).
    imagenet : bool
        Also those of the backbone's later stages as ImageNet left them.
    """

    maps: int = 2
    imagenet: bool = False


class Reader(nn.Module):
    """Maps and masks -> concepts.

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

    def forward(
        self, maps: tuple[Tensor, ...], masks: Tensor, *, disturb: Disturb | None = None
    ) -> Tensor:
        """Concepts of soft masks.

        Parameters
        ----------
        maps : tuple of (B, C, h, w)
            Backbone maps, coarsest last.
        masks : (B, N, H/4, W/4) float
            In [0, 1].
        disturb : callable or None
            What becomes of (B, N, W) normalised features before they are read, in training.

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
        return self._read(torch.cat([*read, around], dim=2), disturb)

    def everywhere(self, maps: tuple[Tensor, ...], *, disturb: Disturb | None = None) -> Tensor:
        """Concepts of every place instead of masks, each with its neighbours.

        Parameters
        ----------
        maps : tuple of (B, C, h, w)
            As of :meth:`forward`; the first is the finest.
        disturb : callable or None
            As of :meth:`forward`, for (B, h, w, W).

        Returns
        -------
        (B, h, w, concept) float, not normalised
        """
        around = maps[-1].mean(dim=(2, 3), keepdim=True)
        size = maps[0].shape[-2:]
        near = F.avg_pool2d(maps[0], 3, stride=1, padding=1, count_include_pad=False)
        coarser = [F.interpolate(x, size=size, mode="bilinear") for x in (*maps[1:], around)]
        read = torch.cat([near, *coarser], dim=1).permute(0, 2, 3, 1)
        return self._read(read, disturb)

    def _read(self, features: Tensor, disturb: Disturb | None) -> Tensor:
        known = self.norm(features)
        concepts: Tensor = self.project(known if disturb is None else disturb(known))
        return concepts


class Naming(Reader):
    """The head: reads the backbone's maps, and those of ImageNet's stages where there are any.

    Parameters
    ----------
    channels, concept
        As of :class:`Reader`.
    imagenet : bool
        Whether there is a second reader, of as many maps with the same channels.
    """

    def __init__(self, channels: tuple[int, ...], concept: int, *, imagenet: bool = False) -> None:
        super().__init__(channels, concept)
        self.count = len(channels)
        self.second = Reader(channels, concept) if imagenet else None

    def each(
        self, maps: tuple[Tensor, ...], masks: Tensor, *, disturb: Disturb | None = None
    ) -> tuple[Tensor, ...]:
        """What every reader says of soft masks, each as :meth:`Reader.forward` gives it."""
        own = super().forward(maps[: self.count], masks, disturb=disturb)
        if self.second is None:
            return (own,)
        return own, self.second(maps[self.count :], masks, disturb=disturb)

    def each_everywhere(
        self, maps: tuple[Tensor, ...], *, disturb: Disturb | None = None
    ) -> tuple[Tensor, ...]:
        """What every reader says of every place, each as :meth:`Reader.everywhere` gives it."""
        own = super().everywhere(maps[: self.count], disturb=disturb)
        if self.second is None:
            return (own,)
        return own, self.second.everywhere(maps[self.count :], disturb=disturb)

    def forward(
        self, maps: tuple[Tensor, ...], masks: Tensor, *, disturb: Disturb | None = None
    ) -> Tensor:
        """Concepts of soft masks, of both readers together."""
        return _mean(self.each(maps, masks, disturb=disturb))

    def everywhere(self, maps: tuple[Tensor, ...], *, disturb: Disturb | None = None) -> Tensor:
        """Concepts of every place, of both readers together."""
        return _mean(self.each_everywhere(maps, disturb=disturb))


def _mean(each: tuple[Tensor, ...]) -> Tensor:
    """One as it is; of several the mean direction."""
    if len(each) == 1:
        return each[0]
    return torch.stack([F.normalize(x, dim=-1) for x in each]).mean(dim=0)

"""Masks of the decoder's rows: their vectors, and where each row may look because of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
import torch.nn.functional as F
from torch import Tensor, nn

if TYPE_CHECKING:
    from seem_model.modeling.attention import TokenGroup
    from seem_model.modeling.decoded import Scene


class MaskEmbed(nn.Sequential):
    """Three linear layers with ReLU between them: a query's mask vector."""

    def __init__(self, width: int, out: int) -> None:
        super().__init__(
            nn.Linear(width, width), nn.ReLU(), nn.Linear(width, width), nn.ReLU(),
            nn.Linear(width, out),
        )  # fmt: skip


def outside(logits: Tensor) -> Tensor:
    """Where mask logits say that a pixel is not in the mask."""
    return logits < 0


def blocked_places(
    rows: list[TokenGroup], embeds: list[Tensor | None], scene: Scene, level: int,
    memory: Tensor | None,
) -> Tensor:  # fmt: skip
    """Outside each row's current mask; an empty mask opens the whole row (SEEM §5.3).

    Parameters
    ----------
    rows : list of TokenGroup
    embeds : list of (B, n, M) float or None
        Mask vectors of the rows; None for memory rows, which look where ``memory`` says.
    scene : Scene
    level : int
    memory : (B, n, H/4, W/4) float or None
        Mask logits of each prompt's round before.

    Returns
    -------
    (B, N, h*w) bool
    """
    masks = []
    for g, m in zip(rows, embeds, strict=True):
        if m is not None:
            masks.append(m.detach() @ scene.masks[level].detach())
        elif memory is not None:
            size = scene.maps[level].shape[-2:]
            small = F.interpolate(memory, size=size, mode="bilinear", align_corners=False)
            index = g.owner[:, :, None].expand(-1, -1, small[0, 0].numel())
            masks.append(small.flatten(2).gather(1, index))
    blocked = outside(torch.cat(masks, dim=1))
    return blocked & ~blocked.all(dim=2, keepdim=True)

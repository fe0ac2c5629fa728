"""Configuration of the DaViT backbone (no torch here)."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class DavitConfig:
    """DaViT (Ding et al., ECCV 2022), attention in windows and among channels by turns (SEEM §2.4).

    Parameters
    ----------
    widths : tuple of int
        Channels of the four stages.
    depths : tuple of int
        Pairs of a spatial and a channel block in each stage.
    heads : tuple of int
        Heads of the attention in windows; also the groups of channels that see each other.
    kernels, paddings : tuple of int
        Of the convolutions that lead to each stage; their strides are 4, 2, 2, 2.
    window : int
        Side of a window in tokens.
    mlp_ratio : int
        Channels inside the MLP over those outside.
    """

    widths: tuple[int, ...] = (128, 256, 512, 1024)
    depths: tuple[int, ...] = (1, 1, 9, 1)
    heads: tuple[int, ...] = (4, 8, 16, 32)
    kernels: tuple[int, ...] = (7, 2, 2, 2)
    paddings: tuple[int, ...] = (3, 0, 0, 0)
    window: int = 7
    mlp_ratio: int = 4


DAVIT_D3_BACKBONE = DavitConfig()
DAVIT_D5_BACKBONE = DavitConfig(
    widths=(256, 512, 1024, 2048),
    heads=(8, 16, 32, 64),
    kernels=(7, 3, 3, 3),
    paddings=(3, 1, 1, 1),
)

"""Configuration of SAM's vision transformer as a backbone (no torch here)."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class SamVitConfig:
    """Image encoder of Segment Anything (Kirillov et al., ICCV 2023) with SEEM's neck (SEEM §2.3).

    Parameters
    ----------
    width : int
        Channels of the tokens.
    depth : int
        Blocks.
    heads : int
        Of each attention.
    global_blocks : tuple of int
        Blocks, counted from 0, whose tokens see the whole image instead of their window.
    window : int
        Side of a window in tokens.
    side : int
        Height and width of every image, pixels; a multiple of 32.
    mlp_ratio : int
        Channels inside the MLP over those outside.
    channels : tuple of int
        Of the maps that the neck makes, strides 4, 8, 16, 32.
    """

    width: int = 768
    depth: int = 12
    heads: int = 12
    global_blocks: tuple[int, ...] = (2, 5, 8, 11)
    window: int = 14
    side: int = 1024
    mlp_ratio: int = 4
    channels: tuple[int, ...] = (128, 256, 512, 1024)


SAM_BASE_BACKBONE = SamVitConfig()
SAM_LARGE_BACKBONE = SamVitConfig(width=1024, depth=24, heads=16, global_blocks=(5, 11, 17, 23))

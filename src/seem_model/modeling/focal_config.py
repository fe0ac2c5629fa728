"""Configuration of the FocalNet backbone (no torch here)."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class FocalConfig:
    """FocalNet (Yang et al., NeurIPS 2022) in the two flavours that official SEEM uses.

    Parameters
    ----------
    width : int
        Channels of the first stage; each later stage has twice as many.
    depths : tuple of int
        Blocks in each of the four stages.
    levels : int
        Depthwise convolutions that gather context in a block; kernels 3, 5, 7, ...
    depthwise : bool
        Whether a block also has two residual depthwise 3x3 convolutions and norms the residual
        stream itself (SEEM's ``focal_dw``) instead of each branch (``focal``).
    stem_padding : int
        Zero padding of the 7x7 stem convolution.
    mlp_ratio : int
        Channels inside the MLP over those outside.
    """

    width: int = 96
    depths: tuple[int, ...] = (2, 2, 6, 2)
    levels: int = 3
    depthwise: bool = True
    stem_padding: int = 3
    mlp_ratio: int = 4


FOCAL_TINY_BACKBONE = FocalConfig()
FOCAL_LARGE_BACKBONE = FocalConfig(
    width=192, depths=(2, 2, 18, 2), levels=4, depthwise=False, stem_padding=2
)

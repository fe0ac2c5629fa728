"""Configuration of the pixel decoder with deformable attention (no torch here)."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class DeformablePixelDecoderConfig:
    """Deformable attention over three maps at once (Mask2Former's, SEEM §3.2).

    Parameters
    ----------
    width, mask_width : int
        Channels of the levels and of the mask features.
    layers, heads, ffn : int
        Of the encoder.
    points : int
        Places at which a head looks in each of the three maps.
    groups : int
        Of the group norms.
    """

    width: int = 512
    mask_width: int = 512
    layers: int = 6
    heads: int = 8
    points: int = 4
    ffn: int = 1024
    groups: int = 32

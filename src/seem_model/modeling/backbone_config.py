"""Configuration of the EfficientNet-Lite backbone (no torch here)."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class EfficientNetLiteConfig:
    """EfficientNet-Lite (Tan & Le 2019; the Lite variant drops squeeze-excitation and swish).

    Parameters
    ----------
    widths : tuple of int
        Channels of the stem and of the seven stages.
    depths : tuple of int
        Blocks in each of the seven stages.
    frozen_stages : int
        How many stages (with the stem) never train.
    """

    widths: tuple[int, ...] = (32, 16, 24, 40, 80, 112, 192, 320)
    depths: tuple[int, ...] = (1, 2, 2, 3, 3, 4, 1)
    frozen_stages: int = 2


LITE0 = EfficientNetLiteConfig()
LITE2 = EfficientNetLiteConfig(
    widths=(32, 16, 24, 48, 88, 120, 208, 352), depths=(1, 3, 3, 4, 4, 5, 1)
)
TINY_BACKBONE = EfficientNetLiteConfig(
    widths=(8, 8, 8, 8, 16, 16, 16, 24), depths=(1, 1, 1, 1, 1, 1, 1), frozen_stages=0
)

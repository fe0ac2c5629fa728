"""How images meet the model, as plain values (no torch here)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class FrameConfig:
    """How images meet the model: normalisation, working sizes and padding.

    Parameters
    ----------
    mean, std : tuple of float
        Per channel, on the 0-255 scale.
    divisor : int
        Height and width are padded (right, bottom) to a multiple of this.
    long_side : int
        The longer side of an image is resized to this many pixels, or to fewer when
        ``short_side`` says so.
    short_side : int
        If not 0, the shorter side is resized to this many pixels where ``long_side`` allows it.
    max_upscale : float
        Small images grow by no more than this factor.
    zoom_side : int
        Longer side of a zoomed-in view, in model pixels; 0 switches zoom-in off.
    polish_side : int
        Up to so many model pixels from the fifth round on, where the picture has the detail (see
        :func:`seem_model.zoom.shown_at`); ``zoom_side`` if that is larger.
    glance_side : int
        Longer side at which large objects are looked for first in the first two rounds, in model
        pixels: parts hang together better there. What is found is asked for again at full size.
        0: full size at once.
    edges : float
        How closely outlines follow the picture where they are brought to full size (see
        ``seem_model.edges``): the regularisation of the filter, in squared grey values of the
        normalised picture; smaller is closer. 0: the model's coarse outlines are enlarged.
    resample : str
        How images are resized: "bilinear", or "bicubic" in whole grey values as Pillow does.
    """

    mean: tuple[float, float, float] = (123.675, 116.28, 103.53)
    std: tuple[float, float, float] = (58.395, 57.12, 57.375)
    divisor: int = 32
    long_side: int = 512
    short_side: int = 0
    max_upscale: float = 2.0
    zoom_side: int = 0
    polish_side: int = 0
    glance_side: int = 0
    edges: float = 0.0
    resample: Literal["bilinear", "bicubic"] = "bilinear"

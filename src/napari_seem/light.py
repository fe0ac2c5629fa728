"""How one layer turns values into light: contrast limits, gamma and colour, read and given back."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from napari.utils.colormaps import AVAILABLE_COLORMAPS, Colormap

from seem_model.composite import RGBTint

if TYPE_CHECKING:
    from napari.layers import Image


@dataclass(frozen=True)
class Light:
    """What a layer's sliders and colormap say.

    Parameters
    ----------
    limits : (low, high) or None
        Values that are black and in full colour; None for a colour image.
    gamma : float
    colour : (red, green, blue), 0 to 1
        Of the brightest value.
    colormap : str
        Its name; "" where there is none.
    """

    limits: tuple[float, float] | None
    gamma: float
    colour: RGBTint
    colormap: str = ""

    @classmethod
    def of(cls, layer: Image) -> Light:
        """That of a layer as it is now."""
        low, high = (None, None) if layer.rgb else layer.contrast_limits
        limits = None if low is None or high is None else (float(low), float(high))
        if limits is not None and not all(map(math.isfinite, limits)):
            limits = None
        return cls(limits, float(layer.gamma), colour_of(layer), str(layer.colormap.name))

    def give_values(self, layer: Image) -> None:
        """Give a layer these limits and this gamma."""
        if self.limits is not None and not layer.rgb:
            layer.contrast_limits = self.limits
            layer.gamma = self.gamma

    def give_colour(self, layer: Image) -> None:
        """Give a layer a colormap with this colour; the one of this name if there is one."""
        if layer.rgb or colour_of(layer) == self.colour:
            return
        if self.colormap in AVAILABLE_COLORMAPS:
            layer.colormap = self.colormap
        if colour_of(layer) != self.colour:
            ends = [[0.0, 0.0, 0.0, 1.0], [*self.colour, 1.0]]
            layer.colormap = Colormap(ends, name=self.colormap or "session")


@dataclass(frozen=True)
class Companion:
    """Another layer whose pixels belong to a picture, by name.

    Parameters
    ----------
    name : str
    light : Light
    """

    name: str
    light: Light


def colour_of(layer: Image) -> RGBTint:
    """Colour of the brightest value of a layer's colormap."""
    red, green, blue = (float(x) for x in layer.colormap.map(np.array([1.0]))[0][:3])
    return red, green, blue

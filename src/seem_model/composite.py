"""Several grey planes as one colour picture: each in its own contrast and colour, added up."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from seem_model.contrast import percentiles, stretch
from seem_model.errors import ImageError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from typing import Any

    from numpy.typing import NDArray

    from seem_model.values import RGB

RGBTint = tuple[float, float, float]
WHITE: RGBTint = (1.0, 1.0, 1.0)


@dataclass(frozen=True)
class Tone:
    """How the values of one plane become light.

    Parameters
    ----------
    colour : (red, green, blue), 0 to 1
        Of the brightest value.
    limits : (low, high) or None
        Values shown as black and in full colour; None for the plane's own percentiles
        (``contrast.PERCENTILES``), so that one hot pixel darkens nothing.
    gamma : float
        Exponent of the share between both, as napari has it: below 1 is brighter.
    """

    colour: RGBTint = WHITE
    limits: tuple[float, float] | None = None
    gamma: float = 1.0


def composite(planes: Sequence[NDArray[Any]], tones: Sequence[Tone]) -> RGB:
    """Add grey planes up to a colour picture, as additive blending does; cut at white.

    Parameters
    ----------
    planes : sequence of (H, W) arrays
        bool, integers or floats; of one shape.
    tones : sequence of Tone
        One for each plane.

    Returns
    -------
    (H, W, 3) uint8

    Raises
    ------
    ImageError
        If there is no plane, or they differ in shape.
    """
    if not planes:
        raise ImageError("No channel is switched on: switch on at least one.")
    shapes = {plane.shape for plane in planes}
    if len(shapes) > 1 or len(planes[0].shape) != 2:
        raise ImageError(
            f"Channels of one picture must be planes of one shape; these are {sorted(shapes)}."
        )
    return mixed(
        (shown(plane, tone) for plane, tone in zip(planes, tones, strict=True)),
        [tone.colour for tone in tones],
    )


def shown(plane: NDArray[Any], tone: Tone) -> NDArray[np.uint8]:
    """(H, W) uint8 brightness of one plane, its colour aside."""
    low, high = percentiles([plane]) if tone.limits is None else tone.limits
    return bent(stretch(plane, low, high), tone.gamma)


def bent(picture: NDArray[np.uint8], gamma: float) -> NDArray[np.uint8]:
    """``picture`` with every value's share of 255 taken to the power of ``gamma``."""
    if gamma == 1.0:
        return picture
    table: NDArray[np.uint8] = np.rint(255 * (np.arange(256) / 255) ** gamma).astype(np.uint8)
    return table[picture]


def mixed(planes: Iterable[NDArray[np.uint8]], colours: Iterable[RGBTint]) -> RGB:
    """(H, W, 3) sum of (H, W) planes, each times its colour, cut at white."""
    tinted = (
        plane[..., None] * np.asarray(colour, np.float32)
        for plane, colour in zip(planes, colours, strict=True)
    )
    total = next(tinted)
    for part in tinted:
        total += part
    picture: RGB = np.rint(np.clip(total, 0, 255)).astype(np.uint8)
    return picture


def added(picture: RGB, more: RGB) -> RGB:
    """(H, W, 3) sum of two pictures, cut at white."""
    total: RGB = np.minimum(picture.astype(np.uint16) + more, 255).astype(np.uint8)
    return total


def tint(k: int, count: int) -> RGBTint:
    """Colour of channel ``k`` of ``count`` unless one is chosen.

    Hue ``k / count`` of the colour circle: three channels are red, green and blue, two are red
    and cyan; a single one is white.
    """
    if count == 1:
        return WHITE
    distance = np.abs((6 * k / count - np.array([0, 2, 4]) + 3) % 6 - 3)
    red, green, blue = np.clip(2 - distance, 0, 1).tolist()
    return red, green, blue

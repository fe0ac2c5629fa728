"""A colour for each of a list of things."""

from __future__ import annotations

import colorsys

_GOLDEN = 0.618034  # neighbours on the list get colours far apart


def colour(number: int) -> tuple[int, int, int]:
    """Red, green, blue, 0 to 255, of the thing with this place on the list."""
    red, green, blue = colorsys.hsv_to_rgb(number * _GOLDEN % 1, 0.8, 0.9)
    return round(255 * red), round(255 * green), round(255 * blue)

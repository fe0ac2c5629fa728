"""Labels whose outlines lie beside their picture's own edges, resized where the edges are."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image

if TYPE_CHECKING:
    from numpy.typing import NDArray


def resized(
    labels: NDArray[Any], size: tuple[int, int], *, area: tuple[float, float, float, float],
    offset: tuple[float, float], how: Image.Resampling,
) -> Image.Image:  # fmt: skip
    """Resize labels as their picture is resized, moved back by ``offset``.

    Parameters
    ----------
    labels : (H, W) uint8 or int32
    size : (int, int)
        Width and height to resize to.
    area : (float, float, float, float)
        What of the picture is resized: left, top, right and bottom in image pixels.
    offset : (float, float)
        How far labels lie below and to the right of what they outline, in image pixels. The
        outermost labels go on beyond the image.
    how : PIL resampling
    """
    down, right = offset
    reach = math.ceil(max(abs(down), abs(right)))
    x, y = reach + right, reach + down
    box = (area[0] + x, area[1] + y, area[2] + x, area[3] + y)
    return Image.fromarray(np.pad(labels, reach, mode="edge")).resize(size, how, box=box)

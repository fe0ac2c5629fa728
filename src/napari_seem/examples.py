"""Examples cut out of images: the same kind of thing can be asked for anywhere else."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from napari_seem.boxes import widened
from napari_seem.picture import Picture
from seem_model.values import Exemplar

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from napari_seem.boxes import Box
    from napari_seem.plane import Plane
    from napari_seem.target import Target

LEAST_MARGIN = 16
"""Pixels around an example, at the least."""


def cut_out(target: Target, plane: Plane, mask: NDArray[np.bool_], box: Box) -> Exemplar:
    """What is under a mask (H, W) bool, with as much around its ``box`` as that is large."""
    height, width = (side.stop - side.start for side in box)
    wide = widened(box, max(height, width, LEAST_MARGIN), mask.shape)
    pixels = np.ascontiguousarray(Picture.of(target.sight(plane), target.grid)()[wide])
    return Exemplar(image=pixels, mask=np.ascontiguousarray(mask[wide]))

"""Resolution levels of labels, by the nearest pixel: no label is made up."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from seem_model.export.label_volume import LabelVolume, Placement

SMALLEST = 256
"""Levels are halved until no side is longer than this."""


def nearest(labels: NDArray[Any], shape: tuple[int, ...]) -> NDArray[Any]:
    """Labels at another size: of each pixel the one at its centre."""
    centres = [
        ((np.arange(new) + 0.5) * (old / new)).astype(np.int64)
        for old, new in zip(labels.shape, shape, strict=True)
    ]
    return np.asarray(labels[np.ix_(*centres)])


def levels_of(volume: LabelVolume) -> list[tuple[tuple[int, ...], Placement]]:
    """Shape and place of each level; rows and columns are halved."""
    full, placement = volume.labels.shape, volume.placement
    shape, levels = full, [(full, placement)]
    while max(shape[-2:]) > SMALLEST:
        shape = (*shape[:-2], -(-shape[-2] // 2), -(-shape[-1] // 2))
        factors = [old / new for old, new in zip(full, shape, strict=True)]
        steps = tuple(s * f for s, f in zip(placement.scale, factors, strict=True))
        # the centre of the first coarse pixel sits (factor - 1) / 2 pixels from that of the fine
        places = tuple(
            t + s * (f - 1) / 2
            for t, s, f in zip(placement.translate, placement.scale, factors, strict=True)
        )
        levels.append((shape, replace(placement, scale=steps, translate=places)))
    return levels

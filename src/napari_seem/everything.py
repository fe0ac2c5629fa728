"""A segmentation without prompts as a Labels layer with its table of classes."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from napari.layers import Labels

    from napari_seem.plane import Plane
    from napari_seem.target import Target
    from seem_model import Segmentation


def class_names(text: str) -> tuple[str, ...] | None:
    """Names separated by commas or lines, each once; None when there are none."""
    names = [" ".join(part.split()) for part in re.split(r"[,;\n]", text)]
    return tuple(dict.fromkeys(n for n in names if n)) or None


def class_table(segmentation: Segmentation) -> pd.DataFrame:
    """One row for each segment: index (pixel value), class, score, area in pixels."""
    sizes = np.bincount(segmentation.labels.ravel())
    rows = [
        (s.id, s.label, round(s.score, 3), int(sizes[s.id]) if s.id < len(sizes) else 0)
        for s in segmentation.segments
    ]
    return pd.DataFrame(rows, columns=["index", "class", "score", "area"])


def add_segmentation(
    target: Target, plane: Plane, *, segmentation: Segmentation, title: str
) -> Labels:
    """Add a Labels layer that holds ``segmentation`` in this slice and its table as features."""
    layer = target.add_segmentation(title)
    layer.data[plane.indexer] = segmentation.labels
    layer.features = class_table(segmentation)
    layer.refresh()
    return layer

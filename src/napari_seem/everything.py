"""A segmentation without prompts: where, and as a Labels layer with its table of classes."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from napari_seem.boxes import Box, around, widened
from seem_model.errors import ImageError
from seem_model.values import Segment, Segmentation

if TYPE_CHECKING:
    from collections.abc import Callable

    from napari.layers import Labels

    from napari_seem.plane import Plane
    from napari_seem.target import Target


def class_names(text: str) -> tuple[str, ...] | None:
    """Names separated by commas or lines, each once; None when there are none."""
    names = [" ".join(part.split()) for part in re.split(r"[,;\n]", text)]
    return tuple(dict.fromkeys(n for n in names if n)) or None


def classed(
    found: Segmentation, resolve: Callable[[str], str], *, semantic: bool = False
) -> Segmentation:
    """A segmentation by class where a model has answered with names and synonyms.

    Parameters
    ----------
    found : Segmentation
    resolve : callable
        The class that a name stands for.
    semantic : bool
        Whether things of one class are one segment too, as stuff always is; of those that become
        one, the first keeps its id, and the highest score counts.
    """
    kept: list[Segment] = []
    place: dict[tuple[str, bool], int] = {}
    other: dict[int, int] = {}
    for segment in found.segments:
        name = resolve(segment.label)
        kind = (name, segment.is_thing and not semantic)
        if kind[1] or kind not in place:
            place[kind] = len(kept)
            kept.append(replace(segment, label=name))
            continue
        first = kept[place[kind]]
        kept[place[kind]] = replace(first, score=max(first.score, segment.score))
        other[segment.id] = first.id
    labels = found.labels
    if other:
        table = np.arange(labels.max() + 1, dtype=labels.dtype)
        for old, new in other.items():
            table[old : old + 1] = new  # an id of which no pixel is left may be beyond the table
        labels = table[labels]
    return Segmentation(labels=labels, segments=tuple(kept))


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


@dataclass(frozen=True, eq=False)
class Restriction:
    """Where to segment: the slice is cut to a box before the model sees it, small things gain.

    Parameters
    ----------
    box : Box
        Rows and columns of the slice.
    mask : (H, W) bool or None
        A drawn region of the whole slice; None for all of the box.
    """

    box: Box
    mask: NDArray[np.bool_] | None = None

    @classmethod
    def of(cls, mask: NDArray[np.bool_], *, margin: int = 0) -> Restriction | None:
        """To a drawn region, with ``margin`` pixels around it for the model; None if empty."""
        box = around(mask)
        return None if box is None else cls(widened(box, margin, mask.shape), mask)


def pasted(
    segmentation: Segmentation,
    restriction: Restriction,
    shape: tuple[int, int],
    *,
    inside: float = 0.5,
) -> Segmentation:
    """A segmentation of the box as one of the whole slice.

    Parameters
    ----------
    segmentation : Segmentation
        Of the pixels in the box; ids are kept.
    restriction : Restriction
    shape : (int, int)
        (H, W) of the slice.
    inside : float
        Things stay only if more than this share of their area is in the drawn region, and are cut
        there; stuff is always cut. 0 for a semantic segmentation, where one label is many things.

    Raises
    ------
    ImageError
        If box, mask, segmentation and slice do not fit together.
    """
    box, given = restriction.box, segmentation.labels
    inner = tuple(side.stop - side.start for side in box)
    fits = all(side.start >= 0 and side.stop <= n for side, n in zip(box, shape, strict=True))
    if inner != given.shape or not fits:
        raise ImageError(
            f"A segmentation of {given.shape} does not fit into rows {box[0].start}:{box[0].stop} "
            f"and columns {box[1].start}:{box[1].stop} of a slice of {shape}."
        )
    labels = np.zeros(shape, np.int32)
    if restriction.mask is None:
        labels[box] = given
        return Segmentation(labels=labels, segments=segmentation.segments)
    if restriction.mask.shape != shape:
        raise ImageError(f"The region is {restriction.mask.shape}, the slice {shape}: they differ.")
    cut = np.where(restriction.mask[box], given, 0)
    length = max([int(given.max(initial=0)), *(s.id for s in segmentation.segments)]) + 1
    whole, left = (np.bincount(x.ravel(), minlength=length) for x in (given, cut))
    kept = tuple(
        s
        for s in segmentation.segments
        if left[s.id] and (not s.is_thing or left[s.id] > inside * whole[s.id])
    )
    labels[box] = np.where(np.isin(cut, [s.id for s in kept]), cut, 0)
    return Segmentation(labels=labels, segments=kept)

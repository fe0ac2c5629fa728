"""Objects of one image or stack: a label image and what is known about each label."""

from __future__ import annotations

import math
import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from seem_model.errors import DataError, ImageError
from seem_model.values import UNNAMED, Mask

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator


MAX_VOXELS = 2**31
_MAX_ID = 2**32 - 1
_COUNTABLE = 2**22


@dataclass(frozen=True)
class LabelObject:
    """What is known about one label.

    Parameters
    ----------
    id : int
        Its value in the label image, from 1 on.
    name : str
        Class; "" if unknown. Line breaks and other characters that cannot be printed become spaces.
    score : float or None
        0 to 1; None if unknown (also when given as NaN).
    """

    id: int
    name: str = ""
    score: float | None = None

    def __post_init__(self) -> None:
        if not 1 <= self.id <= _MAX_ID:
            raise ImageError(f"An object has the number {self.id}; use 1 to {_MAX_ID}.")
        printable = "".join(c if c.isprintable() else " " for c in self.name)
        object.__setattr__(self, "name", " ".join(printable.split()))
        if self.score is not None and not math.isfinite(self.score):
            object.__setattr__(self, "score", None)


@dataclass(frozen=True, eq=False)
class Objects:
    """A label image and its table.

    Parameters
    ----------
    labels : (H, W) or (Z, H, W) integers
        0 = nothing, otherwise ``LabelObject.id``.
    table : tuple of LabelObject
        In any order; labels that are missing get a row without a name.

    Raises
    ------
    ImageError
        If ``labels`` is no label image or the table lists a label twice.
    """

    labels: NDArray[Any]
    table: tuple[LabelObject, ...] = ()

    def __post_init__(self) -> None:
        labels = np.asarray(self.labels)
        if labels.dtype.kind not in "bui":
            raise ImageError(f"Labels are whole numbers; this image holds {labels.dtype}.")
        if labels.ndim not in (2, 3) or 0 in labels.shape:
            raise ImageError(f"Labels are (H, W) or (Z, H, W); this image is {labels.shape}.")
        if labels.dtype.kind == "b":
            labels = labels.astype(np.uint8)
        if labels.min() < 0 or labels.max() > _MAX_ID:
            raise ImageError(f"Labels are 0 to {_MAX_ID}; here: {labels.min()} to {labels.max()}.")
        known = {row.id: row for row in self.table}
        if len(known) < len(self.table):
            raise ImageError("The table of objects lists a label twice; keep one row for each.")
        for id in ids_in(labels):
            known.setdefault(id, LabelObject(id))
        object.__setattr__(self, "labels", labels)
        object.__setattr__(self, "table", tuple(known[id] for id in sorted(known)))

    @property
    def shape(self) -> tuple[int, int]:
        """(H, W)."""
        height, width = self.labels.shape[-2:]
        return height, width

    @property
    def slices(self) -> NDArray[Any]:
        """(Z, H, W) view; Z is 1 for one image."""
        return self.labels.reshape(-1, *self.labels.shape[-2:])

    def image(self, where: str) -> NDArray[Any]:
        """(H, W) labels; ImageError if this is a stack, which the format ``where`` cannot hold."""
        if self.labels.ndim == 3:
            raise ImageError(f"A {where} file holds one image, not a stack; export each slice.")
        return self.labels

    def names(self) -> tuple[str, ...]:
        """Classes of the objects in the image, each once, sorted; nameless ones as ``UNNAMED``."""
        there = set(ids_in(self.labels))
        return tuple(sorted({row.name or UNNAMED for row in self.table if row.id in there}))


@dataclass(frozen=True, eq=False, kw_only=True)
class Piece:
    """One object in one slice.

    Parameters
    ----------
    mask : (h, w) bool
        Cut out of the slice.
    corner : (row, col)
        Of ``mask[0, 0]`` in the slice.
    z : int
        Slice, from 0 on.
    id : int
        Label; 0 if unknown.
    name, score
        As in :class:`LabelObject`.
    """

    mask: Mask
    corner: tuple[int, int]
    z: int = 0
    id: int = 0
    name: str = ""
    score: float | None = None

    @property
    def offset(self) -> NDArray[np.int64]:
        """(2,) x, y of ``corner``: what to add to an outline of ``mask``."""
        return np.array(self.corner[::-1], np.int64)


def ids_in(labels: NDArray[Any]) -> list[int]:
    """Labels in an image, sorted, without 0."""
    return [int(value) for value in _values(labels) if value]


def compact(labels: NDArray[Any]) -> tuple[NDArray[np.int32], NDArray[Any]]:
    """Labels numbered 1, 2, … without gaps, and the former label of each number (0 for 0).

    scipy and scikit-image need memory for every number up to the largest.
    """
    values = np.union1d(_values(labels), [0])
    if values[-1] == len(values) - 1:
        return labels.astype(np.int32), values
    return np.searchsorted(values, labels).astype(np.int32), values


def pieces(objects: Objects) -> Iterator[Piece]:
    """Every object of every slice, slices first, labels in growing order."""
    known = {row.id: row for row in objects.table}
    for z, labels in enumerate(objects.slices):
        numbers, values = compact(labels)
        for number, box in enumerate(ndimage.find_objects(numbers), start=1):
            row = known[int(values[number])]
            yield Piece(
                mask=numbers[box] == number,
                corner=(box[0].start, box[1].start),
                z=z,
                id=row.id,
                name=row.name,
                score=row.score,
            )


def assemble(found: Iterable[Piece], shape: tuple[int, ...] | None = None) -> Objects:
    """Put pieces into one label image.

    Labels are kept if all pieces have one, else pieces are numbered in order. Where pieces overlap,
    the first keeps its pixels; a warning tells how many have lost all of theirs.

    Parameters
    ----------
    found : iterable of Piece
        Inside ``shape``.
    shape : (H, W) or (Z, H, W), optional
        Just large enough, if not given.

    Raises
    ------
    DataError
        If the image would be too large.
    """
    given = list(found)
    size = _around(given) if shape is None else tuple(int(n) for n in shape)
    if len(size) not in (2, 3) or min(size) < 1 or math.prod(size) > MAX_VOXELS:
        raise DataError(f"An image of the size {size} cannot be made.")
    keep = all(piece.id for piece in given)
    ids = [piece.id if keep else number for number, piece in enumerate(given, start=1)]
    dtype = np.int32 if max(ids, default=0) < 2**31 else np.uint32
    labels = np.zeros((1, *size) if len(size) == 2 else size, dtype)
    table: dict[int, LabelObject] = {}
    hidden = 0
    for id, piece in zip(ids, given, strict=True):
        (row, col), (height, width) = piece.corner, piece.mask.shape
        if piece.z >= len(labels):
            raise DataError(f"An object is in slice {piece.z + 1}, the stack has {len(labels)}.")
        there = labels[piece.z, row : row + height, col : col + width]
        free = piece.mask & (there == 0)
        there[free] = id
        hidden += not free.any()
        table.setdefault(id, LabelObject(id, piece.name, piece.score))
    if hidden:
        text = f"{hidden} objects have no pixel of their own: they are empty or behind others."
        warnings.warn(text, stacklevel=2)
    return Objects(labels.reshape(size), tuple(table.values()))


def _values(labels: NDArray[Any]) -> NDArray[Any]:
    if labels.max() < _COUNTABLE:  # ten times as fast as sorting
        return np.flatnonzero(np.bincount(labels.ravel().astype(np.int64, copy=False)))
    return np.unique(labels)


def _around(found: list[Piece]) -> tuple[int, ...]:
    if not found:
        raise DataError("The file holds no objects, and it does not say how large the image is.")
    rows = max(piece.corner[0] + piece.mask.shape[0] for piece in found)
    cols = max(piece.corner[1] + piece.mask.shape[1] for piece in found)
    depth = max(piece.z for piece in found) + 1
    return (rows, cols) if depth == 1 else (depth, rows, cols)

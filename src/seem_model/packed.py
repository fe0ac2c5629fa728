"""Masks and label maps kept small: hundreds of rounds of a large image fit in memory."""

from __future__ import annotations

import zlib
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass(frozen=True, kw_only=True)
class Packed:
    """A (H, W) array that is zero outside a box, compressed; two equal arrays are equal here too.

    Parameters
    ----------
    shape : (int, int)
        (H, W).
    box : (int, int, int, int)
        Top, left, bottom, right, half-open; all 0 when nothing is set.
    dtype : str
        Of the array.
    data : bytes
        The pixels of the box: bits of a boolean array, else the bytes as they are; compressed.
    """

    shape: tuple[int, int]
    box: tuple[int, int, int, int]
    dtype: str
    data: bytes

    @classmethod
    def of(cls, array: NDArray[Any]) -> Packed:
        """Pack a (H, W) array of booleans or whole numbers."""
        shape = (int(array.shape[0]), int(array.shape[1]))
        box = bounds(array)
        crop = np.ascontiguousarray(array[box[0] : box[2], box[1] : box[3]])
        raw = np.packbits(crop) if crop.dtype == bool else crop
        return cls(shape=shape, box=box, dtype=crop.dtype.str, data=zlib.compress(raw.data, 1))

    @property
    def any(self) -> bool:
        """Whether anything is set."""
        return self.box[2] > self.box[0]

    @property
    def crop(self) -> NDArray[Any]:
        """The pixels of the box, a copy."""
        size = (self.box[2] - self.box[0], self.box[3] - self.box[1])
        dtype, count = np.dtype(self.dtype), size[0] * size[1]
        is_mask = dtype.kind == "b"
        length = (count + 7) // 8 if is_mask else count * dtype.itemsize
        # with the length known, the memory for it is found once instead of growing step by step
        raw = zlib.decompress(self.data, bufsize=max(1, length))
        if is_mask:
            bits = np.unpackbits(np.frombuffer(raw, np.uint8), count=count)
            return bits.view(bool).reshape(size)
        return np.frombuffer(raw, dtype).reshape(size).copy()

    @property
    def array(self) -> NDArray[Any]:
        """The whole (H, W) array, a copy."""
        whole = np.zeros(self.shape, self.dtype)
        whole[self.box[0] : self.box[2], self.box[1] : self.box[3]] = self.crop
        return whole

    def placed(self, shape: tuple[int, int], row: int, col: int) -> Packed:
        """The same as part of a larger array of ``shape``, whose (row, col) is its corner."""
        top, left, bottom, right = self.box
        box = (top + row, left + col, bottom + row, right + col) if self.any else self.box
        return replace(self, shape=shape, box=box)

    def within(self, box: tuple[slice, slice]) -> NDArray[Any]:
        """A part of the array, a copy; ``box`` has starts and stops, and holds all of it."""
        rows, cols = box
        part = np.zeros((rows.stop - rows.start, cols.stop - cols.start), self.dtype)
        top, left, bottom, right = self.box
        if self.any:
            part[top - rows.start : bottom - rows.start, left - cols.start : right - cols.start] = (
                self.crop
            )
        return part


def bounds(array: NDArray[Any]) -> tuple[int, int, int, int]:
    """Top, left, bottom, right (half-open) of what is not zero; all 0 when nothing is."""
    rows = np.flatnonzero(array.any(axis=1))
    if not len(rows):
        return 0, 0, 0, 0
    top, bottom = int(rows[0]), int(rows[-1]) + 1
    cols = np.flatnonzero(array[top:bottom].any(axis=0))
    return top, int(cols[0]), bottom, int(cols[-1]) + 1

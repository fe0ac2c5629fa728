"""Label images as runs of equal labels: a few thousand numbers in place of millions of pixels."""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

_COUNTABLE = 2**16
_WORTH = 2**15
Labels = NDArray[Any]
"""(H, W) whole numbers: one for each object, 0 for none."""


@dataclass(frozen=True, eq=False, kw_only=True)
class Runs:
    """Labels (h, w) kept small: each run of equal labels in a row, and how long it is.

    A fifth of the time that compressing the pixels takes, and fewer bytes.

    Parameters
    ----------
    shape : (int, int)
        (h, w).
    values, lengths : bytes
        Of the runs, row by row, compressed.
    value_type, length_type : str
        Their types.
    """

    shape: tuple[int, int]
    values: bytes
    lengths: bytes
    value_type: str
    length_type: str

    @classmethod
    def of(cls, pixels: Labels) -> Runs:
        """Keep labels (h, w)."""
        values, lengths = _rows(pixels)
        values, lengths = _narrow(values), _narrow(lengths)
        return cls(
            shape=(int(pixels.shape[0]), int(pixels.shape[1])),
            values=zlib.compress(values.data, 1),
            lengths=zlib.compress(lengths.data, 1),
            value_type=values.dtype.str,
            length_type=lengths.dtype.str,
        )

    @property
    def array(self) -> Labels:
        """The labels (h, w), in the smallest type that holds them."""
        return np.repeat(*self._runs).reshape(self.shape)

    @property
    def any(self) -> bool:
        """Whether anything but 0 is there."""
        return bool(self._runs[0].any())

    @property
    def sizes(self) -> dict[int, int]:
        """Pixels of each label, without 0."""
        return tallied(*self._runs)

    @property
    def _runs(self) -> tuple[Labels, NDArray[Any]]:
        values = np.frombuffer(zlib.decompress(self.values), self.value_type)
        return values, np.frombuffer(zlib.decompress(self.lengths), self.length_type)


def sizes(labels: Labels) -> dict[int, int]:
    """Pixels of each label of an array of any shape, without 0."""
    if labels.size < _WORTH:
        return tallied(labels.ravel())
    ends = _ends(labels)
    if 8 * np.count_nonzero(ends) > labels.size:
        return tallied(labels.ravel())  # noise, where runs are no help
    return tallied(*_cut(labels, ends))


def tallied(values: Labels, lengths: NDArray[Any] | None = None) -> dict[int, int]:
    """How often each value is there, without 0; ``lengths`` tells how often each one counts."""
    if not values.size:
        return {}
    low, high = int(values.min()), int(values.max())
    if low == high:
        found, pixels = values[:1], [values.size if lengths is None else int(lengths.sum())]
    elif low >= 0 and high < _COUNTABLE:  # many times as fast as sorting
        every = np.bincount(values.astype(np.intp, copy=False), lengths)
        found = np.flatnonzero(every)
        pixels = every[found].astype(np.int64).tolist()
    else:
        found, which = np.unique(values, return_inverse=True)
        pixels = np.bincount(which, lengths).astype(np.int64).tolist()
    return {label: n for label, n in zip(found.tolist(), pixels, strict=True) if label}


def _rows(labels: Labels) -> tuple[Labels, NDArray[np.int64]]:
    """Values of runs and their lengths; each ends with its row."""
    return _cut(labels, _ends(labels))


def _ends(labels: Labels) -> NDArray[np.bool_]:
    ends = np.ones(labels.shape, bool)
    np.not_equal(labels[..., 1:], labels[..., :-1], out=ends[..., :-1])
    return ends


def _cut(labels: Labels, ends: NDArray[np.bool_]) -> tuple[Labels, NDArray[np.int64]]:
    at = np.flatnonzero(ends)
    return labels[np.unravel_index(at, labels.shape)], np.diff(at, prepend=-1)


def _narrow(numbers: NDArray[Any]) -> NDArray[Any]:
    """The same in the smallest type that holds them."""
    low, high = (int(numbers.min()), int(numbers.max())) if numbers.size else (0, 0)
    small = (t for t in (np.uint8, np.uint16) if low >= 0 and high <= np.iinfo(t).max)
    return numbers.astype(next(small, numbers.dtype))

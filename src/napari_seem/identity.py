"""Which image a session belongs to: name, file, size, type, and a hash of its pixels."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_seem.session_data import ImageIdentity

if TYPE_CHECKING:
    from napari_seem.plane import Grid


@dataclass(frozen=True, eq=False, kw_only=True)
class Subject:
    """An image layer to be identified; made on the GUI thread, read on another.

    Parameters
    ----------
    name, path : str
    shape : tuple of int
        Of the grid that is annotated.
    data : array-like
        n-D pixels; numpy, dask or zarr. Only one slice is read.
    axes : int
        How many axes of ``data`` are not colour channels.
    """

    name: str
    path: str
    shape: tuple[int, ...]
    data: Any
    axes: int

    @classmethod
    def of(cls, grid: Grid) -> Subject:
        """The image of a grid."""
        image = grid.image
        return cls(
            name=str(image.name),
            path=str(image.source.path or ""),
            shape=grid.shape,
            data=image.data[grid.level] if image.multiscale else image.data,
            axes=int(image.ndim),
        )

    def identify(self) -> ImageIdentity:
        """Read what is needed of the pixels."""
        return ImageIdentity(
            name=self.name,
            path=self.path,
            shape=self.shape,
            dtype=np.dtype(self.data.dtype).name,
            digest=digest_of(self.data, self.axes),
            pixels=tuple(int(n) for n in self.data.shape[: self.axes]),
        )


def digest_of(data: Any, axes: int) -> str:
    """Hash of the middle slice, so that of a lazy image no more than one slice is read.

    Parameters
    ----------
    data : array-like
        n-D pixels, rows and columns last, or before colour channels.
    axes : int
        How many axes are not colour channels. Of all but the last two of them, ``n // 2`` is read.

    Returns
    -------
    str
        "sha256:" and the hash of the slice as C-ordered little-endian bytes.
    """
    middle = tuple(int(n) // 2 for n in data.shape[: max(axes - 2, 0)])
    pixels = np.asarray(data[middle])
    plain = np.ascontiguousarray(pixels, pixels.dtype.newbyteorder("<"))
    return "sha256:" + hashlib.sha256(plain.view(np.uint8).data).hexdigest()

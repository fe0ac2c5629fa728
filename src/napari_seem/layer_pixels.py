"""The pixels of a layer, read again from the file it was opened from: for programs without napari.

A file may hold more than the layer did: napari makes a layer of each channel.
"""

from __future__ import annotations

import zlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from seem_model.errors import ImageError
from seem_model.image import read_image

if TYPE_CHECKING:
    from numpy.typing import NDArray

MOST_CHECKED = 2**26
"""Bytes of which all are looked at."""


def layer_pixels(
    path: str | Path, *, shape: tuple[int, ...], dtype: str, check: int | None = None
) -> NDArray[Any]:
    """Read what a layer held: all of a file, or one entry of one of its axes.

    Parameters
    ----------
    path : str or Path
        TIFF, ``.npy``, or a photo.
    shape : tuple of int
        Of the layer; axes of length 1 need not be in the file.
    dtype : str
        Such as "uint16".
    check : int or None
        See :func:`check_of`; None: the file as a whole is believed.

    Returns
    -------
    array of that shape

    Raises
    ------
    ImageError
        If the file cannot be read or holds other pixels.
    """
    whole = _read(Path(path).expanduser())
    entries = [(axis, k) for axis, n in enumerate(whole.shape) for k in range(n)]
    cuts = [(slice(None),) * axis + (k,) for axis, k in entries]
    for cut in [(), *(cuts if check is not None else ())]:
        pixels = whole[cut]
        same = _long(pixels.shape) == _long(shape) and pixels.dtype.name == dtype
        if same and check in (None, check_of(pixels.reshape(shape))):
            found: NDArray[Any] = pixels.reshape(shape)
            return found
    raise ImageError(
        f"{path} does not hold the pixels that the layer had ({shape}, {dtype}): it is "
        f"{whole.shape}, {whole.dtype.name}, or was changed since. Save the layer as a TIFF file "
        "and give its name here."
    )


def check_of(pixels: NDArray[Any]) -> int:
    """Checksum (CRC-32) of all pixels; of large stacks, of what is in their middle."""
    while pixels.nbytes > MOST_CHECKED and pixels.ndim > 2:
        pixels = pixels[len(pixels) // 2]
    plain = np.ascontiguousarray(pixels, pixels.dtype.newbyteorder("<"))
    return zlib.crc32(plain.view(np.uint8).data)


def _read(path: Path) -> NDArray[Any]:
    if path.suffix.lower() not in {".tif", ".tiff", ".npy"}:
        return read_image(path)
    try:
        if path.suffix.lower() == ".npy":
            return np.asarray(np.load(path))
        import tifffile

        # not read_image: for an image, an axis of three is colours, whatever the layer had it for
        return np.asarray(tifffile.imread(path))
    except Exception as error:  # decoders raise anything from struct.error to SyntaxError
        raise ImageError(f"{path} cannot be read as an image ({error}).") from error


def _long(shape: tuple[int, ...]) -> list[int]:
    return [n for n in shape if n > 1]

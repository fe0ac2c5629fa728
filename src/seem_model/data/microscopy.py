"""Reading microscope images as the RGB pictures that the model looks at."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from seem_model.data import files
from seem_model.errors import ImageError
from seem_model.image import read_image, to_rgb

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from seem_model.values import RGB


def read_page(path: Path, page: int, id: str) -> RGB:
    """One image of a TIFF stack, stretched as :func:`seem_model.image.to_rgb` says.

    Returns
    -------
    (H, W, 3) uint8

    Raises
    ------
    DataError
        If the file is missing, broken or has no such page.
    """
    return _shown(path, files.read_map(path, f"image {id}", page=page), id)


def read_any(path: Path, id: str) -> RGB:
    """(H, W, 3) uint8 of any 2-D image file; DataError as :func:`read_page`."""
    return _shown(path, _pixels(path, id), id)


def read_label_map(path: Path, id: str) -> NDArray[Any]:
    """(H, W) label map of any integer type; DataError if it is none.

    TIFF files are read with all their compressions and types, palette images as indices.
    """
    if path.suffix.lower() not in {".tif", ".tiff"}:
        return files.read_flat(path, f"image {id}")
    pixels = _pixels(path, id)
    if pixels.ndim != 2 or pixels.dtype.kind not in "bui":
        kind = f"has shape {pixels.shape} and type {pixels.dtype}"
        raise files.broken(path, f"is no label map: it {kind}", f"image {id}")
    return pixels


def _pixels(path: Path, id: str) -> NDArray[Any]:
    try:
        return read_image(path)
    except ImageError as error:
        reason = f"cannot be read: {error}" if path.exists() else "is missing"
        raise files.broken(path, reason, f"image {id}") from error


def _shown(path: Path, pixels: NDArray[Any], id: str) -> RGB:
    try:
        return to_rgb(pixels)
    except ImageError as error:
        raise files.broken(path, f"cannot be shown: {error}", f"image {id}") from error

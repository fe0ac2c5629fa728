"""Reading files of data sets; whatever is wrong names the path, the reason and what is skipped."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image

from seem_model.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from numpy.typing import NDArray

    from seem_model.values import RGB

PICTURES = (".jpg", ".jpeg", ".png", ".bmp", ".tif", ".tiff")


def broken(path: Path, reason: str, skipped: str) -> DataError:
    """Error that says which file is wrong, why, and what cannot be used for that reason."""
    return DataError(f"The file {path} {reason}. Skipped: {skipped}.")


def read_bytes(path: Path, skipped: str) -> bytes:
    """Content of a file.

    Raises
    ------
    DataError
        If it is missing or cannot be read; ``skipped`` tells what is lost with it.
    """
    try:
        return path.read_bytes()
    except FileNotFoundError:
        raise broken(path, "is missing", skipped) from None
    except OSError as error:
        raise broken(path, f"cannot be read: {error}", skipped) from error


def read_text(path: Path, skipped: str) -> str:
    """Content of a text file, UTF-8; DataError as :func:`read_bytes`."""
    try:
        return read_bytes(path, skipped).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise broken(path, f"is not text: {error}", skipped) from error


def read_splits(folder: Path) -> tuple[list[Path], dict[str, tuple[str, ...]]]:
    """Lists ``<split>.txt`` of a folder, and the ids in each.

    Raises
    ------
    DataError
        If there are none or one cannot be read.
    """
    lists = sorted(folder.glob("*.txt"))
    if not lists:
        raise DataError(f"There is no train.txt or val.txt in {folder}. Skipped: all of it.")
    return lists, {p.stem: read_list(p, f"the split {p.stem}") for p in lists}


def read_json(
    path: Path, skipped: str, *, shrink: Callable[[dict[str, Any]], Any] | None = None
) -> Any:
    """Parsed JSON file; DataError as :func:`read_bytes`.

    ``shrink`` gets every object as soon as it is parsed and returns what is kept of it.
    """
    try:
        return json.loads(read_bytes(path, skipped), object_hook=shrink)
    except ValueError as error:
        raise broken(path, f"cannot be read: {error}", skipped) from error


def read_list(path: Path, skipped: str) -> tuple[str, ...]:
    """First word of each line that is not empty; DataError as :func:`read_bytes`."""
    return tuple(line.split()[0] for line in read_text(path, skipped).splitlines() if line.strip())


def read_map(path: Path, skipped: str, *, page: int = 0) -> NDArray[Any]:
    """Pixels as they are stored: (H, W), or (H, W, C) for colour; palette images give indices.

    Parameters
    ----------
    path : Path
    skipped : str
        What is lost without the file.
    page : int
        Which image of a stack (TIFF).

    Raises
    ------
    DataError
        If it is missing or no image.
    """
    return _open(path, None, page, skipped)


def read_rgb(path: Path, skipped: str) -> RGB:
    """(H, W, 3) uint8 photo; DataError as :func:`read_map`."""
    return _open(path, "RGB", 0, skipped)


def read_flat(path: Path, skipped: str, *, page: int = 0) -> NDArray[Any]:
    """(H, W) map of whole numbers; DataError also when the file has colours or fractions."""
    pixels = read_map(path, skipped, page=page)
    if pixels.ndim == 3 and (pixels[..., :3] == pixels[..., :1]).all():
        pixels = pixels[..., 0]  # grey, saved as colour
    if pixels.ndim != 2 or pixels.dtype.kind not in "bui":
        kind = f"has shape {pixels.shape} and type {pixels.dtype}"
        raise broken(path, f"is no label map: it {kind}", skipped)
    return pixels


def image_size(path: Path, skipped: str) -> tuple[int, int]:
    """(H, W) from the head of an image file; DataError as :func:`read_map`."""
    try:
        with Image.open(path) as file:
            return file.height, file.width
    except FileNotFoundError:
        raise broken(path, "is missing", skipped) from None
    except Exception as error:  # decoders raise anything from TypeError to SyntaxError
        raise broken(path, f"cannot be read: {error}", skipped) from error


def _open(path: Path, convert: str | None, page: int, skipped: str) -> NDArray[Any]:
    try:
        with Image.open(path) as file:
            if page:
                file.seek(page)
            return np.asarray(file.convert(convert) if convert else file)
    except FileNotFoundError:
        raise broken(path, "is missing", skipped) from None
    except EOFError:
        raise broken(path, f"has no page {page}", skipped) from None
    except Exception as error:  # decoders raise anything from TypeError to SyntaxError
        raise broken(path, f"cannot be read: {error}", skipped) from error


def pictures_in(folder: Path) -> dict[str, Path]:
    """Image files of a folder by stem, in the order of their names; empty if it is missing."""
    if not folder.is_dir():
        return {}
    found = sorted(p for p in folder.iterdir() if p.suffix.lower() in PICTURES)
    return {p.stem: p for p in found if not p.name.startswith(".")}


def first_of(*places: Path) -> Path:
    """First of several places that exists; the first of all when none does."""
    return next((place for place in places if place.exists()), places[0])


def fingerprint(paths: Iterable[Path]) -> str:
    """First 16 digits of the SHA-256 of the content of some files; missing files count as empty."""
    digest = hashlib.sha256()
    for path in sorted(paths):
        if path.is_file():
            with path.open("rb") as file:
                while block := file.read(2**20):
                    digest.update(block)
    return digest.hexdigest()[:16]

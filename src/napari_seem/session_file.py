"""Session files: one file for everything that is known of an image, described in the docs.

A zip of ``session.json``, ``objects.tif`` (labels, zlib) and ``examples/*.png``.
"""

from __future__ import annotations

import io
import json
import os
import shutil
import zipfile
import zlib
from contextlib import contextmanager
from functools import lru_cache
from math import prod
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image as PILImage

from napari_seem.marks_json import ExampleFiles
from napari_seem.session_data import LabelStack, SessionData, SessionError
from napari_seem.session_json import FORMAT, KIND, image_identity, session_json, session_of
from seem_model.packed import Packed
from seem_model.values import Exemplar

if TYPE_CHECKING:
    from collections.abc import Iterator

    from napari_seem.marks_json import Json
    from napari_seem.session_data import ImageIdentity

SUFFIX = ".seem"
DOCUMENT, OBJECTS = "session.json", "objects.tif"
LARGEST_CLASSIC_TIFF = 2**31
KEPT_STRIPS = 512
"""Slices whose compressed pixels are kept in memory."""


def write_session(path: str | Path, data: SessionData) -> None:
    """Write a session; the former file stays as it is until the new one is complete.

    The former file is kept beside it, with a "~" after its name.

    Parameters
    ----------
    path : str or Path
    data : SessionData

    Raises
    ------
    SessionError
        If the file cannot be written; the former one is still there then.
    """
    path = Path(path)
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        with part.open("wb") as file:
            file.write(_encoded(data))
            file.flush()
            os.fsync(file.fileno())
        if path.exists():
            _keep_former(path)
        os.replace(part, path)
    except OSError as error:
        part.unlink(missing_ok=True)
        raise SessionError(
            f"The session cannot be saved as {path}: {error.strerror or error}. Choose another "
            "place with “SEEM: save the session as…”."
        ) from error


def read_session(path: str | Path) -> SessionData:
    """Read a session file.

    Raises
    ------
    SessionError
        If there is none, or it is damaged, something else, or from a newer version.
    """
    with _reading(Path(path)) as file:
        document = _document(file, Path(path))
        examples = {
            name: _example(file.read(name))
            for name in file.namelist()
            if name.startswith("examples/") and name.endswith(".png")
        }
        return session_of(document, examples=examples, labels=_labels(file, document))


@contextmanager
def _reading(path: Path) -> Iterator[zipfile.ZipFile]:
    """The open file; whatever goes wrong with it is told in a sentence."""
    try:
        with zipfile.ZipFile(path) as file:
            yield file
    except SessionError:
        raise
    except OSError as error:
        why = error.strerror or error
        raise SessionError(f"The session {path} cannot be opened: {why}.") from error
    except zipfile.BadZipFile as error:
        raise SessionError(
            f"{path} is no session of napari-seem, or it was cut off: it is not a zip file."
        ) from error
    except Exception as error:  # decoders raise anything from struct.error to SyntaxError
        raise SessionError(
            f"The session {path} is damaged ({type(error).__name__}: {error}). The file with "
            "“~” after its name beside it, if there is one, is what was saved before."
        ) from error


def image_of(path: str | Path) -> ImageIdentity:
    """The image that a session file belongs to; errors as of :func:`read_session`."""
    with _reading(Path(path)) as file:
        return image_identity(_document(file, Path(path))["image"])


def former(path: Path) -> Path:
    """Where the file that was replaced last is kept."""
    return path.with_name(path.name + "~")


def _keep_former(path: Path) -> None:
    # the file itself is there at every moment, so that a process that is killed loses nothing
    kept = former(path)
    kept.unlink(missing_ok=True)
    try:
        os.link(path, kept)
    except OSError:  # file systems without links
        shutil.copy2(path, kept)


def _encoded(data: SessionData) -> bytes:
    files = ExampleFiles()
    document = session_json(data, files)
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as file:
        text = json.dumps(document, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
        file.writestr(DOCUMENT, text, zipfile.ZIP_DEFLATED, compresslevel=1)
        if data.labels is not None:
            file.writestr(OBJECTS, _tiff(data.labels))
        for name, exemplar in files.kept.items():
            file.writestr(name, _png(exemplar))
    return buffer.getvalue()


def _document(file: zipfile.ZipFile, path: Path) -> Json:
    foreign = SessionError(f"{path} is no session of napari-seem: it holds something else.")
    if DOCUMENT not in file.namelist():
        raise foreign
    document: Any = json.loads(file.read(DOCUMENT))
    if not isinstance(document, dict) or document.get("kind") != KIND:
        raise foreign
    if not isinstance(document["format"], int) or document["format"] > FORMAT:
        raise SessionError(
            f"The session {path} was written by napari-seem {document.get('version', '?')}, which "
            f"is newer (format {document['format']}, this version reads {FORMAT}): update "
            "napari-seem to open it."
        )
    return document


def _tiff(labels: LabelStack) -> bytes:
    import tifffile

    buffer = io.BytesIO()
    large = prod(labels.shape) * np.dtype(labels.dtype).itemsize > LARGEST_CLASSIC_TIFF
    with tifffile.TiffWriter(buffer, bigtiff=large) as file:
        file.write(
            _strips(labels),
            shape=labels.shape,
            dtype=np.dtype(labels.dtype).newbyteorder("<"),
            compression="zlib",
            rowsperstrip=labels.shape[-2],
            photometric="minisblack",
        )
    return buffer.getvalue()


def _strips(labels: LabelStack) -> Iterator[bytes]:
    empty = Packed.of(np.zeros(labels.shape[-2:], labels.dtype))
    for k in range(labels.count):
        yield _strip(labels.slices.get(k, empty), labels.dtype)


# a stack is saved after every change, of which most slices are as they were
@lru_cache(maxsize=KEPT_STRIPS)
def _strip(packed: Packed, dtype: str) -> bytes:
    """A whole slice, compressed."""
    return zlib.compress(packed.array.astype(np.dtype(dtype).newbyteorder("<")).tobytes(), 1)


def _labels(file: zipfile.ZipFile, document: Json) -> LabelStack | None:
    import tifffile

    told = document["objects"]
    if told is None:
        return None
    shape, dtype = tuple(int(n) for n in told["shape"]), np.dtype(told["dtype"])
    if dtype.kind not in "ui" or len(shape) < 2:
        raise ValueError(f"the objects are {shape} {dtype}")
    slices = {}
    with tifffile.TiffFile(io.BytesIO(file.read(OBJECTS))) as tiff:
        if len(tiff.pages) != prod(shape[:-2]):
            raise ValueError(f"{OBJECTS} has {len(tiff.pages)} slices, not {prod(shape[:-2])}")
        for k, page in enumerate(tiff.pages):
            pixels = page.asarray()
            if pixels.shape != shape[-2:]:
                raise ValueError(f"a slice of {OBJECTS} is {pixels.shape}, not {shape[-2:]}")
            packed = Packed.of(pixels.astype(dtype, copy=False))
            if packed.any:
                slices[k] = packed
    return LabelStack(name=str(told["layer"]), shape=shape, dtype=dtype.name, slices=slices)


def _png(exemplar: Exemplar) -> bytes:
    alpha = np.where(exemplar.mask, 255, 0).astype(np.uint8)
    buffer = io.BytesIO()
    PILImage.fromarray(np.dstack([exemplar.image, alpha])).save(buffer, "PNG")
    return buffer.getvalue()


def _example(content: bytes) -> Exemplar:
    with PILImage.open(io.BytesIO(content)) as picture:
        pixels = np.asarray(picture.convert("RGBA"))
    return Exemplar(image=np.ascontiguousarray(pixels[..., :3]), mask=pixels[..., 3] > 127)

"""ImageJ's ROI manager: a zip of selections, one for each object (in each slice).

One ring is written as a traced outline, several parts or holes as one composite selection. Our
label, class and score and the size of the image are properties of the selection, which ImageJ
keeps.
"""

from __future__ import annotations

import json
import re
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from seem_model.errors import DataError
from seem_model.export.imagej_roi import decode, encode
from seem_model.export.objects import Piece, assemble, pieces
from seem_model.export.outlines import fill, trace

if TYPE_CHECKING:
    from seem_model.export.imagej_roi import Roi
    from seem_model.export.objects import Objects

_AUTOMATIC = re.compile(r"[\d-]+")  # "0123-0456": ImageJ names selections by where they are


def write_rois(path: str | Path, objects: Objects) -> None:
    """Write objects for ImageJ's ROI manager; DataError if the file cannot be written."""
    shape = ",".join(str(n) for n in objects.labels.shape)
    stack = objects.labels.ndim == 3
    try:
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            for piece in pieces(objects):
                name = f"{piece.id:05d} {piece.name}".strip().replace("/", "_").replace("\\", "_")
                name += f" z{piece.z + 1:04d}" if stack else ""
                archive.writestr(f"{name}.roi", _encoded(piece, name, shape, stack))
    except OSError as error:
        raise DataError(f"Cannot write {path}: {error.strerror or error}.") from error


def read_rois(path: str | Path, shape: tuple[int, ...] | None = None) -> Objects:
    """Read the areas in a zip of ImageJ's ROI manager, or in one ``.roi`` file.

    Points, lines and texts are left out. The name of a selection is taken as its class, unless
    ImageJ made it.

    Parameters
    ----------
    path : str or Path
    shape : (H, W) or (Z, H, W), optional
        Of the image if the file does not say; just large enough if not given either.

    Raises
    ------
    DataError
        If the file cannot be read, is damaged, or holds no area and no size.
    """
    rois = [roi for content in _members(Path(path)) if (roi := decode(content)) is not None]
    known = [_Properties.of(roi) for roi in rois]
    sizes = {one.shape for one in known}
    said = sizes.pop() if len(sizes) == 1 else None
    shape = shape if said is None else said
    limit = None if shape is None else (shape[-2], shape[-1])
    return assemble([_piece(roi, one, limit) for roi, one in zip(rois, known, strict=True)], shape)


def holds_rois(path: str | Path) -> bool:
    """Whether this is a zip with ImageJ selections, or one selection."""
    if Path(path).suffix.lower() == ".roi":
        return True
    try:
        with zipfile.ZipFile(path) as archive:
            return any(name.lower().endswith(".roi") for name in archive.namelist())
    except (OSError, zipfile.BadZipFile):
        return False


@dataclass(frozen=True)
class _Properties:
    """What our own files say of a selection; for others, what can be told."""

    id: int = 0
    name: str = ""
    score: float | None = None
    shape: tuple[int, ...] | None = None

    @classmethod
    def of(cls, roi: Roi) -> _Properties:
        given = roi.properties
        if "seem.label" not in given:
            return cls(name="" if _AUTOMATIC.fullmatch(roi.name) else roi.name)
        try:
            return cls(
                int(given["seem.label"]),
                str(json.loads(given.get("seem.class", '""'))),
                float(given["seem.score"]) if "seem.score" in given else None,
                tuple(int(n) for n in given["seem.shape"].split(",")),
            )
        except (ValueError, KeyError) as error:
            raise DataError(f"The properties of the ROI '{roi.name}' are damaged.") from error


def _encoded(piece: Piece, name: str, shape: str, stack: bool) -> bytes:
    rings = [ring + piece.offset for part in trace(piece.mask) for ring in part]
    properties = {
        "seem.label": str(piece.id),
        "seem.class": json.dumps(piece.name),
        "seem.shape": shape,
    }
    if piece.score is not None:
        properties["seem.score"] = repr(float(piece.score))
    return encode(rings, name=name, position=piece.z + 1 if stack else 0, properties=properties)


def _piece(roi: Roi, known: _Properties, limit: tuple[int, int] | None) -> Piece:
    corner, mask = fill(roi.rings, limit)
    z = max(roi.position - 1, 0)
    return Piece(mask=mask, corner=corner, z=z, id=known.id, name=known.name, score=known.score)


def _members(path: Path) -> list[bytes]:
    try:
        if path.suffix.lower() == ".roi":
            return [path.read_bytes()]
        with zipfile.ZipFile(path) as archive:
            names = [n for n in archive.namelist() if n.lower().endswith(".roi")]
            return [archive.read(name) for name in names]
    except (OSError, zipfile.BadZipFile, zipfile.LargeZipFile, RuntimeError) as error:
        raise DataError(f"Cannot read {path} as a zip of ImageJ ROIs: {error}.") from error

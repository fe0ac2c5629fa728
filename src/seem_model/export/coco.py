"""COCO JSON of objects.

One annotation for each object (in each slice of a stack: a stack is a list of images of one size).
A mask in one part without holes is a polygon along its pixel edges; a mask with holes or in several
parts is compressed run lengths, because a polygon list cannot tell holes and some programs make
one object of each polygon. ``label_id`` and ``score`` of an annotation and
``stack`` of the info are ours.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from seem_model.data.rle import compress, decode, run_lengths
from seem_model.errors import DataError
from seem_model.export.json_files import is_coco, read_json, write_json
from seem_model.export.objects import Piece, assemble, pieces
from seem_model.export.outlines import trace
from seem_model.values import UNNAMED

if TYPE_CHECKING:
    from seem_model.export.objects import Objects
    from seem_model.values import Mask


def write_coco(path: str | Path, objects: Objects, *, image: str = "") -> None:
    """Write objects as COCO instances.

    Parameters
    ----------
    path : str or Path
    objects : Objects
    image : str
        Name of the picture's file; made from ``path`` if "".

    Raises
    ------
    DataError
        If the file cannot be written.
    """
    write_json(Path(path), to_coco(objects, image=image or f"{Path(path).stem}.png"))


def to_coco(objects: Objects, *, image: str) -> dict[str, Any]:
    """The content of a COCO file; ``image`` is the name of the picture."""
    height, width = objects.shape
    count, name = len(objects.slices), Path(image)
    files = [image] if count == 1 else [f"{name.stem}_{z:04d}{name.suffix}" for z in range(count)]
    categories = {label: id for id, label in enumerate(objects.names(), start=1)}
    return {
        "info": {
            "description": "Objects exported by napari-seem",
            "version": "1.0",
            "stack": objects.labels.ndim == 3,
        },
        "licenses": [],
        "images": [
            {"id": z, "file_name": file, "height": height, "width": width}
            for z, file in enumerate(files, start=1)
        ],
        "categories": [
            {"id": id, "name": label, "supercategory": ""} for label, id in categories.items()
        ],
        "annotations": [
            _annotation(number, piece, categories[piece.name or UNNAMED], objects.shape)
            for number, piece in enumerate(pieces(objects), start=1)
        ],
    }


def read_coco(path: str | Path) -> Objects:
    """Read a COCO file of one image, or of several of one size: a stack, in the order of the file.

    Raises
    ------
    DataError
        If it is no COCO file, is damaged, or its images differ in size.
    """
    return from_coco(read_json(Path(path)))


def from_coco(content: Any) -> Objects:
    """Objects in the content of a COCO file; see :func:`read_coco`."""
    if not is_coco(content):
        raise DataError("This JSON is not COCO: it has no images and annotations.")
    try:
        images = {str(entry["id"]): z for z, entry in enumerate(content["images"])}
        sizes = {(int(e["height"]), int(e["width"])) for e in content["images"]}
        names = {str(c["id"]): str(c["name"]) for c in content.get("categories", ())}
        if len(sizes) != 1:
            raise DataError(
                f"The COCO file has images of {len(sizes)} sizes; only one image, or several of "
                "one size as a stack, fit one layer. Open it as a data set instead."
            )
        shape = sizes.pop()
        stack = len(images) > 1 or bool((content.get("info") or {}).get("stack"))
        found = [
            _piece(row, images[str(row["image_id"])], names, shape)
            for row in content["annotations"]
            if row.get("segmentation")
        ]
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise DataError(f"The COCO file is damaged: {error!r}.") from error
    return assemble(found, (len(images), *shape) if stack else shape)


def _annotation(id: int, piece: Piece, category: int, shape: tuple[int, int]) -> dict[str, Any]:
    (row, col), (height, width) = piece.corner, piece.mask.shape
    area = int(piece.mask.sum())
    annotation = {
        "id": id,
        "image_id": piece.z + 1,
        "category_id": category,
        "segmentation": _segmentation(piece, shape),
        "area": area,
        "bbox": [col, row, width, height],
        "iscrowd": 0,
        "label_id": piece.id,
    }
    return annotation if piece.score is None else {**annotation, "score": piece.score}


def _segmentation(piece: Piece, shape: tuple[int, int]) -> Any:
    row, col = piece.corner
    parts = trace(piece.mask)
    if len(parts) == 1 and len(parts[0]) == 1:
        return [(parts[0][0] + piece.offset).ravel().tolist()]
    whole = np.zeros(shape, bool)
    whole[row : row + piece.mask.shape[0], col : col + piece.mask.shape[1]] = piece.mask
    return {"size": list(shape), "counts": compress(run_lengths(whole))}


def _piece(row: Mapping[str, Any], z: int, names: dict[str, str], shape: tuple[int, int]) -> Piece:
    corner, mask = _cut(row["segmentation"], shape)
    score = row.get("score")
    return Piece(
        mask=mask,
        corner=corner,
        z=z,
        id=int(row.get("label_id", 0)),
        name=names.get(str(row.get("category_id")), ""),
        score=None if score is None else float(score),
    )


def _cut(segmentation: Any, shape: tuple[int, int]) -> tuple[tuple[int, int], Mask]:
    """Mask, cut out; polygons are drawn in their own box, however large the image."""
    if isinstance(segmentation, Mapping):
        mask = decode(segmentation, shape)
        rows, cols = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
        if not len(rows):
            return (0, 0), mask[:0, :0]
        box = slice(rows[0], rows[-1] + 1), slice(cols[0], cols[-1] + 1)
        return (int(rows[0]), int(cols[0])), mask[box]
    corners = [np.asarray(part, np.float64).reshape(-1, 2) for part in segmentation]
    every = np.concatenate(corners)
    if not np.isfinite(every).all():
        raise DataError("A polygon of the COCO file has infinite corners.")
    limit = np.array(shape[::-1])
    low = np.clip(np.floor(every.min(0)) - 1, 0, limit).astype(np.int64)
    high = np.clip(np.ceil(every.max(0)) + 1, low, limit).astype(np.int64)
    width, height = (high - low).tolist()
    if not width or not height:
        return (0, 0), np.zeros((0, 0), bool)
    mask = decode([(part - low).ravel() for part in corners], (height, width))
    return (int(low[1]), int(low[0])), mask

"""A label image as TIFF, with its table in the file's description (JSON, key ``objects``)."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from seem_model.errors import DataError, ImageError
from seem_model.export.objects import LabelObject, Objects

if TYPE_CHECKING:
    from typing import Any


def write_tiff(path: str | Path, objects: Objects) -> None:
    """Write labels as uint16, or uint32 where they are larger than 65535, without loss.

    Raises
    ------
    DataError
        If the file cannot be written.
    """
    import tifffile

    largest = int(objects.labels.max())
    table = [{"id": row.id, "class": row.name, "score": row.score} for row in objects.table]
    axes = "YX" if objects.labels.ndim == 2 else "ZYX"
    try:
        tifffile.imwrite(
            Path(path),
            objects.labels.astype(np.uint16 if largest < 2**16 else np.uint32),
            compression="zlib",
            photometric="minisblack",
            metadata={"axes": axes, "objects": table},
        )
    except OSError as error:
        raise DataError(f"Cannot write {path}: {error.strerror or error}.") from error


def read_tiff(path: str | Path) -> Objects:
    """Read a label TIFF, with its table if it is ours.

    Raises
    ------
    DataError
        If it cannot be read, or the table is damaged.
    ImageError
        If it is no label image.
    """
    import tifffile

    try:
        with tifffile.TiffFile(Path(path)) as file:
            labels, description = file.asarray(), file.shaped_metadata
            samples = file.pages.first.samplesperpixel
    except Exception as error:  # decoders raise anything
        raise DataError(f"Cannot read {path} as TIFF: {error}.") from error
    if samples > 1:
        raise ImageError(f"{path} is a colour image of {samples} channels, not a label image.")
    while labels.ndim > 2 and labels.shape[0] == 1 and not description:
        labels = labels[0]
    rows = (description or ({},))[0].get("objects", ())
    return Objects(labels, table_of(rows, str(path)))


def table_of(rows: Any, where: str) -> tuple[LabelObject, ...]:
    """Rows from JSON: objects with ``id``, ``class``, ``score``, or a mapping of id to class.

    Raises
    ------
    DataError
        If it is neither; ``where`` names the file.
    """
    try:
        if isinstance(rows, dict):
            return tuple(LabelObject(int(id), str(name)) for id, name in rows.items())
        return tuple(
            LabelObject(int(row["id"]), str(row.get("class") or ""), _score(row.get("score")))
            for row in rows
        )
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise DataError(
            f'The classes in {where} are neither {{"1": "cell", …}} nor '
            f'[{{"id": 1, "class": "cell"}}, …]: {error!r}.'
        ) from error


def _score(given: Any) -> float | None:
    return None if given is None else float(given)

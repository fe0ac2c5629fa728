"""One JSON file in COCO's format: categories, and for each image its size and annotations."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from seem_model.data import files
from seem_model.data.sample import ClassInfo
from seem_model.image import MAX_PIXELS

if TYPE_CHECKING:
    from collections.abc import Mapping

# Keys of rows that are kept; the rest would only fill the memory.
_KEPT = {
    "id", "image_id", "category_id", "bbox", "area", "iscrowd", "segmentation", "segments_info",
    "file_name", "coco_url", "height", "width", "name", "isthing",
}  # fmt: skip


@dataclass(frozen=True, eq=False)
class Entry:
    """One image of the table.

    Parameters
    ----------
    file : str
        Name of its picture.
    shape : (H, W)
    rows : list of dict
        Its annotations: ``segments_info`` of a panoptic table.
    map : str
        Name of its panoptic PNG, else "".
    """

    file: str
    shape: tuple[int, int]
    rows: list[dict[str, Any]]
    map: str = ""


@dataclass(frozen=True, eq=False)
class CocoTable:
    """Categories by id and images by id (as text)."""

    classes: dict[int, ClassInfo]
    entries: dict[str, Entry]


def read_table(path: Path, skipped: str) -> CocoTable:
    """Parse an instance, panoptic or LVIS file; rows shrink while the file is parsed.

    Parameters
    ----------
    path : Path
    skipped : str
        What is lost without the file.

    Raises
    ------
    DataError
        If it is missing, no JSON, or an entry lacks what every entry needs.
    """
    content = files.read_json(path, skipped, shrink=_small)
    try:
        classes = {
            int(c["id"]): ClassInfo(int(c["id"]), str(c["name"]), bool(c.get("isthing", True)))
            for c in content["categories"]
        }
        entries = {str(image["id"]): _entry(image) for image in content["images"]}
        for number, row in enumerate(content["annotations"]):
            try:
                entry = entries[str(row["image_id"])]
                infos = row.get("segments_info")
                entry.rows.extend([row] if infos is None else infos)
                if infos is not None:
                    entries[str(row["image_id"])] = Entry(
                        entry.file, entry.shape, entry.rows, str(row["file_name"])
                    )
            except (KeyError, TypeError, AttributeError) as error:
                reason = f"has a damaged annotation (number {number}): {error!r}"
                raise files.broken(path, reason, skipped) from error
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise files.broken(path, f"is damaged: {error!r}", skipped) from error
    return CocoTable(classes, entries)


def _entry(image: Mapping[str, Any]) -> Entry:
    # LVIS gives an address where COCO gives a name.
    name = str(image.get("file_name") or Path(str(image["coco_url"])).name)
    height, width = int(image["height"]), int(image["width"])
    if min(height, width) < 1 or height * width > MAX_PIXELS:
        raise ValueError(f"{name} is said to have {height} x {width} pixels")
    return Entry(name, (height, width), [])


def _small(row: dict[str, Any]) -> dict[str, Any]:
    """Row with the keys that are needed, and coordinates as arrays."""
    if "id" not in row and "image_id" not in row:
        return row
    kept = {key: value for key, value in row.items() if key in _KEPT}
    parts = kept.get("segmentation")
    if isinstance(parts, list):
        with contextlib.suppress(TypeError, ValueError):  # what is no number is told when decoded
            kept["segmentation"] = [np.array(part, np.float64) for part in parts]
    return kept

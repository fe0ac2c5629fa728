"""One JSON file in COCO's format: categories, and for each image its size and annotations."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from seem_model.data import files
from seem_model.data.sample import ClassInfo

if TYPE_CHECKING:
    from collections.abc import Mapping

# Keys of an annotation that are kept; the rest would only fill the memory.
_KEPT = ("id", "category_id", "bbox", "area", "iscrowd", "segmentation")


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
    """Parse an instance, panoptic or LVIS file; coordinates are kept as arrays.

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
    content = files.read_json(path, skipped)
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
                entry.rows.extend([_small(row)] if infos is None else map(_small, infos))
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
    return Entry(name, (int(image["height"]), int(image["width"])), [])


def _small(row: Mapping[str, Any]) -> dict[str, Any]:
    kept = {key: row[key] for key in _KEPT if key in row}
    parts = kept.get("segmentation")
    if isinstance(parts, list) and all(_numbers(part) for part in parts):
        kept["segmentation"] = [np.array(part, np.float64) for part in parts]
    return kept


def _numbers(part: Any) -> bool:
    return isinstance(part, list) and all(isinstance(v, int | float) for v in part)

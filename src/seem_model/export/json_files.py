"""JSON of objects: read once, told apart, written whole."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from seem_model.data.files import read_text
from seem_model.errors import DataError

if TYPE_CHECKING:
    from pathlib import Path


def read_json(path: Path) -> Any:
    """Parsed content; DataError if the file is missing or no JSON."""
    try:
        return json.loads(read_text(path, "all of it"))
    except (ValueError, RecursionError) as error:
        raise DataError(f"{path} is not JSON ({error}); it may be cut off.") from error


def write_json(path: Path, content: Any) -> None:
    """Write UTF-8 JSON; DataError if that fails."""
    write_text(path, json.dumps(content, ensure_ascii=False, allow_nan=False) + "\n")


def write_text(path: Path, text: str) -> None:
    """Write UTF-8 text; DataError if that fails."""
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise DataError(f"Cannot write {path}: {error.strerror or error}.") from error


def is_coco(content: Any) -> bool:
    """Whether this is a COCO table of objects."""
    return isinstance(content, dict) and {"images", "annotations"} <= content.keys()


def is_geojson(content: Any) -> bool:
    """Whether this is a GeoJSON collection or feature, or a list of features as of QuPath."""
    if isinstance(content, list):
        return bool(content) and is_geojson(content[0])
    kinds = ("FeatureCollection", "Feature")
    return isinstance(content, dict) and content.get("type") in kinds

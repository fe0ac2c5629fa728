"""GeoJSON of objects as QuPath reads and writes it.

A feature for each object (in each slice), with corners x, y in pixels along pixel edges: QuPath,
too, has (0, 0) at the outer corner of the first pixel. ``image`` beside the features is ours and
tells the size of the image; ``measurements`` hold our label and score.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from seem_model.errors import DataError
from seem_model.export.colours import colour
from seem_model.export.json_files import is_geojson, read_json, write_json
from seem_model.export.objects import Piece, assemble, pieces
from seem_model.export.outlines import fill, trace

if TYPE_CHECKING:
    from seem_model.export.objects import Objects
    from seem_model.export.outlines import Ring


def write_geojson(path: str | Path, objects: Objects) -> None:
    """Write objects as QuPath annotations; DataError if the file cannot be written."""
    write_json(Path(path), to_geojson(objects))


def to_geojson(objects: Objects) -> dict[str, Any]:
    """The content of a GeoJSON file."""
    names = {name: number for number, name in enumerate(objects.names())}
    return {
        "type": "FeatureCollection",
        "image": {"shape": list(objects.labels.shape)},
        "features": [_feature(piece, names.get(piece.name, 0)) for piece in pieces(objects)],
    }


def read_geojson(path: str | Path, shape: tuple[int, ...] | None = None) -> Objects:
    """Read polygons of a GeoJSON file; points and lines are left out.

    Parameters
    ----------
    path : str or Path
    shape : (H, W) or (Z, H, W), optional
        Of the image if the file does not say; just large enough if not given either.

    Raises
    ------
    DataError
        If it is no GeoJSON file, is damaged, or holds no polygon and no size.
    """
    return from_geojson(read_json(Path(path)), shape)


def from_geojson(content: Any, shape: tuple[int, ...] | None = None) -> Objects:
    """Objects in the content of a GeoJSON file; see :func:`read_geojson`."""
    if not (is_geojson(content) or content == []):
        raise DataError("This JSON is not GeoJSON: it has no features.")
    try:
        if isinstance(content, dict):
            if "image" in content:
                shape = tuple(int(n) for n in content["image"]["shape"])
            content = content.get("features", [content])
        limit = None if shape is None else (shape[-2], shape[-1])
        found = [piece for feature in content for piece in _pieces(feature, limit)]
    except (KeyError, TypeError, ValueError, AttributeError, IndexError) as error:
        raise DataError(f"The GeoJSON file is damaged: {error!r}.") from error
    return assemble(found, shape)


def _feature(piece: Piece, number: int) -> dict[str, Any]:
    polygons = [[_closed(ring + piece.offset) for ring in part] for part in trace(piece.mask)]
    one = len(polygons) == 1
    geometry: dict[str, Any] = {
        "type": "Polygon" if one else "MultiPolygon",
        "coordinates": polygons[0] if one else polygons,
        "plane": {"c": -1, "z": piece.z, "t": 0},
    }
    score = {} if piece.score is None else {"score": piece.score}
    properties: dict[str, Any] = {
        "objectType": "annotation",
        "name": f"{piece.name} {piece.id}".strip(),
        "measurements": {"label": piece.id, **score, "area px": int(piece.mask.sum())},
    }
    if piece.name:
        properties["classification"] = {"name": piece.name, "color": list(colour(number))}
    return {"type": "Feature", "geometry": geometry, "properties": properties}


def _closed(ring: Ring) -> list[list[int]]:
    return [*ring.tolist(), ring[0].tolist()]


def _pieces(feature: dict[str, Any], limit: tuple[int, int] | None) -> list[Piece]:
    """One piece of a polygon or several polygons, none of anything else."""
    geometry = feature["geometry"] or {}
    if geometry.get("type") not in ("Polygon", "MultiPolygon"):
        return []
    one = geometry["type"] == "Polygon"
    polygons = [geometry["coordinates"]] if one else geometry["coordinates"]
    cuts = [fill([np.array(ring)[:, :2] for ring in rings], limit) for rings in polygons]
    row, col = (min(corner[axis] for corner, _ in cuts) for axis in (0, 1))
    height = max(corner[0] + mask.shape[0] for corner, mask in cuts) - row
    width = max(corner[1] + mask.shape[1] for corner, mask in cuts) - col
    whole = np.zeros((height, width), bool)
    for (top, left), mask in cuts:
        top, left = top - row, left - col
        whole[top : top + mask.shape[0], left : left + mask.shape[1]] |= mask
    known = feature.get("properties") or {}
    numbers = _measurements(known.get("measurements"))
    return [
        Piece(
            mask=whole,
            corner=(row, col),
            z=max(0, int((geometry.get("plane") or {}).get("z", 0))),
            id=int(numbers.get("label", 0)),
            name=str((known.get("classification") or {}).get("name", "")),
            score=numbers.get("score"),
        )
    ]


def _measurements(given: Any) -> dict[str, float]:
    """By name; QuPath before 0.4 wrote a list of names and values."""
    rows = {m["name"]: m["value"] for m in given} if isinstance(given, list) else given or {}
    return {name: float(rows[name]) for name in ("label", "score") if name in rows}

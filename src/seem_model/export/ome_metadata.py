"""Metadata of OME-Zarr folders, versions 0.4 (zarr 2) and 0.5 (zarr 3); JSON, no pixels.

Source: the OME-NGFF specification, ngff.openmicroscopy.org, sections "multiscales" and "labels".
"""

from __future__ import annotations

import json
import uuid
from typing import TYPE_CHECKING, Any, Literal

from seem_model.errors import DataError
from seem_model.export.colours import colour
from seem_model.export.label_volume import Placement
from seem_model.export.objects import LabelObject

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

Version = Literal["0.4", "0.5"]
Json = dict[str, Any]
_KINDS = {"t": "time", "c": "channel"}


def ome_attributes(folder: Path) -> tuple[Version, Json] | None:
    """Version and OME metadata of a zarr group; None if the folder is none, or damaged."""
    new, old = folder / "zarr.json", folder / ".zattrs"
    try:
        if new.is_file():
            found = json.loads(new.read_text(encoding="utf-8")).get("attributes", {}).get("ome")
            return None if not isinstance(found, dict) else ("0.5", found)
        if old.is_file():
            found = json.loads(old.read_text(encoding="utf-8"))
            return None if not isinstance(found, dict) else ("0.4", found)
    except (OSError, ValueError, AttributeError):
        return None
    return None


def label_names(image: Path) -> tuple[str, ...]:
    """Names of the labels that an OME-Zarr image lists."""
    found = ome_attributes(image / "labels")
    names = found[1].get("labels") if found else None
    return tuple(n for n in names if isinstance(n, str)) if isinstance(names, list) else ()


def is_labels(folder: Path) -> bool:
    """Whether a folder is an OME-Zarr label image, alone or listed by an image."""
    found = ome_attributes(folder)
    if found is None or "multiscales" not in found[1]:
        return False
    listed = folder.parent.name == "labels" and folder.name in label_names(folder.parent.parent)
    return listed or "image-label" in found[1]


def is_image(folder: Path) -> bool:
    """Whether a folder is an OME-Zarr image, of anything but labels."""
    found = ome_attributes(folder)
    return found is not None and "multiscales" in found[1] and not is_labels(folder)


def first_multiscale(folder: Path) -> tuple[Version, Json]:
    """Version, and the first of the multiscale images in a folder.

    Raises
    ------
    DataError
        If there is none.
    """
    found = ome_attributes(folder)
    try:
        if found is not None:
            return found[0], dict(found[1]["multiscales"][0])
    except (KeyError, IndexError, TypeError, ValueError):
        pass
    raise DataError(f"{folder} is no OME-Zarr image of version 0.4 or 0.5, or it is damaged.")


def datasets_of(folder: Path, multiscale: Json) -> list[tuple[str, Placement]]:
    """Path and place of each resolution level, finest first.

    Raises
    ------
    DataError
        If axes or transformations are missing or of a kind that is not in 0.4 and 0.5.
    """
    try:
        axes = tuple(str(axis["name"]).lower() for axis in multiscale["axes"])
        units = tuple(str(axis.get("unit") or "") for axis in multiscale["axes"])
        outer = _transform(multiscale.get("coordinateTransformations", ()), len(axes))
        levels = []
        for dataset in multiscale["datasets"]:
            scale, shift = _transform(dataset["coordinateTransformations"], len(axes))
            scales = tuple(a * b for a, b in zip(outer[0], scale, strict=True))
            places = tuple(a * b + c for a, b, c in zip(outer[0], shift, outer[1], strict=True))
            levels.append((str(dataset["path"]), Placement(axes, scales, places, units)))
        return levels
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise DataError(
            f"The multiscale metadata of {folder} are damaged or not of version 0.4 or 0.5: "
            f"{error!r}."
        ) from error


def label_attributes(
    version: Version,
    name: str,
    *,
    levels: Sequence[Placement],
    table: Sequence[LabelObject],
    inside: bool,
) -> Json:
    """Attributes of a group of labels; ``inside`` an image or alone."""
    first = levels[0]
    axes = [
        {"name": axis, "type": _KINDS.get(axis, "space")} | ({"unit": unit} if unit else {})
        for axis, unit in zip(first.axes, first.units, strict=True)
    ]
    datasets = [
        {
            "path": str(number),
            "coordinateTransformations": [
                {"type": "scale", "scale": list(level.scale)},
                {"type": "translation", "translation": list(level.translate)},
            ],
        }
        for number, level in enumerate(levels)
    ]
    multiscale: Json = {"name": name, "axes": axes, "datasets": datasets, "type": "nearest"}
    classes = sorted({row.name for row in table})
    label: Json = {
        "colors": [
            {"label-value": row.id, "rgba": [*colour(classes.index(row.name)), 255]}
            for row in table
        ],
        "properties": [_property(row) for row in table],
    }
    if inside:
        label["source"] = {"image": "../../"}
    if version == "0.4":
        multiscale["version"] = label["version"] = version
    return wrapped(version, {"multiscales": [multiscale], "image-label": label})


def table_in(attributes: Json) -> tuple[LabelObject, ...]:
    """Rows of the table, from ``image-label`` properties; classes are called "class" or "name".

    Raises
    ------
    DataError
        If they are damaged.
    """
    rows: dict[int, LabelObject] = {}
    try:
        for given in (attributes.get("image-label") or {}).get("properties") or ():
            name, score = given.get("class", given.get("name")), given.get("score")
            id = int(given["label-value"])
            if id > 0:
                rows[id] = LabelObject(
                    id, "" if name is None else str(name), None if score is None else float(score)
                )
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise DataError(f"The properties of the labels are damaged: {error!r}.") from error
    return tuple(rows.values())


def wrapped(version: Version, content: Json) -> Json:
    """OME metadata as the attributes of a group."""
    return content if version == "0.4" else {"ome": {"version": version, **content}}


def list_label(image: Path, version: Version, name: str) -> None:
    """Add a name to the labels that an image lists, making the list if there is none.

    Raises
    ------
    OSError
        If it cannot be written.
    """
    names = [*label_names(image), name]
    folder = image / "labels"
    if version == "0.4":
        if not (folder / ".zgroup").exists():
            _replace(folder / ".zgroup", {"zarr_format": 2})
        former = ome_attributes(folder)
        _replace(folder / ".zattrs", {**(former[1] if former else {}), "labels": names})
        return
    group: Json = {"zarr_format": 3, "node_type": "group", "attributes": {}}
    if (folder / "zarr.json").exists():
        group = json.loads((folder / "zarr.json").read_text(encoding="utf-8"))
    ome = {"version": version, **group["attributes"].get("ome", {}), "labels": names}
    group["attributes"]["ome"] = ome
    _replace(folder / "zarr.json", group)


def _replace(path: Path, content: Json) -> None:
    partial = path.with_name(f".{path.name}.{uuid.uuid4().hex[:8]}.partial")
    partial.write_text(json.dumps(content, indent=2), encoding="utf-8")
    partial.replace(path)


def _transform(steps: Any, axes: int) -> tuple[tuple[float, ...], tuple[float, ...]]:
    scale, shift = (1.0,) * axes, (0.0,) * axes
    for step in steps or ():
        match step["type"]:
            case "scale":
                factors = tuple(float(f) for f in step["scale"])
                scale = tuple(a * f for a, f in zip(scale, factors, strict=True))
                shift = tuple(b * f for b, f in zip(shift, factors, strict=True))
            case "translation":
                moves = tuple(float(m) for m in step["translation"])
                shift = tuple(b + m for b, m in zip(shift, moves, strict=True))
            case "identity":
                pass
            case other:
                raise ValueError(f"a transformation of the type {other}")
    return scale, shift


def _property(row: LabelObject) -> Json:
    score = {} if row.score is None else {"score": row.score}
    return {"label-value": row.id, **({"class": row.name} if row.name else {}), **score}

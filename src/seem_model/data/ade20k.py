"""ADE20K as in the scene parsing challenge (150 classes), with or without object masks.

``ADEChallengeData2016`` with ``images/{training,validation}/<id>.jpg``,
``annotations/{training,validation}/<id>.png`` (1–150, 0 = other), ``objectInfo150.txt`` and, from
a second download, ``annotations_instance/…/<id>.png`` (red: one of 100 classes, green: object) with
``categoryMapping.txt`` from those 100 classes to the 150. The splits are called ``train`` and
``val``. Without object masks, connected parts of a class stand in for objects (``pseudo``).
Paper: Zhou et al., CVPR 2017.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from scipy.ndimage import label

from seem_model.data import files
from seem_model.data.labels import Labels, describe, majority
from seem_model.data.pictures import Pictures
from seem_model.data.sample import VOID, ClassInfo
from seem_model.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

_SPLITS = {"train": "training", "val": "validation"}
_STUFF = 1_000_000  # segment id of stuff: this plus its class; objects have small numbers
_CLASSES, _MAPPING = "objectInfo150.txt", "categoryMapping.txt"


def find_ade20k(path: str | Path) -> Path | None:
    """Folder with ``objectInfo150.txt`` at or in ``path``; None if there is none."""
    root = Path(path).expanduser()
    places = (root, root / "ADEChallengeData2016")
    return next((p for p in places if (p / _CLASSES).is_file()), None)


def open_ade20k(path: str | Path) -> Pictures:
    """Open an ADE20K folder.

    Raises
    ------
    DataError
        If the list of classes or all images are missing.
    """
    root = find_ade20k(path)
    if root is None:
        raise DataError(f"There is no {_CLASSES} in {path}. Skipped: all of it.")
    classes = _classes(root / _CLASSES)
    mapping = _mapping(root / _MAPPING)
    pictures: dict[str, Path] = {}
    folder_of: dict[str, str] = {}
    splits = {}
    for split, folder in _SPLITS.items():
        found = files.pictures_in(root / "images" / folder)
        if found:
            splits[split] = tuple(found)
            pictures |= found
            folder_of |= dict.fromkeys(found, folder)
    if not splits:
        raise DataError(f"There are no pictures in {root / 'images'}. Skipped: all of it.")
    maps = {id: root / "annotations" / folder_of[id] / f"{id}.png" for id in pictures}
    objects = root / "annotations_instance"

    def labels(id: str) -> Labels:
        path = objects / folder_of[id] / f"{id}.png" if objects.is_dir() else None
        return _labels(id, maps[id], path, classes, mapping)

    return Pictures(
        path=root,
        name="ade20k",
        classes=tuple(classes.values()),
        splits=splits,
        picture=pictures.__getitem__,
        labels=labels,
        annotations=lambda: [root / _CLASSES, *maps.values(), *objects.rglob("*.png")],
    )


def _labels(
    id: str,
    path: Path,
    objects: Path | None,
    classes: Mapping[int, ClassInfo],
    mapping: Mapping[int, int],
) -> Labels:
    values = files.read_flat(path, f"image {id}").astype(np.int32)
    unknown = set(np.unique(values).tolist()) - {0, *classes}
    if unknown:
        raise files.broken(path, f"has values that are no class: {sorted(unknown)}", f"image {id}")
    things = [c.id for c in classes.values() if c.is_thing]
    instances = np.where(np.isin(values, [0, *things]), 0, values + _STUFF)
    if objects is None:
        parts, named = _parts(values, things)
        pseudo = set(named)
    else:
        parts, named = _objects(id, objects, values, mapping)
        pseudo = set()
    instances = np.where(parts > 0, parts, instances).astype(np.int32)
    other = ClassInfo(0, "", True)
    segments = describe(
        instances,
        lambda n: classes.get(n - _STUFF if n > _STUFF else named[n], other),
        pseudo=pseudo,
    )
    semantic = np.where(values == 0, VOID, values).astype(np.uint8)
    return Labels(instances=instances, segments=segments, semantic=semantic, complete=True)


def _parts(
    values: NDArray[np.int32], things: list[int]
) -> tuple[NDArray[np.int32], dict[int, int]]:
    """Connected parts of the classes that are things, numbered on, and the class of each."""
    parts = np.zeros(values.shape, np.int32)
    named: dict[int, int] = {}
    for value in np.intersect1d(values, things).tolist():
        found, count = label(values == value)
        first = len(named)
        parts = np.where(found > 0, found + first, parts)
        named |= dict.fromkeys(range(first + 1, first + count + 1), value)
    return parts, named


def _objects(
    id: str, path: Path, values: NDArray[np.int32], mapping: Mapping[int, int]
) -> tuple[NDArray[np.int32], dict[int, int]]:
    """Objects of the second download, and the class of each: mapped, or what most pixels are."""
    pixels = files.read_map(path, f"image {id}")
    if pixels.ndim != 3 or pixels.shape[:2] != values.shape:
        reason = f"has shape {pixels.shape}; (H, W, 3) of {values.shape} is expected"
        raise files.broken(path, reason, f"image {id}")
    numbers, kinds = pixels[..., 1].astype(np.int32), pixels[..., 0]
    if not mapping:
        return numbers, majority(numbers, values)
    return numbers, {n: mapping.get(kind, 0) for n, kind in majority(numbers, kinds).items()}


def _classes(path: Path) -> dict[int, ClassInfo]:
    rows = [line.split("\t") for line in files.read_text(path, "all of it").splitlines() if line]
    try:
        head = [name.strip().lower() for name in rows[0]]
        number, name, stuff = (head.index(n) for n in ("idx", "name", "stuff"))
        return {
            int(row[number]): ClassInfo(
                int(row[number]), row[name].split(",")[0].strip(), row[stuff].strip() != "1"
            )
            for row in rows[1:]
        }
    except (IndexError, ValueError) as error:
        raise files.broken(path, f"is damaged: {error}", "all of it") from error


def _mapping(path: Path) -> dict[int, int]:
    if not path.is_file():
        return {}
    rows = [line.split() for line in files.read_text(path, "all of it").splitlines()[1:] if line]
    try:
        return {int(row[0]): int(row[1]) for row in rows}
    except (IndexError, ValueError) as error:
        raise files.broken(path, f"is damaged: {error}", "the classes of objects") from error

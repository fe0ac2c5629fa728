"""Open Images (V5 and later) object masks: one PNG for each object, listed in a CSV of its split.

``<split>-annotations-object-segmentation.csv`` (``MaskPath, ImageID, LabelName, …``) and
``class-descriptions-boxable.csv`` at the top, in ``annotations/`` or in ``metadata/``; pictures in
``<split>/<ImageID>.jpg`` or ``images/<split>/``; masks in ``masks/<split>/``, ``<split>-masks/``,
``<split>/masks/`` or, as the downloads are called, ``<split>-masks-<first digit>/``. Splits are
``train``, ``val`` (the CSV says ``validation``) and ``test``. Masks may be smaller than the
picture; only the objects that are listed are labelled. Paper: Benenson et al., CVPR 2019.
"""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from seem_model.data import files
from seem_model.data.labels import Labels, describe, stack
from seem_model.data.pictures import Pictures
from seem_model.data.sample import ClassInfo
from seem_model.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from seem_model.values import Mask

_ENDING = "-annotations-object-segmentation.csv"
_NAMES = "*class-descriptions*.csv"
_LICENCE = "annotations CC BY 4.0 (Google); photos listed as CC BY 2.0, each to be checked"


def tables(root: Path) -> dict[str, Path]:
    """CSV of masks of each split, by the name that its folders have."""
    places = (root, root / "annotations", root / "metadata")
    found = {p.name.removesuffix(_ENDING): p for d in places for p in sorted(d.glob(f"*{_ENDING}"))}
    order = ("train", "validation", "test")
    return dict(sorted(found.items(), key=lambda i: order.index(i[0]) if i[0] in order else 3))


def open_images(path: str | Path) -> Pictures:
    """Open a folder with Open Images masks.

    Raises
    ------
    DataError
        If the CSV of masks or that of class names is missing or broken.
    """
    root = Path(path).expanduser()
    found = tables(root)
    if not found:
        raise DataError(f"There is no train{_ENDING} or other split in {root}. Skipped: all.")
    places = (root, root / "annotations", root / "metadata")
    descriptions = next(
        (p for d in places for p in sorted(d.glob(_NAMES))), root / "class-descriptions-boxable.csv"
    )
    classes = {
        row[0]: ClassInfo(number, row[1], True)
        for number, row in enumerate(_names(descriptions), start=1)
    }
    rows: dict[str, list[tuple[str, str]]] = {}
    folder_of: dict[str, str] = {}
    splits = {}
    for folder, table in found.items():
        ids: dict[str, None] = {}
        for mask, id, label in _rows(table):
            rows.setdefault(id, []).append((mask, label))
            folder_of[id] = folder
            ids[id] = None
        splits["val" if folder == "validation" else folder] = tuple(ids)
    return Pictures(
        path=root,
        name="open-images",
        classes=tuple(classes.values()),
        splits=splits,
        picture=lambda id: _picture(root, folder_of[id], id),
        labels=lambda id: _labels(root, folder_of[id], id, rows[id], classes),
        annotations=lambda: [*found.values(), descriptions],
        licence=_LICENCE,
    )


def _picture(root: Path, folder: str, id: str) -> Path:
    return files.first_of(root / folder / f"{id}.jpg", root / "images" / folder / f"{id}.jpg")


def _mask(root: Path, folder: str, name: str) -> Path:
    return files.first_of(
        root / "masks" / folder / name,
        root / f"{folder}-masks" / name,
        root / folder / "masks" / name,
        root / f"{folder}-masks-{name[:1]}" / name,
        root / "masks" / f"{folder}-masks-{name[:1]}" / name,
    )


def _labels(
    root: Path,
    folder: str,
    id: str,
    rows: list[tuple[str, str]],
    classes: Mapping[str, ClassInfo],
) -> Labels:
    shape = files.image_size(_picture(root, folder, id), f"image {id}")
    masks: dict[int, Mask] = {}
    for number, (name, _) in enumerate(rows, start=1):
        path = _mask(root, folder, name)
        pixels = files.read_flat(path, f"image {id}") > 0
        picture = Image.fromarray(pixels).resize(shape[::-1], Image.Resampling.NEAREST)
        masks[number] = np.asarray(picture, bool)
        if not masks[number].any():
            raise files.broken(path, "has no pixel that is on", f"image {id}")
    unknown = ClassInfo(0, "", True)
    named = {n: classes.get(label, unknown) for n, (_, label) in enumerate(rows, start=1)}
    instances, overlapping = stack(masks, shape)
    segments = (describe(mask * n, lambda n: named[n])[0] for n, mask in masks.items())
    return Labels(
        instances=instances, segments=tuple(segments), complete=False, overlapping=overlapping
    )


def _rows(path: Path) -> Iterator[tuple[str, str, str]]:
    lost = f"the masks of {path.name}"
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            for row in csv.DictReader(file):
                yield row["MaskPath"], row["ImageID"], row["LabelName"]
    except (KeyError, OSError, ValueError, csv.Error) as error:
        raise files.broken(path, f"is damaged: {error!r}", lost) from error


def _names(path: Path) -> list[list[str]]:
    text = files.read_text(path, "the class names, so all of it")
    rows = [row for row in csv.reader(io.StringIO(text)) if len(row) >= 2]
    return [row for row in rows if row[0].startswith("/")]

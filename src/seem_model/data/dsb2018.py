"""Data Science Bowl 2018 (BBBC038): nuclei, one mask file for each.

``stage1_train/<id>/images/<id>.png``, ``stage1_train/<id>/masks/*.png``; the split ``test`` is
``stage1_test/<id>/images/<id>.png`` with ``stage1_solution.csv`` (``ImageId, EncodedPixels``:
pairs of start and length, counted from 1 down the columns). Paper: Caicedo et al., Nature Methods
2019.
"""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from seem_model.data import files
from seem_model.data.labels import Labels, describe, stack
from seem_model.data.pictures import Pictures
from seem_model.data.sample import ClassInfo
from seem_model.errors import DataError

if TYPE_CHECKING:
    from seem_model.values import Mask

NUCLEUS = ClassInfo(1, "nucleus", True)
TRAIN, TEST, SOLUTION = "stage1_train", "stage1_test", "stage1_solution.csv"


def open_dsb2018(path: str | Path) -> Pictures:
    """Open a folder with ``stage1_train``.

    Raises
    ------
    DataError
        If there are no images, or the solution of the test images is broken.
    """
    root = Path(path).expanduser()
    train = tuple(sorted(p.name for p in (root / TRAIN).glob("*") if (p / "images").is_dir()))
    solution = root / SOLUTION
    rows = _solution(solution) if solution.is_file() and (root / TEST).is_dir() else {}
    if not train and not rows:
        raise DataError(f"There are no images in {root / TRAIN}. Skipped: all of it.")
    test = tuple(id for id in sorted(rows) if (root / TEST / id).is_dir())
    folder_of = {**dict.fromkeys(test, TEST), **dict.fromkeys(train, TRAIN)}
    splits = {name: ids for name, ids in (("train", train), ("test", test)) if ids}

    def picture(id: str) -> Path:
        return root / folder_of[id] / id / "images" / f"{id}.png"

    def labels(id: str) -> Labels:
        if folder_of[id] == TRAIN:
            return _drawn(root / TRAIN / id / "masks", id)
        return _encoded(solution, rows[id], files.image_size(picture(id), f"image {id}"), id)

    return Pictures(
        path=root,
        name="dsb2018",
        classes=(NUCLEUS,),
        splits=splits,
        picture=picture,
        labels=labels,
        annotations=lambda: [solution, *(root / TRAIN).glob("*/masks/*.png")],
        licence="CC0 1.0",
    )


def _drawn(folder: Path, id: str) -> Labels:
    paths = files.pictures_in(folder).values()
    if not paths:
        raise files.broken(folder, "has no masks", f"image {id}")
    masks = [files.read_flat(path, f"image {id}") > 0 for path in paths]
    for path, mask in zip(paths, masks, strict=True):
        if mask.shape != masks[0].shape:
            reason = f"has shape {mask.shape}, its neighbour {masks[0].shape}"
            raise files.broken(path, reason, f"image {id}")
    return _nuclei(masks)


def _encoded(path: Path, rows: list[str], shape: tuple[int, int], id: str) -> Labels:
    masks = []
    for row in rows:
        flat = np.zeros(shape[0] * shape[1], bool)
        try:
            numbers = np.array([int(word) for word in row.split()]).reshape(-1, 2)
        except ValueError as error:
            raise files.broken(path, f"has broken run lengths: {error}", f"image {id}") from error
        if (numbers < 1).any() or (numbers.sum(1) - 1 > flat.size).any():
            raise files.broken(path, "has run lengths beyond the image", f"image {id}")
        for start, length in numbers:
            flat[start - 1 : start - 1 + length] = True
        masks.append(flat.reshape(shape[1], shape[0]).T)
    return _nuclei(masks)


def _nuclei(masks: list[Mask]) -> Labels:
    numbered = {n: m for n, m in enumerate(masks, start=1) if m.any()}
    shape = (masks[0].shape[0], masks[0].shape[1])
    instances, overlapping = stack(numbered, shape)
    segments = (describe(mask * n, lambda _: NUCLEUS)[0] for n, mask in numbered.items())
    return Labels(
        instances=instances,
        segments=tuple(segments),
        semantic=(instances > 0).astype(np.uint8),
        overlapping=overlapping,
    )


def _solution(path: Path) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    try:
        for row in csv.DictReader(io.StringIO(files.read_text(path, "the split test"))):
            found.setdefault(row["ImageId"], []).append(row["EncodedPixels"])
    except (KeyError, csv.Error) as error:
        raise files.broken(path, f"is damaged: {error!r}", "the split test") from error
    return found

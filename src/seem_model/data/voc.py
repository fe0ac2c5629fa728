"""Pascal VOC 2012 segmentation: objects, classes and a void border in palette images.

``JPEGImages/<id>.jpg``, ``SegmentationObject/<id>.png`` (object number, 255 = border),
``SegmentationClass/<id>.png`` (class, 0 = background, 255 = border) and
``ImageSets/Segmentation/{train,val,trainval}.txt``, in ``VOCdevkit/VOC2012``, one of its parents
or any year. Paper: Everingham et al., IJCV 2015.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from seem_model.data import files
from seem_model.data.labels import Labels, describe, majority
from seem_model.data.pictures import Pictures
from seem_model.data.sample import VOID, ClassInfo
from seem_model.errors import DataError

NAMES = (
    "aeroplane", "bicycle", "bird", "boat", "bottle", "bus", "car", "cat", "chair", "cow",
    "diningtable", "dog", "horse", "motorbike", "person", "pottedplant", "sheep", "sofa",
    "train", "tvmonitor",
)  # fmt: skip
CLASSES = tuple(ClassInfo(number, name, True) for number, name in enumerate(NAMES, start=1))
UNNAMED = ClassInfo(0, "", True)
_LISTS = "ImageSets/Segmentation"


def find_voc(path: str | Path) -> Path | None:
    """Folder with ``SegmentationObject`` at or below ``path``; None if there is none."""
    root = Path(path).expanduser()
    places = [root, *sorted(root.glob("VOC2*")), *sorted(root.glob("VOCdevkit/VOC2*"))]
    return next((p for p in reversed(places) if (p / "SegmentationObject").is_dir()), None)


def open_voc(path: str | Path) -> Pictures:
    """Open a VOC folder; the newest year, if there are several.

    Raises
    ------
    DataError
        If there are no masks or no lists of images.
    """
    root = find_voc(path)
    if root is None:
        raise DataError(f"There is no SegmentationObject folder in {path}. Skipped: all of it.")
    lists, splits = files.read_splits(root / _LISTS)
    known = {id for ids in splits.values() for id in ids}
    pictures = {id: root / "JPEGImages" / f"{id}.jpg" for id in known}
    return Pictures(
        path=root,
        name="pascal-voc",
        classes=CLASSES,
        splits=splits,
        picture=pictures.__getitem__,
        labels=lambda id: _labels(root, id),
        annotations=lambda: [*lists, *(p for id in known for p in _maps(root, id))],
    )


def _maps(root: Path, id: str) -> tuple[Path, Path]:
    return root / "SegmentationObject" / f"{id}.png", root / "SegmentationClass" / f"{id}.png"


def _labels(root: Path, id: str) -> Labels:
    objects, classes = (files.read_flat(path, f"image {id}") for path in _maps(root, id))
    if objects.shape != classes.shape:
        reason = f"has shape {classes.shape}, but the objects have {objects.shape}"
        raise files.broken(_maps(root, id)[1], reason, f"image {id}")
    return class_labels(np.where(objects == VOID, 0, objects), classes, void=objects == VOID)


def class_labels(
    objects: np.ndarray, classes: np.ndarray, *, void: np.ndarray | None = None
) -> Labels:
    """Labels from a map of objects and one of VOC's classes.

    Parameters
    ----------
    objects, classes : (H, W) integers
        0 = none and background; an object is what most of its pixels are.
    void : (H, W) bool, optional
        Pixels that are neither scored nor clicked, besides class 255.
    """
    instances, semantic = objects.astype(np.int32), classes.astype(np.uint8)
    if void is not None:
        semantic[void] = VOID
    named = majority(instances, classes)
    known = {c.id: c for c in CLASSES}
    segments = describe(instances, lambda id: known.get(named[id], UNNAMED))
    return Labels(instances=instances, segments=segments, semantic=semantic)

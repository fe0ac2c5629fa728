"""A plain folder of images and label maps, as napari users have them.

``images/`` with pictures of any kind and ``labels/`` (or ``masks/``) with label maps of the same
names (``.tif``, ``.png``, ``.npy``; 0 = none, else the number of an object). If there are folders
``train`` and ``val`` (``test``) that each hold these two, they are the splits; otherwise every
fifth image in the order of names is ``val``, the others are ``train``, and ``all`` is all.
A file ``class.txt`` may hold the name of what is labelled; without it that is "object".
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from seem_model.data import files
from seem_model.data.labels import Labels, describe
from seem_model.data.microscopy import read_any, read_label_map
from seem_model.data.pictures import Pictures
from seem_model.data.sample import ClassInfo
from seem_model.errors import DataError

if TYPE_CHECKING:
    from numpy.typing import NDArray

SPLITS = ("train", "val", "test")
LABELS = ("labels", "masks")
_EVERY = 5


def labelled_parts(root: Path) -> dict[str, tuple[Path, Path]]:
    """Folders of images and of label maps, by split; "" when the folder is not split."""
    places = {"": root, **{split: root / split for split in SPLITS}}
    return {
        split: (place / "images", place / name)
        for split, place in places.items()
        for name in LABELS
        if (place / "images").is_dir() and (place / name).is_dir()
    }


def open_labelled_folder(path: str | Path) -> Pictures:
    """Open a folder of images and label maps.

    Images without a label map, and maps without an image, are left out and named in
    ``Pictures.skipped``.

    Raises
    ------
    DataError
        If there is no such folder, or no image has a label map.
    """
    root = Path(path).expanduser()
    parts = labelled_parts(root)
    if not parts:
        raise DataError(f"There are no folders images and labels in {root}. Skipped: all of it.")
    pictures: dict[str, Path] = {}
    maps: dict[str, Path] = {}
    splits: dict[str, tuple[str, ...]] = {}
    skipped: list[str] = []
    for split, (shown, drawn) in parts.items():
        prefix = f"{split}/" if split else ""
        images = files.pictures_in(shown)
        labels = files.pictures_in(drawn)
        labels |= {p.stem: p for p in sorted(drawn.glob("*.npy"))}
        ids = [f"{prefix}{stem}" for stem in images if stem in labels]
        pictures |= {f"{prefix}{stem}": p for stem, p in images.items()}
        maps |= {f"{prefix}{stem}": p for stem, p in labels.items()}
        skipped += _left_over(images, labels, drawn, shown)
        splits |= {split: tuple(ids)} if split else _every_fifth(ids)
    if not any(splits.values()):
        raise DataError(f"No image in {root} has a label map of its name. Skipped: all of it.")
    name = root / "class.txt"
    words = files.read_text(name, "the class name").strip() if name.is_file() else ""
    named = ClassInfo(1, words or "object", True)
    return Pictures(
        path=root,
        name=root.name,
        classes=(named,),
        splits=splits,
        picture=pictures.__getitem__,
        labels=lambda id: _labels(maps[id], named, id),
        annotations=maps.values,
        licence="",
        skipped=tuple(skipped),
        pixels=read_any,
    )


def _every_fifth(ids: list[str]) -> dict[str, tuple[str, ...]]:
    # A set of fewer than five still has something to look at.
    val = ids[_EVERY - 1 :: _EVERY] or ids[-1:]
    train = [id for id in ids if id not in set(val)] or val
    return {"train": tuple(train), "val": tuple(val), "all": tuple(ids)}


def _left_over(
    images: dict[str, Path], labels: dict[str, Path], drawn: Path, shown: Path
) -> list[str]:
    alone = [p for stem, p in images.items() if stem not in labels]
    lost = [p for stem, p in labels.items() if stem not in images]
    return [
        *(f"{p} has no label map in {drawn}. Skipped: this image." for p in alone),
        *(f"{p} has no image in {shown}. Skipped: this label map." for p in lost),
    ]


def _labels(path: Path, named: ClassInfo, id: str) -> Labels:
    numbers = _numbers(path, id)
    if numbers.min(initial=0) < 0 or numbers.max(initial=0) > np.iinfo(np.int32).max:
        reason = f"has numbers from {numbers.min()} to {numbers.max()}; 0 to 2**31 - 1 are expected"
        raise files.broken(path, reason, f"image {id}")
    instances = numbers.astype(np.int32)
    semantic = (instances > 0).astype(np.uint8)
    return Labels(
        instances=instances, segments=describe(instances, lambda _: named), semantic=semantic
    )


def _numbers(path: Path, id: str) -> NDArray[np.generic]:
    if path.suffix != ".npy":
        return read_label_map(path, id)
    try:
        pixels = np.load(path)
    except (OSError, ValueError, EOFError) as error:
        raise files.broken(path, f"cannot be read: {error}", f"image {id}") from error
    if pixels.ndim != 2 or pixels.dtype.kind not in "bui":
        kind = f"has shape {pixels.shape} and type {pixels.dtype}"
        raise files.broken(path, f"is no label map: it {kind}", f"image {id}")
    return np.asarray(pixels)

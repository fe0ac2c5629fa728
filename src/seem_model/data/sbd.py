"""SBD, the Semantic Boundaries Dataset: VOC's 20 classes on 11,355 photos, in MATLAB files.

``img/<id>.jpg``, ``inst/<id>.mat`` (``GTinst``: ``Segmentation`` with object numbers,
``Categories`` with their classes), ``cls/<id>.mat`` (``GTcls``) and ``train.txt``, ``val.txt``, in
``benchmark_RELEASE/dataset`` or one of its parents. There is no void.
Paper: Hariharan et al., ICCV 2011.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from scipy.io import loadmat

from seem_model.data import files
from seem_model.data.labels import Labels, describe
from seem_model.data.pictures import Pictures
from seem_model.data.voc import CLASSES, UNNAMED
from seem_model.errors import DataError


def find_sbd(path: str | Path) -> Path | None:
    """Folder with ``inst`` and ``img`` at or below ``path``; None if there is none."""
    root = Path(path).expanduser()
    places = (root, root / "dataset", root / "benchmark_RELEASE/dataset")
    return next((p for p in places if (p / "inst").is_dir() and (p / "img").is_dir()), None)


def open_sbd(path: str | Path) -> Pictures:
    """Open an SBD folder.

    Raises
    ------
    DataError
        If there are no masks or no lists of images.
    """
    root = find_sbd(path)
    if root is None:
        raise DataError(f"There are no folders img and inst in {path}. Skipped: all of it.")
    lists, splits = files.read_splits(root)
    known = {id for ids in splits.values() for id in ids}
    pictures = {id: root / "img" / f"{id}.jpg" for id in known}
    return Pictures(
        path=root,
        name="sbd",
        classes=CLASSES,
        splits=splits,
        picture=pictures.__getitem__,
        labels=lambda id: _labels(root / "inst" / f"{id}.mat", id),
        annotations=lambda: [*lists, *(root / "inst" / f"{id}.mat" for id in known)],
    )


def _labels(path: Path, id: str) -> Labels:
    if not path.is_file():
        raise files.broken(path, "is missing", f"image {id}")
    try:
        truth = loadmat(path, squeeze_me=True, struct_as_record=False)["GTinst"]
        instances = np.atleast_2d(truth.Segmentation).astype(np.int32)
        categories = np.atleast_1d(truth.Categories).astype(int)
    except Exception as error:  # scipy raises many kinds for a damaged file
        raise files.broken(path, f"cannot be read: {error!r}", f"image {id}") from error
    if instances.max(initial=0) > len(categories):
        reason = f"has {instances.max()} objects, but {len(categories)} classes"
        raise files.broken(path, reason, f"image {id}")
    known = {c.id: c for c in CLASSES}
    segments = describe(instances, lambda n: known.get(int(categories[n - 1]), UNNAMED))
    # The class of a pixel is that of its object; the file in cls/ says the same.
    values = np.concatenate([[0], categories]).astype(np.uint8)
    return Labels(instances=instances, segments=segments, semantic=values[instances])

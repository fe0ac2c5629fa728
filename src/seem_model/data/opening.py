"""Open a data set in whatever public layout it is."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import TYPE_CHECKING

from seem_model.data.ade20k import find_ade20k, open_ade20k
from seem_model.data.berkeley import is_berkeley, open_berkeley
from seem_model.data.cell_tracking import open_cell_tracking, sequences_in
from seem_model.data.coco import open_coco
from seem_model.data.davis import davis_lists, open_davis
from seem_model.data.dsb2018 import TRAIN, open_dsb2018
from seem_model.data.examples import INDEX, Examples
from seem_model.data.files import pictures_in
from seem_model.data.folder import Folder
from seem_model.data.grabcut import open_grabcut
from seem_model.data.labelled_folder import labelled_parts, open_labelled_folder
from seem_model.data.lvis import lvis_files, open_lvis
from seem_model.data.open_images import open_images, tables
from seem_model.data.pictures import Pictures
from seem_model.data.refcoco import open_refcoco, refs_files
from seem_model.data.sbd import find_sbd, open_sbd
from seem_model.data.voc import find_voc, open_voc
from seem_model.data.youtube_vos import FOLDERS, open_youtube_vos
from seem_model.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from seem_model.data.dataset import DataSet
    from seem_model.data.sample import Sample

KINDS = (
    "project", "coco", "coco-panoptic", "coco-instances", "lvis", "refcoco", "voc", "sbd",
    "ade20k", "open-images", "grabcut", "berkeley", "davis", "davis-2016", "davis-2017",
    "youtube-vos", "cell-tracking", "cell-tracking-silver", "dsb2018", "labels", "examples",
)  # fmt: skip


def open_dataset(path: str | Path, kind: str | None = None) -> DataSet:
    """Open the data set at ``path``.

    Parameters
    ----------
    path : str or Path
        Its folder.
    kind : str, optional
        One of ``KINDS``; recognised from the files if not given.

    Returns
    -------
    DataSet
        What opening had to leave out is told as a warning.

    Raises
    ------
    DataError
        If there is no such folder or kind, no layout or more than one fits, or files that the
        layout needs are missing or broken.
    """
    root = Path(path).expanduser()
    if not root.is_dir():
        raise DataError(f"There is no data folder at {root}.")
    if kind is None:
        kind = _only(root, recognised(root))
    data = _opened(root, kind)
    left_out = data.skipped if isinstance(data, Pictures) else ()
    if left_out:
        more = f"\n… and {len(left_out) - 10} more." if len(left_out) > 10 else ""
        warnings.warn("\n".join(left_out[:10]) + more, stacklevel=2)
    return data


def recognised(root: Path) -> tuple[str, ...]:
    """Kinds whose files are in a folder."""
    coco = any(
        next((root / "annotations").glob(f"{kind}_*2017.json"), None) is not None
        for kind in ("panoptic", "instances")
    )
    berkeley = is_berkeley(root)
    ours = (root / "meta.json").is_file() and (root / "annotations.json").is_file()
    davis = any(
        davis_lists(place, year) for place in (root, root / "DAVIS") for year in (2016, 2017)
    )
    videos = any((root / f / "meta.json").is_file() for f in FOLDERS.values())
    plain = any(pictures_in(images) for images, _ in labelled_parts(root).values())
    fits = {
        "project": ours,
        "coco": coco,
        "lvis": coco and bool(lvis_files(root)),
        "refcoco": bool(refs_files(root)),
        "voc": find_voc(root) is not None,
        "sbd": find_sbd(root) is not None,
        "ade20k": find_ade20k(root) is not None,
        "open-images": bool(tables(root)),
        "grabcut": (root / "data_GT").is_dir() and (root / "boundary_GT").is_dir(),
        "berkeley": berkeley,
        "davis": davis,
        "youtube-vos": videos,
        "cell-tracking": bool(sequences_in(root)),
        "dsb2018": (root / TRAIN).is_dir(),
        "examples": (root / INDEX).is_file(),
        "labels": plain and not berkeley and not ours,
    }
    return tuple(kind for kind, fitting in fits.items() if fitting)


def samples(data: DataSet, split: str, *, skipped: list[str] | None = None) -> Iterator[Sample]:
    """Read a whole split, in order, one image at a time.

    Parameters
    ----------
    data : DataSet
    split : str
    skipped : list of str, optional
        If given, broken images are left out and what was wrong with each is added here.

    Raises
    ------
    DataError
        At the first broken image, unless ``skipped`` is given.
    """
    for id in data.ids(split):
        try:
            sample = data.read(id)
        except DataError as error:
            if skipped is None:
                raise
            skipped.append(str(error))
            continue
        yield sample


def _only(root: Path, found: tuple[str, ...]) -> str:
    if not found:
        raise DataError(
            f"The files in {root} are of no layout that is known; they may lie one folder deeper "
            f"or higher. Known kinds: {', '.join(KINDS)}."
        )
    if len(found) > 1:
        raise DataError(
            f"The files in {root} fit more than one layout; say which by its kind: "
            f"{' or '.join(found)}."
        )
    return found[0]


def _opened(root: Path, kind: str) -> DataSet:
    match kind:
        case "project":
            return Folder.open(root)
        case "coco":
            return open_coco(root)
        case "coco-panoptic":
            return open_coco(root, "panoptic")
        case "coco-instances":
            return open_coco(root, "instances")
        case "lvis":
            return open_lvis(root)
        case "refcoco":
            return open_refcoco(root)
        case "voc":
            return open_voc(root)
        case "sbd":
            return open_sbd(root)
        case "ade20k":
            return open_ade20k(root)
        case "open-images":
            return open_images(root)
        case "grabcut":
            return open_grabcut(root)
        case "berkeley":
            return open_berkeley(root)
        case "davis":
            return open_davis(root)
        case "davis-2016":
            return open_davis(root, 2016)
        case "davis-2017":
            return open_davis(root, 2017)
        case "youtube-vos":
            return open_youtube_vos(root)
        case "cell-tracking":
            return open_cell_tracking(root)
        case "cell-tracking-silver":
            return open_cell_tracking(root, "ST")
        case "dsb2018":
            return open_dsb2018(root)
        case "labels":
            return open_labelled_folder(root)
        case "examples":
            return Examples.open(root)
        case _:
            raise DataError(f'"{kind}" is no kind of data set; known: {", ".join(KINDS)}.')

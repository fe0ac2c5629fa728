"""Cell Tracking Challenge: a folder of frames for each sequence and one with its masks.

``01/t000.tif``, ``01_GT/SEG/man_seg000.tif`` (label maps of the frames that were segmented; of
one slice ``man_seg_000_012.tif``), ``01_GT/TRA/man_track000.tif`` (markers, same number while a
cell lives), and the same for ``02``. ``01_ST/SEG`` holds computer-made masks of more frames. The
split ``train`` has all sequences, ``01`` and ``02`` are splits of their own. In volumes every
slice is an image and a sequence follows one slice. Paper: Maška et al., Nature Methods 2023.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np
from PIL import Image

from seem_model.data import files
from seem_model.data.labels import Labels, describe, majority, void_only
from seem_model.data.microscopy import read_page
from seem_model.data.pictures import Pictures
from seem_model.data.sample import ClassInfo, Video
from seem_model.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

Truth = Literal["GT", "ST"]
CELL = ClassInfo(1, "cell", True)
_SLICE = re.compile(r"man_seg_(\d+)_(\d+)\.tif$")


@dataclass(frozen=True)
class _Plane:
    """Files of one image: its frame and page, masks if any (and the page there), markers if any."""

    picture: Path
    page: int
    masks: Path | None
    masks_page: int
    markers: Path | None


def sequences_in(root: Path) -> list[str]:
    """Names of folders such as ``01`` that have masks beside them."""
    found = sorted(p.name for p in root.glob("[0-9][0-9]") if p.is_dir())
    return [n for n in found if any((root / f"{n}_{t}/SEG").is_dir() for t in ("GT", "ST"))]


def open_cell_tracking(path: str | Path, truth: Truth = "GT") -> Pictures:
    """Open one data set of the challenge, such as ``Fluo-N2DH-SIM+``.

    Parameters
    ----------
    path : str or Path
    truth : {"GT", "ST"}
        People's masks (gold), or those computed from the contestants' (silver).

    Raises
    ------
    DataError
        If there is no sequence with masks.
    """
    root = Path(path).expanduser()
    names = [n for n in sequences_in(root) if (root / f"{n}_{truth}/SEG").is_dir()]
    if not names:
        raise DataError(f"There is no folder 01 with 01_{truth}/SEG in {root}. Skipped: all of it.")
    planes: dict[str, _Plane] = {}
    videos: dict[str, tuple[Video, ...]] = {}
    for name in names:
        found = dict(_planes(root, name, truth))
        planes |= found
        videos[name] = _videos(name, found)
    splits = {
        n: tuple(id for v in videos[n] for id in v.frames if id in v.annotated) for n in names
    }
    return Pictures(
        path=root,
        name=f"{root.name}{'-silver' if truth == 'ST' else ''}",
        classes=(CELL,),
        splits={"train": tuple(id for n in names for id in splits[n]), **splits},
        picture=lambda id: planes[id].picture,
        labels=lambda id: _labels(id, planes[id]),
        annotations=lambda: {p.masks for p in planes.values() if p.masks is not None},
        licence="see the data set's page; commercial use needs a permission",
        videos={"train": tuple(v for n in names for v in videos[n]), **videos},
        pixels=lambda path, id: read_page(path, planes[id].page, id),
    )


def _planes(root: Path, name: str, truth: Truth) -> Iterator[tuple[str, _Plane]]:
    masks, markers = root / f"{name}_{truth}/SEG", root / f"{name}_GT/TRA"
    frames = files.pictures_in(root / name)
    slices = {
        (int(m[1]), int(m[2])): p
        for p in masks.glob("man_seg_*.tif")
        if (m := _SLICE.search(p.name))
    }
    pages = _pages(next(iter(frames.values()))) if frames else 1
    for stem, picture in frames.items():
        number = stem.removeprefix("t")
        whole = masks / f"man_seg{number}.tif"
        marked = markers / f"man_track{number}.tif"
        for page in range(pages):
            own = slices.get((int(number), page)) if number.isdigit() else None
            found = own or (whole if whole.is_file() else None)
            id = f"{name}/{stem}" + (f"/z{page:03d}" if pages > 1 else "")
            yield (
                id,
                _Plane(
                    picture=picture,
                    page=page,
                    masks=found,
                    masks_page=0 if own else page,
                    markers=marked if marked.is_file() else None,
                ),
            )


def _videos(name: str, planes: dict[str, _Plane]) -> tuple[Video, ...]:
    by_page: dict[int, list[str]] = {}
    for id, plane in planes.items():
        by_page.setdefault(plane.page, []).append(id)
    several = len(by_page) > 1
    return tuple(
        Video(
            f"{name}/z{page:03d}" if several else name,
            tuple(ids),
            frozenset(id for id in ids if planes[id].masks is not None),
        )
        for page, ids in by_page.items()
    )


def _labels(id: str, plane: _Plane) -> Labels:
    if plane.masks is None:
        return void_only(files.image_size(plane.picture, f"image {id}"))
    masks = files.read_flat(plane.masks, f"image {id}", page=plane.masks_page).astype(np.int32)
    if plane.markers is not None:
        markers = files.read_flat(plane.markers, f"image {id}", page=plane.page).astype(np.int32)
        if markers.shape != masks.shape:
            reason = f"has shape {markers.shape}, but the masks have {masks.shape}"
            raise files.broken(plane.markers, reason, f"image {id}")
        masks = _tracked(masks, markers)
    segments = describe(masks, lambda _: CELL)
    return Labels(instances=masks, segments=segments, complete=False)


def _tracked(masks: NDArray[np.int32], markers: NDArray[np.int32]) -> NDArray[np.int32]:
    """Masks with the numbers of their tracks; a mask without a marker gets a number of its own."""
    tracks = majority(masks, np.where(masks > 0, markers, 0), void=None)
    taken: set[int] = set()
    free = max(int(markers.max(initial=0)), int(masks.max(initial=0))) + 1
    result = np.zeros_like(masks)
    for label, track in tracks.items():
        number = track if track and track not in taken else free
        free += number == free
        taken.add(number)
        result[masks == label] = number
    return result


def _pages(path: Path) -> int:
    try:
        with Image.open(path) as file:
            return int(getattr(file, "n_frames", 1))
    except Exception as error:  # decoders raise anything from TypeError to SyntaxError
        raise files.broken(path, f"cannot be read: {error}", "its sequence") from error

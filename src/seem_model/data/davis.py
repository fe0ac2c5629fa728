"""DAVIS 2016 (one object a sequence) and 2017 (several), as published.

``JPEGImages/480p/<sequence>/<frame>.jpg`` (or ``Full-Resolution``),
``Annotations/480p/<sequence>/<frame>.png`` and ``ImageSets/2017/{train,val,test-dev}.txt`` or
``ImageSets/2016/…`` (in the first release ``ImageSets/480p/…`` with pairs of file names). For 2016
everything that is not 0 is the one object. Papers: Perazzi et al., CVPR 2016; Pont-Tuset et al.,
2017.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np

from seem_model.data import files
from seem_model.data.frames import find_frames, object_map
from seem_model.data.grabcut import OBJECT
from seem_model.data.labels import Labels, describe, void_only
from seem_model.data.pictures import Pictures
from seem_model.errors import DataError

if TYPE_CHECKING:
    from seem_model.data.frames import Frames

Year = Literal[2016, 2017]
_SIZES = ("480p", "Full-Resolution", "1080p")
_LISTS = {2016: ("2016", "480p", "1080p"), 2017: ("2017",)}


def davis_lists(root: Path, year: int) -> tuple[Path, ...]:
    """Files that list the sequences of a year's splits."""
    for folder in _LISTS[year]:
        found = tuple(sorted((root / "ImageSets" / folder).glob("*.txt")))
        if found:
            return found
    return ()


def open_davis(path: str | Path, year: Year | None = None) -> Pictures:
    """Open a DAVIS folder.

    Parameters
    ----------
    path : str or Path
        Folder with ``JPEGImages``, or one that holds it as ``DAVIS``.
    year : {2016, 2017}, optional
        2017 where its lists are there, if not given.

    Raises
    ------
    DataError
        If lists or all pictures are missing.
    """
    root = Path(path).expanduser()
    root = root / "DAVIS" if (root / "DAVIS/JPEGImages").is_dir() else root
    years: tuple[Year, ...] = (2017, 2016) if year is None else (year,)
    chosen = next((y for y in years if davis_lists(root, y)), years[0])
    lists = davis_lists(root, chosen)
    if not lists:
        place = root / "ImageSets" / _LISTS[chosen][0]
        raise DataError(f"There is no train.txt or val.txt in {place}. Skipped: all of it.")
    names = {p.stem: _sequences(p) for p in lists}
    size = next((s for s in _SIZES if (root / "JPEGImages" / s).is_dir()), _SIZES[0])
    every = [name for of_split in names.values() for name in of_split]
    found = find_frames(root / "JPEGImages" / size, root / "Annotations" / size, every)
    if not found.videos:
        place = root / "JPEGImages" / size
        raise DataError(f"There are no sequences in {place}. Skipped: all of it.")
    return Pictures(
        path=root,
        name=f"davis-{chosen}",
        classes=(OBJECT,),
        splits={split: found.ids(of_split) for split, of_split in names.items()},
        picture=found.pictures.__getitem__,
        labels=lambda id: _labels(id, found, chosen),
        annotations=lambda: [*lists, *found.maps.values()],
        videos={s: tuple(v for v in found.videos if v.name in n) for s, n in names.items()},
        skipped=found.skipped,
    )


def _sequences(path: Path) -> tuple[str, ...]:
    """Names in the list; of a line that names a picture, the folder that it is in."""
    words = files.read_list(path, f"the split {path.stem}")
    return tuple(dict.fromkeys(w.split("/")[-2] if "/" in w.strip("/") else w for w in words))


def _labels(id: str, found: Frames, year: Year) -> Labels:
    if id not in found.maps:
        return void_only(files.image_size(found.pictures[id], f"image {id}"))
    if year == 2016:
        pixels = files.read_flat(found.maps[id], f"image {id}")
        instances = (pixels > 0).astype(np.int32)
    else:
        instances = object_map(found.maps[id], id)
    segments = describe(instances, lambda _: OBJECT)
    return Labels(instances=instances, segments=segments, complete=False)

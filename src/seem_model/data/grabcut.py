"""GrabCut: 50 photos with one object each and a band around it that is not scored.

``data_GT/<id>.jpg`` (or .bmp, .png) and ``boundary_GT/<id>.bmp`` (0 = background, 128 = band,
255 = object). All images are in the split ``val``. Paper: Rother, Kolmogorov and Blake,
SIGGRAPH 2004.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from seem_model.data import files
from seem_model.data.labels import Labels, describe, stack
from seem_model.data.pictures import Pictures
from seem_model.data.sample import VOID, ClassInfo
from seem_model.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from seem_model.values import Mask

OBJECT = ClassInfo(1, "object", True)
_BAND = 128


def open_grabcut(path: str | Path) -> Pictures:
    """Open a GrabCut folder; DataError if its two folders are missing."""
    root = Path(path).expanduser()
    masks = files.pictures_in(root / "boundary_GT")
    of_each = {id: (mask,) for id, mask in masks.items()}
    return single_objects("grabcut", root, ("data_GT", "boundary_GT"), of_each)


def single_objects(
    name: str, root: Path, folders: tuple[str, str], masks: Mapping[str, Sequence[Path]]
) -> Pictures:
    """Set of photos in which only some objects are labelled, each in a mask file of its own.

    Parameters
    ----------
    name : str
        Of the set.
    root : Path
    folders : (str, str)
        Of the photos and of the masks.
    masks : mapping of str to sequence of Path
        Mask files of each photo's stem: 128 is not scored, more is object.

    Raises
    ------
    DataError
        If there is no photo or no mask.
    """
    found = files.pictures_in(root / folders[0])
    if not found or not masks:
        raise DataError(f"There are no pictures and masks of {name} in {root}. Skipped: all of it.")
    return Pictures(
        path=root,
        name=name,
        classes=(OBJECT,),
        splits={"val": tuple(found)},
        picture=found.__getitem__,
        labels=lambda id: _labels(id, masks.get(id, (root / folders[1] / f"{id}.png",))),
        annotations=lambda: [p for paths in masks.values() for p in paths],
    )


def _labels(id: str, paths: Sequence[Path]) -> Labels:
    values = [files.read_flat(path, f"image {id}") for path in paths]
    shapes = {pixels.shape for pixels in values}
    if len(shapes) > 1:
        raise files.broken(
            paths[1], f"has another size than its neighbour: {shapes}", f"image {id}"
        )
    on: dict[int, Mask] = {}
    for number, pixels in enumerate(values, start=1):
        scaled = pixels * 255 if pixels.max(initial=0) <= 1 else pixels
        on[number] = scaled > _BAND
        if not on[number].any():
            raise files.broken(paths[number - 1], "has no object pixel", f"image {id}")
    shape = (values[0].shape[0], values[0].shape[1])
    instances, overlapping = stack(on, shape)
    semantic = (instances > 0).astype(np.uint8)
    if len(values) == 1:
        semantic[values[0] == _BAND] = VOID
    segments = (describe(mask * n, lambda _: OBJECT)[0] for n, mask in on.items())
    return Labels(
        instances=instances,
        segments=tuple(segments),
        semantic=semantic,
        complete=False,
        overlapping=overlapping,
    )

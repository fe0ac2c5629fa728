"""COCO 2017 as published: one JSON for each split, with instance or panoptic masks.

``annotations/instances_<split>2017.json``, ``annotations/panoptic_<split>2017.json``,
``annotations/panoptic_<split>2017/*.png`` (or that folder at the top) and ``<split>2017/*.jpg``
(or under ``images/``). A split is ``train`` or ``val``. The JSON of a split is parsed when the
split is first asked for; see https://cocodataset.org/#format-data.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from seem_model.data import files
from seem_model.data.coco_table import CocoTable, Entry, read_table
from seem_model.data.labels import Labels, stack
from seem_model.data.pictures import sample
from seem_model.data.rle import decode
from seem_model.data.sample import VOID, ClassInfo, Sample, SegmentInfo
from seem_model.errors import DataError

if TYPE_CHECKING:
    from seem_model.values import Mask

CocoMasks = Literal["panoptic", "instances"]
_LICENCE = "annotations CC BY 4.0; photos: terms of Flickr, each its own licence"


def open_coco(path: str | Path, masks: CocoMasks | None = None) -> Coco:
    """Open a COCO folder.

    Parameters
    ----------
    path : str or Path
        Folder with ``annotations/``.
    masks : {"panoptic", "instances"}, optional
        Which annotations; panoptic ones where there are any, if not given.

    Raises
    ------
    DataError
        If there are no such annotations.
    """
    root = Path(path).expanduser()
    kinds: tuple[CocoMasks, ...] = ("panoptic", "instances") if masks is None else (masks,)
    for kind in kinds:
        found = sorted((root / "annotations").glob(f"{kind}_*2017.json"))
        if found:
            splits = {p.stem.removeprefix(f"{kind}_").removesuffix("2017"): p for p in found}
            return Coco(path=root, name=f"coco-{kind}", masks=kind, tables=splits)
    wanted = " or ".join(f"{kind}_val2017.json" for kind in kinds)
    raise DataError(f"There is no {wanted} or train in {root / 'annotations'}. Skipped: all of it.")


@dataclass(frozen=True, eq=False, kw_only=True)
class Coco:
    """COCO with the masks of one kind; open it with :func:`open_coco`.

    Parameters
    ----------
    path : Path
    name : str
    masks : {"panoptic", "instances"}
        Panoptic masks have stuff and class maps; instance masks may overlap.
    tables : dict of str to Path
        The JSON of each split.
    refine : callable, optional
        Gets an image id and its labels and returns better labels.
    sources : tuple of Path
        Files besides the JSON that ``refine`` rests on.
    licence : str
    """

    path: Path
    name: str
    masks: CocoMasks
    tables: dict[str, Path]
    refine: Callable[[str, Labels], Labels] | None = None
    sources: tuple[Path, ...] = ()
    licence: str = _LICENCE
    _read: dict[str, CocoTable] = field(default_factory=dict, repr=False)

    @property
    def classes(self) -> tuple[ClassInfo, ...]:
        """Categories of the JSON, with COCO's own ids."""
        return tuple(self._table(self._quickest()[0]).classes.values())

    @property
    def fingerprint(self) -> str:
        """Start of the SHA-256 of the JSON files (panoptic: without the PNG files)."""
        return files.fingerprint([*self.tables.values(), *self.sources])

    def ids(self, split: str) -> tuple[str, ...]:
        """Image ids, in the order of the JSON; DataError names the splits there are."""
        if split not in self.tables:
            known = ", ".join(self.tables)
            raise DataError(f'The data set {self.name} has no split "{split}"; it has: {known}.')
        return tuple(self._table(split).entries)

    def size(self, id: str) -> tuple[int, int]:
        """(H, W) as the JSON says."""
        return self._entry(id)[1].shape

    def segments(self, id: str) -> tuple[SegmentInfo, ...]:
        """Objects of an image; no mask is decoded, unless masks are refined."""
        if self.refine is not None:
            return self.labels(id).segments
        split, entry = self._entry(id)
        return self._segments(id, split, entry)

    def labels(self, id: str) -> Labels:
        """Masks of an image, without its picture."""
        split, entry = self._entry(id)
        found = self._segments(id, split, entry)
        panoptic = self.masks == "panoptic"
        labels = (self._panoptic if panoptic else self._instances)(id, split, entry, found)
        return labels if self.refine is None else self.refine(id, labels)

    def read(self, id: str) -> Sample:
        """Read one image with its masks; DataError says what is missing or broken."""
        split, entry = self._entry(id)
        folder = f"{split}2017"
        path = files.first_of(self.path / folder, self.path / "images" / folder) / entry.file
        return sample(id, path, files.read_rgb(path, f"image {id}"), self.labels(id))

    def entry(self, id: str) -> Entry:
        """Row of an image in the JSON; DataError if there is none."""
        return self._entry(id)[1]

    def _table(self, split: str) -> CocoTable:
        if split not in self._read:
            self._read[split] = read_table(self.tables[split], f"the split {split}")
        return self._read[split]

    def _quickest(self) -> list[str]:
        """Splits, those that are parsed already or have small files first."""
        sizes = {s: p.stat().st_size if p.exists() else 0 for s, p in self.tables.items()}
        return sorted(self.tables, key=lambda s: (s not in self._read, sizes[s]))

    def _entry(self, id: str) -> tuple[str, Entry]:
        for split in self._quickest():
            if id in self._table(split).entries:
                return split, self._table(split).entries[id]
        raise DataError(f'The data set {self.name} has no image "{id}".')

    def _segments(self, id: str, split: str, entry: Entry) -> tuple[SegmentInfo, ...]:
        panoptic, classes = self.masks == "panoptic", self._table(split).classes
        try:
            return tuple(
                _segment(int(row["id"]) if panoptic else number, row, classes, entry.shape)
                for number, row in enumerate(entry.rows, start=1)
            )
        except (KeyError, TypeError, ValueError) as error:
            reason = f"has a damaged annotation of image {id}: {error!r}"
            raise files.broken(self.tables[split], reason, f"image {id}") from error

    def _instances(
        self, id: str, split: str, entry: Entry, segments: Iterable[SegmentInfo]
    ) -> Labels:
        masks: dict[int, Mask] = {}
        for number, row in enumerate(entry.rows, start=1):
            try:
                masks[number] = decode(row.get("segmentation"), entry.shape)
            except DataError as error:
                reason = f"has a broken mask (annotation {row.get('id')}): {error}"
                raise files.broken(self.tables[split], reason, f"image {id}") from error
        instances, overlapping = stack(masks, entry.shape)
        return Labels(instances=instances, segments=tuple(segments), overlapping=overlapping)

    def _panoptic(
        self, id: str, split: str, entry: Entry, segments: Iterable[SegmentInfo]
    ) -> Labels:
        folder = f"panoptic_{split}2017"
        path = files.first_of(self.path / "annotations" / folder, self.path / folder)
        path = path / Path(entry.map or entry.file).with_suffix(".png").name
        colours = files.read_rgb(path, f"image {id}").astype(np.int32)
        ids = colours[..., 0] + 256 * colours[..., 1] + 65536 * colours[..., 2]
        semantic = np.full(ids.shape, VOID, np.uint8)
        known = tuple(segments)
        for segment in known:
            mask = ids == segment.id
            if not mask.any():
                reason = f"has no pixel of segment {segment.id}, which its JSON lists"
                raise files.broken(path, reason, f"image {id}")
            semantic[mask] = segment.category_id
        ids[~np.isin(ids, [s.id for s in known])] = 0
        return Labels(instances=ids, segments=known, semantic=semantic, complete=True)


def _segment(
    id: int, row: dict[str, Any], classes: dict[int, ClassInfo], shape: tuple[int, int]
) -> SegmentInfo:
    known = classes[int(row["category_id"])]
    x, y, width, height = (float(v) for v in row["bbox"])
    row0, col0 = min(max(int(y), 0), shape[0] - 1), min(max(int(x), 0), shape[1] - 1)
    row1 = min(max(int(np.ceil(y + height)), row0 + 1), shape[0])
    col1 = min(max(int(np.ceil(x + width)), col0 + 1), shape[1])
    return SegmentInfo(
        id=id,
        name=known.name,
        category_id=known.id,
        is_thing=known.is_thing,
        area=round(float(row["area"])),
        bbox=(row0, col0, row1, col1),
        crowd=bool(row.get("iscrowd", 0)),
    )

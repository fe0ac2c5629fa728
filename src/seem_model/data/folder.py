"""Reader of the project's one data layout: a folder with images, label maps and two JSON files.

``images/<id>.jpg|png``, ``instances/<id>.png`` (16 bit, value = segment id, 0 = none),
``semantic/<id>.png`` (8 bit, value = class id, 255 = void), ``annotations.json`` (id to files,
size and segments), ``meta.json`` (classes, splits, licence) and, if there are phrases,
``referring.json``. Nothing is cached: a sample is read when it is asked for.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from seem_model.data import files
from seem_model.data.sample import ClassInfo, Phrase, Sample, SegmentInfo, Video
from seem_model.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

__all__ = ["ClassInfo", "Folder", "Phrase", "Sample", "SegmentInfo"]


@dataclass(frozen=True, eq=False, kw_only=True)
class Folder:
    """A data set; open it with :meth:`open`.

    Parameters
    ----------
    path : Path
    name, licence, notes, semantic_zero : str
        As ``meta.json`` says; ``semantic_zero`` tells what class value 0 means.
    classes : tuple of ClassInfo
    splits : mapping of str to tuple of str
        Image ids of each split.
    ship : bool
        Whether weights trained on this set may be shipped.
    commercial_ok : str
        What the licence says about commercial use.
    """

    path: Path
    name: str
    classes: tuple[ClassInfo, ...]
    splits: dict[str, tuple[str, ...]]
    licence: str = ""
    ship: bool = False
    commercial_ok: str = ""
    semantic_zero: str = ""
    notes: str = ""
    records: dict[str, Any] = field(default_factory=dict, repr=False)
    phrases: dict[str, tuple[Phrase, ...]] = field(default_factory=dict, repr=False)

    @classmethod
    def open(cls, path: str | Path) -> Folder:
        """Read the two JSON files (and ``referring.json``) of the folder at ``path``.

        Raises
        ------
        DataError
            If the folder or a file is missing or broken.
        """
        root = Path(path).expanduser()
        if not root.is_dir():
            raise DataError(f"There is no data folder at {root}.")
        meta = files.read_json(root / "meta.json", "all of it")
        records = files.read_json(root / "annotations.json", "all of it")
        referring = root / "referring.json"
        try:
            return cls(
                path=root,
                name=str(meta.get("name", root.name)),
                classes=tuple(
                    ClassInfo(int(c["id"]), str(c["name"]), bool(c.get("isthing", True)))
                    for c in meta["classes"]
                ),
                splits={name: tuple(map(str, ids)) for name, ids in meta["splits"].items()},
                licence=str(meta.get("licence", "")),
                ship=bool(meta.get("ship", False)),
                commercial_ok=str(meta.get("commercial_ok", "")),
                semantic_zero=str(meta.get("semantic_zero", "")),
                notes=str(meta.get("notes", "")),
                records=dict(records),
                phrases=_phrases(files.read_json(referring, "all of it"))
                if referring.exists()
                else {},
            )
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            reason = f"The data folder {root} is damaged: {error!r}. Skipped: all of it."
            raise DataError(reason) from error

    @property
    def fingerprint(self) -> str:
        """Start of the SHA-256 of ``annotations.json``."""
        return hashlib.sha256((self.path / "annotations.json").read_bytes()).hexdigest()[:16]

    def ids(self, split: str) -> tuple[str, ...]:
        """Image ids of a split, in the fixed order of ``meta.json``.

        Raises
        ------
        DataError
            If there is no such split.
        """
        if split not in self.splits:
            known = ", ".join(self.splits) or "none"
            raise DataError(f'The data set {self.name} has no split "{split}"; it has: {known}.')
        return self.splits[split]

    @property
    def seen(self) -> None:
        """The layout does not tell classes of training data from others."""
        return None

    def sequences(self, split: str) -> tuple[Video, ...]:
        """Videos of a split: images whose records name a ``video``, in the order of ``frame``."""
        frames: dict[str, list[str]] = {}
        for id in self.ids(split):
            if "video" in self._record(id):
                frames.setdefault(str(self._record(id)["video"]), []).append(id)
        return tuple(
            Video(name, tuple(sorted(ids, key=self._frame)), frozenset(ids))
            for name, ids in frames.items()
        )

    def _frame(self, id: str) -> int:
        return int(self._record(id).get("frame", 0))

    def size(self, id: str) -> tuple[int, int]:
        """(H, W) of an image, as annotated; no image is read."""
        record = self._record(id)
        try:
            return int(record["height"]), int(record["width"])
        except (KeyError, TypeError, ValueError) as error:
            reason = f"The size of {id} in {self.path} is damaged: {error!r}."
            raise DataError(f"{reason} Skipped: image {id}.") from error

    def segments(self, id: str) -> tuple[SegmentInfo, ...]:
        """Objects of an image; no image is read."""
        names = {c.id: c for c in self.classes}
        try:
            return tuple(_segment(row, names) for row in self._record(id)["segments"])
        except (KeyError, TypeError, ValueError) as error:
            reason = f"A segment of {id} in {self.path} is damaged: {error!r}."
            raise DataError(f"{reason} Skipped: image {id}.") from error

    def read(self, id: str) -> Sample:
        """Read one image with its masks.

        Raises
        ------
        DataError
            If the id is unknown, or a file is missing, unreadable or of another size.
        """
        record = self._record(id)
        image = files.read_rgb(self._file(record.get("image"), id), f"image {id}")
        instances = self._map(record.get("instances"), id).astype(np.int32)
        semantic = None
        if record.get("semantic"):
            semantic = self._map(record["semantic"], id).astype(np.uint8)
        for name, array in (("instances", instances), ("semantic", semantic)):
            if array is not None and array.shape != image.shape[:2]:
                reason = f"has shape {array.shape}, but its image is {image.shape[:2]}"
                raise files.broken(self.path / record[name], reason, f"image {id}")
        return Sample(
            id=id,
            image=image,
            instances=instances,
            semantic=semantic,
            segments=self.segments(id),
            semantic_complete=record.get("semantic_complete"),
            phrases=self.phrases.get(id, ()),
        )

    def samples(self, split: str, *, skip_broken: bool = False) -> Iterator[Sample]:
        """Read a whole split, in order; broken samples raise DataError or are left out."""
        for id in self.ids(split):
            try:
                sample = self.read(id)
            except DataError:
                if not skip_broken:
                    raise
                continue
            yield sample

    def _record(self, id: str) -> dict[str, Any]:
        if id not in self.records:
            table = self.path / "annotations.json"
            raise DataError(f'{table} has no image "{id}". Skipped: image {id}.')
        record = self.records[id]
        if not isinstance(record, dict):
            reason = f"The entry of {id} in {self.path} is damaged."
            raise DataError(f"{reason} Skipped: image {id}.")
        return record

    def _file(self, relative: Any, id: str) -> Path:
        if not relative:
            table = self.path / "annotations.json"
            raise files.broken(table, f"names no file for image {id}", f"image {id}")
        return self.path / str(relative)

    def _map(self, relative: Any, id: str) -> NDArray[Any]:
        return files.read_map(self._file(relative, id), f"image {id}")


def _segment(row: dict[str, Any], classes: dict[int, ClassInfo]) -> SegmentInfo:
    category = int(row["category_id"])
    known = classes.get(category)
    x, y, width, height = (int(v) for v in row["bbox"])
    return SegmentInfo(
        id=int(row["id"]),
        name=known.name if known else "",
        category_id=category,
        is_thing=bool(row.get("isthing", known.is_thing if known else True)),
        area=int(row["area"]),
        bbox=(y, x, y + height, x + width),
        crowd=bool(row.get("iscrowd", False)),
        pseudo=bool(row.get("pseudo_instance", False)),
    )


def _phrases(rows: list[dict[str, Any]]) -> dict[str, tuple[Phrase, ...]]:
    found: dict[str, tuple[Phrase, ...]] = {}
    for row in rows:
        phrase = Phrase(
            str(row["text"]), tuple(int(i) for i in row["segments"]), str(row.get("kind", ""))
        )
        found[str(row["image"])] = (*found.get(str(row["image"]), ()), phrase)
    return found

"""RefCOCO, RefCOCO+ and RefCOCOg: phrases of people for objects of COCO's train2014 photos.

``refs(<by>).p`` or ``refs(<by>).json`` (by: ``unc``, ``umd``, ``google``) with
``instances.json`` in COCO's format in one folder; photos in ``images/train2014``, ``train2014``
or the places where the REFER tools and COCO 2017 keep them. Splits are ``train``, ``val``,
``testA``, ``testB``, ``test`` as the refs say. With several files of refs, plain names are those
of UNC or UMD, the others are called ``google/val`` and so on.
Papers: Yu et al., ECCV 2016; Mao et al., CVPR 2016.
"""

from __future__ import annotations

import io
import json
import pickle
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from seem_model.data import files
from seem_model.data.coco import Coco
from seem_model.data.pictures import known_split, sample
from seem_model.data.sample import ClassInfo, Phrase, Sample, SegmentInfo
from seem_model.errors import DataError

_PLAIN = ("unc", "umd")
_FOLDERS = ("images/train2014", "train2014", "../images/mscoco/images/train2014",
            "../images/train2014", "../train2014", "../train2017", "train2017",
            "../coco/train2017")  # fmt: skip


class _PlainUnpickler(pickle.Unpickler):
    """Reads lists, dicts, texts and numbers; whatever would call code is refused."""

    def find_class(self, module: str, name: str) -> Any:
        raise pickle.UnpicklingError(f"it asks for {module}.{name}, which refs never need")


def read_refs(path: Path) -> list[dict[str, Any]]:
    """References of a ``.p`` (pickle without code) or ``.json`` file.

    Raises
    ------
    DataError
        If it is missing, broken, or a pickle that wants to run code.
    """
    lost = f"the phrases of {path.name}"
    content = files.read_bytes(path, lost)
    try:
        if path.suffix == ".json":
            refs = json.loads(content)
        else:
            refs = _PlainUnpickler(io.BytesIO(content), encoding="utf-8", errors="replace").load()
    except Exception as error:  # a damaged pickle can fail in any way
        raise files.broken(path, f"cannot be read: {error}", lost) from error
    if not isinstance(refs, list) or not all(isinstance(ref, dict) for ref in refs):
        raise files.broken(path, "is no list of references", lost)
    return refs


def refs_files(root: Path) -> dict[str, Path]:
    """Files of refs in a folder, by who made the split."""
    found = [*sorted(root.glob("refs(*).json")), *sorted(root.glob("refs(*).p"))]
    return {p.stem[5:-1]: p for p in found}


def held_out(path: str | Path) -> frozenset[str]:
    """COCO image ids that some RefCOCO split other than ``train`` tests on.

    Parameters
    ----------
    path : str or Path
        A folder with refs, or one that holds such folders.

    Raises
    ------
    DataError
        If there are no refs, or one file is broken.
    """
    root = Path(path).expanduser()
    folders = [root, *sorted(p for p in root.glob("*") if p.is_dir())] if root.is_dir() else []
    found = [file for folder in folders for file in refs_files(folder).values()]
    if not found:
        raise DataError(
            f"There is no refs(unc).p or other file of refs in {root}. Skipped: what to exclude."
        )
    rows = ((file, ref) for file in found for ref in read_refs(file))
    try:
        return frozenset(str(r["image_id"]) for _, r in rows if r["split"] != "train")
    except KeyError as error:
        raise DataError(f"A reference in {root} lacks {error}. Skipped: what to exclude.") from None


def open_refcoco(path: str | Path) -> RefCoco:
    """Open a folder with refs and ``instances.json``.

    Raises
    ------
    DataError
        If a file is missing or broken.
    """
    root = Path(path).expanduser()
    found = refs_files(root)
    if not found:
        raise DataError(
            f"There is no refs(unc).p or other file of refs in {root}. Skipped: all of it."
        )
    plain = next((by for by in _PLAIN if by in found), sorted(found)[0])
    table = {"train": root / "instances.json"}
    coco = Coco(path=root, name=root.name, masks="instances", tables=table)
    numbers = _numbers(coco)
    phrases: dict[str, list[Phrase]] = {}
    splits: dict[str, dict[str, None]] = {}
    for by in sorted(found, key=lambda b: b != plain):
        prefix = "" if by == plain else f"{by}/"
        for split, image, phrase in _phrases(found[by], numbers):
            key = f"{prefix}{split}/{image}"
            splits.setdefault(f"{prefix}{split}", {})[key] = None
            phrases.setdefault(key, []).append(phrase)
    return RefCoco(
        coco=coco,
        splits={split: tuple(ids) for split, ids in splits.items()},
        phrases={id: tuple(rows) for id, rows in phrases.items()},
        refs=tuple(found.values()),
    )


@dataclass(frozen=True, eq=False, kw_only=True)
class RefCoco:
    """Images with phrases; open it with :func:`open_refcoco`.

    An image id is ``<split>/<COCO image id>``: the same photo can have other phrases elsewhere.
    Segments are all annotated objects of the photo, whether or not a phrase is about them.

    Parameters
    ----------
    coco : Coco
        The photos and masks.
    splits : mapping of str to tuple of str
    phrases : mapping of str to tuple of Phrase
        By image id; ``kind`` is "referring".
    refs : tuple of Path
    """

    coco: Coco
    splits: Mapping[str, tuple[str, ...]]
    phrases: Mapping[str, tuple[Phrase, ...]]
    refs: tuple[Path, ...]
    licence: str = field(default="see the data set's page; photos: terms of Flickr")

    @property
    def path(self) -> Path:
        """Folder of the set."""
        return self.coco.path

    @property
    def name(self) -> str:
        """Name of the folder: refcoco, refcoco+ or refcocog."""
        return self.coco.name

    @property
    def classes(self) -> tuple[ClassInfo, ...]:
        """COCO's categories."""
        return self.coco.classes

    @property
    def fingerprint(self) -> str:
        """Start of the SHA-256 of the refs and the instances."""
        return files.fingerprint([*self.refs, *self.coco.tables.values()])

    def ids(self, split: str) -> tuple[str, ...]:
        """Image ids of a split; DataError names the splits there are."""
        return known_split(self.splits, split, self.name)

    def size(self, id: str) -> tuple[int, int]:
        """(H, W) as the JSON says."""
        return self.coco.size(self._image(id))

    def segments(self, id: str) -> tuple[SegmentInfo, ...]:
        """All annotated objects of the photo."""
        return self.coco.segments(self._image(id))

    def read(self, id: str) -> Sample:
        """Read one image with its masks and phrases; DataError says what is wrong."""
        image = self._image(id)
        name = self.coco.entry(image).file
        names = [name, name.removeprefix("COCO_train2014_")]
        places = [self.path / folder / n for folder in _FOLDERS for n in names]
        path = files.first_of(*places)
        picture = files.read_rgb(path, f"image {id}")
        whole = sample(image, path, picture, self.coco.labels(image), self.phrases[id])
        return replace(whole, id=id)

    def _image(self, id: str) -> str:
        if id not in self.phrases:
            raise DataError(f'The data set {self.name} has no image "{id}".')
        return id.rpartition("/")[2]


def _numbers(coco: Coco) -> dict[int, int]:
    """Segment id of each annotation id."""
    rows = (coco.entry(id).rows for id in coco.ids("train"))
    try:
        return {int(row["id"]): n for of_one in rows for n, row in enumerate(of_one, start=1)}
    except (KeyError, TypeError, ValueError) as error:
        reason = f"has an annotation with a damaged id: {error!r}"
        raise files.broken(coco.tables["train"], reason, "all of it") from error


def _phrases(path: Path, numbers: Mapping[int, int]) -> Iterator[tuple[str, str, Phrase]]:
    for index, ref in enumerate(read_refs(path)):
        try:
            number = numbers[int(ref["ann_id"])]
            for sentence in ref["sentences"]:
                phrase = Phrase(str(sentence["sent"]), (number,), "referring")
                yield str(ref["split"]), str(ref["image_id"]), phrase
        except (KeyError, TypeError, ValueError) as error:
            reason = f"has a damaged reference (number {index}): {error!r}"
            raise files.broken(path, reason, f"the phrases of {path.name}") from error

"""Pictures with label images held in memory: what a person has labelled, as a data set.

A part of the objects is kept back for measuring. In the training splits they count as crowds:
nobody asks for them, and nothing is called background in their image. In the split ``val`` it is
the other way round.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from seem_model.data.labels import describe
from seem_model.data.pictures import known_split
from seem_model.data.sample import ClassInfo, Sample
from seem_model.errors import DataError
from seem_model.values import RGB, UNNAMED

if TYPE_CHECKING:
    from pathlib import Path

    from seem_model.data.sample import SegmentInfo

SMALLEST = 12
"""Pixels; training asks for nothing smaller, so it counts as no object here either."""
INDEX = "examples.json"
_TRAIN, _TEST = "train/", "val/"


@dataclass(frozen=True, eq=False, kw_only=True)
class Example:
    """One picture and what is labelled in it.

    Parameters
    ----------
    name : str
        For people.
    picture : (H, W, 3) uint8
        As the model sees it.
    labels : (H, W) integers
        0 = none, otherwise the number of an object, below 2**31.
    names : mapping of int to str
        Classes by number; objects without one are called "object".
    complete : bool
        Whether everything is labelled, so that the rest is background.

    Raises
    ------
    DataError
        If the arrays are of another kind or do not fit each other.
    """

    name: str
    picture: RGB
    labels: NDArray[np.integer]
    names: Mapping[int, str] = field(default_factory=dict)
    complete: bool = False

    def __post_init__(self) -> None:
        if self.picture.dtype != np.uint8 or self.picture.shape[2:] != (3,):
            kind = f"{self.picture.shape} {self.picture.dtype}"
            raise DataError(f"The picture {self.name} must be (H, W, 3) uint8, not {kind}.")
        if self.labels.shape != self.picture.shape[:2] or self.labels.dtype.kind not in "iu":
            kind = f"{self.labels.shape} {self.labels.dtype}"
            size = self.picture.shape[:2]
            raise DataError(f"The labels of {self.name} must be {size} integers, not {kind}.")
        if self.labels.min(initial=0) < 0 or self.labels.max(initial=0) >= 2**31:
            raise DataError(f"The labels of {self.name} must lie between 0 and 2**31 - 1.")

    @cached_property
    def objects(self) -> tuple[int, ...]:
        """Numbers of the objects with at least ``SMALLEST`` pixels, ascending."""
        ids, areas = np.unique(self.labels, return_counts=True)
        return tuple(ids[(areas >= SMALLEST) & (ids > 0)].tolist())

    def class_name(self, label: int) -> str:
        """Class of an object."""
        return self.names.get(label, "").strip() or UNNAMED


@dataclass(frozen=True, eq=False)
class Examples:
    """A data set of examples; implements :class:`~seem_model.data.dataset.DataSet`.

    Its splits: ``complete`` and ``partial`` (training, by whether everything is labelled),
    ``train`` (both) and ``val`` (what is kept back).

    Parameters
    ----------
    examples : tuple of Example
    kept_back : tuple of frozenset of int
        Of each example, the objects that are kept back; () for none at all.

    Raises
    ------
    DataError
        If ``kept_back`` is of another length.
    """

    examples: tuple[Example, ...]
    kept_back: tuple[frozenset[int], ...] = ()

    def __post_init__(self) -> None:
        if self.kept_back and len(self.kept_back) != len(self.examples):
            raise DataError("Each example needs the objects of it that are kept back.")

    @property
    def name(self) -> str:
        """Short name, for reports."""
        return "your objects"

    @cached_property
    def classes(self) -> tuple[ClassInfo, ...]:
        """Class names in alphabetical order, all of them things."""
        names = sorted({e.class_name(n) for e in self.examples for n in e.objects})
        return tuple(ClassInfo(k, name, True) for k, name in enumerate(names, start=1))

    @property
    def licence(self) -> str:
        """Not known here."""
        return ""

    @property
    def fingerprint(self) -> str:
        """Start of the SHA-256 of all labels."""
        found = hashlib.sha256()
        for example in self.examples:
            found.update(example.labels.tobytes())
        return found.hexdigest()[:16]

    def taught(self, number: int) -> tuple[int, ...]:
        """Objects of an example that are trained on."""
        back = self.kept_back[number] if self.kept_back else frozenset()
        return tuple(n for n in self.examples[number].objects if n not in back)

    @property
    def objects(self) -> int:
        """How many objects are trained on."""
        return sum(len(self.taught(k)) for k in range(len(self.examples)))

    @property
    def held_out(self) -> int:
        """How many objects are kept back."""
        return sum(len(back) for back in self.kept_back)

    @property
    def knows_background(self) -> bool:
        """Whether some image says what is no object: all is labelled, nothing kept back."""
        return any(
            e.complete and len(self.taught(k)) == len(e.objects) > 0
            for k, e in enumerate(self.examples)
        )

    def ids(self, split: str) -> tuple[str, ...]:
        """Image ids of a split; DataError names the splits there are."""
        numbers = range(len(self.examples))
        train = {k: f"{_TRAIN}{k}" for k in numbers if self.taught(k)}
        splits = {
            "train": tuple(train.values()),
            "complete": tuple(id for k, id in train.items() if self.examples[k].complete),
            "partial": tuple(id for k, id in train.items() if not self.examples[k].complete),
            "val": tuple(f"{_TEST}{k}" for k in numbers if self.kept_back and self.kept_back[k]),
        }
        return known_split(splits, split, self.name)

    def size(self, id: str) -> tuple[int, int]:
        """(H, W) of an image."""
        height, width = self._example(id).labels.shape
        return height, width

    def segments(self, id: str) -> tuple[SegmentInfo, ...]:
        """Objects of an image; those of the other split, and specks, are crowds."""
        example, number = self._example(id), int(id.rpartition("/")[2])
        taught = set(self.taught(number))
        asked = taught if id.startswith(_TRAIN) else set(example.objects) - taught
        known = {c.name: c for c in self.classes}
        everything = np.unique(example.labels)
        return describe(
            example.labels,
            lambda label: known.get(example.class_name(label), ClassInfo(0, UNNAMED, True)),
            crowds=set(everything[everything > 0].tolist()) - asked,
        )

    def read(self, id: str) -> Sample:
        """One image with its masks; DataError for an unknown id."""
        example = self._example(id)
        return Sample(
            id=id, image=example.picture, instances=example.labels.astype(np.int32),
            semantic=None, segments=self.segments(id),
        )  # fmt: skip

    def _example(self, id: str) -> Example:
        split, _, number = id.rpartition("/")
        if f"{split}/" not in (_TRAIN, _TEST) or number not in map(str, range(len(self.examples))):
            raise DataError(f'There is no example "{id}".')
        return self.examples[int(number)]

    def save(self, folder: Path) -> None:
        """Write all into a folder, which is made; :meth:`open` reads it, on any machine."""
        folder.mkdir(parents=True, exist_ok=True)
        rows: list[dict[str, Any]] = []
        for k, e in enumerate(self.examples):
            back = sorted(self.kept_back[k]) if self.kept_back else []
            names = {str(label): name for label, name in e.names.items()}
            rows.append({"name": e.name, "complete": e.complete, "names": names, "back": back})
            np.savez(folder / f"{k}.npz", allow_pickle=False, picture=e.picture, labels=e.labels)
        (folder / INDEX).write_text(json.dumps(rows, ensure_ascii=False), encoding="utf-8")

    @classmethod
    def open(cls, folder: Path) -> Examples:
        """Read a folder; DataError if it is missing or damaged."""
        found: list[Example] = []
        back: list[frozenset[int]] = []
        try:
            for k, row in enumerate(json.loads((folder / INDEX).read_text(encoding="utf-8"))):
                with np.load(folder / f"{k}.npz") as arrays:
                    picture, labels = arrays["picture"], arrays["labels"]
                names = {int(label): str(name) for label, name in row["names"].items()}
                found.append(
                    Example(
                        name=str(row["name"]), picture=picture, labels=labels, names=names,
                        complete=bool(row["complete"]),
                    )
                )  # fmt: skip
                back.append(frozenset(int(n) for n in row["back"]))
        except (OSError, ValueError, KeyError, TypeError, EOFError) as error:
            raise DataError(f"The examples in {folder} cannot be read: {error}.") from error
        return cls(tuple(found), tuple(back))

"""A data set of picture files with some way to get at the labels of each."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from seem_model.data import files
from seem_model.data.labels import Labels
from seem_model.data.sample import ClassInfo, Phrase, Sample, Video
from seem_model.errors import DataError
from seem_model.values import RGB

if TYPE_CHECKING:
    from seem_model.data.sample import SegmentInfo


@dataclass(frozen=True, eq=False, kw_only=True)
class Pictures:
    """A data set, given by where its pictures are and how labels are read.

    Implements :class:`~seem_model.data.dataset.DataSet` and ``VideoSet``; a set of stills has no
    sequences. Opening one lists ids; pictures and label maps are read when they are asked for.

    Parameters
    ----------
    path : Path
        Folder of the set.
    name : str
    classes : tuple of ClassInfo
    splits : mapping of str to tuple of str
        Image ids of each split; in sequences those of the annotated frames.
    picture : callable
        Path of the picture of an image id.
    labels : callable
        Labels of an image id; raises DataError.
    annotations : callable
        Files that hold the annotations, for the fingerprint.
    licence : str
        In a few words.
    videos : mapping of str to tuple of Video
        Sequences of each split.
    seen : mapping of str to bool, or None
        Whether training data have a class, by name; None where the set does not tell apart.
    phrases : mapping of str to tuple of Phrase
        By image id.
    skipped : tuple of str
        What opening left out, and why.
    pixels : callable
        Reads a picture: ``pixels(path, id) -> (H, W, 3) uint8``.
    """

    path: Path
    name: str
    classes: tuple[ClassInfo, ...]
    splits: Mapping[str, tuple[str, ...]]
    picture: Callable[[str], Path]
    labels: Callable[[str], Labels]
    annotations: Callable[[], Iterable[Path]]
    licence: str = "see the data set's page"
    videos: Mapping[str, tuple[Video, ...]] = field(default_factory=dict)
    seen: Mapping[str, bool] | None = None
    phrases: Mapping[str, tuple[Phrase, ...]] = field(default_factory=dict)
    skipped: tuple[str, ...] = ()
    pixels: Callable[[Path, str], RGB] = field(
        default=lambda path, id: files.read_rgb(path, f"image {id}")
    )

    @property
    def fingerprint(self) -> str:
        """Start of the SHA-256 of the annotation files."""
        return files.fingerprint(self.annotations())

    def ids(self, split: str) -> tuple[str, ...]:
        """Image ids of a split; DataError names the splits there are."""
        return known_split(self.splits, split, self.name)

    def sequences(self, split: str) -> tuple[Video, ...]:
        """Sequences of a split, none in a set of stills; DataError names the splits there are."""
        return self.videos.get(split, ()) if self.ids(split) is not None else ()

    def size(self, id: str) -> tuple[int, int]:
        """(H, W) from the head of the picture file."""
        return files.image_size(self._picture(id), f"image {id}")

    def segments(self, id: str) -> tuple[SegmentInfo, ...]:
        """Objects of an image; reads label maps where the layout keeps objects in those."""
        self._picture(id)
        return self.labels(id).segments

    def read(self, id: str) -> Sample:
        """Read one image with its masks.

        Raises
        ------
        DataError
            If the id is unknown, or a file is missing, unreadable or of another size.
        """
        path = self._picture(id)
        return sample(id, path, self.pixels(path, id), self.labels(id), self.phrases.get(id, ()))

    def _picture(self, id: str) -> Path:
        try:
            return self.picture(id)
        except (KeyError, ValueError):
            raise DataError(f'The data set {self.name} has no image "{id}".') from None


def known_split(
    splits: Mapping[str, tuple[str, ...]], split: str, name: str
) -> tuple[str, ...]:  # fmt: skip
    """Image ids of a split; DataError names the splits there are."""
    if split not in splits:
        known = ", ".join(splits) or "none"
        raise DataError(f'The data set {name} has no split "{split}"; it has: {known}.')
    return splits[split]


def sample(
    id: str, path: Path, image: RGB, labels: Labels, phrases: tuple[Phrase, ...] = ()
) -> Sample:
    """Put picture and labels together; DataError if their sizes differ."""
    if labels.instances.shape != image.shape[:2]:
        shapes = f"is {image.shape[:2]}, but its labels are {labels.instances.shape}"
        raise files.broken(path, shapes, f"image {id}")
    return Sample(
        id=id,
        image=image,
        instances=labels.instances,
        semantic=labels.semantic,
        segments=labels.segments,
        semantic_complete=labels.complete,
        phrases=phrases,
        overlapping=labels.overlapping,
    )

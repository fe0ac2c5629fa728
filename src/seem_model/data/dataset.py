"""What training and evaluation ask of a data set, whatever its layout on disk."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping

    from seem_model.data.sample import ClassInfo, Sample, SegmentInfo, Video


class DataSet(Protocol):
    """A data set in some layout; opening it reads annotations, reading a sample reads pixels.

    Every reader keeps these promises: an image id is a string that is unique in the data set and
    stays the same; ``segments`` and ``size`` decode no picture (layouts that keep objects in label
    maps read those); whatever is missing or broken raises
    :class:`~seem_model.errors.DataError` with the path, the reason and what is skipped.
    """

    @property
    def name(self) -> str:
        """Short name, for reports."""
        ...

    @property
    def classes(self) -> tuple[ClassInfo, ...]:
        """The class list; ``ClassInfo.id`` is the value in semantic maps."""
        ...

    @property
    def licence(self) -> str:
        """Who may use it, in a few words; "" when the layout does not say."""
        ...

    @property
    def fingerprint(self) -> str:
        """Start of the SHA-256 of the annotations: what a report was measured on."""
        ...

    def ids(self, split: str) -> tuple[str, ...]:
        """Image ids of a split, in a fixed order; DataError names the splits there are."""
        ...

    def size(self, id: str) -> tuple[int, int]:
        """(H, W) of an image."""
        ...

    def segments(self, id: str) -> tuple[SegmentInfo, ...]:
        """Objects of an image, without pixels."""
        ...

    def read(self, id: str) -> Sample:
        """Read one image with its masks."""
        ...


class VideoSet(DataSet, Protocol):
    """A data set of sequences; ``ids`` lists the annotated frames of a split."""

    @property
    def seen(self) -> Mapping[str, bool] | None:
        """Whether training data have a class, by name; None where a set does not tell apart."""
        ...

    def sequences(self, split: str) -> tuple[Video, ...]:
        """Sequences of a split, in a fixed order; DataError names the splits there are."""
        ...

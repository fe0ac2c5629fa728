"""A data set without some of its images, such as those that another set tests on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from seem_model.data.dataset import DataSet

if TYPE_CHECKING:
    from seem_model.data.sample import ClassInfo, Sample, SegmentInfo


@dataclass(frozen=True, eq=False)
class Without:
    """``data`` whose splits lack the images in ``excluded``; see :class:`DataSet`.

    Parameters
    ----------
    data : DataSet
        Of COCO's images: an image id is COCO's number, or ends in it after a "/".
    excluded : frozenset of str
        COCO's numbers, as :func:`~seem_model.data.refcoco.held_out` finds them.
    """

    data: DataSet
    excluded: frozenset[str]

    @property
    def name(self) -> str:
        """Name of the data."""
        return self.data.name

    @property
    def classes(self) -> tuple[ClassInfo, ...]:
        """Class list of the data."""
        return self.data.classes

    @property
    def licence(self) -> str:
        """Licence of the data."""
        return self.data.licence

    @property
    def fingerprint(self) -> str:
        """That of the data, and how many images are excluded."""
        return f"{self.data.fingerprint}-{len(self.excluded)}"

    def ids(self, split: str) -> tuple[str, ...]:
        """Image ids of a split that are not excluded."""
        ids = self.data.ids(split)
        return tuple(id for id in ids if id.rpartition("/")[2] not in self.excluded)

    def size(self, id: str) -> tuple[int, int]:
        """(H, W) of an image."""
        return self.data.size(id)

    def segments(self, id: str) -> tuple[SegmentInfo, ...]:
        """Objects of an image."""
        return self.data.segments(id)

    def read(self, id: str) -> Sample:
        """Read one image with its masks."""
        return self.data.read(id)

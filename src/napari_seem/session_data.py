"""What a session file holds, as values: an image's objects, prompts, classes, rules and model."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import prod
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_seem.commit_rules import CommitRules
from napari_seem.document import Page
from napari_seem.objects import Row
from napari_seem.plane import Plane
from napari_seem.shown import Shown
from seem_model.class_lists import ClassList
from seem_model.errors import SeemError
from seem_model.packed import Packed

if TYPE_CHECKING:
    from numpy.typing import NDArray


class SessionError(SeemError):
    """A session cannot be written, read, or taken into the viewer; the message says why."""


@dataclass(frozen=True)
class ImageIdentity:
    """Which image a session belongs to.

    Parameters
    ----------
    name : str
        Of the layer.
    path : str
        Of the file it was opened from; "" when there is none.
    shape : tuple of int
        Of what is annotated, without colour channels; 1 along an axis of channels.
    dtype : str
        Such as "uint16".
    digest : str
        "sha256:" and the hash of its middle slice, see :func:`napari_seem.identity.digest_of`.
    pixels : tuple of int
        The same with all channels; empty where that is not known, as in files of format 1.
    """

    name: str
    path: str
    shape: tuple[int, ...]
    dtype: str
    digest: str
    pixels: tuple[int, ...] = ()

    def is_same(self, other: ImageIdentity) -> bool:
        """Whether both are the same pixels, wherever their files are now, and with channels or not.

        Where one does not know its pixels, both must be annotated alike.
        """
        same = (self.dtype, self.digest) == (other.dtype, other.digest)
        if self.pixels and other.pixels:
            return same and self.pixels == other.pixels
        return same and self.shape == other.shape


@dataclass(frozen=True, eq=False, kw_only=True)
class LabelStack:
    """Committed objects, slice by slice along the last two axes; slices without any are left out.

    Parameters
    ----------
    name : str
        Of the Labels layer.
    shape : tuple of int
        n-D, at least two axes.
    dtype : str
        An integer type.
    slices : mapping of int to Packed
        By number of the slice in C order of the axes before the last two.
    """

    name: str
    shape: tuple[int, ...]
    dtype: str
    slices: Mapping[int, Packed]

    @classmethod
    def of(cls, labels: NDArray[Any], *, name: str) -> LabelStack:
        """Pack an n-D label image."""
        flat = labels.reshape(-1, *labels.shape[-2:])
        packed = ((k, Packed.of(pixels)) for k, pixels in enumerate(flat))
        return cls(
            name=name,
            shape=tuple(int(n) for n in labels.shape),
            dtype=labels.dtype.name,
            slices={k: p for k, p in packed if p.any},
        )

    @property
    def count(self) -> int:
        """How many slices there are, with and without objects."""
        return prod(self.shape[:-2])

    @property
    def array(self) -> NDArray[Any]:
        """The whole n-D label image."""
        whole = np.zeros((self.count, *self.shape[-2:]), self.dtype)
        for k, packed in self.slices.items():
            top, left, bottom, right = packed.box
            whole[k, top:bottom, left:right] = packed.crop
        return whole.reshape(self.shape)


@dataclass(frozen=True, eq=False, kw_only=True)
class SessionData:
    """Everything that is known of one image.

    Parameters
    ----------
    image : ImageIdentity
    pages : mapping of Plane to Page
        Objects with their prompts and answers, and proposals, of each slice that was worked on.
        The model's memory is not part of it.
    labels : LabelStack or None
        Committed objects; None when nothing was ever committed.
    table : tuple of Row
        Class and score of each label.
    rules : CommitRules
    model : str
        Name of the checkpoint.
    shown : Shown or None
        How the image was shown to the model; None where that is not known, as in files of format 1.
    classes : ClassList or None
        The list that objects were named from; None without one.
    version : str
        Of the plugin that wrote it.
    saved : str
        When, ISO 8601 with the offset from UTC.
    """

    image: ImageIdentity
    pages: Mapping[Plane, Page] = field(default_factory=dict)
    labels: LabelStack | None = None
    table: tuple[Row, ...] = ()
    rules: CommitRules = field(default_factory=CommitRules)
    model: str = ""
    shown: Shown | None = None
    classes: ClassList | None = None
    version: str = ""
    saved: str = ""

    @property
    def objects(self) -> int:
        """How many objects it holds: committed ones, and others that something was asked about."""
        known = {row.label for row in self.table}
        loose = (t for p in self.pages.values() for t in p.things if t.steps and not t.label)
        return len(known) + sum(1 for _ in loose)

    @property
    def is_blank(self) -> bool:
        """Whether there is nothing that anybody would miss."""
        asked = any(not t.is_blank for p in self.pages.values() for t in p.things) or any(
            p.proposals is not None for p in self.pages.values()
        )
        return not asked and not self.table and not (self.labels and self.labels.slices)

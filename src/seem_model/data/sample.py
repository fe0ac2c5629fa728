"""What one annotated image holds; frozen values between the reader and those who use it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from seem_model.values import RGB, Mask

VOID = 255


@dataclass(frozen=True)
class ClassInfo:
    """One row of the class list; ``id`` is the pixel value in semantic maps."""

    id: int
    name: str
    is_thing: bool


@dataclass(frozen=True)
class SegmentInfo:
    """One object of an image; ``id`` is its pixel value in the instance map.

    ``bbox`` is (row0, col0, row1, col1), half-open. ``crowd`` marks a group that is not one
    object; ``pseudo`` a connected component of a class mask rather than somebody's object.
    """

    id: int
    name: str
    category_id: int
    is_thing: bool
    area: int
    bbox: tuple[int, int, int, int]
    crowd: bool = False
    pseudo: bool = False


@dataclass(frozen=True)
class Phrase:
    """Words that name some segments of an image; ``kind`` tells how the words were made."""

    text: str
    segment_ids: tuple[int, ...]
    kind: str


@dataclass(frozen=True)
class Video:
    """One sequence of images; an object has the same segment id in each of its frames.

    Parameters
    ----------
    name : str
        As the data set calls it.
    frames : tuple of str
        Image ids in time order, those without annotation among them.
    annotated : frozenset of str
        Image ids of the frames whose masks may be scored.
    """

    name: str
    frames: tuple[str, ...]
    annotated: frozenset[str]


@dataclass(frozen=True, eq=False, kw_only=True)
class Sample:
    """One image with everything that is known about it.

    Parameters
    ----------
    id : str
        Image id, unique in its data set.
    image : (H, W, 3) uint8
        RGB.
    instances : (H, W) int32
        0 = none, otherwise ``SegmentInfo.id``.
    semantic : (H, W) uint8 or None
        Class ids, 255 = void; None when the set has no class map.
    segments : tuple of SegmentInfo
        The objects.
    semantic_complete : bool or None
        Whether every pixel has its class; None when the set does not say.
    phrases : tuple of Phrase
        Referring phrases.
    overlapping : mapping of int to (H, W) bool
        Masks of segments that share pixels with others, by segment id, where a layout has such;
        ``instances`` then shows the smaller one on top.
    """

    id: str
    image: RGB
    instances: NDArray[np.int32]
    semantic: NDArray[np.uint8] | None
    segments: tuple[SegmentInfo, ...]
    semantic_complete: bool | None = None
    phrases: tuple[Phrase, ...] = ()
    overlapping: Mapping[int, Mask] = field(default_factory=dict)

    @property
    def void(self) -> Mask:
        """(H, W) bool: pixels that are neither scored nor clicked."""
        if self.semantic is None:
            return np.zeros(self.instances.shape, bool)
        return np.asarray(self.semantic == VOID)

    @property
    def names(self) -> dict[int, str]:
        """Class name of every segment."""
        return {s.id: s.name for s in self.segments}

    def mask(self, segment_id: int) -> Mask:
        """(H, W) bool mask of one segment, whole even where others lie on top."""
        if segment_id in self.overlapping:
            return self.overlapping[segment_id]
        return np.asarray(self.instances == segment_id)

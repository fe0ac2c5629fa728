"""From masks and label maps, as layouts keep them, to the objects of an image."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import find_objects

from seem_model.data.sample import VOID, ClassInfo, SegmentInfo
from seem_model.values import Mask


@dataclass(frozen=True, eq=False, kw_only=True)
class Labels:
    """What is known about one image, without its picture; fields as those of ``Sample``.

    Parameters
    ----------
    instances : (H, W) int32
    segments : tuple of SegmentInfo
    semantic : (H, W) uint8 or None
    complete : bool or None
        ``Sample.semantic_complete``.
    overlapping : mapping of int to (H, W) bool
    """

    instances: NDArray[np.int32]
    segments: tuple[SegmentInfo, ...]
    semantic: NDArray[np.uint8] | None = None
    complete: bool | None = None
    overlapping: Mapping[int, Mask] = field(default_factory=dict)


def describe(
    instances: NDArray[Any],
    class_of: Callable[[int], ClassInfo],
    *,
    crowds: Iterable[int] = (),
    pseudo: Iterable[int] = (),
) -> tuple[SegmentInfo, ...]:
    """List the objects of a label map, in the order of their ids.

    Parameters
    ----------
    instances : (H, W) integers
        0 = none.
    class_of : callable
        Class of a segment id.
    crowds, pseudo : iterable of int
        Segment ids that get the flag of that name.
    """
    crowds, pseudo = set(crowds), set(pseudo)
    ids, flat, areas = np.unique(instances, return_inverse=True, return_counts=True)
    boxes = find_objects(flat.reshape(instances.shape) + 1)
    rows = []
    for id, area, box in zip(ids.tolist(), areas.tolist(), boxes, strict=True):
        if id == 0 or box is None:
            continue
        known = class_of(id)
        rows.append(
            SegmentInfo(
                id=id,
                name=known.name,
                category_id=known.id,
                is_thing=known.is_thing,
                area=area,
                bbox=(box[0].start, box[1].start, box[0].stop, box[1].stop),
                crowd=id in crowds,
                pseudo=id in pseudo,
            )
        )
    return tuple(rows)


def stack(
    masks: Mapping[int, Mask], shape: tuple[int, int]
) -> tuple[NDArray[np.int32], dict[int, Mask]]:
    """Draw masks into one map, smaller ones on top.

    Parameters
    ----------
    masks : mapping of int to (H, W) bool
        By segment id.
    shape : (H, W)

    Returns
    -------
    instances : (H, W) int32
    overlapping : dict of int to (H, W) bool
        Whole masks of those segments that others cover in part.
    """
    instances = np.zeros(shape, np.int32)
    areas = {id: int(mask.sum()) for id, mask in masks.items()}
    for id in sorted(masks, key=lambda i: (-areas[i], i)):
        instances[masks[id]] = id
    seen = dict(zip(*np.unique(instances, return_counts=True), strict=True))
    return instances, {id: m for id, m in masks.items() if seen.get(id, 0) != areas[id]}


def majority(
    instances: NDArray[Any], classes: NDArray[Any], *, void: int | None = VOID
) -> dict[int, int]:
    """Most frequent value (neither 0 nor ``void``) inside each segment; 0 where there is none."""
    inside = (instances > 0) & (classes > 0)
    if void is not None:
        inside &= classes != void
    pairs, counts = np.unique(
        np.stack([instances[inside], classes[inside]]).astype(np.int64), axis=1, return_counts=True
    )
    found = dict.fromkeys(np.unique(instances[instances > 0]).tolist(), 0)
    best: dict[int, int] = {}
    for (id, value), count in zip(pairs.T.tolist(), counts.tolist(), strict=True):
        if count > best.get(id, 0):
            best[id], found[id] = count, value
    return found


def void_only(shape: tuple[int, int]) -> Labels:
    """Labels of an image without annotation: nothing may be scored or clicked."""
    return Labels(
        instances=np.zeros(shape, np.int32),
        segments=(),
        semantic=np.full(shape, VOID, np.uint8),
        complete=False,
    )

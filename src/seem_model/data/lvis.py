"""COCO 2017 with the finer masks of LVIS, as SEEM was trained.

``lvis_v1_train.json`` and ``lvis_v1_val.json`` lie beside COCO's ``annotations/`` or in it. LVIS
annotates photos of COCO once more, with its own classes; where a box of LVIS overlaps that of a
COCO thing by more than 0.7 (IoU), the LVIS mask is drawn instead. Names and splits stay COCO's.
Paper: Gupta, Dollár and Girshick, LVIS, CVPR 2019.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from seem_model.data import files
from seem_model.data.coco import Coco, CocoMasks, open_coco
from seem_model.data.coco_table import read_table
from seem_model.data.labels import Labels, describe, stack
from seem_model.data.rle import decode
from seem_model.data.sample import VOID, ClassInfo, SegmentInfo
from seem_model.errors import DataError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from seem_model.values import Mask

LEAST_IOU = 0.7


def lvis_files(root: Path) -> tuple[Path, ...]:
    """LVIS annotation files in a COCO folder."""
    return tuple(
        sorted(p for place in (root, root / "annotations") for p in place.glob("lvis_v1_*.json")
               if "image_info" not in p.name)
    )  # fmt: skip


def open_lvis(path: str | Path, masks: CocoMasks | None = None) -> Coco:
    """Open a COCO folder and draw LVIS masks where they fit; parameters as ``open_coco``.

    Raises
    ------
    DataError
        If there are no COCO or no LVIS annotations.
    """
    root = Path(path).expanduser()
    found = lvis_files(root)
    if not found:
        raise DataError(f"There is no lvis_v1_train.json or val in {root}. Skipped: all of it.")
    finer = FinerMasks(found)
    coco = open_coco(root, masks)
    return dataclasses.replace(coco, name=f"{coco.name}-lvis", refine=finer, sources=found)


@dataclass(frozen=True, eq=False)
class FinerMasks:
    """LVIS annotations by image id, read once when the first image asks for them."""

    paths: tuple[Path, ...]
    _rows: dict[str, list[dict[str, Any]]] = field(default_factory=dict, repr=False)
    _read: list[Path] = field(default_factory=list, repr=False)

    def __call__(self, id: str, labels: Labels) -> Labels:
        """Labels with the masks of this image replaced where LVIS has a fitting one."""
        self._load()
        rows = self._rows.get(id, [])
        shape = (labels.instances.shape[0], labels.instances.shape[1])
        things = [s for s in labels.segments if s.is_thing and not s.crowd]
        try:
            boxes = [_corners(row["bbox"]) for row in rows]
            replaced = {
                segment: decode(rows[which]["segmentation"], shape)
                for segment, which in pairs([s.bbox for s in things], boxes).items()
            }
        except (DataError, KeyError, TypeError, ValueError) as error:
            reason = f"has a broken LVIS mask: {error}"
            raise files.broken(self.paths[0], reason, f"image {id}") from error
        masks = {things[i].id: mask for i, mask in replaced.items() if mask.any()}
        return with_masks(labels, masks) if masks else labels

    def _load(self) -> None:
        for path in self.paths:
            if path not in self._read:
                for id, entry in read_table(path, "its finer masks").entries.items():
                    self._rows.setdefault(id, []).extend(entry.rows)
                self._read.append(path)


def pairs(boxes: list[tuple[int, ...]], others: list[tuple[float, ...]]) -> dict[int, int]:
    """Match boxes to others, best first, each at most once; pairs up to 0.7 IoU are left out.

    Parameters
    ----------
    boxes, others : list of (row0, col0, row1, col1)

    Returns
    -------
    dict of int to int
        Index of a box to the index of its match.
    """
    if not boxes or not others:
        return {}
    a, b = np.array(boxes, float)[:, None], np.array(others, float)[None]
    sides = np.minimum(a[..., 2:], b[..., 2:]) - np.maximum(a[..., :2], b[..., :2])
    shared = np.clip(sides, 0, None).prod(-1)
    either = _area(a) + _area(b) - shared
    ious = shared / np.maximum(either, 1e-9)
    found: dict[int, int] = {}
    for flat in np.argsort(-ious, axis=None, kind="stable"):
        row, column = divmod(int(flat), ious.shape[1])
        if ious[row, column] <= LEAST_IOU:
            break
        if row not in found and column not in found.values():
            found[row] = column
    return found


def with_masks(labels: Labels, masks: dict[int, Mask]) -> Labels:
    """Labels with some segments redrawn; pixels that nobody claims any more become void."""
    shape = (labels.instances.shape[0], labels.instances.shape[1])
    drawn = {
        s.id: masks.get(s.id, labels.overlapping.get(s.id, labels.instances == s.id))
        for s in labels.segments
    }
    instances, overlapping = stack(drawn, shape)
    semantic = None
    if labels.semantic is not None:
        semantic = np.full(shape, VOID, np.uint8)
        for segment in labels.segments:
            semantic[instances == segment.id] = segment.category_id
    return Labels(
        instances=instances,
        segments=tuple(_measured(s, drawn[s.id]) if s.id in masks else s for s in labels.segments),
        semantic=semantic,
        complete=labels.complete,
        overlapping=overlapping,
    )


def _measured(segment: SegmentInfo, mask: Mask) -> SegmentInfo:
    known = ClassInfo(segment.category_id, segment.name, segment.is_thing)
    seen = describe(mask.astype(np.int32), lambda _: known)[0]
    return dataclasses.replace(segment, area=seen.area, bbox=seen.bbox)


def _corners(box: Any) -> tuple[float, ...]:
    x, y, width, height = (float(v) for v in box)
    return y, x, y + height, x + width


def _area(boxes: NDArray[np.float64]) -> NDArray[np.float64]:
    return (boxes[..., 2] - boxes[..., 0]) * (boxes[..., 3] - boxes[..., 1])

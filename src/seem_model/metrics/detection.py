"""Average precision of instances, COCO's: over scores, IoU 0.50 to 0.95, and object sizes.

The rules (Lin et al., ECCV 2014) are those of ``pycocotools``, computed by ``faster-coco-eval``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from seem_model.errors import SeemError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from seem_model.values import Mask

KEYS = ("ap", "ap50", "ap75", "ap_small", "ap_medium", "ap_large")


@dataclass(frozen=True, eq=False)
class Detections:
    """True and predicted instances of images, masks as run lengths; ``+`` joins.

    Parameters
    ----------
    sizes : tuple of (int, int)
        (H, W) of each image.
    true, found : tuple of dict
        COCO annotations and results, with the number of the image in ``image_id``.
    """

    sizes: tuple[tuple[int, int], ...] = ()
    true: tuple[Mapping[str, Any], ...] = ()
    found: tuple[Mapping[str, Any], ...] = ()

    def __add__(self, other: Detections) -> Detections:
        """Both together."""
        n = len(self.sizes)

        def moved(rows: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
            return [{**row, "image_id": row["image_id"] + n} for row in rows]

        return Detections(
            self.sizes + other.sizes,
            (*self.true, *moved(other.true)),
            (*self.found, *moved(other.found)),
        )

    def __radd__(self, other: int) -> Detections:
        """Let ``sum(detections)`` start from 0."""
        return self if other == 0 else NotImplemented

    @property
    def precision(self) -> dict[str, float]:
        """AP, AP50, AP75 and AP of small, medium and large objects; nan where there are none.

        Raises
        ------
        SeemError
            If ``faster-coco-eval`` is not installed.
        """
        if not self.true:
            return dict.fromkeys(KEYS, float("nan"))
        coco, evaluator = _engine()
        classes = sorted({row["category_id"] for row in (*self.true, *self.found)})
        true = coco(
            {
                "images": [
                    {"id": n, "height": h, "width": w} for n, (h, w) in enumerate(self.sizes)
                ],
                "annotations": [{**row, "id": n} for n, row in enumerate(self.true, start=1)],
                "categories": [{"id": k, "name": str(k)} for k in classes],
            }
        )
        if not self.found:
            return dict.fromkeys(KEYS, 0.0)
        run = evaluator(true, true.loadRes([dict(row) for row in self.found]), iouType="segm")
        run.evaluate()
        run.accumulate()
        run.summarize()
        values = [float(v) if v >= 0 else float("nan") for v in run.stats[: len(KEYS)]]
        return dict(zip(KEYS, values, strict=True))


def detections(
    true: Sequence[tuple[Mask, int, bool]], found: Sequence[tuple[Mask, int, float]],
    shape: tuple[int, int],
) -> Detections:  # fmt: skip
    """Instances of one image.

    Parameters
    ----------
    true : sequence of ((H, W) bool, int, bool)
        Mask, class id, and whether it is a crowd.
    found : sequence of ((H, W) bool, int, float)
        Mask, class id and score.
    shape : (int, int)
        (H, W).

    Raises
    ------
    SeemError
        If ``faster-coco-eval`` is not installed.
    """
    annotations = tuple(
        {
            "image_id": 0, "category_id": label, "iscrowd": int(crowd), "area": int(mask.sum()),
            "bbox": _box(mask), "segmentation": _runs(mask),
        }
        for mask, label, crowd in true
    )  # fmt: skip
    results = tuple(
        {"image_id": 0, "category_id": label, "score": score, "segmentation": _runs(mask)}
        for mask, label, score in found
        if mask.any()
    )
    return Detections((shape,), annotations, results)


def _runs(mask: Mask) -> dict[str, Any]:
    _engine()
    from faster_coco_eval import mask as runs

    encoded: dict[str, Any] = runs.encode(np.asfortranarray(mask.astype(np.uint8)))
    return encoded


def _box(mask: Mask) -> list[int]:
    rows, cols = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
    if not rows.size:
        return [0, 0, 0, 0]
    top, left = int(rows[0]), int(cols[0])
    return [left, top, int(cols[-1]) + 1 - left, int(rows[-1]) + 1 - top]


def _engine() -> tuple[Any, Any]:
    try:
        from faster_coco_eval import COCO, COCOeval_faster
    except ImportError:
        raise SeemError(
            'COCO\'s average precision needs faster-coco-eval: install "napari-seem[train]".'
        ) from None
    return COCO, COCOeval_faster

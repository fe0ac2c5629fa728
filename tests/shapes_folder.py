"""Writes a data folder of disks and squares, enough to learn something from in a few steps."""

import json
from pathlib import Path

import numpy as np
from PIL import Image

SIDE, COUNT = 72, 6


def write_shapes(root: Path, *, seed: int = 0) -> Path:
    """A folder of ``COUNT`` images with one disk and one square each, on a dark ground."""
    rng = np.random.default_rng(seed)
    for part in ("images", "instances", "semantic"):
        (root / part).mkdir(parents=True)
    rows, cols = np.mgrid[:SIDE, :SIDE]
    records, phrases = {}, []
    for n in range(COUNT):
        image = rng.integers(0, 60, (SIDE, SIDE, 3)).astype(np.uint8)
        row, col, half = (int(v) for v in rng.integers((14, 14, 8), (58, 24, 13)))
        disk = np.hypot(rows - row, cols - col) < half
        square = (abs(rows - (SIDE - row)) < half) & (abs(cols - (SIDE - col)) < half)
        image[disk], image[square] = (230, 60, 60), (60, 200, 230)
        instances = np.where(disk, 1, np.where(square, 2, 0)).astype(np.uint16)
        segments = [_segment(k, k + 4, instances == k) for k in (1, 2)]
        name = f"shape{n}"
        Image.fromarray(image).save(root / f"images/{name}.png")
        Image.fromarray(instances).save(root / f"instances/{name}.png")
        classes = np.where(instances > 0, instances + 4, 0).astype(np.uint8)
        Image.fromarray(classes).save(root / f"semantic/{name}.png")
        records[name] = {
            "image": f"images/{name}.png", "width": SIDE, "height": SIDE, "segments": segments,
            "instances": f"instances/{name}.png", "semantic": f"semantic/{name}.png",
            "semantic_complete": True,
        }  # fmt: skip
        phrases.append({"image": name, "text": "the red disk", "segments": [1], "kind": "unique"})
    things = [{"id": 5, "name": "disk"}, {"id": 6, "name": "square"}]
    meta = {"name": "shapes", "classes": things, "ship": True, "licence": "CC0"}
    meta["splits"] = {"train": list(records), "val": list(records)[:2], "none": []}
    (root / "meta.json").write_text(json.dumps(meta))
    (root / "annotations.json").write_text(json.dumps(records))
    (root / "referring.json").write_text(json.dumps(phrases))
    return root


def _segment(id: int, category: int, mask: np.ndarray) -> dict:
    rows, cols = np.nonzero(mask)
    box = [int(cols.min()), int(rows.min()), int(np.ptp(cols)) + 1, int(np.ptp(rows)) + 1]
    return {
        "id": id, "category_id": category, "isthing": True, "iscrowd": 0,
        "area": int(mask.sum()), "bbox": box,
    }  # fmt: skip

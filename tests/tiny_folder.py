"""Writes a data folder of bright rectangles, in the project's layout."""

import json
from pathlib import Path

import numpy as np
from PIL import Image

# Per image: (row0, col0, row1, col1, crowd) of each rectangle, and a void box or None.
IMAGES = {
    "a": ([(4, 4, 20, 20, 0), (30, 30, 34, 34, 0)], None),
    "b": ([(10, 8, 40, 28, 0)], (0, 40, 48, 56)),
    "c": ([(2, 2, 12, 12, 1), (20, 20, 40, 50, 0)], None),
}
HEIGHT, WIDTH = 48, 56


def write_folder(root: Path) -> Path:
    records = {}
    for part in ("images", "instances", "semantic"):
        (root / part).mkdir(parents=True)
    for name, (boxes, void) in IMAGES.items():
        image = np.full((HEIGHT, WIDTH, 3), 20, np.uint8)
        instances = np.zeros((HEIGHT, WIDTH), np.uint16)
        segments = []
        for number, (row0, col0, row1, col1, crowd) in enumerate(boxes, start=1):
            image[row0:row1, col0:col1] = 220
            instances[row0:row1, col0:col1] = number
            bbox = [col0, row0, col1 - col0, row1 - row0]
            segments.append(
                {"id": number, "category_id": 7, "isthing": True, "iscrowd": crowd}
                | {"area": bbox[2] * bbox[3], "bbox": bbox}
            )
        semantic = np.where(instances > 0, 7, 0).astype(np.uint8)
        if void is not None:
            semantic[void[0] : void[2], void[1] : void[3]] = 255
        Image.fromarray(image).save(root / f"images/{name}.png")
        Image.fromarray(instances).save(root / f"instances/{name}.png")
        Image.fromarray(semantic).save(root / f"semantic/{name}.png")
        files = {part: f"{part}/{name}.png" for part in ("instances", "semantic")}
        records[name] = {"image": f"images/{name}.png", "width": WIDTH, "height": HEIGHT}
        records[name] |= files | {"segments": segments, "semantic_complete": name == "a"}
    meta = {
        "name": "tiny",
        "classes": [{"id": 7, "name": "blob", "isthing": True}],
        "splits": {"train": ["a"], "val": ["a", "b", "c"]},
        "licence": "CC0",
        "ship": True,
        "semantic_zero": "background",
    }
    phrases = [{"image": "a", "text": "the larger blob", "segments": [1], "kind": "size"}]
    (root / "meta.json").write_text(json.dumps(meta))
    (root / "annotations.json").write_text(json.dumps(records))
    (root / "referring.json").write_text(json.dumps(phrases))
    return root

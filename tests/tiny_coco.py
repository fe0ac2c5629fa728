"""Writes COCO 2017 folders, and what is laid beside them, in the published layout."""

from pathlib import Path
from typing import Any

import numpy as np

from tiny_files import HEIGHT, SHAPE, WIDTH, Box, save, save_json, save_photo

CAT: Box = (2, 2, 12, 12)
DOG: Box = (8, 8, 20, 24)  # covers a corner of the cat
CROWD: Box = (0, 26, 6, 32)
CATEGORIES = [
    {"id": 17, "name": "cat", "supercategory": "animal"},
    {"id": 18, "name": "dog", "supercategory": "animal"},
]
BIG = 900100000017  # COCO's crowds have ids beyond 32 bits


def xywh(box: Box) -> list[float]:
    return [box[1], box[0], box[3] - box[1], box[2] - box[0]]


def polygon(box: Box) -> list[float]:
    row0, col0, row1, col1 = map(float, box)
    return [col0, row0, col1, row0, col1, row1, col0, row1]


def plain_runs(box: Box) -> dict[str, Any]:
    mask = np.zeros(SHAPE, np.int8)
    mask[box[0] : box[2], box[1] : box[3]] = 1
    flat = np.concatenate([[0], mask.T.ravel(), [0]])
    edges = np.flatnonzero(np.diff(flat)).tolist()
    edges = [0, *edges] if edges[0] else [0, 0, *edges[1:]]
    counts = np.diff([*edges, mask.size]).tolist()
    return {"counts": counts, "size": list(SHAPE)}


def annotation(number: int, image: int, category: int, box: Box, crowd: int = 0) -> dict[str, Any]:
    area = (box[2] - box[0]) * (box[3] - box[1])
    return {
        "id": number,
        "image_id": image,
        "category_id": category,
        "bbox": xywh(box),
        "area": float(area),
        "iscrowd": crowd,
        "segmentation": plain_runs(box) if crowd else [polygon(box)],
    }


def images(*numbers: int) -> list[dict[str, Any]]:
    return [
        {"id": n, "file_name": f"{n:012d}.jpg", "height": HEIGHT, "width": WIDTH} for n in numbers
    ]


def write_coco(root: Path) -> Path:
    """Two training images and one for validation; number 9 has two objects and a crowd."""
    for split, numbers in (("train", (1, 2)), ("val", (9,))):
        rows = [annotation(100 + n, n, 17, CAT) for n in numbers]
        if split == "val":
            rows += [annotation(7, 9, 18, DOG), annotation(BIG, 9, 17, CROWD, crowd=1)]
        table = {"images": images(*numbers), "annotations": rows, "categories": CATEGORIES}
        save_json(root / f"annotations/instances_{split}2017.json", table)
        for number in numbers:
            save_photo(root / f"{split}2017/{number:012d}.jpg")
    return root


def write_panoptic(root: Path) -> Path:
    """Panoptic masks of image 9: sky, cat, dog, a crowd of cats and an unlabelled strip."""
    sky, cat, dog, crowd = 70_000, 17, 300, 5
    ids = np.full(SHAPE, sky, np.int32)
    for value, box in ((cat, CAT), (dog, DOG), (crowd, CROWD), (0, (22, 0, 24, 32))):
        ids[box[0] : box[2], box[1] : box[3]] = value
    colours = np.stack([ids % 256, ids // 256 % 256, ids // 65536], 2).astype(np.uint8)
    save(root / "annotations/panoptic_val2017/000000000009.png", colours)
    infos = [
        {"id": sky, "category_id": 187, "iscrowd": 0, "bbox": [0, 0, WIDTH, 22]},
        {"id": cat, "category_id": 17, "iscrowd": 0, "bbox": xywh(CAT)},
        {"id": dog, "category_id": 18, "iscrowd": 0, "bbox": xywh(DOG)},
        {"id": crowd, "category_id": 17, "iscrowd": 1, "bbox": xywh(CROWD)},
    ]
    for info in infos:
        info["area"] = int((ids == info["id"]).sum())
    row = {"image_id": 9, "file_name": "000000000009.png", "segments_info": infos}
    categories = [{**c, "isthing": 1} for c in CATEGORIES]
    categories.append({"id": 187, "name": "sky-other-merged", "isthing": 0})
    table = {"images": images(9), "annotations": [row], "categories": categories}
    save_json(root / "annotations/panoptic_val2017.json", table)
    if not (root / "val2017/000000000009.jpg").exists():
        save_photo(root / "val2017/000000000009.jpg")
    return root

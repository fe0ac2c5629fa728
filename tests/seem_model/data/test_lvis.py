"""LVIS masks instead of COCO's, where their boxes agree.

``lvis_v1_val.json`` (or under ``annotations/``) beside COCO's files; an image has ``coco_url`` and
no ``file_name``.
"""

from pathlib import Path

import pytest

from damage import check_messages
from seem_model.data.lvis import open_lvis, pairs
from seem_model.data.opening import open_dataset, recognised
from seem_model.errors import DataError
from tiny_coco import CAT, CROWD, DOG, annotation, polygon, write_coco, write_panoptic
from tiny_files import HEIGHT, WIDTH, box, change_json, save_json

FINER = (3, 2, 12, 12)  # box IoU with the cat: 0.9


def write_lvis(root: Path) -> Path:
    image = {"id": 9, "height": HEIGHT, "width": WIDTH}
    image["coco_url"] = "http://images.cocodataset.org/val2017/000000000009.jpg"
    rows = [annotation(1, 9, 3, FINER), annotation(2, 9, 4, (8, 8, 20, 16))]
    rows[0].pop("iscrowd")
    categories = [{"id": 3, "name": "tabby"}, {"id": 4, "name": "half_dog"}]
    table = {"images": [image], "annotations": rows, "categories": categories}
    save_json(root / "lvis_v1_val.json", table)
    return root


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return write_lvis(write_coco(tmp_path / "coco"))


def test_a_fitting_mask_replaces_another_does_not(root: Path) -> None:
    data = open_lvis(root)
    sample = data.read("9")
    cat, dog, crowd = sample.segments
    assert data.name == "coco-instances-lvis"
    assert (cat.name, cat.bbox, cat.area) == ("cat", FINER, 90)
    assert (sample.mask(cat.id) == box(*FINER)).all()
    assert (sample.mask(dog.id) == box(*DOG)).all()
    assert (sample.mask(crowd.id) == box(*CROWD)).all()
    assert data.segments("9") == sample.segments
    assert [c.name for c in data.classes] == ["cat", "dog"]


def test_panoptic_pixels_that_nobody_claims_are_void(root: Path) -> None:
    sample = open_lvis(write_panoptic(root)).read("9")
    assert (sample.mask(17) == box(*FINER)).all()
    assert (sample.void == box(22, 0, 24, 32) | box(2, 2, 3, 12)).all()
    assert sample.semantic_complete


def test_images_that_lvis_does_not_have_stay(root: Path) -> None:
    assert (open_lvis(root).read("1").mask(1) == box(*CAT)).all()


def test_each_mask_is_used_once_and_the_best_first() -> None:
    close = [(0.0, 0.0, 10.0, 9.0), (0.0, 0.0, 10.0, 10.0)]
    assert pairs([(0, 0, 10, 10), (0, 0, 10, 9)], close) == {0: 1, 1: 0}
    assert pairs([(0, 0, 10, 10)], [(0.0, 0.0, 10.0, 7.0)]) == {}  # exactly 0.7
    assert pairs([], close) == {}


def test_what_is_missing_or_broken_is_named(root: Path) -> None:
    wrong = [polygon(FINER)[:3]]
    change_json(root / "lvis_v1_val.json", lambda t: t["annotations"][0].update(segmentation=wrong))
    with pytest.raises(DataError, match=r"broken LVIS mask: a polygon.*Skipped: image 9"):
        open_lvis(root).read("9")
    (root / "lvis_v1_val.json").write_text("[]")
    with pytest.raises(DataError, match=r"lvis_v1_val\.json is damaged.*Skipped: its finer masks"):
        open_lvis(root).read("9")
    (root / "lvis_v1_val.json").unlink()
    with pytest.raises(DataError, match=r"no lvis_v1_train\.json or val"):
        open_lvis(root)


def test_coco_with_lvis_beside_it_can_be_either(root: Path) -> None:
    assert recognised(root) == ("coco", "lvis")
    with pytest.raises(DataError, match="more than one layout; say which by its kind: coco or lv"):
        open_dataset(root)
    assert open_dataset(root, "lvis").name == "coco-instances-lvis"
    assert open_dataset(root, "coco").name == "coco-instances"


def test_every_damage_is_told(root: Path) -> None:
    check_messages(root, "lvis")

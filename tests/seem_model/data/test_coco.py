"""COCO 2017: instance and panoptic annotations of a folder in the published layout.

::

    annotations/instances_train2017.json  annotations/instances_val2017.json
    annotations/panoptic_val2017.json     annotations/panoptic_val2017/000000000009.png
    train2017/000000000001.jpg            val2017/000000000009.jpg
"""

import json
from pathlib import Path

import numpy as np
import pytest

from damage import check_messages, check_values
from seem_model.data.coco import open_coco
from seem_model.data.opening import open_dataset, recognised
from seem_model.errors import DataError
from tiny_coco import CAT, CROWD, DOG, write_coco, write_panoptic
from tiny_files import SHAPE, box, change_json, painted, save


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return write_coco(tmp_path / "coco")


def test_splits_classes_and_sizes(root: Path) -> None:
    data = open_coco(root)
    assert (data.name, data.ids("train"), data.ids("val")) == ("coco-instances", ("1", "2"), ("9",))
    assert [(c.id, c.name, c.is_thing) for c in data.classes] == [
        (17, "cat", True),
        (18, "dog", True),
    ]
    assert data.size("9") == SHAPE
    assert len(data.fingerprint) == 16
    with pytest.raises(DataError, match="it has: train, val"):
        data.ids("test")
    with pytest.raises(DataError, match='no image "5"'):
        data.read("5")


def test_instance_masks_may_overlap(root: Path) -> None:
    data = open_coco(root, "instances")
    sample = data.read("9")
    cat, dog, crowd = sample.segments
    assert [s.name for s in sample.segments] == ["cat", "dog", "cat"]
    assert [s.crowd for s in sample.segments] == [False, False, True]
    assert (sample.mask(cat.id) == box(*CAT)).all()
    assert (sample.mask(dog.id) == box(*DOG)).all()
    assert (sample.mask(crowd.id) == box(*CROWD)).all()
    # the smaller one is on top
    assert (sample.instances == painted((dog.id, DOG), (cat.id, CAT), (crowd.id, CROWD))).all()
    assert (cat.bbox, cat.area) == (CAT, 100)
    assert data.segments("9") == sample.segments
    assert sample.semantic is None
    assert not sample.void.any()


def test_only_the_split_that_is_asked_for_is_parsed(root: Path) -> None:
    (root / "annotations/instances_train2017.json").write_text("{" + " " * 5000)
    data = open_coco(root)
    assert data.read("9").id == "9"
    with pytest.raises(
        DataError, match=r"train2017\.json cannot be read.*Skipped: the split train"
    ):
        data.ids("train")


def test_panoptic_masks_have_stuff_and_void(root: Path) -> None:
    data = open_coco(write_panoptic(root))
    sample = data.read("9")
    assert data.name == "coco-panoptic"
    assert [(s.name, s.is_thing, s.crowd) for s in sample.segments] == [
        ("sky-other-merged", False, False),
        ("cat", True, False),
        ("dog", True, False),
        ("cat", True, True),
    ]
    truth = painted((17, CAT), (18, DOG), (17, CROWD), (255, (22, 0, 24, 32)), start=187)
    assert sample.semantic is not None
    assert (sample.semantic == truth).all()
    assert (sample.void == box(22, 0, 24, 32)).all()
    assert (sample.mask(300) == box(*DOG)).all()
    assert sample.instances.dtype == np.int32
    assert sample.semantic_complete
    assert open_coco(root, "instances").name == "coco-instances"


def test_what_is_missing_is_named(root: Path) -> None:
    (root / "val2017/000000000009.jpg").unlink()
    with pytest.raises(DataError, match=r"000000000009\.jpg is missing. Skipped: image 9"):
        open_coco(root).read("9")
    (write_panoptic(root) / "annotations/panoptic_val2017/000000000009.png").unlink()
    with pytest.raises(DataError, match=r"000000000009\.png is missing. Skipped: image 9"):
        open_coco(root).read("9")
    with pytest.raises(DataError, match=r"panoptic_val2017\.json or instances_val2017\.json"):
        open_coco(root / "nowhere")


@pytest.mark.parametrize(
    ("key", "value", "reason"),
    [
        ("segmentation", [[1, 2]], r"broken mask \(annotation 109\).*Skipped: image 9"),
        ("bbox", [1], r"damaged annotation of image 9.*Skipped: image 9"),
        ("category_id", 3, r"damaged annotation of image 9.*Skipped: image 9"),
    ],
)
def test_one_broken_annotation_costs_one_image(
    root: Path, key: str, value: object, reason: str
) -> None:
    path = root / "annotations/instances_val2017.json"
    change_json(path, lambda table: table["annotations"][0].update({key: value}))
    with pytest.raises(DataError, match=r"instances_val2017\.json has a " + reason):
        open_coco(root).read("9")
    assert open_coco(root).read("1").id == "1"


def test_an_annotation_of_no_image_is_named(root: Path) -> None:
    path = root / "annotations/instances_val2017.json"
    change_json(path, lambda table: table["annotations"][1].pop("image_id"))
    with pytest.raises(DataError, match=r"annotation \(number 1\).*Skipped: the split val"):
        open_coco(root).ids("val")


def test_tables_without_their_parts_are_named(root: Path) -> None:
    path = root / "annotations/instances_val2017.json"
    path.write_text(json.dumps({"images": []}))
    with pytest.raises(DataError, match=r"val2017\.json is damaged.*Skipped: the split val"):
        open_coco(root).ids("val")


def test_maps_that_contradict_their_table_are_named(root: Path) -> None:
    write_panoptic(root)
    png = root / "annotations/panoptic_val2017/000000000009.png"
    save(png, np.zeros((*SHAPE, 3), np.uint8))
    with pytest.raises(DataError, match=r"no pixel of segment 70000.*Skipped: image 9"):
        open_coco(root).read("9")
    table = root / "annotations/panoptic_val2017.json"
    change_json(table, lambda t: t["annotations"][0].update(segments_info=[]))
    save(png, np.zeros((5, 5, 3), np.uint8))
    with pytest.raises(DataError, match=r"but its labels are \(5, 5\). Skipped: image 9"):
        open_coco(root).read("9")


def test_it_is_recognised(root: Path) -> None:
    assert recognised(root) == ("coco",)
    assert open_dataset(root).name == "coco-instances"


def test_every_damage_is_told(root: Path) -> None:
    check_messages(root, "coco-instances")
    check_messages(write_panoptic(root), "coco-panoptic")


def test_values_that_make_no_sense_are_told(root: Path) -> None:
    check_values(root, "coco-instances")

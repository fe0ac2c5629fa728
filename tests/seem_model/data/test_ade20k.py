"""ADE20K, scene parsing challenge.

::

    ADEChallengeData2016/objectInfo150.txt          Idx Ratio Train Val Stuff Name, by tabs
    ADEChallengeData2016/images/{training,validation}/ADE_val_00000001.jpg
    ADEChallengeData2016/annotations/{training,validation}/ADE_val_00000001.png   0 = other
    ADEChallengeData2016/annotations_instance/…     red: class of 100, green: object
    ADEChallengeData2016/categoryMapping.txt        from 100 classes to 150
"""

from pathlib import Path

import numpy as np
import pytest

from damage import check_messages
from seem_model.data.ade20k import open_ade20k
from seem_model.data.opening import open_dataset, recognised
from seem_model.errors import DataError
from tiny_files import SHAPE, Box, box, painted, save, save_photo, save_text

BED: Box = (2, 2, 12, 12)
NEXT: Box = (2, 12, 12, 20)  # touches the first bed
FAR: Box = (16, 20, 22, 30)
OTHER: Box = (22, 0, 24, 32)
VALUES = painted((8, BED), (8, NEXT), (8, FAR), (0, OTHER), start=1)


def write_ade20k(root: Path) -> Path:
    ade = root / "ADEChallengeData2016"
    head = "Idx\tRatio\tTrain\tVal\tStuff\tName\n"
    rows = "1\t0.1664\t11664\t1172\t1\twall\n8\t0.02\t1000\t100\t0\tbed, double bed \n"
    save_text(ade / "objectInfo150.txt", head + rows)
    for folder, id in (("training", "ADE_train_00000001"), ("validation", "ADE_val_00000001")):
        save_photo(ade / f"images/{folder}/{id}.jpg")
        save(ade / f"annotations/{folder}/{id}.png", VALUES)
    return root


def write_objects(root: Path) -> None:
    ade = root / "ADEChallengeData2016"
    pixels = np.zeros((*SHAPE, 3), np.uint8)
    pixels[..., 1] = painted((1, BED), (2, NEXT), (3, FAR))
    pixels[..., 0] = np.where(pixels[..., 1] > 0, 1, 0)
    save(ade / "annotations_instance/validation/ADE_val_00000001.png", pixels)
    save_text(ade / "categoryMapping.txt", "Instance100\tScene150\tName\n1\t8\tbed\n")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return write_ade20k(tmp_path / "ade")


def test_class_maps_alone(root: Path) -> None:
    data = open_ade20k(root)
    assert (data.ids("train"), data.ids("val")) == (("ADE_train_00000001",), ("ADE_val_00000001",))
    assert [(c.id, c.name, c.is_thing) for c in data.classes] == [
        (1, "wall", False),
        (8, "bed", True),
    ]
    sample = data.read("ADE_val_00000001")
    found = [(s.name, s.is_thing, s.pseudo) for s in sample.segments]
    assert found == [("bed", True, True), ("bed", True, True), ("wall", False, False)]
    first, second, wall = sample.segments
    assert (sample.mask(first.id) == box(*BED) | box(*NEXT)).all()  # touching: one part
    assert (sample.mask(second.id) == box(*FAR)).all()
    assert (sample.mask(wall.id) == (VALUES == 1)).all()
    assert (sample.void == box(*OTHER)).all()
    assert sample.semantic is not None
    assert (sample.semantic == np.where(VALUES == 0, 255, VALUES)).all()
    assert sample.semantic_complete


@pytest.mark.parametrize("mapped", [True, False])
def test_object_masks(root: Path, mapped: bool) -> None:
    write_objects(root)
    if not mapped:
        (root / "ADEChallengeData2016/categoryMapping.txt").unlink()
    sample = open_ade20k(root).read("ADE_val_00000001")
    found = [(s.name, s.pseudo) for s in sample.segments]
    assert found == [("bed", False)] * 3 + [("wall", False)]
    for number, corners in ((1, BED), (2, NEXT), (3, FAR)):
        assert (sample.mask(number) == box(*corners)).all()


def test_what_is_missing_or_broken_is_named(root: Path) -> None:
    write_objects(root)
    ade = root / "ADEChallengeData2016"
    objects = ade / "annotations_instance/validation/ADE_val_00000001.png"
    save(objects, np.zeros(SHAPE, np.uint8))
    with pytest.raises(DataError, match=r"\(H, W, 3\) of \(24, 32\) is expected. Skipped: image"):
        open_ade20k(root).read("ADE_val_00000001")
    objects.unlink()
    with pytest.raises(DataError, match=r"annotations_instance.*is missing. Skipped: image ADE"):
        open_ade20k(root).read("ADE_val_00000001")
    save_text(ade / "categoryMapping.txt", "head\nnonsense\n")
    with pytest.raises(DataError, match=r"categoryMapping\.txt is damaged.*classes of objects"):
        open_ade20k(root)
    save(ade / "annotations/training/ADE_train_00000001.png", np.full(SHAPE, 77, np.uint8))
    (ade / "categoryMapping.txt").unlink()
    with pytest.raises(DataError, match=r"values that are no class: \[77\]. Skipped: image ADE"):
        open_ade20k(root).read("ADE_train_00000001")
    save_text(ade / "objectInfo150.txt", "Idx\tName\n")
    with pytest.raises(DataError, match=r"objectInfo150\.txt is damaged"):
        open_ade20k(root)
    (ade / "objectInfo150.txt").unlink()
    with pytest.raises(DataError, match=r"no objectInfo150\.txt"):
        open_ade20k(root)


def test_it_is_recognised(root: Path) -> None:
    assert recognised(root) == ("ade20k",)
    assert open_dataset(root).name == "ade20k"


def test_every_damage_is_told(root: Path) -> None:
    check_messages(root, "ade20k")

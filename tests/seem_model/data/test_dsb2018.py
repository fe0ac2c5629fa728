"""Data Science Bowl 2018.

::

    stage1_train/00ae65c1/images/00ae65c1.png   RGBA
    stage1_train/00ae65c1/masks/07a9bf1d.png    one nucleus
    stage1_test/0114f484/images/0114f484.png
    stage1_solution.csv                         ImageId,EncodedPixels,Height,Width,Usage
"""

from pathlib import Path

import numpy as np
import pytest

from damage import check_messages
from seem_model.data.dsb2018 import open_dsb2018
from seem_model.data.opening import open_dataset, recognised
from seem_model.errors import DataError
from tiny_files import HEIGHT, SHAPE, WIDTH, Box, box, painted, save, save_text

ONE: Box = (2, 2, 12, 12)
TWO: Box = (11, 10, 22, 30)  # shares a corner with the first


def starts(corners: Box) -> str:
    row0, col0, row1, col1 = corners
    return " ".join(f"{col * HEIGHT + row0 + 1} {row1 - row0}" for col in range(col0, col1))


def write_dsb2018(root: Path) -> Path:
    save(root / "stage1_train/00ae/images/00ae.png", np.full((*SHAPE, 4), 255, np.uint8))
    save(root / "stage1_train/00ae/masks/a.png", painted((255, ONE)))
    save(root / "stage1_train/00ae/masks/b.png", painted((255, TWO)))
    save(root / "stage1_test/0114/images/0114.png", np.full((*SHAPE, 3), 9, np.uint8))
    rows = "".join(f"0114,{starts(c)},{HEIGHT},{WIDTH},Private\n" for c in (ONE, TWO))
    save_text(root / "stage1_solution.csv", "ImageId,EncodedPixels,Height,Width,Usage\n" + rows)
    return root


@pytest.mark.parametrize(("split", "id"), [("train", "00ae"), ("test", "0114")])
def test_nuclei(tmp_path: Path, split: str, id: str) -> None:
    data = open_dsb2018(write_dsb2018(tmp_path))
    assert data.ids(split) == (id,)
    sample = data.read(id)
    assert [(s.name, s.bbox) for s in sample.segments] == [("nucleus", ONE), ("nucleus", TWO)]
    assert (sample.mask(1) == box(*ONE)).all()
    assert (sample.mask(2) == box(*TWO)).all()
    assert sample.semantic is not None
    assert (sample.semantic == (box(*ONE) | box(*TWO))).all()
    assert sample.image.shape == (*SHAPE, 3)
    assert data.segments(id) == sample.segments
    assert data.licence == "CC0 1.0"


def test_without_the_solution_there_is_no_test_split(tmp_path: Path) -> None:
    (write_dsb2018(tmp_path) / "stage1_solution.csv").unlink()
    with pytest.raises(DataError, match="it has: train"):
        open_dsb2018(tmp_path).ids("test")


@pytest.mark.parametrize(
    ("encoded", "reason"),
    [
        ("1 2 3", "broken run lengths"),
        ("a b", "broken run lengths"),
        ("760 20", "beyond the image"),
    ],
)
def test_broken_run_lengths_are_named(tmp_path: Path, encoded: str, reason: str) -> None:
    head = "ImageId,EncodedPixels\n"
    save_text(write_dsb2018(tmp_path) / "stage1_solution.csv", f"{head}0114,{encoded}\n")
    with pytest.raises(DataError, match=rf"stage1_solution\.csv has .*{reason}|{reason}"):
        open_dsb2018(tmp_path).read("0114")


def test_what_is_missing_or_broken_is_named(tmp_path: Path) -> None:
    masks = write_dsb2018(tmp_path) / "stage1_train/00ae/masks"
    data = open_dsb2018(tmp_path)
    save(masks / "b.png", np.zeros((3, 3), np.uint8))
    with pytest.raises(DataError, match=r"b\.png has shape \(3, 3\).*Skipped: image 00ae"):
        data.read("00ae")
    (masks / "b.png").write_bytes(b"x")
    with pytest.raises(DataError, match=r"b\.png cannot be read.*Skipped: image 00ae"):
        data.read("00ae")
    for path in masks.iterdir():
        path.unlink()
    with pytest.raises(DataError, match=r"masks has no masks. Skipped: image 00ae"):
        data.read("00ae")
    save_text(tmp_path / "stage1_solution.csv", "a,b\n1,2\n")
    with pytest.raises(DataError, match=r"solution\.csv is damaged.*Skipped: the split test"):
        open_dsb2018(tmp_path)
    with pytest.raises(DataError, match="no images in"):
        open_dsb2018(tmp_path / "nowhere")


def test_it_is_recognised(tmp_path: Path) -> None:
    root = write_dsb2018(tmp_path)
    assert recognised(root) == ("dsb2018",)
    assert open_dataset(root).name == "dsb2018"


def test_every_damage_is_told(tmp_path: Path) -> None:
    check_messages(write_dsb2018(tmp_path / "dsb"), "dsb2018")

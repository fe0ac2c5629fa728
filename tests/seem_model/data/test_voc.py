"""Pascal VOC 2012.

::

    VOCdevkit/VOC2012/JPEGImages/2007_000033.jpg
    VOCdevkit/VOC2012/SegmentationObject/2007_000033.png   palette: object, 255 = border
    VOCdevkit/VOC2012/SegmentationClass/2007_000033.png    palette: class, 255 = border
    VOCdevkit/VOC2012/ImageSets/Segmentation/{train,val,trainval}.txt
"""

from pathlib import Path

import numpy as np
import pytest

from damage import check_messages
from seem_model.data.opening import open_dataset, recognised
from seem_model.data.voc import open_voc
from seem_model.errors import DataError
from tiny_files import SHAPE, Box, box, painted, save, save_photo, save_text

CAT: Box = (2, 2, 12, 12)
DOG: Box = (14, 14, 22, 30)
BORDER: Box = (12, 0, 14, 32)


def write_voc(root: Path) -> Path:
    voc = root / "VOCdevkit/VOC2012"
    for id in ("2007_000033", "2007_000042"):
        save_photo(voc / f"JPEGImages/{id}.jpg")
        objects = painted((1, CAT), (2, DOG), (255, BORDER))
        classes = painted((8, CAT), (12, DOG), (255, BORDER))
        save(voc / f"SegmentationObject/{id}.png", objects, palette=True)
        save(voc / f"SegmentationClass/{id}.png", classes, palette=True)
    lists = voc / "ImageSets/Segmentation"
    save_text(lists / "train.txt", "2007_000042\n")
    save_text(lists / "val.txt", "2007_000033\n\n")
    save_text(lists / "trainval.txt", "2007_000042\n2007_000033\n")
    return root


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return write_voc(tmp_path / "voc")


@pytest.mark.parametrize("below", ["", "VOCdevkit", "VOCdevkit/VOC2012"])
def test_any_parent_will_do(root: Path, below: str) -> None:
    data = open_voc(root / below)
    assert data.ids("val") == ("2007_000033",)
    assert data.ids("trainval") == ("2007_000042", "2007_000033")
    assert len(data.classes) == 20
    with pytest.raises(DataError, match="it has: train, trainval, val"):
        data.ids("test")
    assert data.sequences("val") == ()


def test_objects_classes_and_border(root: Path) -> None:
    data = open_voc(root)
    sample = data.read("2007_000033")
    assert [(s.id, s.name, s.bbox) for s in sample.segments] == [(1, "cat", CAT), (2, "dog", DOG)]
    assert (sample.mask(1) == box(*CAT)).all()
    assert (sample.void == box(*BORDER)).all()
    assert sample.semantic is not None
    assert (sample.semantic == painted((8, CAT), (12, DOG), (255, BORDER))).all()
    assert data.segments(sample.id) == sample.segments
    assert data.size(sample.id) == SHAPE


def test_the_fingerprint_follows_the_masks(root: Path) -> None:
    before = open_voc(root).fingerprint
    path = root / "VOCdevkit/VOC2012/SegmentationObject/2007_000042.png"
    save(path, np.zeros(SHAPE, np.uint8), palette=True)
    assert open_voc(root).fingerprint != before


def test_what_is_missing_or_broken_is_named(root: Path) -> None:
    voc = root / "VOCdevkit/VOC2012"
    data = open_voc(root)
    with pytest.raises(DataError, match='no image "x"'):
        data.read("x")
    save(voc / "SegmentationClass/2007_000033.png", np.zeros((4, 4), np.uint8))
    with pytest.raises(DataError, match=r"has shape \(4, 4\).*Skipped: image 2007_000033"):
        data.read("2007_000033")
    (voc / "SegmentationClass/2007_000033.png").write_bytes(b"no picture")
    with pytest.raises(DataError, match=r"33\.png cannot be read.*Skipped: image 2007_000033"):
        data.read("2007_000033")
    (voc / "JPEGImages/2007_000042.jpg").unlink()
    with pytest.raises(DataError, match=r"42\.jpg is missing. Skipped: image 2007_000042"):
        data.read("2007_000042")
    for path in (voc / "ImageSets/Segmentation").iterdir():
        path.unlink()
    with pytest.raises(DataError, match=r"no train\.txt or val\.txt"):
        open_voc(root)
    with pytest.raises(DataError, match="no SegmentationObject folder"):
        open_voc(root / "nowhere")


def test_a_coloured_map_is_no_label_map(root: Path) -> None:
    colours = np.zeros((*SHAPE, 3), np.uint8)
    colours[..., 0] = 200
    save(root / "VOCdevkit/VOC2012/SegmentationObject/2007_000033.png", colours)
    with pytest.raises(DataError, match="is no label map: it has shape"):
        open_voc(root).read("2007_000033")


def test_it_is_recognised(root: Path) -> None:
    assert recognised(root) == ("voc",)
    assert open_dataset(root).name == "pascal-voc"


def test_every_damage_is_told(root: Path) -> None:
    check_messages(root, "voc")

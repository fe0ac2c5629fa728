"""GrabCut and Berkeley, the small sets that interactive methods are measured on.

::

    GrabCut/data_GT/banana1.bmp     GrabCut/boundary_GT/banana1.bmp    0, 128 = band, 255
    Berkeley/images/12003.jpg       Berkeley/masks/12003.png           0, 255
                                    Berkeley/masks/3096#1.png, 3096#2.png
"""

from pathlib import Path

import numpy as np
import pytest

from damage import check_messages
from seem_model.data.berkeley import open_berkeley
from seem_model.data.grabcut import open_grabcut
from seem_model.data.opening import open_dataset, recognised
from seem_model.errors import DataError
from tiny_files import Box, box, painted, save, save_photo

INNER: Box = (6, 6, 14, 20)
OUTER: Box = (4, 4, 16, 22)
SECOND: Box = (10, 16, 22, 30)


def write_grabcut(root: Path) -> Path:
    for id, ending in (("banana1", "bmp"), ("21077", "JPG")):
        save_photo(root / f"data_GT/{id}.{ending}")
        save(root / f"boundary_GT/{id}.bmp", painted((128, OUTER), (255, INNER)))
    return root


def write_berkeley(root: Path) -> Path:
    for id in ("12003", "3096"):
        save_photo(root / f"images/{id}.jpg")
    save(root / "masks/12003.png", painted((255, INNER)))
    save(root / "masks/3096#1.png", painted((255, INNER)))
    save(root / "masks/3096#2.png", np.repeat(painted((255, SECOND))[..., None], 3, axis=2))
    return root


def test_the_band_is_not_scored(tmp_path: Path) -> None:
    data = open_grabcut(write_grabcut(tmp_path))
    assert data.ids("val") == ("21077", "banana1")
    for id in data.ids("val"):
        sample = data.read(id)
        assert [(s.id, s.name, s.bbox) for s in sample.segments] == [(1, "object", INNER)]
        assert (sample.mask(1) == box(*INNER)).all()
        assert (sample.void == box(*OUTER) & ~box(*INNER)).all()


def test_photos_with_several_objects(tmp_path: Path) -> None:
    data = open_berkeley(write_berkeley(tmp_path))
    assert data.ids("val") == ("12003", "3096")
    sample = data.read("3096")
    assert (sample.mask(1) == box(*INNER)).all()
    assert (sample.mask(2) == box(*SECOND)).all()
    assert not sample.void.any()
    assert len(data.segments("12003")) == 1


def test_masks_of_zero_and_one_will_do(tmp_path: Path) -> None:
    save(write_berkeley(tmp_path) / "masks/12003.png", painted((1, INNER)))
    assert (open_berkeley(tmp_path).read("12003").mask(1) == box(*INNER)).all()


def test_what_is_missing_or_broken_is_named(tmp_path: Path) -> None:
    root = write_berkeley(tmp_path / "berkeley")
    save(root / "masks/12003.png", painted((100, INNER)))
    with pytest.raises(DataError, match=r"12003\.png has no object pixel. Skipped: image 12003"):
        open_berkeley(root).read("12003")
    save(root / "masks/3096#2.png", np.zeros((3, 3), np.uint8))
    with pytest.raises(DataError, match=r"3096#2\.png has another size.*Skipped: image 3096"):
        open_berkeley(root).read("3096")
    save(root / "masks/12003.png", np.full((3, 3), 255, np.uint8))
    with pytest.raises(DataError, match=r"but its labels are \(3, 3\). Skipped: image 12003"):
        open_berkeley(root).read("12003")
    (root / "masks/12003.png").unlink()
    with pytest.raises(DataError, match=r"masks/12003\.png is missing. Skipped: image 12003"):
        open_berkeley(root).read("12003")
    with pytest.raises(DataError, match="no pictures and masks of grabcut"):
        open_grabcut(root)


def test_they_are_recognised(tmp_path: Path) -> None:
    grabcut = write_grabcut(tmp_path / "GrabCut")
    assert (recognised(grabcut), open_dataset(grabcut).name) == (("grabcut",), "grabcut")
    berkeley = write_berkeley(tmp_path / "clicks")
    assert (recognised(berkeley), open_dataset(berkeley).name) == (("berkeley",), "berkeley")
    (berkeley / "masks/3096#1.png").rename(berkeley / "masks/3096.png")
    (berkeley / "masks/3096#2.png").unlink()
    assert recognised(berkeley) == ("labels",)  # nothing but its name would tell
    assert recognised(berkeley.rename(tmp_path / "Berkeley")) == ("berkeley",)


def test_every_damage_is_told(tmp_path: Path) -> None:
    check_messages(write_grabcut(tmp_path / "grabcut"), "grabcut")
    check_messages(write_berkeley(tmp_path / "berkeley"), "berkeley")

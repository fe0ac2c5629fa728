"""Images and label maps in two folders, as napari users have them.

::

    images/a.tif   labels/a.tif      any integer type, 0 = none; or masks/, .png, .npy
    class.txt      optional: what is labelled
"""

from pathlib import Path

import numpy as np
import pytest
from skimage.io import imsave

from damage import check_messages
from seem_model.data.labelled_folder import open_labelled_folder
from seem_model.data.opening import open_dataset, recognised
from seem_model.errors import DataError
from tiny_files import SHAPE, Box, box, painted, save, save_text

ONE: Box = (2, 2, 12, 12)
BIG: Box = (14, 14, 22, 30)


def write_labelled(root: Path, count: int = 6, labels: str = "labels") -> Path:
    (root / "images").mkdir(parents=True)
    (root / labels).mkdir()
    for number in range(count):
        grey = painted((3000, ONE), (2500, BIG), start=100, dtype=np.uint16)
        imsave(root / f"images/{number}.tif", grey, check_contrast=False)
        numbers = painted((1, ONE), (70_000, BIG), dtype=np.uint32)
        imsave(root / f"{labels}/{number}.tif", numbers, check_contrast=False)
    return root


def test_every_fifth_image_is_kept_for_validation(tmp_path: Path) -> None:
    data = open_labelled_folder(write_labelled(tmp_path / "cells"))
    assert data.name == "cells"
    assert data.ids("all") == ("0", "1", "2", "3", "4", "5")
    assert data.ids("val") == ("4",)
    assert data.ids("train") == ("0", "1", "2", "3", "5")
    assert data.skipped == ()


@pytest.mark.parametrize(("count", "train"), [(1, ("0",)), (2, ("0",))])
def test_few_images_do(tmp_path: Path, count: int, train: tuple[str, ...]) -> None:
    data = open_labelled_folder(write_labelled(tmp_path, count))
    assert data.ids("train") == train
    assert data.ids("val") == (str(count - 1),)


@pytest.mark.parametrize("labels", ["labels", "masks"])
def test_objects(tmp_path: Path, labels: str) -> None:
    root = write_labelled(tmp_path, labels=labels)
    sample = open_labelled_folder(root).read("0")
    assert [(s.id, s.name, s.bbox) for s in sample.segments] == [
        (1, "object", ONE),
        (70_000, "object", BIG),
    ]
    assert (sample.mask(70_000) == box(*BIG)).all()
    assert sample.image.shape == (*SHAPE, 3)
    assert sample.image.max() == 255
    save_text(root / "class.txt", "egg chamber\n")
    assert {s.name for s in open_labelled_folder(root).segments("0")} == {"egg chamber"}


def test_png_and_npy_do_as_well(tmp_path: Path) -> None:
    root = write_labelled(tmp_path, 3)
    for name in ("1", "2"):
        (root / f"labels/{name}.tif").unlink()
    save(root / "labels/1.png", painted((3, ONE)))
    np.save(root / "labels/2.npy", painted((3, ONE), dtype=np.int64))
    data = open_labelled_folder(root)
    assert data.ids("all") == ("0", "1", "2")
    assert (data.read("1").mask(3) == data.read("2").mask(3)).all()


def test_folders_called_like_splits_are_splits(tmp_path: Path) -> None:
    for split in ("train", "val"):
        write_labelled(tmp_path / split, 1)
    data = open_labelled_folder(tmp_path)
    assert (data.ids("train"), data.ids("val")) == (("train/0",), ("val/0",))
    assert data.read("val/0").id == "val/0"


def test_what_is_left_out_is_told(tmp_path: Path) -> None:
    root = write_labelled(tmp_path, 2)
    (root / "images/0.tif").rename(root / "images/x.tif")
    data = open_labelled_folder(root)
    assert data.ids("all") == ("1",)
    assert [words.split("Skipped: ")[1] for words in data.skipped] == [
        "this image.",
        "this label map.",
    ]
    (root / "labels/1.tif").unlink()
    with pytest.raises(DataError, match=r"No image in .* has a label map"):
        open_labelled_folder(root)
    with pytest.raises(DataError, match="no folders images and labels"):
        open_labelled_folder(root / "images")


@pytest.mark.parametrize(
    ("pixels", "reason"),
    [
        (np.zeros(SHAPE, np.float32), "is no label map: it has shape"),
        (np.full(SHAPE, -1, np.int32), "has numbers from -1 to -1"),
        (np.zeros((2, *SHAPE), np.uint16), "is no label map: it has shape"),
    ],
)
@pytest.mark.parametrize("ending", ["tif", "npy"])
def test_maps_that_are_none_are_named(
    tmp_path: Path, pixels: np.ndarray, reason: str, ending: str
) -> None:
    root = write_labelled(tmp_path, 1)
    (root / "labels/0.tif").unlink()
    if ending == "npy":
        np.save(root / "labels/0.npy", pixels)
    else:
        imsave(root / "labels/0.tif", pixels, check_contrast=False)
    with pytest.raises(DataError, match=rf"0\.{ending} {reason}.*Skipped: image 0"):
        open_labelled_folder(root).read("0")


def test_broken_files_are_named(tmp_path: Path) -> None:
    root = write_labelled(tmp_path, 2)
    (root / "labels/0.tif").write_bytes(b"x")
    (root / "images/1.tif").write_bytes(b"x")
    (root / "labels/1.tif").unlink()
    (root / "labels/1.npy").write_bytes(b"x")
    data = open_labelled_folder(root)
    with pytest.raises(DataError, match=r"labels/0\.tif cannot be read.*Skipped: image 0"):
        data.read("0")
    with pytest.raises(DataError, match=r"images/1\.tif cannot be read.*Skipped: image 1"):
        data.read("1")
    with pytest.raises(DataError, match=r"labels/1\.npy cannot be read.*Skipped: image 1"):
        data.segments("1")


def test_it_is_recognised(tmp_path: Path) -> None:
    root = write_labelled(tmp_path / "cells")
    assert recognised(root) == ("labels",)
    assert open_dataset(root).name == "cells"


def test_every_damage_is_told(tmp_path: Path) -> None:
    check_messages(write_labelled(tmp_path / "cells"), "labels")

"""Open Images object masks.

::

    annotations/validation-annotations-object-segmentation.csv
    annotations/class-descriptions-boxable.csv
    images/validation/000a1249af2bc5f0.jpg
    masks/validation/000a1249af2bc5f0_m01yrx_1a2b.png     1 bit, may be smaller than the picture
"""

from pathlib import Path

import numpy as np
import pytest

from damage import check_messages
from seem_model.data.open_images import open_images
from seem_model.data.opening import open_dataset, recognised
from seem_model.errors import DataError
from tiny_files import Box, box, save, save_photo, save_text

ID = "000a1249af2bc5f0"
CAT: Box = (2, 2, 12, 12)
DOG: Box = (8, 8, 20, 24)
HEAD = "MaskPath,ImageID,LabelName,BoxID,BoxXMin,BoxXMax,BoxYMin,BoxYMax,PredictedIoU,Clicks\n"


def write_open_images(root: Path) -> Path:
    rows = ""
    for label, code, corners in (("/m/01yrx", "m01yrx_1a2b", CAT), ("/m/0bt9lr", "m0bt9_99", DOG)):
        rows += f"{ID}_{code}.png,{ID},{label},1a2b,0.1,0.2,0.1,0.2,0.0,\n"
        # half size, as masks of large photos are
        save(root / f"masks/validation/{ID}_{code}.png", box(*corners)[::2, ::2])
    save_text(root / "annotations/validation-annotations-object-segmentation.csv", HEAD + rows)
    names = "LabelName,DisplayName\n/m/01yrx,Cat\n/m/0bt9lr,Dog\n"
    save_text(root / "annotations/class-descriptions-boxable.csv", names)
    save_photo(root / f"images/validation/{ID}.jpg")
    return root


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return write_open_images(tmp_path / "oi")


def test_masks_are_brought_to_the_size_of_the_picture(root: Path) -> None:
    data = open_images(root)
    sample = data.read(ID)
    assert data.ids("val") == (ID,)
    assert [(c.id, c.name) for c in data.classes] == [(1, "Cat"), (2, "Dog")]
    assert [(s.name, s.bbox) for s in sample.segments] == [("Cat", CAT), ("Dog", DOG)]
    assert (sample.mask(1) == box(*CAT)).all()
    assert (sample.mask(2) == box(*DOG)).all()
    assert sample.semantic is None
    assert sample.semantic_complete is False  # what is not listed is unknown
    assert data.segments(ID) == sample.segments


def test_folders_as_downloads_are_called(root: Path) -> None:
    (root / "masks/validation").rename(root / "validation-masks-0")
    (root / "images/validation").rename(root / "validation")
    assert (open_images(root).read(ID).mask(2) == box(*DOG)).all()


def test_what_is_missing_or_broken_is_named(root: Path) -> None:
    mask = root / f"masks/validation/{ID}_m01yrx_1a2b.png"
    save(mask, np.zeros((12, 16), bool))
    with pytest.raises(DataError, match=r"1a2b\.png has no pixel that is on. Skipped: image 000"):
        open_images(root).read(ID)
    mask.unlink()
    with pytest.raises(DataError, match=r"1a2b\.png is missing. Skipped: image 000a"):
        open_images(root).read(ID)
    (root / "annotations/class-descriptions-boxable.csv").unlink()
    with pytest.raises(DataError, match="class-descriptions"):
        open_images(root)
    save_text(root / "annotations/class-descriptions-boxable.csv", "/m/01yrx,Cat\n")
    table = root / "annotations/validation-annotations-object-segmentation.csv"
    save_text(table, "MaskPath,ImageID\na,b\n")
    with pytest.raises(DataError, match=r"is damaged: KeyError\('LabelName'\). Skipped: the mask"):
        open_images(root)
    table.unlink()
    with pytest.raises(DataError, match="no train-annotations-object-segmentation"):
        open_images(root)


def test_it_is_recognised(root: Path) -> None:
    assert recognised(root) == ("open-images",)
    assert open_dataset(root).name == "open-images"


def test_every_damage_is_told(root: Path) -> None:
    check_messages(root, "open-images")

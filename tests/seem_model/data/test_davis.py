"""DAVIS 2016 and 2017.

::

    DAVIS/JPEGImages/480p/bear/00000.jpg     DAVIS/Annotations/480p/bear/00000.png   palette
    DAVIS/ImageSets/2017/{train,val,test-dev}.txt   DAVIS/ImageSets/2016/{train,val}.txt
    first release: ImageSets/480p/train.txt with "/JPEGImages/480p/bear/00000.jpg /Annotations/…"
"""

from pathlib import Path

import numpy as np
import pytest

from damage import check_messages
from seem_model.data.davis import open_davis
from seem_model.data.opening import open_dataset, recognised
from seem_model.errors import DataError
from tiny_files import SHAPE, Box, box, painted, save, save_photo, save_text

RIDER: Box = (2, 2, 12, 12)
BIKE: Box = (12, 2, 20, 16)


def write_davis(root: Path) -> Path:
    for name in ("bear", "bmx", "swan"):
        for frame in range(3):
            save_photo(root / f"JPEGImages/480p/{name}/{frame:05d}.jpg", grey=60 + frame)
            if name == "swan" and frame:
                continue  # of test-dev, only first frames have masks
            objects = painted((1, RIDER), (2, BIKE)) if frame < 2 else painted((2, BIKE))
            save(root / f"Annotations/480p/{name}/{frame:05d}.png", objects, palette=True)
    save_text(root / "ImageSets/2017/train.txt", "bear\n")
    save_text(root / "ImageSets/2017/val.txt", "bmx\n")
    save_text(root / "ImageSets/2017/test-dev.txt", "swan\n")
    save_text(root / "ImageSets/2016/val.txt", "bmx\n")
    return root


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return write_davis(tmp_path / "DAVIS")


def test_sequences_and_their_objects(root: Path) -> None:
    data = open_davis(root.parent)
    (video,) = data.sequences("val")
    assert data.name == "davis-2017"
    assert video.name == "bmx"
    assert video.frames == ("bmx/00000", "bmx/00001", "bmx/00002")
    assert video.annotated == set(video.frames)
    assert data.ids("val") == video.frames
    first, last = data.read("bmx/00000"), data.read("bmx/00002")
    assert [s.id for s in first.segments] == [1, 2]
    assert [s.id for s in last.segments] == [2]
    assert (first.mask(1) == box(*RIDER)).all()
    assert (first.mask(2) == last.mask(2)).all()
    assert (last.image == 62).all()
    assert last.semantic_complete is False
    with pytest.raises(DataError, match="it has: test-dev, train, val"):
        data.sequences("test")


def test_frames_without_masks_are_in_the_sequence_and_never_scored(root: Path) -> None:
    data = open_davis(root)
    (video,) = data.sequences("test-dev")
    assert len(video.frames) == 3
    assert video.annotated == {"swan/00000"}
    assert data.ids("test-dev") == ("swan/00000",)
    blank = data.read("swan/00002")
    assert blank.segments == ()
    assert blank.void.all()


@pytest.mark.parametrize("first_release", [False, True])
def test_2016_has_one_object(root: Path, first_release: bool) -> None:
    if first_release:
        (root / "ImageSets/2016/val.txt").unlink()
        lines = [
            f"/JPEGImages/480p/bmx/{f:05d}.jpg /Annotations/480p/bmx/{f:05d}.png" for f in range(3)
        ]
        save_text(root / "ImageSets/480p/val.txt", "\n".join(lines))
        white = painted((255, RIDER), (255, BIKE))
        save(root / "Annotations/480p/bmx/00000.png", white)
    data = open_davis(root, 2016)
    assert data.ids("val") == ("bmx/00000", "bmx/00001", "bmx/00002")
    sample = data.read("bmx/00000")
    assert [s.id for s in sample.segments] == [1]
    assert (sample.mask(1) == box(*RIDER) | box(*BIKE)).all()


def test_what_is_missing_is_named(root: Path) -> None:
    save_text(root / "ImageSets/2017/val.txt", "bmx\ngone\n")
    data = open_davis(root)
    assert data.skipped == (
        f"{root / 'JPEGImages/480p/gone'} has no pictures. Skipped: the sequence gone.",
    )
    assert len(data.sequences("val")) == 1
    (root / "Annotations/480p/bmx/00001.png").write_bytes(b"")
    with pytest.raises(DataError, match=r"00001\.png cannot be read.*Skipped: image bmx/00001"):
        data.read("bmx/00001")
    save(root / "Annotations/480p/bmx/00002.png", np.zeros((SHAPE[0], 5), np.uint8))
    with pytest.raises(DataError, match=r"labels are \(24, 5\). Skipped: image bmx/00002"):
        data.read("bmx/00002")
    with pytest.raises(DataError, match=r"no train\.txt or val\.txt in .*ImageSets/2017"):
        open_davis(root / "JPEGImages")


def test_it_is_recognised(root: Path) -> None:
    assert recognised(root) == ("davis",)
    assert open_dataset(root).name == "davis-2017"


def test_every_damage_is_told(root: Path) -> None:
    check_messages(root, "davis-2017")
    check_messages(root, "davis-2016")

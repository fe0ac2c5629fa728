"""YouTube-VOS.

::

    train/JPEGImages/003234408d/00000.jpg   train/Annotations/003234408d/00000.png   palette
    train/meta.json    {"videos": {"003234408d": {"objects": {"1": {"category", "frames"}}}}}
    valid/…            no categories; masks only where an object first appears
"""

from pathlib import Path

import pytest

from damage import check_messages, check_values
from seem_model.data.opening import open_dataset, recognised
from seem_model.data.youtube_vos import open_youtube_vos
from seem_model.errors import DataError
from tiny_files import Box, box, painted, save, save_json, save_photo

PENGUIN: Box = (2, 2, 12, 12)
APE: Box = (12, 14, 22, 30)


def write_youtube_vos(root: Path) -> Path:
    for folder, video in (("train", "003234408d"), ("valid", "00f88c4f0a")):
        for frame in (0, 5):
            save_photo(root / f"{folder}/JPEGImages/{video}/{frame:05d}.jpg")
            if folder == "train" or frame == 0:
                objects = painted((1, PENGUIN), (2, APE))
                path = root / f"{folder}/Annotations/{video}/{frame:05d}.png"
                save(path, objects, palette=True)
        names = {"category": "penguin"}, {"category": "ape"}
        objects = {str(n): {**row, "frames": ["00000"]} for n, row in enumerate(names, start=1)}
        if folder == "valid":
            for row in objects.values():
                row.pop("category")
        save_json(root / f"{folder}/meta.json", {"videos": {video: {"objects": objects}}})
    return root


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return write_youtube_vos(tmp_path / "ytvos")


def test_objects_have_names_and_keep_their_numbers(root: Path) -> None:
    data = open_youtube_vos(root)
    (video,) = data.sequences("train")
    assert [(c.id, c.name) for c in data.classes] == [(1, "ape"), (2, "object"), (3, "penguin")]
    assert video.frames == ("003234408d/00000", "003234408d/00005")
    for id in video.frames:
        sample = data.read(id)
        assert [(s.id, s.name) for s in sample.segments] == [(1, "penguin"), (2, "ape")]
        assert (sample.mask(2) == box(*APE)).all()


def test_validation_has_first_masks_and_no_names(root: Path) -> None:
    data = open_youtube_vos(root)
    (video,) = data.sequences("val")
    assert video.annotated == {"00f88c4f0a/00000"}
    assert [s.name for s in data.segments("00f88c4f0a/00000")] == ["object", "object"]
    assert data.read("00f88c4f0a/00005").void.all()


def test_what_is_missing_or_broken_is_named(root: Path) -> None:
    (root / "train/Annotations/003234408d/00005.png").write_bytes(b"x")
    with pytest.raises(DataError, match=r"00005\.png cannot be read.*Skipped: image 003234408d/0"):
        open_youtube_vos(root).read("003234408d/00005")
    (root / "train/JPEGImages").rename(root / "elsewhere")
    (message,) = open_youtube_vos(root).skipped
    assert "JPEGImages/003234408d has no pictures. Skipped: the sequence 003234408d" in message
    save_json(root / "valid/meta.json", {"videos": {"a": {}}})
    with pytest.raises(DataError, match=r"valid/meta\.json is damaged.*Skipped: the split val"):
        open_youtube_vos(root)
    with pytest.raises(DataError, match=r"no .*train/meta\.json"):
        open_youtube_vos(root / "nowhere")


def test_it_is_recognised(root: Path) -> None:
    assert recognised(root) == ("youtube-vos",)
    assert open_dataset(root).name == "youtube-vos"


def test_every_damage_is_told(root: Path) -> None:
    check_messages(root, "youtube-vos")


def test_values_that_make_no_sense_are_told(root: Path) -> None:
    check_values(root, "youtube-vos")

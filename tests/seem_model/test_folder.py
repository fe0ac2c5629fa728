"""The data reader on a folder made on the fly, whole and broken."""

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from damage import check_messages, check_values
from seem_model.data.folder import Folder, Phrase
from seem_model.errors import DataError
from tiny_folder import HEIGHT, WIDTH, write_folder


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return write_folder(tmp_path / "tiny")


def edit(path: Path, change: dict) -> None:
    path.write_text(json.dumps(json.loads(path.read_text()) | change))


def test_what_a_folder_says_of_itself(root: Path) -> None:
    folder = Folder.open(root)
    assert (folder.name, folder.licence, folder.ship) == ("tiny", "CC0", True)
    assert [(c.id, c.name, c.is_thing) for c in folder.classes] == [(7, "blob", True)]
    assert folder.ids("val") == ("a", "b", "c")
    assert folder.size("a") == (HEIGHT, WIDTH)


def test_a_sample(root: Path) -> None:
    sample = Folder.open(root).read("a")
    assert (sample.image.shape, sample.image.dtype) == ((HEIGHT, WIDTH, 3), np.uint8)
    assert sample.instances.dtype == np.int32
    large = sample.segments[0]
    assert (large.name, large.is_thing, large.crowd, large.pseudo) == ("blob", True, False, False)
    assert large.area == sample.mask(large.id).sum()
    row0, col0, row1, col1 = large.bbox
    assert sample.mask(large.id)[row0:row1, col0:col1].all()
    assert sample.semantic_complete
    assert sample.phrases == (Phrase("the larger blob", (1,), "size"),)
    assert not sample.void.any()


def test_void_and_crowd(root: Path) -> None:
    folder = Folder.open(root)
    assert folder.read("b").void[5, 45]
    assert [s.crowd for s in folder.segments("c")] == [True, False]


def test_a_set_without_class_maps_or_phrases(root: Path) -> None:
    (root / "referring.json").unlink()
    records = json.loads((root / "annotations.json").read_text())
    del records["a"]["semantic"], records["a"]["semantic_complete"]
    (root / "annotations.json").write_text(json.dumps(records))
    sample = Folder.open(root).read("a")
    assert sample.semantic is None
    assert sample.semantic_complete is None
    assert sample.phrases == ()
    assert not sample.void.any()


def test_grey_pictures_become_rgb(root: Path) -> None:
    Image.fromarray(np.full((HEIGHT, WIDTH), 9, np.uint8)).save(root / "images/a.png")
    assert Folder.open(root).read("a").image.shape == (HEIGHT, WIDTH, 3)


@pytest.mark.parametrize("name", ["meta.json", "annotations.json"])
def test_missing_and_broken_json(root: Path, name: str) -> None:
    (root / name).write_text("{")
    with pytest.raises(DataError, match=f"{name} cannot be read"):
        Folder.open(root)
    (root / name).unlink()
    with pytest.raises(DataError, match=f"{name} is missing"):
        Folder.open(root)


def test_no_folder_no_split_no_image(root: Path) -> None:
    with pytest.raises(DataError, match="no data folder"):
        Folder.open(root / "nowhere")
    with pytest.raises(DataError, match="it has: train, val"):
        Folder.open(root).ids("test")
    with pytest.raises(DataError, match='no image "z"'):
        Folder.open(root).read("z")


def test_meta_without_classes(root: Path) -> None:
    edit(root / "meta.json", {"classes": None})
    with pytest.raises(DataError, match="is damaged"):
        Folder.open(root)


def test_broken_samples_raise_or_are_left_out(root: Path) -> None:
    (root / "instances/b.png").write_bytes(b"no picture")
    (root / "images/c.png").unlink()
    folder = Folder.open(root)
    with pytest.raises(DataError, match=r"b\.png cannot be read"):
        folder.read("b")
    with pytest.raises(DataError, match=r"c\.png is missing"):
        folder.read("c")
    with pytest.raises(DataError):
        list(folder.samples("val"))
    assert [s.id for s in folder.samples("val", skip_broken=True)] == ["a"]


def test_map_of_another_size(root: Path) -> None:
    Image.fromarray(np.zeros((9, 9), np.uint16)).save(root / "instances/a.png")
    with pytest.raises(DataError, match=r"has shape \(9, 9\)"):
        Folder.open(root).read("a")


def test_damaged_segment(root: Path) -> None:
    records = json.loads((root / "annotations.json").read_text())
    del records["a"]["segments"][0]["bbox"]
    (root / "annotations.json").write_text(json.dumps(records))
    with pytest.raises(DataError, match="segment of a"):
        Folder.open(root).segments("a")


def test_every_damage_is_told(root: Path) -> None:
    check_messages(root, "project")
    check_values(root, "project")

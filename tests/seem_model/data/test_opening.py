"""Opening by path and kind, and what training and evaluation do with a data set of any layout."""

import json
import pickle
import warnings
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import seem_model
from fakes import FakeLoad
from seem_model.cli import main
from seem_model.data.batch_config import BatchConfig
from seem_model.data.batches import Batches
from seem_model.data.crops import CropConfig
from seem_model.data.folder import Folder
from seem_model.data.keeping import Keeper
from seem_model.data.labels import majority, stack
from seem_model.data.opening import KINDS, open_dataset, recognised, samples
from seem_model.data.set_config import SetConfig
from seem_model.errors import DataError
from seem_model.recipe import Recipe
from tiny_coco import write_coco, write_panoptic
from tiny_files import SHAPE, box, save_json
from tiny_folder import write_folder


@pytest.fixture
def coco(tmp_path: Path) -> Path:
    return write_coco(tmp_path / "coco")


def exclude(root: Path, *images: int) -> Path:
    refs = [{"image_id": n, "split": "val"} for n in images]
    save_json(root / "refcocog/refs(umd).json", refs)
    return root


def test_the_projects_own_layout(tmp_path: Path) -> None:
    root = write_folder(tmp_path / "tiny")
    assert recognised(root) == ("project",)
    assert isinstance(open_dataset(root), Folder)


def test_kinds_by_name(coco: Path) -> None:
    write_panoptic(coco)
    assert open_dataset(coco).name == "coco-panoptic"
    assert open_dataset(str(coco), "coco-instances").name == "coco-instances"
    assert open_dataset(coco, "coco-panoptic").ids("val") == ("9",)


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_says_what_it_misses(tmp_path: Path, kind: str) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(DataError, match="empty"):
        open_dataset(tmp_path / "empty", kind)


def test_nothing_matches(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"of no layout that is known.*Known kinds: project, coco"):
        open_dataset(tmp_path)
    with pytest.raises(DataError, match='"cooc" is no kind of data set; known: project'):
        open_dataset(tmp_path, "cooc")
    with pytest.raises(DataError, match="no data folder at"):
        open_dataset(tmp_path / "nowhere")


def test_broken_images_are_left_out_and_told(coco: Path) -> None:
    (coco / "train2017/000000000001.jpg").unlink()
    data = open_dataset(coco)
    with pytest.raises(DataError, match="Skipped: image 1"):
        list(samples(data, "train"))
    skipped: list[str] = []
    assert [s.id for s in samples(data, "train", skipped=skipped)] == ["2"]
    assert len(skipped) == 1
    assert skipped[0].endswith("000000000001.jpg is missing. Skipped: image 1.")


def test_what_opening_leaves_out_is_a_warning(tmp_path: Path) -> None:
    for number in range(14):
        (tmp_path / "images").mkdir(exist_ok=True)
        (tmp_path / "labels").mkdir(exist_ok=True)
        (tmp_path / f"images/{number}.png").touch()
    (tmp_path / "labels/0.png").touch()
    with pytest.warns(UserWarning, match="Skipped: this image") as told:
        open_dataset(tmp_path)
    assert str(told[0].message).endswith("… and 3 more.")


def batches(config: SetConfig) -> Batches:
    batch = BatchConfig(images=2, objects=2, min_pixels=5)
    return Batches([config], CropConfig(), batch, (64,), 0)


def test_training_takes_any_layout(coco: Path) -> None:
    made = batches(SetConfig(path=str(coco), kind="coco-instances"))
    assert made.sources.vocabularies() == [("cat", "dog")]
    assert {ask.name for ask in made(0).asks} == {"cat"}


def test_other_processes_can_make_batches(coco: Path) -> None:
    made = batches(SetConfig(path=str(coco)))
    again = pickle.loads(pickle.dumps(made))
    assert np.array_equal(made(3).views[0].crop.image, again(3).views[0].crop.image)


def test_training_leaves_broken_images_out_and_says_so(coco: Path) -> None:
    (coco / "train2017/000000000001.jpg").write_bytes(b"x")
    made = batches(SetConfig(path=str(coco)))
    with warnings.catch_warnings(record=True, action="always") as told:
        for step in range(4):
            made(step)
    (only,) = told
    assert str(only.message).endswith("Skipped: image 1.")


def test_training_leaves_out_what_refcoco_tests_on(coco: Path) -> None:
    config = SetConfig(path=str(coco), exclude=str(exclude(coco, 2)))
    data = config.open()
    assert data.ids("train") == ("1",)
    assert data.fingerprint != replace(config, exclude="").open().fingerprint
    assert (data.name, data.licence[:14]) == ("coco-instances", "annotations CC")
    assert data.size("1") == SHAPE
    assert data.segments("1") == data.read("1").segments
    with pytest.raises(DataError, match="there are no images in"):
        batches(replace(config, exclude=str(exclude(coco, 1, 2))))


def test_recipes_name_kind_and_exclusion(tmp_path: Path) -> None:
    path = tmp_path / "recipe.yaml"
    path.write_text(
        "root: all\ndata:\n  - {path: coco, kind: lvis, exclude: refer}\n  - {path: x}\n"
    )
    first, second = Recipe.from_yaml(path).sets
    assert (first.path, first.kind, first.exclude) == ("all/coco", "lvis", "all/refer")
    assert (second.path, second.kind, second.exclude) == ("all/x", None, "")


def test_memory_has_a_limit(coco: Path) -> None:
    data = open_dataset(coco)
    keeper = Keeper([data], room=SHAPE[0] * SHAPE[1] * 9)
    first = keeper.read(0, "1")
    assert keeper.read(0, "1") is first  # 3 bytes of image and 4 of labels a pixel: kept
    assert keeper.read(0, "2") is not keeper.read(0, "2")


def test_the_command_takes_any_layout(
    coco: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(seem_model, "load", FakeLoad())
    out = tmp_path / "out.json"
    command = ["evaluate", "interactive", "--data", str(coco), "--max-clicks", "3"]
    assert main([*command, "--kind", "coco-instances", "--report", str(out)]) == 0
    numbers = json.loads(out.read_text())
    assert (numbers["data"], numbers["objects"]) == ("coco-instances", 2)  # no crowd
    assert main([*command, "--kind", "nonsense"]) == 2


def test_stacked_masks_come_back() -> None:
    masks = {1: box(0, 0, 9, 9), 2: box(4, 4, 9, 9), 3: box(12, 12, 14, 14)}
    instances, overlapping = stack(masks, SHAPE)
    assert set(overlapping) == {1}
    for number, mask in masks.items():
        assert (overlapping.get(number, instances == number) == mask).all()


def test_majority_ignores_background_and_void() -> None:
    instances = np.array([[1, 1, 1, 1, 2, 2, 0]])
    classes = np.array([[0, 0, 255, 7, 255, 0, 9]])
    assert majority(instances, classes) == {1: 7, 2: 0}
    assert majority(instances, classes, void=None)[2] == 255

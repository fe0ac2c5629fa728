"""Checkpoint folders: saved, loaded, damaged, and never a pickle."""

import json
import pickle
import shutil
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

import seem_model
from seem_model import CheckpointError, checkpoint
from tiny_model import click, photo, tiny


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    checkpoint.save(tiny(), tmp_path / "model", half=False)
    return tmp_path / "model"


def test_what_is_loaded_is_what_was_saved(folder: Path) -> None:
    again = checkpoint.load_model(folder)
    assert again.config == tiny().config
    wanted = tiny().state_dict()
    assert again.state_dict().keys() == wanted.keys()
    assert all(torch.equal(v, wanted[k]) for k, v in again.state_dict().items())
    assert not again.training


def test_half_precision_halves_the_file_and_hardly_changes_answers(tmp_path, folder) -> None:
    checkpoint.save(tiny(), tmp_path / "half")
    sizes = [(f / "model.safetensors").stat().st_size for f in (tmp_path / "half", folder)]
    assert sizes[0] < 0.6 * sizes[1]
    image, prompts = photo(), click((60, 80), 30, 40)
    answers = []
    for where in (folder, tmp_path / "half"):
        model = seem_model.load(where)
        assert model.model.logit_scale.dtype == torch.float32
        answers.append(model.step(model.features(image), prompts).memory.logits)
    assert abs(answers[0] - answers[1]).max() < 0.05 * abs(answers[0]).max()


def test_a_class_list_goes_along_where_asked(tmp_path: Path, folder: Path) -> None:
    (folder / "vocabulary.json").write_text('[{"name": "yeti", "thing": true}]')
    checkpoint.save(tiny(), tmp_path / "tuned", words=folder)
    assert seem_model.load(tmp_path / "tuned").vocabulary == ("yeti",)
    checkpoint.save(tiny(), tmp_path / "bare")
    assert "yeti" not in seem_model.load(tmp_path / "bare").vocabulary


def test_the_tiny_model_is_the_same_every_time() -> None:
    one, two = seem_model.load("tiny"), seem_model.load("tiny")
    assert one.name == "tiny"
    for a, b in zip(one.model.parameters(), two.model.parameters(), strict=True):
        assert torch.equal(a, b)


def assert_refused(where, words: str) -> None:
    with pytest.raises(CheckpointError, match=words) as caught:
        seem_model.load(where)
    assert str(caught.value).endswith((".", ").", "again."))


def test_a_missing_folder_is_named_with_advice(tmp_path: Path) -> None:
    assert_refused(tmp_path / "nowhere", 'no checkpoint folder at .*nowhere. Use "lite"')
    assert_refused("litte", "no checkpoint folder at litte")


def test_missing_files_are_named(tmp_path: Path, folder: Path) -> None:
    (tmp_path / "empty").mkdir()
    assert_refused(tmp_path / "empty", "no config.json")
    (folder / "model.safetensors").unlink()
    assert_refused(folder, r"no model\.safetensors")


def test_truncated_weights_are_assert_refused(folder: Path) -> None:
    path = folder / "model.safetensors"
    for size in (path.stat().st_size // 2, 5, 0):
        path.write_bytes(path.read_bytes()[:size])
        assert_refused(folder, "cut short")


@pytest.mark.parametrize(
    "text",
    ["", "{", "[]", '"lite"', "null", "{}", "\xff", '{"name": "x", "colour": 3}', '{"format": 2}'],
)
def test_a_broken_config_is_assert_refused(folder: Path, text: str) -> None:
    (folder / "config.json").write_bytes(text.encode("latin-1"))
    assert_refused(folder, "config.json")


def test_a_config_of_another_model_is_assert_refused(folder: Path) -> None:
    values = json.loads((folder / "config.json").read_text())
    values["decoder"]["queries"] = 7
    (folder / "config.json").write_text(json.dumps(values))
    assert_refused(folder, r"query_(feat|embed).* shape \(12, 16\), the model needs \(7, 16\)")
    values["decoder"]["layers"] = 1
    (folder / "config.json").write_text(json.dumps(values))
    assert_refused(folder, "0 tensors are missing.* are not known")


def test_a_config_that_no_model_can_be_built_from_is_assert_refused(folder: Path) -> None:
    values = json.loads((folder / "config.json").read_text())
    values["pixel_decoder"]["groups"] = 5  # does not divide the width
    (folder / "config.json").write_text(json.dumps(values))
    assert_refused(folder, "config.json")


def test_missing_tensors_are_named(folder: Path) -> None:
    path = folder / "model.safetensors"
    tensors = load_file(path)
    del tensors["logit_scale"]
    save_file(tensors, path)
    assert_refused(folder, "1 tensors are missing .logit_scale")


class Trap:
    def __reduce__(self):
        return Path.touch, (Path("sprung"),)


def test_a_pickle_is_never_run(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)
    for save in (lambda p: p.write_bytes(pickle.dumps(Trap())), lambda p: torch.save(Trap(), p)):
        save(folder / "model.safetensors")
        assert_refused(folder, "cannot be read")
    assert not (folder / "sprung").exists()
    for name in ("model.pt", "pytorch_model.bin"):
        torch.save(Trap(), folder / name)
    (folder / "model.safetensors").unlink()
    assert_refused(folder, "no model")
    assert not (folder / "sprung").exists()


def test_a_file_is_not_a_folder(folder: Path) -> None:
    assert_refused(folder / "model.safetensors", "no checkpoint folder")


def test_a_folder_can_be_moved(folder: Path, tmp_path: Path) -> None:
    shutil.move(folder, tmp_path / "elsewhere")
    assert seem_model.load(str(tmp_path / "elsewhere")).name == str(tmp_path / "elsewhere")

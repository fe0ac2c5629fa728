"""Files of someone else: what is read, and what is said about those that are not checkpoints."""

import pickle
import zipfile
from collections import OrderedDict
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from seem_model.errors import CheckpointError
from seem_model.official_file import read_tensors

STATE = {"a.weight": torch.arange(6.0).view(2, 3), "b": torch.tensor(4)}


def assert_same(found: dict[str, torch.Tensor]) -> None:
    assert found.keys() == STATE.keys()
    assert all(torch.equal(found[k], v) for k, v in STATE.items())


def assert_refused(path: Path, words: str) -> None:
    with pytest.raises(CheckpointError, match=words) as caught:
        read_tensors(path)
    assert str(path) in str(caught.value)
    assert str(caught.value).endswith((".", "again."))


@pytest.mark.parametrize("ending", ["pt", "bin", "pth"])
def test_what_is_inside_counts(tmp_path: Path, ending: str) -> None:
    torch.save(OrderedDict(STATE), tmp_path / f"one.{ending}")
    assert_same(read_tensors(tmp_path / f"one.{ending}"))
    torch.save(STATE, tmp_path / f"two.{ending}", _use_new_zipfile_serialization=False)
    assert_same(read_tensors(tmp_path / f"two.{ending}"))
    save_file(STATE, tmp_path / f"three.{ending}")
    assert_same(read_tensors(str(tmp_path / f"three.{ending}")))


@pytest.mark.parametrize(
    "wrapped",
    [
        {"model": STATE, "iteration": 7},
        {"state_dict": {f"module.{k}": v for k, v in STATE.items()}, "epoch": 3},
        {f"model.{k}": v for k, v in STATE.items()},
        {"model": {"state_dict": {f"module.model.{k}": v for k, v in STATE.items()}}},
    ],
)
def test_wrappers_and_prefixes_are_taken_off(tmp_path: Path, wrapped: dict) -> None:
    torch.save(wrapped, tmp_path / "x.pt")
    assert_same(read_tensors(tmp_path / "x.pt"))


def test_a_prefix_of_some_names_only_is_part_of_them(tmp_path: Path) -> None:
    torch.save({"model.a": torch.ones(1), "b": torch.ones(1)}, tmp_path / "x.pt")
    assert read_tensors(tmp_path / "x.pt").keys() == {"model.a", "b"}


def test_what_is_missing_or_no_file(tmp_path: Path) -> None:
    assert_refused(tmp_path / "none.pt", "There is no file")
    assert_refused(tmp_path, "is a folder")


@pytest.mark.parametrize("zipped", [True, False])
@pytest.mark.parametrize("part", [0.02, 0.5, 0.99])
def test_a_file_that_stops_too_early(tmp_path: Path, zipped: bool, part: float) -> None:
    path = tmp_path / "x.pt"
    torch.save({"a": torch.ones(50_000)}, path, _use_new_zipfile_serialization=zipped)
    size = int(path.stat().st_size * part)
    path.write_bytes(path.read_bytes()[:size])
    assert_refused(path, f"it stops at {size:,} bytes")


def test_a_short_safetensors_file(tmp_path: Path) -> None:
    path = tmp_path / "x.safetensors"
    save_file(STATE, path)
    path.write_bytes(path.read_bytes()[:-4])
    assert_refused(path, "cut short")


class Trap:
    def __reduce__(self):
        return Path.touch, (Path("sprung"),)


@pytest.mark.filterwarnings("ignore:Detected pickle protocol")
def test_objects_are_never_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "x.pt"
    torch.save({"model": STATE, "hook": Trap()}, path)
    assert_refused(path, "could run code")
    torch.save(torch.nn.Linear(2, 2), path)
    assert_refused(path, "could run code")
    # as detectron2 keeps its own checkpoints
    path.write_bytes(pickle.dumps({"model": {"a": np.ones(3)}}))
    assert_refused(path, "x.pt")
    path.write_bytes(pickle.dumps(Trap()))
    assert_refused(path, "x.pt")
    assert not (tmp_path / "sprung").exists()


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "is empty"),
        (b"<!DOCTYPE html><html></html>", "web page"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:0", "Git LFS pointer"),
        (b"hello there, I am a text", "is no checkpoint"),
    ],
)
def test_files_of_another_kind(tmp_path: Path, content: bytes, words: str) -> None:
    (tmp_path / "x.pt").write_bytes(content)
    assert_refused(tmp_path / "x.pt", words)


def test_checkpoints_without_tensors(tmp_path: Path) -> None:
    for nothing in ({}, [1, 2], {"epoch": 3}, torch.ones(3)):
        torch.save(nothing, tmp_path / "x.pt")
        assert_refused(tmp_path / "x.pt", "no named tensors")
    with zipfile.ZipFile(tmp_path / "x.pt", "w") as archive:
        archive.writestr("photo.txt", "no")
    assert_refused(tmp_path / "x.pt", "is an archive, but no checkpoint")

"""The models that a person has trained: where they are, and that none is written over."""

from __future__ import annotations

from pathlib import Path

import pytest

from seem_model.errors import CheckpointError
from seem_model.own_models import free_name, keep, own_models, own_models_folder, room_for


@pytest.fixture(autouse=True)
def library(monkeypatch, tmp_path: Path) -> Path:
    monkeypatch.setenv("SEEM_MODELS", str(tmp_path))
    return tmp_path


def made(folder: Path) -> Path:
    folder.mkdir(parents=True)
    for name in ("config.json", "model.safetensors"):
        (folder / name).touch()
    return folder


def test_a_kept_model_is_listed_and_its_name_taken(tmp_path: Path) -> None:
    assert own_models() == ()
    place = keep(made(tmp_path / "new"), room_for("  my   cells "))
    assert place == own_models_folder() / "my cells"
    assert own_models() == (place,)
    with pytest.raises(CheckpointError, match="already: choose another name"):
        room_for("my cells")
    with pytest.raises(CheckpointError, match="already"):
        keep(made(tmp_path / "other"), place)
    assert (tmp_path / "other").is_dir()


def test_unfinished_and_strange_folders_are_no_models() -> None:
    made(own_models_folder() / ".unfinished-1" / "checkpoint")
    (own_models_folder() / "empty").mkdir()
    assert own_models() == ()


@pytest.mark.parametrize("name", ["", "  ", "a/b", "..", ".hidden", "a:b", "x" * 61, "end."])
def test_names_that_are_no_names(name: str) -> None:
    with pytest.raises(CheckpointError, match="name"):
        room_for(name)


@pytest.mark.parametrize("name", ["lite", "Lite", "focal-tiny-v1"])
def test_names_of_other_models_are_taken(name: str) -> None:
    with pytest.raises(CheckpointError, match="already"):
        room_for(name)


def test_free_names_are_free(tmp_path: Path) -> None:
    assert free_name("lite") == "lite-2"
    assert free_name("my cells!.tif") == "my-cells-.tif"
    made(own_models_folder() / "cells")
    assert free_name("cells") == "cells-2"
    assert free_name("...") == "model"
    assert room_for("a", tmp_path) == tmp_path / "a"


def test_without_a_library_it_is_the_folder_for_data(monkeypatch, tmp_path: Path) -> None:
    monkeypatch.delenv("SEEM_MODELS")
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    assert own_models_folder() == tmp_path / "napari-seem" / "models"

"""Official files into folders of ours: what comes out, what is refused and why."""

import json
import sys
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

import seem_model
from official_twin import FEW, LARGER, NAME, TWIN, install, official_file, official_state, twin
from seem_model.cli import main
from seem_model.config import from_json
from seem_model.convert import convert
from seem_model.errors import CheckpointError
from seem_model.fitting import preset
from seem_model.library import is_kept, kept, library_folder, place
from seem_model.presets import OFFICIAL
from seem_model.releases import RELEASES, choices, family
from tiny_model import click, photo


@pytest.fixture
def library(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    install(monkeypatch, tmp_path / "library")
    return tmp_path / "library"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return official_file(tmp_path / "seem_focalt_v1.pt")


def assert_same_model(folder: Path) -> None:
    state = seem_model.load(folder).model.state_dict()
    wanted = twin().state_dict()
    assert state.keys() == wanted.keys()
    assert all(torch.equal(value, wanted[name]) for name, value in state.items())


def test_the_folder_is_complete_and_loads(file: Path, tmp_path: Path, library: Path) -> None:
    shares = []
    done = convert(file, NAME, tmp_path / "out", watch=shares.append)
    assert done.folder == tmp_path / "out"
    assert from_json(json.loads((done.folder / "config.json").read_text())) == TWIN
    assert done.parameters == sum(p.numel() for p in twin().parameters())
    assert done.size == sum(path.stat().st_size for path in done.folder.iterdir())
    assert done.left_out == ()
    assert_same_model(done.folder)
    assert not library.exists()
    assert shares == sorted(shares)
    assert shares[0] == 0
    assert shares[-1] == 1
    assert len(shares) > 5


def test_what_was_converted_answers_and_names(file: Path, library: Path, monkeypatch) -> None:
    convert(file, NAME)
    predictor = seem_model.load(NAME)
    assert predictor.name == NAME
    assert predictor.vocabulary == FEW.names
    assert predictor.listed.things == FEW.things
    image = photo()
    features = predictor.features(image)
    round = predictor.step(features, click(image.shape[:2], 30, 40))
    assert round.mask.shape == image.shape[:2]
    phrase = replace(seem_model.Prompts.empty(image.shape[:2]), text="the bright disk")
    assert predictor.step(features, phrase).mask.shape == image.shape[:2]
    assert predictor.with_vocabulary(["disk", "dog"]).words.embeddings.shape == (3, 16)
    # names of any list are read once
    calls = []
    encode = type(predictor.model.text).encode
    monkeypatch.setattr(
        type(predictor.model.text), "encode", lambda *args: calls.append(1) or encode(*args)
    )
    predictor.panoptic(features, classes=["disk", "wall"])
    assert not calls
    predictor.panoptic(features, classes=["cup"])
    assert calls


def test_half_takes_half_the_space(file: Path, tmp_path: Path, library: Path) -> None:
    whole = convert(file, NAME, tmp_path / "whole")
    half = convert(file, NAME, tmp_path / "half", half=True)
    assert half.size < 0.6 * whole.size
    assert load_file(half.folder / "model.safetensors")["logit_scale"].dtype == torch.float16
    vectors = [load_file(f.folder / "vocabulary.safetensors")["summaries"] for f in (whole, half)]
    assert torch.equal(*vectors)


@pytest.mark.parametrize("kind", ["safetensors", "wrapped", "half"])
def test_other_forms_of_the_same_file(kind: str, tmp_path: Path, library: Path) -> None:
    path, state = tmp_path / "x.pt", official_state()
    if kind == "safetensors":
        save_file({k: v.contiguous() for k, v in state.items()}, path)
    elif kind == "wrapped":
        torch.save({"model": {f"model.{k}": v for k, v in state.items()}, "iteration": 1}, path)
    else:
        torch.save({k: v.half() for k, v in state.items()}, path)
    folder = convert(path, NAME).folder
    assert load_file(folder / "model.safetensors")["logit_scale"].dtype == torch.float32
    if kind != "half":
        assert_same_model(folder)


def test_names_of_no_use_are_left_out_and_told(tmp_path: Path, library: Path) -> None:
    head = "sem_seg_head.predictor.caping_embed"
    torch.save(official_state() | {head: torch.ones(3)}, tmp_path / "x.pt")
    assert convert(tmp_path / "x.pt", NAME).left_out == (head,)


def refused(file: Path, words: str, name: str = NAME) -> None:
    with pytest.raises(CheckpointError, match=words) as caught:
        convert(file, name)
    assert str(caught.value).endswith((".", "again.", ")."))
    assert not kept()


def test_another_size_is_recognised(tmp_path: Path, library: Path) -> None:
    larger = official_file(tmp_path / "x.pt", LARGER)
    refused(larger, "looks like focal-large, not like focal-tiny-v1: choose one of focal-large-v1 ")


def test_x_decoder_is_recognised(tmp_path: Path, library: Path) -> None:
    of_seem = ("mask_sptial_embed", "pn_indicator", "spatial_embed", "spatial_featured")
    state = {k: v for k, v in official_state().items() if not any(s in k for s in of_seem)}
    torch.save(state, tmp_path / "x.pt")
    refused(tmp_path / "x.pt", "looks like an X-Decoder checkpoint")


def test_other_models_are_recognised(tmp_path: Path, library: Path) -> None:
    torch.save({"image_encoder.pos_embed": torch.ones(1), "b": torch.ones(1)}, tmp_path / "x.pt")
    refused(tmp_path / "x.pt", r"no official SEEM checkpoint.*2 tensors: b, image_encoder")
    torch.save(twin().state_dict(), tmp_path / "x.pt")
    refused(tmp_path / "x.pt", "is converted already")


def test_what_does_not_fit_is_named_as_it_is_in_the_file(tmp_path: Path, library: Path) -> None:
    state = official_state()
    del state["sem_seg_head.predictor.lang_encoder.lang_proj"]
    state["backbone.layers.0.blocks.5.gamma_1"] = torch.ones(8)
    state["sem_seg_head.predictor.query_feat.weight"] = torch.ones(7, 16)
    torch.save(state, tmp_path / "x.pt")
    refused(
        tmp_path / "x.pt",
        r"1 tensors are missing \(sem_seg_head\.predictor\.lang_encoder\.lang_proj\); 1 are too "
        r"many \(backbone\.layers\.0\.blocks\.5\.gamma_1\); 1 have another size "
        r"\(sem_seg_head\.predictor\.query_feat\.weight: \(7, 16\) instead of \(6, 16\)\)",
    )


def test_numbers_that_are_none_are_refused(tmp_path: Path, library: Path) -> None:
    state = official_state()
    state["backbone.norm0.weight"] = torch.full((8,), float("nan"))
    torch.save(state, tmp_path / "x.pt")
    refused(tmp_path / "x.pt", "backbone.norm0.weight holds numbers that are not finite")


def test_the_variant_must_be_chosen(file: Path, library: Path) -> None:
    refused_name = 'There is no official variant "focal-v9"; choose one of focal-tiny-v0'
    with pytest.raises(CheckpointError, match=refused_name):
        convert(file, "focal-v9")
    with pytest.raises(CheckpointError, match="--as") as caught:
        convert(file, "")
    for words in ("v0 and v1 have the same names", *RELEASES):
        assert words in str(caught.value)


class Enough(Exception):
    pass


def test_stopping_leaves_nothing(file: Path, tmp_path: Path, library: Path) -> None:
    for last in (0.0, 0.1, 1.0):

        def watch(share: float, last: float = last) -> None:
            if share >= last:
                raise Enough

        for out in (None, tmp_path / "out"):
            with pytest.raises(Enough):
                convert(file, NAME, out, watch=watch)
    assert not (tmp_path / "out").exists()
    assert not library.exists() or not list(library.iterdir())


def test_a_folder_in_use_is_not_overwritten(file: Path, tmp_path: Path, library: Path) -> None:
    (tmp_path / "out").mkdir()
    convert(file, NAME, tmp_path / "out")
    (tmp_path / "file").touch()
    for there in (tmp_path / "out", tmp_path / "file"):
        with pytest.raises(CheckpointError, match="exists and is not empty"):
            convert(file, NAME, there)


def test_the_library_takes_the_newest(file: Path, tmp_path: Path, library: Path) -> None:
    first = convert(file, NAME).size
    assert convert(file, NAME, half=True).size < first
    assert kept() == (NAME,)
    assert [path.name for path in library.iterdir()] == [NAME]


def test_a_disk_that_cannot_be_written(file: Path, tmp_path: Path, library: Path) -> None:
    (tmp_path / "wall").touch()
    with pytest.raises(CheckpointError, match="cannot be written"):
        convert(file, NAME, tmp_path / "wall" / "out")


# ---------------------------------------------------------------------- names and places


def test_every_official_preset_is_a_choice_with_a_use() -> None:
    assert OFFICIAL.keys() == RELEASES.keys()
    assert all(preset(name).name == name for name in OFFICIAL)
    assert {family(name) for name in OFFICIAL} >= {"focal-tiny", "focal-large"}
    assert RELEASES["focal-tiny-demo"].file == RELEASES["focal-tiny-v0"].file == "seem_focalt_v0.pt"
    assert RELEASES["focal-large-v1"].file == "seem_focall_v1.pt"
    assert all(f"{r.name} " in choices() and r.use in choices() for r in RELEASES.values())


def test_the_library_is_where_one_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SEEM_MODELS", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert library_folder() == tmp_path / "napari-seem"
    monkeypatch.setenv("XDG_CACHE_HOME", "")
    monkeypatch.setenv("HOME", str(tmp_path / "me"))
    if sys.platform != "win32":
        assert library_folder() == tmp_path / "me" / ".cache" / "napari-seem"
    monkeypatch.setenv("SEEM_MODELS", str(tmp_path / "mine"))
    assert place(NAME) == tmp_path / "mine" / NAME
    assert not is_kept(NAME)


def test_loading_what_is_not_there_says_how_to_get_it(file: Path, library: Path) -> None:
    with pytest.raises(CheckpointError, match=f'"seem download {NAME}".*convert FILE --as {NAME}'):
        seem_model.load(NAME)
    with pytest.raises(CheckpointError, match="not on this machine: convert the file"):
        seem_model.load("davit-d3-v1")
    with pytest.raises(CheckpointError, match=r"seem convert .*focalt_v1\.pt --as VARIANT"):
        seem_model.load(file)


# ---------------------------------------------------------------------- the command


def test_the_command(file: Path, tmp_path: Path, library: Path, capsys) -> None:
    assert main(["convert", str(file), "--as", NAME]) == 0
    said = capsys.readouterr().out
    assert f"--checkpoint {NAME}" in said
    assert f'seem_model.load("{NAME}")' in said
    assert kept() == (NAME,)
    assert main(["convert", str(file), "--as", NAME, "--out", str(tmp_path / "o"), "--half"]) == 0
    assert f"--checkpoint {tmp_path / 'o'}" in capsys.readouterr().out
    assert main(["convert", str(file)]) == 2
    assert "Say which variant this is" in capsys.readouterr().err
    assert main(["convert", str(tmp_path / "none.pt"), "--as", NAME]) == 2
    assert "There is no file" in capsys.readouterr().err


def test_its_help_lists_the_variants(capsys) -> None:
    for command in ("convert", "download"):
        with pytest.raises(SystemExit):
            main([command, "--help"])
        said = capsys.readouterr().out
        assert all(name in said for name in RELEASES)
        assert "Apache-2.0" in said

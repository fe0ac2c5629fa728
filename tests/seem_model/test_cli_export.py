"""seem export: what people type, and what they are told."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from label_images import hard, same
from seem_model.cli import main
from seem_model.cli_export import KINDS
from seem_model.export.coco import read_coco
from seem_model.export.saving import ENDINGS, FORMATS
from seem_model.export.tiff import read_tiff, write_tiff


@pytest.fixture
def labels(tmp_path: Path) -> str:
    write_tiff(tmp_path / "labels.tif", hard())
    return str(tmp_path / "labels.tif")


def test_the_command_knows_every_format() -> None:
    assert KINDS == FORMATS


@pytest.mark.parametrize("kind", KINDS)
def test_every_format(labels: str, tmp_path: Path, capsys, kind) -> None:
    out = tmp_path / f"out{ENDINGS[kind][0]}"
    assert main(["export", labels, "--as", kind, "--out", str(out)]) == 0
    assert out.stat().st_size > 0
    assert capsys.readouterr().out == f"4 objects: {out}\n"


def test_classes_from_a_file(tmp_path: Path) -> None:
    Image.fromarray((hard().labels % 256).astype(np.uint8)).save(tmp_path / "labels.png")
    (tmp_path / "classes.json").write_text(json.dumps({"3": "a", "7": "b"}))
    out = str(tmp_path / "out.json")
    command = ["export", str(tmp_path / "labels.png"), "--as", "coco", "--out", out]
    assert main([*command, "--classes", str(tmp_path / "classes.json")]) == 0
    assert {row.id: row.name for row in read_coco(out).table}[7] == "b"


def test_classes_replace_those_of_the_file(labels: str, tmp_path: Path) -> None:
    (tmp_path / "classes.json").write_text('[{"id": 3, "class": "new"}]')
    out = str(tmp_path / "out.json")
    more = ["--classes", str(tmp_path / "classes.json")]
    assert main(["export", labels, "--as", "coco", "--out", out, *more]) == 0
    assert [row.name for row in read_coco(out).table] == ["new", "pair", "ring", "object"]


def test_from_one_format_to_another(labels: str, tmp_path: Path) -> None:
    zipped, table = str(tmp_path / "a.zip"), str(tmp_path / "a.csv")
    assert main(["export", labels, "--as", "imagej", "--out", zipped]) == 0
    assert main(["export", zipped, "--as", "csv", "--out", table, "--scale", "2,2"]) == 0
    lines = Path(table).read_text().splitlines()
    assert "area_scaled" in lines[0]
    assert lines[1].startswith("3,ring,0.5,57,")


def test_labels_of_a_folder_of_their_own_are_read_again(labels: str, tmp_path: Path) -> None:
    folder, out = str(tmp_path / "a.zarr"), str(tmp_path / "a.tif")
    assert main(["export", labels, "--as", "ome-zarr", "--out", folder, "--scale", "2,3"]) == 0
    assert main(["export", folder, "--as", "tiff", "--out", out]) == 0
    assert same(read_tiff(out), hard())
    assert main(["export", labels, "--as", "ome-zarr", "--out", folder]) == 2  # not over it


def test_intensities(labels: str, tmp_path: Path, capsys) -> None:
    Image.fromarray(np.full((24, 30, 3), 9, np.uint8)).save(tmp_path / "photo.png")
    out = tmp_path / "a.csv"
    command = ["export", labels, "--as", "csv", "--out", str(out), "--image"]
    assert main([*command, str(tmp_path / "photo.png")]) == 0
    assert "mean_intensity_2" in out.read_text()
    Image.fromarray(np.zeros((24, 31, 3), np.uint8)).save(tmp_path / "wide.png")
    assert main([*command, str(tmp_path / "wide.png")]) == 2
    assert "they must agree" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (["--out", "out.png"], "ends in .json"),
        (["--classes", "none.json"], "none.json"),
        (["--image", "none.png"], "Cannot open"),
    ],
)
def test_mistakes_are_told_in_one_sentence(labels: str, capsys, change, said) -> None:
    command = ["export", labels, "--as", "coco", "--out", "out.json", *change]
    assert main(command) == 2
    error = capsys.readouterr().err
    assert error.startswith("seem: ")
    assert said in error
    assert error.count("\n") == 1

"""seem evaluate similar and example, with predictors of known quality."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from fakes import FakePredictor
from seem_model.cli import main
from seem_model.data.folder import Folder
from seem_model.errors import DataError
from seem_model.evaluation import likeness
from seem_model.evaluation.likeness import example, similar
from seem_model.evaluation.running import Choice
from seem_model.values import ALIKE, Instance, Round
from tiny_folder import write_folder


class Finder(FakePredictor):
    """Bright blobs are alike; the answer to an example is the blob of ``rank`` by size."""

    def __init__(self, score: float = 0.9, rank: int = 0) -> None:
        super().__init__()
        self.score, self.rank = score, rank

    def similar(self, features, exemplars) -> tuple[Instance, ...]:
        found = self._segmentation(features, None)
        return tuple(
            Instance(mask=found.labels == s.id, label="", score=self.score) for s in found.segments
        )

    def step(self, features, prompts, memory=None, *, watch=None) -> Round:
        blobs = sorted(self.similar(features, []), key=lambda one: -one.mask.sum())
        return Round(prompts=prompts, mask=blobs[min(self.rank, len(blobs) - 1)].mask, score=1.0)


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return Folder.open(write_folder(tmp_path / "tiny"))


def test_all_of_a_kind_found_and_none(folder: Folder) -> None:
    good = similar(Finder(), folder, Choice()).flat()
    assert good["f1@50"] == good["f1@50_pooled"] == 1.0
    # "b" and "c" have one object that is no crowd; of the two in "a" one is the example
    assert (good["images"], good["skipped"], good["objects"]) == (1, 2, 1)
    assert good["threshold"] == ALIKE
    none = similar(Finder(score=ALIKE - 0.01), folder, Choice()).flat()
    assert none["f1@50"] == 0.0
    assert none["found"] == 0


def test_seeds_mark_other_objects(folder: Folder) -> None:
    found = similar(Finder(), folder, Choice(seeds=tuple(range(8))))
    assert {row["example"] for row in found.rows} == {1, 2}
    flat = found.flat()
    assert flat["seeds"] == "0 1 2 3 4 5 6 7"
    assert flat["f1@50_seeds_mean"] == 1.0
    assert flat["f1@50_seeds_sd"] == 0.0
    once = similar(Finder(), folder, Choice(seed=3))
    assert [r["example"] for r in once.rows] == [r["example"] for r in found.rows if r["seed"] == 3]


def test_an_example_is_of_another_image_and_either_figure_is_told(
    folder: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(likeness, "LEAST_SHARE", 0.0)
    found = example(Finder(), folder, Choice(seeds=(0, 1, 2)))
    assert all(row["image"] != row["from"] for row in found.rows)
    assert len(found.rows) == 9
    by_image = {row["image"]: row for row in found.rows}
    # the larger of two in "a": it is right, and not all
    assert by_image["a"]["iou"] == 1.0
    assert by_image["a"]["union_iou"] == pytest.approx(256 / (256 + 16))
    flat = found.flat()
    assert flat["miou"] == flat["miou:blob"] == 1.0 > flat["union_miou"]
    assert flat["union_miou_low"] <= flat["union_miou"] <= flat["union_miou_high"]


def test_small_things_are_neither_examples_nor_looked_for(folder: Folder) -> None:
    wrong = example(Finder(rank=1), folder, Choice())
    by_image = {row["image"]: row for row in wrong.rows}
    assert by_image["a"]["iou"] == 0.0
    assert all((row["from"], row["example"]) != ("a", 2) for row in wrong.rows)


def test_data_without_pairs_say_so(folder: Folder) -> None:
    with pytest.raises(DataError, match="two objects of a class"):
        similar(Finder(), folder, Choice(limit=1, seed=_without_pair(folder)))
    with pytest.raises(DataError, match="in two images"):
        example(Finder(), folder, Choice(split="train"))


def _without_pair(folder: Folder) -> int:
    return next(s for s in range(50) if Choice(limit=1, seed=s).ids(folder) != ("a",))


@pytest.mark.parametrize(("kind", "key"), [("similar", "f1@50"), ("example", "miou")])
def test_the_commands_write_reports(kind: str, key: str, folder: Folder, tmp_path: Path) -> None:
    report, gallery = tmp_path / "r.json", tmp_path / "gallery"
    where = ["--data", str(folder.path), "--report", str(report), "--gallery", str(gallery)]
    main(["evaluate", kind, "--checkpoint", "tiny", "--device", "cpu", *where, "--seeds", "0", "1"])
    written = json.loads(report.read_text())
    assert written["task"] == kind
    assert 0 <= written[key] <= 1
    assert written["seeds"] == "0 1"
    assert report.with_suffix(".csv").exists()
    assert (gallery / "index.html").exists()

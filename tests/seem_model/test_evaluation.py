"""Evaluations of whole images and phrases on a tiny folder, with predictors of known quality."""

from __future__ import annotations

import csv
import dataclasses
import json
from pathlib import Path

import numpy as np
import pytest

import seem_model
from fakes import FakePredictor
from seem_model.cli import main
from seem_model.data.folder import Folder
from seem_model.errors import DataError
from seem_model.evaluation.findings import interval
from seem_model.evaluation.gallery import Gallery
from seem_model.evaluation.phrases import referring
from seem_model.evaluation.running import Choice
from seem_model.evaluation.speed import speed
from seem_model.evaluation.whole import instance, panoptic, semantic
from seem_model.values import Segment, Segmentation
from tiny_folder import write_folder
from tiny_model import predictor


class Blobs(FakePredictor):
    """Finds every bright blob and names it ``said``; leaves out those right of ``upto``."""

    def __init__(self, said: str = "blob", upto: int = 1000) -> None:
        super().__init__()
        self.said, self.upto = said, upto
        self.asked: tuple = ()

    def with_vocabulary(self, names, *, things=None):
        self.asked = (tuple(names), tuple(things))
        return self

    def _segmentation(self, features, classes) -> Segmentation:
        found = super()._segmentation(features, classes)
        left = [s for s in found.segments if np.argwhere(found.labels == s.id)[0][1] < self.upto]
        labels = np.where(np.isin(found.labels, [s.id for s in left]), found.labels, 0)
        segments = tuple(Segment(s.id, self.said, 0.5, True) for s in left)
        return Segmentation(labels=labels, segments=segments)


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return Folder.open(write_folder(tmp_path / "tiny"))


@pytest.fixture
def microscopy(folder: Folder) -> Folder:
    """The same, where what is not labelled is background."""
    records = json.loads((folder.path / "annotations.json").read_text())
    for record in records.values():
        del record["semantic_complete"]
    return dataclasses.replace(folder, records=records)


def test_the_model_is_asked_with_the_data_sets_classes(folder: Folder) -> None:
    model = Blobs()
    panoptic(model, folder, Choice())
    assert model.asked == (("blob",), (True,))


def test_panoptic_of_a_perfect_answer(folder: Folder) -> None:
    found = panoptic(Blobs(), folder, Choice()).flat()
    assert found["pq"] == found["sq"] == found["rq"] == found["pq_things"] == 1.0
    assert found["pq_stuff"] is None
    assert (found["images"], found["skipped"]) == (1, 2)  # only "a" has all classes labelled
    assert found["task"] == "panoptic"
    assert found["data_hash"] == folder.fingerprint


def test_panoptic_with_a_background_counts_what_is_found_on_it(microscopy: Folder) -> None:
    class Everywhere(Blobs):
        def _segmentation(self, features, classes) -> Segmentation:
            found = super()._segmentation(features, classes)
            labels = found.labels.copy()
            labels[40:46, 40:50] = 99
            return Segmentation(
                labels=labels, segments=(*found.segments, Segment(99, "blob", 0.5, True))
            )

    good = panoptic(Blobs(), microscopy, Choice()).flat()
    worse = panoptic(Everywhere(), microscopy, Choice()).flat()
    assert (good["images"], good["pq"]) == (3, 1.0)
    assert worse["sq"] == 1.0
    assert worse["rq"] == pytest.approx(4 / (4 + 1.0), abs=1e-4)  # one false in b, one in c


def test_instances_of_a_perfect_and_of_a_short_sighted_model(folder: Folder) -> None:
    good = instance(Blobs(), folder, Choice()).flat()
    assert good["ap"] == good["ap50"] == good["match_ap@50"] == good["f1@95"] == 1.0
    assert good["objects"] == 4
    short = instance(Blobs(upto=25), folder, Choice()).flat()
    assert short["match_ap@50"] == pytest.approx(3 / 4)
    assert short["f1@50"] == pytest.approx(6 / 7, abs=1e-4)
    assert short["match_ap@50_low"] <= short["match_ap@50"] <= short["match_ap@50_high"]


def test_instances_without_a_name_match_and_are_of_no_class(folder: Folder) -> None:
    found = instance(Blobs(said="object"), folder, Choice()).flat()
    assert (found["match_ap@50"], found["ap"]) == (1.0, 0.0)


def test_semantic_of_a_perfect_answer_and_of_wrong_names(microscopy: Folder) -> None:
    good = semantic(Blobs(), microscopy, Choice()).flat()
    assert good["miou"] == good["accuracy"] == good["iou:blob"] == good["iou:background"] == 1.0
    bad = semantic(Blobs(said="yeti"), microscopy, Choice()).flat()
    assert bad["iou:blob"] == 0.0


def test_phrases_alone_and_with_a_click(folder: Folder) -> None:
    found = referring(FakePredictor(), folder, Choice()).flat()
    assert found["phrases"] == 1
    assert found["miou"] == found["miou:size"] == 0.0  # it knows no such phrase
    assert found["click_miou"] == found["text_click_ciou"] == found["click_pr@90"] == 1.0


def test_a_data_set_without_what_is_asked_for_says_so(folder: Folder) -> None:
    with pytest.raises(DataError, match="has phrases"):
        referring(FakePredictor(), dataclasses.replace(folder, phrases={}), Choice())
    none = dataclasses.replace(folder, splits={"val": ("b",)})
    with pytest.raises(DataError, match="all its classes labelled"):
        panoptic(Blobs(), none, Choice())
    with pytest.raises(DataError, match="names no classes"):
        instance(Blobs(), dataclasses.replace(folder, classes=()), Choice())
    with pytest.raises(DataError, match="At least one image"):
        panoptic(Blobs(), folder, Choice(limit=0))


def test_a_limit_is_a_seeded_choice(folder: Folder) -> None:
    chosen = {Choice(limit=2, seed=s).ids(folder) for s in range(20)}
    assert all(len(ids) == 2 and list(ids) == sorted(ids) for ids in chosen)
    assert len(chosen) > 1
    assert Choice(limit=2, seed=3).ids(folder) == Choice(limit=2, seed=3).ids(folder)
    assert Choice(limit=9).ids(folder) == folder.ids("val")


def test_the_interval_is_that_of_the_mean() -> None:
    values = list(np.random.default_rng(0).normal(5, 2, 400))
    low, high = interval(values, lambda some: float(np.mean(some)), seed=1)
    assert low < np.mean(values) < high
    assert high - low == pytest.approx(4 * 2 / np.sqrt(400), rel=0.2)
    assert np.isnan(interval([], lambda some: 0.0, seed=1)).all()


def test_speed_of_the_tiny_model() -> None:
    done: list[tuple[int, int]] = []
    found = speed(predictor(), sizes=(32, 48), repeats=2, progress=lambda *x: done.append(x))
    numbers = found.flat()
    for what in ("encode", "first_mask", "next_click", "undo", "panoptic"):
        assert numbers[f"{what}@32"] >= 0
        assert numbers[f"{what}@48_spread"] >= 0
    assert (
        numbers["parameters:total"]
        == sum(p.numel() for p in predictor().model.parameters())
        == sum(v for k, v in numbers.items() if k.startswith("parameters:")) / 2
    )
    assert numbers["first_mask@32"] > 0
    assert done[-1] == (6, 6)


@pytest.mark.parametrize("kind", ["panoptic", "instance", "semantic", "referring"])
def test_the_command_writes_report_and_rows(
    kind: str, microscopy: Folder, tmp_path: Path, monkeypatch, capsys
) -> None:
    monkeypatch.setattr(seem_model, "load", lambda *_, **__: Blobs())
    (microscopy.path / "annotations.json").write_text(json.dumps(microscopy.records))
    out = tmp_path / "report.json"
    command = ["evaluate", kind, "--data", str(microscopy.path), "--report", str(out)]
    assert main([*command, "--gallery", str(tmp_path / "pictures")]) == 0
    page = (tmp_path / "pictures/index.html").read_text()
    assert (tmp_path / "pictures/worst_01.png").exists()
    assert f"fake on tiny (val), {kind}" in page
    numbers = json.loads(out.read_text())
    assert numbers["task"] == kind
    rows = list(csv.DictReader(out.with_suffix(".csv").open()))
    assert len(rows) == (1 if kind == "referring" else 3)
    assert f"fake on tiny (val), {kind}:" in capsys.readouterr().out
    assert main(["evaluate", kind, "--data", str(microscopy.path), "--split", "test"]) == 2
    assert 'no split "test"' in capsys.readouterr().err
    assert main([*command[:-1], str(tmp_path / "none/r.json")]) == 2
    assert "no folder" in capsys.readouterr().err


def test_the_speed_command_refuses_nonsense(capsys) -> None:
    assert main(["evaluate", "speed", "--size", "3"]) == 2
    assert "16 pixels" in capsys.readouterr().err


def test_a_gallery_keeps_the_best_and_the_worst(tmp_path: Path) -> None:
    gallery = Gallery(keep=3)
    image, labels = np.zeros((20, 900, 3), np.uint8), np.zeros((20, 900), np.int32)
    for score in np.random.default_rng(0).permutation(20) / 20:
        gallery.show(image, labels, labels, score=float(score), caption="<dog>")
    gallery.show(image, labels, labels, score=float("nan"), caption="nothing to score")
    assert [c.score for c in gallery.best] == [0.95, 0.9, 0.85]
    assert [c.score for c in gallery.worst] == [0.0, 0.05, 0.1]
    page = gallery.save(tmp_path / "a/b", "title").read_text()
    assert "&lt;dog&gt;" in page
    assert len(list((tmp_path / "a/b").glob("*.png"))) == 6
    assert gallery.best[0].picture.shape[1] < 1200
    (tmp_path / "file").write_text("")
    with pytest.raises(DataError, match="cannot be written"):
        gallery.save(tmp_path / "file", "title")

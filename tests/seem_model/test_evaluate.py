"""Interactive evaluation on a tiny folder, with a predictor that follows simple rules."""

import csv
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import seem_model
from fakes import FakePredictor
from seem_model.data.folder import Folder
from seem_model.errors import DataError, SeemError
from seem_model.evaluate import interactive
from seem_model.evaluation.baselines import baseline
from seem_model.evaluation.choosing import choose_objects
from seem_model.evaluation.gallery import Gallery
from seem_model.values import Prompts, Round
from tiny_folder import write_folder


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return Folder.open(write_folder(tmp_path / "tiny"))


def only(folder: Folder, name: str) -> Folder:
    """The same folder with one image in its split."""
    return replace(folder, splits={"val": (name,)})


class Scripted(FakePredictor):
    """Answers what a function of (prompts, number of the step) says."""

    def __init__(self, answer) -> None:
        super().__init__()
        self.answer = answer

    def step(self, features, prompts: Prompts, memory=None, *, watch=None) -> Round:
        self.steps.append((prompts, memory))
        mask = self.answer(prompts, len(self.steps))
        return Round(prompts=prompts, mask=mask, score=0.5, memory=len(self.steps))


def test_an_able_predictor_needs_one_click(folder: Folder) -> None:
    predictor = FakePredictor()
    report = interactive(predictor, folder)
    numbers = report.flat()
    assert numbers["objects"] == 4  # the crowd is left out
    assert numbers["iou@1"] == numbers["iou@20"] == 1.0
    assert numbers["noc@80"] == numbers["noc@90"] == 1.0
    assert numbers["failures@85"] == 0
    assert numbers["monotone"] is True
    assert numbers["positive_inside"] == numbers["negative_outside"] == 1.0
    assert len(predictor.steps) == 4
    assert len(predictor.encoded) == 3, "each image is encoded once"


def test_objects_do_not_inherit_memory(folder: Folder) -> None:
    predictor = FakePredictor()
    interactive(predictor, folder)
    assert [memory for _, memory in predictor.steps] == [None] * 4


def test_a_hopeless_predictor_gets_all_clicks(folder: Folder) -> None:
    predictor = Scripted(lambda prompts, step: np.zeros(prompts.shape, bool))
    numbers = interactive(predictor, folder, max_clicks=5).flat()
    assert len(predictor.steps) == 20
    assert numbers["iou@5"] == 0.0
    assert "iou@6" not in numbers
    assert numbers["noc@80"] == 5.0
    assert numbers["failures@80"] == 4
    assert numbers["positive_inside"] == 0.0


def test_clicks_that_harm_are_reported(folder: Folder) -> None:
    def answer(prompts: Prompts, step: int) -> np.ndarray:
        mask = np.zeros(prompts.shape, bool)
        mask[20:40, 20 : 50 if step == 1 else 30] = True
        mask[20, 20] = False
        return mask

    report = interactive(Scripted(answer), only(folder, "c"), max_clicks=3)
    assert report.flat()["monotone"] is False
    assert report.flat()["worst_drop"] == pytest.approx(400 / 600, abs=1e-5)
    assert "worse by up to 0.667" in report.table()


def test_void_is_neither_scored_nor_clicked(folder: Folder) -> None:
    void = folder.read("b").void

    def answer(prompts: Prompts, step: int) -> np.ndarray:
        mask = np.zeros(prompts.shape, bool)
        mask[10:40, 8:28] = True
        return mask | void

    predictor = Scripted(answer)
    report = interactive(predictor, only(folder, "b"))
    assert report.flat()["iou@1"] == 1.0
    assert len(predictor.steps) == 1


def test_objects_without_a_visible_pixel_are_counted_but_not_scored(folder: Folder) -> None:
    labels = folder.read("a").instances
    Image.fromarray(np.where(labels == 2, 1, labels).astype(np.uint16)).save(
        folder.path / "instances/a.png"
    )
    numbers = interactive(FakePredictor(), only(folder, "a")).flat()
    assert (numbers["objects"], numbers["skipped"]) == (1, 1)
    Image.fromarray(np.zeros_like(labels, np.uint16)).save(folder.path / "instances/a.png")
    with pytest.raises(DataError, match="visible, labelled pixel"):
        interactive(FakePredictor(), only(folder, "a"))


def test_seem_protocol_stops_early(folder: Folder) -> None:
    def answer(prompts: Prompts, step: int) -> np.ndarray:
        mask = np.zeros(prompts.shape, bool)
        mask[10:40, 8:28] = True
        mask[24, 9:27] = False  # IoU .97
        return mask

    for protocol, steps in (("seem", 1), ("ritm", 4)):
        predictor = Scripted(answer)
        chosen = only(folder, "b")
        numbers = interactive(predictor, chosen, protocol=protocol, max_clicks=4).flat()
        assert len(predictor.steps) == steps
        assert numbers["iou@1"] == numbers["iou@4"] == pytest.approx(0.97)


def test_the_choice_is_seeded_and_spread(folder: Folder) -> None:
    for seed in range(5):
        chosen = choose_objects(folder, "val", limit=3, seed=seed)
        assert [i for i, _ in chosen] == ["a", "b", "c"]
        assert chosen == choose_objects(folder, "val", limit=3, seed=seed)
    picks = {choose_objects(folder, "val", limit=3, seed=s)[0][1] for s in range(20)}
    assert picks == {(1,), (2,)}
    assert choose_objects(folder, "val", limit=99) == choose_objects(folder, "val")


def test_stuff_can_be_left_out(folder: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    of = Folder.segments

    def segments(self: Folder, id: str):
        return tuple(replace(s, is_thing=s.id == 1) for s in of(self, id))

    monkeypatch.setattr(Folder, "segments", segments)
    assert choose_objects(folder, "val", things=True) == (("a", (1,)), ("b", (1,)))
    assert len(choose_objects(folder, "val")) == 3
    with pytest.raises(DataError, match=r"no thing of area 0\.9"):
        choose_objects(folder, "val", things=True, min_area=0.9)


def test_small_objects_can_be_left_out(folder: Folder) -> None:
    everything = (("a", (1, 2)), ("b", (1,)), ("c", (2,)))
    assert choose_objects(folder, "val") == everything
    assert choose_objects(folder, "val", min_area=16) == everything
    large = (("a", (1,)), ("b", (1,)), ("c", (2,)))
    assert choose_objects(folder, "val", min_area=17) == large
    assert choose_objects(folder, "val", min_area=0.05) == large
    with pytest.raises(DataError, match=r"no object of area 0\.9"):
        choose_objects(folder, "val", min_area=0.9)


def test_nothing_to_do_is_told(folder: Folder) -> None:
    with pytest.raises(DataError, match="At least one click"):
        interactive(FakePredictor(), folder, max_clicks=0)
    with pytest.raises(DataError, match='no split "test"'):
        interactive(FakePredictor(), folder, split="test")


def test_progress_counts_objects(folder: Folder) -> None:
    seen: list[tuple[int, int]] = []
    interactive(FakePredictor(), folder, progress=lambda done, total: seen.append((done, total)))
    assert seen == [(1, 4), (2, 4), (3, 4), (4, 4)]


def test_the_report_is_flat_and_readable(folder: Folder, tmp_path: Path) -> None:
    report = interactive(FakePredictor(), folder, limit=3, seed=5)
    report.save(tmp_path / "out.json")
    numbers = json.loads((tmp_path / "out.json").read_text())
    wanted = {"task", "protocol", "data", "split", "objects", "checkpoint", "seed"}
    wanted |= {f"iou@{k}" for k in range(1, 21)} | {"noc@80", "noc@85", "noc@90"}
    wanted |= {"encode_seconds", "click_seconds", "iou@1_low", "iou@5_high", "noc@90_low"}
    assert wanted <= set(numbers)
    assert not any(isinstance(value, dict | list) for value in numbers.values())
    assert (numbers["task"], numbers["data"], numbers["seed"]) == ("interactive", "tiny", 5)
    assert "3 objects in 3 images" in report.table()
    assert max(map(len, report.table().splitlines())) <= 80
    with pytest.raises(DataError, match="cannot be written"):
        report.save(tmp_path / "no" / "out.json")


def test_the_real_model_gives_the_same_numbers_twice(folder: Folder) -> None:
    tiny = seem_model.load("tiny")
    first, second = (interactive(tiny, folder, max_clicks=3) for _ in range(2))
    assert first.tally == second.tally
    assert len(first.tally) == 4


def test_names_and_drawn_shapes_are_measured_beside_the_clicks(folder: Folder) -> None:
    plain = interactive(FakePredictor(), folder).flat()
    assert plain["name@1"] == plain["name@5"] == 1.0
    assert "iou@1:box" not in plain
    report = interactive(FakePredictor(), folder, shapes=True)
    numbers = report.flat()
    for shape in ("point", "box", "stroke", "scribble", "polygon", "circle", "mask"):
        assert 0 < numbers[f"iou@1:{shape}"] <= 1
        assert numbers[f"iou@1:{shape}_low"] <= numbers[f"iou@1:{shape}_high"]
    assert numbers["iou@1:point"] == 1.0
    assert "iou@1:stroke" in report.table()
    assert {k: v for k, v in numbers.items() if k in plain and k.startswith("iou@")} == {
        k: v for k, v in plain.items() if k.startswith("iou@")
    }
    assert numbers == {
        **numbers,
        **interactive(FakePredictor(), folder, shapes=True).flat(),
        "time": numbers["time"],
        "encode_seconds": numbers["encode_seconds"],
        "click_seconds": numbers["click_seconds"],
    }


@pytest.mark.parametrize("name", ["random-walker", "watershed"])
def test_a_classical_method_has_the_same_clicks(folder: Folder, name: str) -> None:
    numbers = interactive(baseline(name), folder, max_clicks=4, shapes=True).flat()
    assert numbers["checkpoint"] == name
    assert numbers["iou@4"] > 0.8  # bright rectangles on black are its home
    assert numbers["iou@1:box"] > 0.3
    assert "name@1" not in numbers


def test_classical_methods_stand_beside_in_the_report(folder: Folder) -> None:
    beside = interactive(baseline("watershed"), folder, max_clicks=3)
    report = replace(interactive(FakePredictor(), folder, max_clicks=3), neighbours=(beside,))
    numbers = report.flat()
    assert numbers["watershed:iou@1"] == beside.flat()["iou@1"]
    assert numbers["iou@1"] == 1.0
    assert "\nwatershed " in report.table()


def test_unknown_baselines_are_refused() -> None:
    with pytest.raises(SeemError, match="Unknown baseline"):
        baseline("magic")


def test_smaller_caps_and_a_row_for_each_object(folder: Folder, tmp_path: Path) -> None:
    report = interactive(Scripted(lambda p, step: np.zeros(p.shape, bool)), folder)
    numbers = report.flat()
    assert [numbers[k] for k in ("noc5@50", "noc10@85", "noc@90")] == [5.0, 10.0, 20.0]
    assert [numbers[k] for k in ("failures5@50", "failures10@85", "failures@90")] == [4, 4, 4]
    report.save(tmp_path / "r.json")
    with open(tmp_path / "r.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    assert {row["object"] for row in rows} == {"a/1", "a/2", "b/1", "c/2"}
    assert rows[0]["class"] == "blob"
    assert float(rows[0]["iou@20"]) == 0.0


def test_the_gallery_shows_the_answer_after_three_clicks(folder: Folder) -> None:
    gallery = Gallery(keep=2)
    numbers = interactive(FakePredictor(), folder, gallery=gallery).flat()
    assert numbers["iou@1"] == 1.0
    assert [case.score for case in gallery.best] == [1.0, 1.0]
    assert gallery.best[0].caption.endswith("blob, 1 clicks")
    hopeless = Scripted(lambda prompts, step: np.zeros(prompts.shape, bool))
    gallery = Gallery(keep=2)
    interactive(hopeless, folder, gallery=gallery)
    assert gallery.worst[0].caption.endswith("blob, 3 clicks")

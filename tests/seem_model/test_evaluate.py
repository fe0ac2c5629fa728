"""Interactive evaluation on a tiny folder, with a predictor that follows simple rules."""

import json
from pathlib import Path

import numpy as np
import pytest
from fakes import FakePredictor
from tiny_folder import write_folder

import seem_model
from seem_model.data.folder import Folder
from seem_model.errors import DataError
from seem_model.evaluate import choose_objects, interactive
from seem_model.values import Prompts, Round


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return Folder.open(write_folder(tmp_path / "tiny"))


class Scripted(FakePredictor):
    """Answers what a function of (prompts, number of the step) says."""

    def __init__(self, answer) -> None:
        super().__init__()
        self.answer = answer

    def step(self, features, prompts: Prompts, memory=None) -> Round:
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
        mask[20:40, 20:50 if step == 1 else 30] = True
        mask[20, 20] = False
        return mask

    report = interactive(Scripted(answer), folder, max_clicks=3, limit=1, min_area=500, seed=3)
    assert report.skipped == 0
    large = [i for i, _ in choose_objects(folder, "val", limit=1, min_area=500, seed=3)]
    if large == ["c"]:
        assert report.flat()["monotone"] is False
        assert report.flat()["worst_drop"] > 0.5


def test_void_is_neither_scored_nor_clicked(folder: Folder) -> None:
    void = folder.read("b").void

    def answer(prompts: Prompts, step: int) -> np.ndarray:
        mask = np.zeros(prompts.shape, bool)
        mask[10:40, 8:28] = True
        return mask | void

    predictor = Scripted(answer)
    report = interactive(predictor, folder, min_area=0.2)
    assert report.flat()["objects"] == 2
    curves = report.tally.curves
    assert curves[:, 0].max() == 1.0
    for prompts, _ in predictor.steps[:1]:
        assert not (prompts.positive & void).any()


def test_seem_protocol_stops_early(folder: Folder) -> None:
    def answer(prompts: Prompts, step: int) -> np.ndarray:
        mask = np.zeros(prompts.shape, bool)
        mask[10:40, 8:28] = True
        mask[24, 9:27] = False  # IoU .97
        return mask

    for protocol, steps in (("seem", 1), ("ritm", 4)):
        predictor = Scripted(answer)
        one = {"a": [], "c": []}
        records = {k: {**v, "segments": one.get(k, v["segments"])} for k, v in folder.records.items()}
        (folder.path / "annotations.json").write_text(json.dumps(records))
        numbers = interactive(predictor, folder.path, protocol=protocol, max_clicks=4).flat()
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


def test_small_objects_can_be_left_out(folder: Folder) -> None:
    everything = (("a", (1, 2)), ("b", (1,)), ("c", (2,)))
    assert choose_objects(folder, "val") == everything
    assert choose_objects(folder, "val", min_area=16) == everything
    large = (("a", (1,)), ("b", (1,)), ("c", (2,)))
    assert choose_objects(folder, "val", min_area=17) == large
    assert choose_objects(folder, "val", min_area=0.05) == large
    with pytest.raises(DataError, match="no object of area 0.9"):
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

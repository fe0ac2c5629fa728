"""SEEM's interactive protocol: first marks by shape, groups of objects, several seeds."""

from __future__ import annotations

import csv
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import tiny_folder
from fakes import FakePredictor
from seem_model.cli import main
from seem_model.data.folder import Folder
from seem_model.errors import DataError
from seem_model.evaluate import interactive
from seem_model.official_prompts import FIRST_SHAPES
from seem_model.values import Prompts, Round
from tiny_folder import write_folder


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return Folder.open(write_folder(tmp_path / "tiny"))


class Growing(FakePredictor):
    """Adds ten columns of the blob under the marks with every round it remembers."""

    def step(self, features, prompts: Prompts, memory=None, *, watch=None) -> Round:
        self.steps.append((prompts, memory))
        rounds = 1 if memory is None else memory + 1
        mask = np.zeros(prompts.shape, bool)
        col = int(np.flatnonzero(prompts.positive.any(0))[0])
        if col < 25:  # the large blob of image a: right at once
            mask[4:20, 4:20] = True
        else:  # the small one: in the third round
            mask[30:34, 30 : 30 + min(rounds, 3) + 1] = True
        return Round(prompts=prompts, mask=mask, score=0.5, memory=rounds)


def hopeless() -> FakePredictor:
    class Hopeless(FakePredictor):
        def step(self, features, prompts, memory=None, *, watch=None) -> Round:
            self.steps.append((prompts, memory))
            return Round(prompts=prompts, mask=np.zeros(prompts.shape, bool), score=0.5)

    return Hopeless()


def test_objects_of_an_image_are_asked_for_until_all_are_right(folder: Folder) -> None:
    model = Growing()
    one = replace(folder, splits={"val": ("a",)})
    numbers = interactive(model, one, protocol="seem", max_clicks=6).flat()
    assert numbers["objects"] == 2
    assert len(model.steps) == 6, "three rounds of both, then all are above 0.9"
    memories = [memory for _, memory in model.steps]
    assert memories == [None, None, 1, 1, 2, 2], "in turns, each with its own memory"
    large = [prompts for prompts, _ in model.steps[::2]]
    assert all(np.array_equal(p.positive, large[0].positive) for p in large), "no new click"
    assert len(model.encoded) == 1
    alone = Growing()
    interactive(alone, one, protocol="ritm", max_clicks=6)
    assert len(alone.steps) == 4, "by the other protocol each has its own end"


def test_groups_hold_five_objects(tmp_path: Path, monkeypatch) -> None:
    boxes = [(4, 2 + 8 * k, 10, 8 + 8 * k, 0) for k in range(7)]
    monkeypatch.setitem(tiny_folder.IMAGES, "a", (boxes, None))
    folder = Folder.open(write_folder(tmp_path / "seven"))

    class Blind(FakePredictor):
        """Sees all but the sixth object."""

        def step(self, features, prompts, memory=None, *, watch=None) -> Round:
            answer = super().step(features, prompts, memory)
            answer.mask[:, 40:48] = False
            return answer

    model, one = Blind(), replace(folder, splits={"val": ("a",)})
    interactive(model, one, protocol="seem", max_clicks=3)
    assert len(model.steps) == 5 * 1 + 2 * 3


@pytest.mark.parametrize("first", FIRST_SHAPES)
def test_each_first_mark_is_named_and_clicks_follow(folder: Folder, first: str) -> None:
    model, one = hopeless(), replace(folder, splits={"val": ("c",)})
    numbers = interactive(model, one, protocol="seem", first=first, max_clicks=4).flat()
    assert (numbers["protocol"], numbers["first"], numbers["sampler"]) == ("seem", first, "best")
    assert len(model.steps) == 4
    areas = [int(p.positive.sum()) for p, _ in model.steps]
    assert areas == sorted(set(areas)), "one more click each time, on pixels not marked before"
    if first in ("point", "box"):
        assert areas == [9, 18, 27, 36]


def test_a_box_is_corrected_towards_the_box_and_scored_by_the_object(folder: Folder) -> None:
    """A model that answers the box is never told to leave its corners out."""
    labels = folder.read("c").instances.copy()
    labels[20:40, 20:50][np.tri(20, 30, dtype=bool)] = 0
    from PIL import Image

    Image.fromarray(labels.astype(np.uint16)).save(folder.path / "instances/c.png")

    class Boxed(FakePredictor):
        def step(self, features, prompts, memory=None, *, watch=None) -> Round:
            self.steps.append((prompts, memory))
            mask = np.zeros(prompts.shape, bool)
            rows, cols = np.nonzero(labels == 2)
            mask[rows.min() : rows.max() + 1, cols.min() : cols.max() + 1] = True
            return Round(prompts=prompts, mask=mask, score=0.5)

    model, one = Boxed(), replace(folder, splits={"val": ("c",)})
    numbers = interactive(model, one, protocol="seem", first="box", max_clicks=3).flat()
    assert not any(p.negative.any() for p, _ in model.steps)
    assert numbers["iou@1"] < 0.9
    model = Boxed()
    interactive(model, one, protocol="seem", first="point", max_clicks=3)
    assert model.steps[-1][0].negative.any()


def test_random_clicks_follow_the_seed_and_leave_the_first_point(folder: Folder) -> None:
    def asked(**kwargs) -> list[bytes]:
        model = hopeless()
        one = replace(folder, splits={"val": ("c",)})
        interactive(model, one, protocol="seem", max_clicks=4, **kwargs)
        return [p.positive.tobytes() + p.negative.tobytes() for p, _ in model.steps]

    best = asked()
    random, again = asked(sampler="best_random", seed=1), asked(sampler="best_random", seed=1)
    assert random == again
    assert random[0] == best[0]
    assert random != best
    assert random != asked(sampler="best_random", seed=2)


def test_a_first_shape_needs_its_protocol(folder: Folder) -> None:
    with pytest.raises(DataError, match=r'A first circle belongs to the protocol "seem"'):
        interactive(FakePredictor(), folder, first="circle")


def test_several_seeds_give_mean_and_spread(folder: Folder, tmp_path: Path, capsys, monkeypatch):
    monkeypatch.setattr("seem_model.load", lambda *args, **kwargs: FakePredictor())
    report = tmp_path / "r.json"
    command = ["evaluate", "interactive", "--data", str(folder.path), "--report", str(report)]
    assert main([*command, "--protocol", "seem", "--first", "scribble", "--shapes",
                 "--seeds", "3", "1", "4", "--max-clicks", "3"]) == 0  # fmt: skip
    numbers = json.loads(report.read_text())
    assert (numbers["seeds"], numbers["seed"], numbers["first"]) == ("3 1 4", 3, "scribble")
    alone = [
        interactive(FakePredictor(), folder, protocol="seem", first="scribble", shapes=True,
                    seed=seed, max_clicks=3).flat()["iou@1:mask"]
        for seed in (3, 1, 4)
    ]  # fmt: skip
    assert numbers["iou@1:mask"] == alone[0]
    assert numbers["iou@1:mask_seeds_mean"] == pytest.approx(np.mean(alone), abs=1e-5)
    assert numbers["iou@1:mask_seeds_sd"] == pytest.approx(np.std(alone, ddof=1), abs=1e-5)
    assert not any("_low_seeds" in k for k in numbers)
    with open(report.with_suffix(".csv"), newline="") as file:
        rows = list(csv.DictReader(file))
    assert sorted({row["seed"] for row in rows}) == ["1", "3", "4"]
    assert len(rows) == 12
    assert {row["image"] for row in rows} == {"a", "b", "c"}
    table = capsys.readouterr().out
    assert "seeds 3 1 4" in table
    assert "first mark: scribble" in table
    assert max(map(len, table.splitlines())) <= 80

"""Fine-tuning: it learns, says so honestly, and can be ended; the process that does it."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest
import torch

import seem_model
from seem_model import checkpoint
from seem_model.data.examples import Examples
from seem_model.data.holding_out import with_some_kept_back
from seem_model.errors import CheckpointError, DataError, SeemError
from seem_model.fine_tuning import CARD, fine_tune
from seem_model.tuning import Measuring, Outcome, Score, Step, Trouble, Tuning, read, written
from seem_model.tuning_child import TuningChild
from seem_model.tuning_recipe import recipe_of
from shape_examples import QUICK, disks

SIX = with_some_kept_back([disks(k) for k in range(6)])


def test_it_learns_and_the_numbers_rise(tmp_path: Path) -> None:
    told: list = []
    wish = replace(QUICK, steps=30)
    outcome = fine_tune(SIX, wish, tmp_path, told=told.append)
    steps = [m for m in told if isinstance(m, Step)]
    assert [s.done for s in steps] == list(range(1, 31))
    assert sum(s.loss for s in steps[-10:]) < 0.9 * sum(s.loss for s in steps[:10])
    assert steps[-1].left == 0
    assert outcome.after.mean > outcome.before.mean + 0.1
    assert not outcome.is_worse
    assert outcome.held_out == SIX.held_out >= 3
    assert f"{outcome.before.one:.2f} → {outcome.after.one:.2f}" in outcome.words
    clicked = [m for m in told if isinstance(m, Measuring)]
    assert [(m.done, m.after) for m in clicked if m.done == m.of] == [
        (outcome.held_out, False), (outcome.held_out, True),
    ]  # fmt: skip
    card = (Path(outcome.folder) / CARD).read_text()
    for words in ("# Model card: disks", "`tiny`", f"{outcome.after.one:.3f}", "seed 0"):
        assert words in card
    seem_model.load(outcome.folder)


def test_the_backbone_and_names_stay(tmp_path: Path) -> None:
    outcome = fine_tune(SIX, QUICK, tmp_path)
    before = seem_model.load("tiny").model.state_dict()
    after = checkpoint.load_model(outcome.folder).state_dict()
    moved = {
        key.split(".")[0]
        for key, value in after.items()
        if (value - before[key].half().float()).abs().max() > 1e-4
    }
    assert {"decoder", "dense", "pixel_decoder"} <= moved
    assert not moved & {"backbone", "naming", "lang_proj", "text"}


def test_half_of_the_way_is_between_old_and_new(tmp_path: Path) -> None:
    whole = fine_tune(SIX, QUICK, tmp_path / "whole")
    half = fine_tune(SIX, replace(QUICK, share=0.5), tmp_path / "half")
    old = seem_model.load("tiny").model.state_dict()
    new, between = (checkpoint.load_model(o.folder).state_dict() for o in (whole, half))
    for key, value in between.items():
        middle = (old[key] + new[key]) / 2
        torch.testing.assert_close(value, middle, rtol=2e-3, atol=2e-3, msg=key)
    assert whole.after != half.after


def test_enough_goes_on_with_the_model_so_far(tmp_path: Path) -> None:
    steps: list[int] = []

    def told(message) -> None:
        steps.extend([message.done] if isinstance(message, Step) else [])

    wish = replace(QUICK, steps=500)
    outcome = fine_tune(SIX, wish, tmp_path, told=told, enough=lambda: len(steps) >= 2)
    assert outcome.steps == 2
    assert outcome.after is not None
    seem_model.load(outcome.folder)


def test_enough_before_the_first_step_is_no_model(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="before its first step"):
        fine_tune(SIX, QUICK, tmp_path, enough=lambda: True)


def test_with_too_few_objects_nothing_is_measured(tmp_path: Path) -> None:
    few = with_some_kept_back([disks(0)])
    outcome = fine_tune(few, replace(QUICK, steps=1), tmp_path)
    assert outcome.before is outcome.after is None
    assert not outcome.is_worse
    assert "nothing was measured" in outcome.words
    assert "Nothing was measured" in (Path(outcome.folder) / CARD).read_text()


def test_bad_input_is_told_in_a_sentence(tmp_path: Path, monkeypatch) -> None:
    with pytest.raises(DataError, match="nothing to learn from: commit"):
        fine_tune(Examples(()), QUICK, tmp_path)
    with pytest.raises(CheckpointError, match="no checkpoint folder"):
        fine_tune(SIX, replace(QUICK, base=str(tmp_path / "gone")), tmp_path)
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(SeemError, match=r'install "napari-seem\[train\]"'):
        fine_tune(SIX, QUICK, tmp_path)


def test_the_recipe_suits_the_data(tmp_path: Path) -> None:
    known, unknown = Examples((disks(0),)), Examples((disks(0, complete=False),))
    wish = Tuning(base="lite", any_way_up=False)
    with_background, without = (recipe_of(e, wish, tmp_path) for e in (known, unknown))
    assert "seeds" not in with_background.optim.frozen
    assert "seeds" in without.optim.frozen
    assert (with_background.loss.seeds, without.loss.seeds) == (2.0, 0.0)
    assert with_background.data[0].complete
    assert not without.data[0].complete
    assert not without.data[0].any_way_up
    assert {"backbone", "naming", "lang_proj", "token_proj"} < set(without.optim.frozen)
    mixed = recipe_of(Examples((disks(0), disks(1, complete=False))), wish, tmp_path)
    assert [s.split for s in mixed.data] == ["complete", "partial"]


# ---------------------------------------------------------------------- messages and the process
def test_messages_survive_the_pipe() -> None:
    outcome = Outcome(
        folder="a", base="lite", before=Score(0.5, 0.6), after=Score(0.4, 0.5), objects=1,
        images=1, held_out=3, steps=1, seconds=1.0,
    )  # fmt: skip
    assert outcome.is_worse
    for message in (Measuring(1, 2, True), Step(1, 2, 0.5, 3.0), outcome, Trouble("é")):
        assert read(written(message)) == message
    for line in ("no", "[]", '{"kind": "Other"}', '{"kind": "Step"}'):
        with pytest.raises(DataError, match="something unexpected"):
            read(line)


def child(tmp_path: Path, steps: int) -> TuningChild:
    return TuningChild(SIX, replace(QUICK, steps=steps), beside=tmp_path)


@pytest.mark.slow
def test_a_process_that_is_told_to_keep_ends_with_a_model(tmp_path: Path) -> None:
    with_model = child(tmp_path, 100_000)
    found = []
    for message in with_model.messages():
        found.append(message)
        if isinstance(message, Step) and message.done == 2:
            with_model.keep()
    with_model.close()
    assert isinstance(found[-1], Outcome)
    assert 2 <= found[-1].steps < 1000
    seem_model.load(found[-1].folder)
    with_model.clear()
    assert not list(tmp_path.iterdir())


def test_a_process_that_is_killed_leaves_nothing(tmp_path: Path) -> None:
    killed = child(tmp_path, 100_000)
    killed.kill()
    last = list(killed.messages())[-1]
    killed.close()
    assert isinstance(last, Trouble)
    assert "ended too early" in last.words
    killed.clear()
    assert not list(tmp_path.iterdir())


@pytest.mark.slow
def test_a_process_whose_parent_dies_ends_and_clears_up(tmp_path: Path) -> None:
    code = (
        "import sys; sys.path[:0] = sys.argv[2:]\n"
        "from pathlib import Path\n"
        "from seem_model.tuning_child import TuningChild\n"
        "from shape_examples import QUICK, disks\n"
        "from dataclasses import replace\n"
        "from seem_model.data.holding_out import with_some_kept_back\n"
        "some = with_some_kept_back([disks(k) for k in range(6)])\n"
        "c = TuningChild(some, replace(QUICK, steps=10**6), beside=Path(sys.argv[1]))\n"
        "next(c.messages())\n"
        "import os; os._exit(9)\n"
    )
    paths = [str(Path(__file__).parents[1]), *filter(None, sys.path)]
    ended = subprocess.run([sys.executable, "-c", code, str(tmp_path), *paths], timeout=120)
    assert ended.returncode == 9
    for _ in range(100):
        if not list(tmp_path.iterdir()):
            return
        time.sleep(0.1)
    pytest.fail("The folder of an abandoned process is still there.")


def test_a_folder_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(SeemError, match="Nothing can be written to"):
        TuningChild(SIX, QUICK, beside=tmp_path / "file")

"""A run that is interrupted finishes its step, saves, and goes on as if nothing had been."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from seem_model.recipe import Recipe
from seem_model.train import train
from shapes_folder import write_shapes
from shapes_recipe import logged, quiet, same_weights, state

YAML = """
model: tiny
out: {out}
steps: 60
sizes: [64]
data: [{{path: {data}, complete: true}}]
batch: {{images: 2, objects: 2}}
loss: {{points: 128}}
optim: {{lr: 3e-3, warmup: 2, ema: 0.9}}
save_every: 1000
log_every: 1
loader_workers: 1
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    file = tmp_path / "recipe.yaml"
    data = write_shapes(tmp_path / "shapes")
    file.write_text(YAML.format(data=data, out=tmp_path / "run"))
    return file


@pytest.fixture
def one_thread() -> Iterator[None]:
    """As in the other process: sums split over threads differ in the last bit."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def interrupted(path: Path, *signals: signal.Signals) -> tuple[int, str]:
    """Exit code and last words of a run whose whole group gets signals after its second step."""
    process = subprocess.Popen(
        [sys.executable, "-u", "-m", "seem_model.cli", "train", "--recipe", str(path)],
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, start_new_session=True,
        env=os.environ | {"OMP_NUM_THREADS": "1", "ACCELERATE_USE_CPU": "true"},
    )  # fmt: skip
    said = ""
    for line in process.stdout:
        said += line
        if line.startswith("step 2/"):
            for number in signals:
                os.killpg(process.pid, number)
    return process.wait(timeout=120), said


@pytest.mark.usefixtures("one_thread")
def test_sigterm_saves_and_resuming_goes_on_bit_for_bit(path: Path, tmp_path: Path) -> None:
    code, said = interrupted(path, signal.SIGTERM)
    recipe = Recipe.from_yaml(path)
    done = state(recipe)["step"]
    assert code == 143, said
    assert 2 <= done < 10
    assert said.splitlines()[-1] == (
        f"Interrupted after {done} of 60 steps: the state is saved in {recipe.out}, "
        "and --resume goes on from it."
    )
    assert "Traceback" not in said
    # The learning rate hangs on the length of the run: both go on to the same early end.
    stops = iter([False] * (12 - done) + [True])
    train(recipe, resume=True, report=quiet, cancelled=lambda: next(stops))
    stops = iter([False] * 12 + [True])
    alone = replace(recipe, out=str(tmp_path / "alone"))
    train(alone, report=quiet, cancelled=lambda: next(stops))
    assert state(recipe)["step"] == state(alone)["step"] == 12
    assert same_weights(recipe, alone)
    assert logged(recipe) == logged(alone)


def test_ctrl_c_saves_and_leaves_with_its_own_code(path: Path) -> None:
    code, said = interrupted(path, signal.SIGINT)
    assert code == 130, said
    assert "Interrupted after" in said
    assert state(Recipe.from_yaml(path))["step"] >= 2


def test_signals_act_as_before_outside_the_steps(path: Path) -> None:
    before = [signal.getsignal(s) for s in (signal.SIGINT, signal.SIGTERM)]
    recipe = replace(Recipe.from_yaml(path), steps=1, loader_workers=0)
    train(recipe, report=quiet)
    assert [signal.getsignal(s) for s in (signal.SIGINT, signal.SIGTERM)] == before


IMPATIENT = """
import os, signal, sys
from dataclasses import replace
from time import sleep
from seem_model.recipe import Recipe
from seem_model.train import train

def impatient(line):
    for _ in range(2):  # one by one: two at the same moment are one to Python
        os.kill(os.getpid(), signal.SIGINT)
        sleep(0.05)

signal.signal(signal.SIGINT, signal.default_int_handler)
train(replace(Recipe.from_yaml(sys.argv[1]), loader_workers=0), report=impatient)
"""


def test_the_second_signal_stops_at_once(path: Path) -> None:
    command = [sys.executable, "-c", IMPATIENT, str(path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    assert "KeyboardInterrupt" in done.stderr
    assert not (Path(Recipe.from_yaml(path).out) / "state.pt").exists()

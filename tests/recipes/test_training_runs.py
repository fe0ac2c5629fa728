"""Longer runs: the loss falls, an overfit model answers clicks, two processes train together."""

import csv
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

import seem_model
from seem_model import checkpoint
from seem_model.cli import main
from seem_model.config import TINY
from seem_model.data.batch_config import BatchConfig
from seem_model.data.folder import Folder
from seem_model.data.set_config import SetConfig
from seem_model.evaluate import interactive
from seem_model.evaluation.phrases import referring
from seem_model.evaluation.running import Choice
from seem_model.evaluation.whole import panoptic
from seem_model.loss_config import LossConfig
from seem_model.modeling.seem import Seem
from seem_model.recipe import OptimConfig, Recipe
from seem_model.train import train
from shapes_folder import write_shapes

pytestmark = pytest.mark.slow

YAML = """
model: tiny
steps: 4
sizes: [64]
data: [{{path: {data}, complete: true}}]
batch: {{images: 2, objects: 2, text: 0.3, example: 0.3}}
loss: {{points: 128}}
objects_every: 2
phrases_every: 3
log_every: 1
loader_workers: 0
out: {out}
"""
RUN = """
import os, sys
from pathlib import Path
import torch
from seem_model.recipe import Recipe
from seem_model import train as loop

finished = []
update = loop.Average.update
loop.Average.update = lambda self, model: (update(self, model), finished.append(model))[0]
resume = "--resume" in sys.argv
loop.train(Recipe.from_yaml(sys.argv[1]), report=lambda line: None, resume=resume)
weights = {k: v.detach() for k, v in finished[-1].state_dict().items()}
torch.save(weights, Path(sys.argv[1]).parent / f"rank{os.environ.get('RANK', 0)}.pt")
"""

POISON = """
from seem_model import training_run
total = training_run.total
numbers = iter(range(100))
training_run.total = lambda losses: total(losses) * (
    float("nan") if next(numbers) == 1 and os.environ["RANK"] == "1" else 1.0
)
"""


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_shapes(tmp_path_factory.mktemp("data") / "shapes")


def losses(folder: Path, name: str) -> list[float]:
    with open(folder / "log.csv", newline="") as file:
        return [float(row[2]) for row in csv.reader(file) if row[1] == name]


@dataclass(frozen=True)
class Measured:
    everything: float  # panoptic quality
    phrases: float  # mean IoU
    first_click: float
    third_click: float


def measured(weights: Path, data: Path) -> Measured:
    model, folder, choice = seem_model.load(weights), Folder.open(data), Choice(split="train")
    clicks = interactive(model, folder, split="train", max_clicks=3).flat()
    return Measured(
        float(panoptic(model, folder, choice).numbers["pq"]),
        float(referring(model, folder, choice).numbers["miou"]),
        float(clicks["iou@1"]),
        float(clicks["iou@3"]),
    )


def test_two_minutes_on_shapes_teach_everything(tmp_path: Path) -> None:
    """From random weights, in the manner of the paper, on shapes that training never saw.

    The stated margins: panoptic quality + 0.5, phrases + 0.5, first click + 0.4, third + 0.5.
    """
    write_shapes(tmp_path / "shapes")
    fresh = write_shapes(tmp_path / "fresh", seed=1)
    torch.manual_seed(0)
    model = Seem(replace(TINY, naming=None, seeds=None, proposals=None))
    checkpoint.save(model, tmp_path / "start", half=False)
    before = measured(tmp_path / "start", fresh)
    places = [f"root={tmp_path}", f"start={tmp_path / 'start'}", f"out={tmp_path / 'run'}"]
    command = ["train", "--recipe", str(Path(__file__).with_name("shapes.yaml")), *places]
    assert main(command) == 0
    after = measured(tmp_path / "run/checkpoint", fresh)
    assert after.everything > before.everything + 0.5
    assert after.phrases > before.phrases + 0.5
    assert after.first_click > before.first_click + 0.4
    assert after.third_click > before.third_click + 0.5
    on_the_way = losses(tmp_path / "run", "evaluate/shapes/iou@3")
    assert len(on_the_way) == 2
    assert on_the_way[-1] > before.third_click + 0.5
    assert main([*command, "--resume"]) == 0  # nothing is left to do
    assert measured(tmp_path / "run/checkpoint", fresh) == after


def test_the_extra_heads_learn_names_and_seeds(tmp_path: Path) -> None:
    """Everything by seeds and the naming head, from random weights."""
    write_shapes(tmp_path / "shapes")
    fresh = write_shapes(tmp_path / "fresh", seed=1)
    torch.manual_seed(0)
    model = Seem(TINY)
    checkpoint.save(model, tmp_path / "start", half=False)
    places = (f"root={tmp_path}", f"start={tmp_path / 'start'}", f"out={tmp_path / 'run'}")
    recipe = Recipe.from_yaml(
        Path(__file__).with_name("shapes.yaml"), (*places, "evaluate_every=0", "steps=400")
    )
    weights = train(recipe, report=lambda line: None)
    assert losses(tmp_path / "run", "naming_ce")[-1] < 0.4 < np.log(2)
    found = panoptic(seem_model.load(weights), Folder.open(fresh), Choice(split="train"))
    assert found.numbers["pq"] > 0.6


def test_the_loss_falls_and_clicks_are_answered(data: Path, tmp_path: Path) -> None:
    recipe = Recipe(
        model="tiny", data=(SetConfig(path=str(data), complete=True),), steps=400, sizes=(64,),
        batch=BatchConfig(images=3, objects=2), loss=LossConfig(points=256),
        optim=OptimConfig(lr=4e-3, backbone_lr=2e-3, warmup=20, ema=0.98, decay=0.0),
        objects_every=4, phrases_every=4, save_every=400, log_every=20, loader_workers=0,
        out=str(tmp_path / "run"),
    )  # fmt: skip
    folder = train(recipe, report=lambda line: None)
    for name in ("clicks_dice", "clicks_bce", "objects_dice", "phrases_dice"):
        curve = losses(tmp_path / "run", name)
        assert np.mean(curve[-4:]) < 0.85 * np.mean(curve[:2]), name
    assert after_one_click(folder, data) > 0.5


def after_one_click(weights: Path, data: Path) -> float:
    """Mean IoU of the training shapes after one click in their middle."""
    model, folder = seem_model.load(weights), Folder.open(data)
    found = []
    for sample in folder.samples("train"):
        features = model.features(sample.image)
        for segment in sample.segments:
            truth = sample.mask(segment.id)
            row, col = (int(v.mean()) for v in np.nonzero(truth))
            drawn = np.zeros(truth.shape, bool)
            drawn[row - 1 : row + 2, col - 1 : col + 2] = True
            prompts = seem_model.Prompts(positive=drawn, negative=drawn & False)
            mask = model.step(features, prompts).mask
            found.append((mask & truth).sum() / (mask | truth).sum())
    return float(np.mean(found))


def launch(script: Path, recipe: Path, *more: str, processes: int = 2, machines: int = 1) -> None:
    """As ``accelerate launch`` does on several processors: torchrun, with accelerate on the CPU.

    The machines are all this one: each has its own launcher, and they meet at a port.
    """
    command = [sys.executable, "-m", "torch.distributed.run"]
    command += ["--nproc_per_node", str(processes // machines), "--nnodes", str(machines)]
    command += ["--rdzv_backend", "c10d", "--rdzv_endpoint", f"localhost:{free_port()}"]
    environment = os.environ | {"ACCELERATE_USE_CPU": "true", "OMP_NUM_THREADS": "1"}
    started = [
        subprocess.Popen(
            [*command, str(script), str(recipe), *more], env=environment, text=True,
            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
        )
        for _ in range(machines)
    ]  # fmt: skip
    for process in started:
        _, error = process.communicate(timeout=280)
        assert process.returncode == 0, error[-3000:]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("localhost", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def one_thread() -> Iterator[None]:
    """As in the launched processes: sums split over threads differ in the last bit."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.mark.usefixtures("one_thread")
@pytest.mark.parametrize(("processes", "accumulate", "machines"), [(2, 1, 1), (2, 2, 1), (2, 1, 2)])
def test_processes_equal_one_that_accumulates(
    data: Path, tmp_path: Path, processes: int, accumulate: int, machines: int
) -> None:
    """The same batches a step, however they are divided: the same losses and weights."""
    script, path = tmp_path / "run.py", tmp_path / "recipe.yaml"
    script.write_text(RUN)
    text = YAML.format(data=data, out=tmp_path / "out")
    path.write_text(text + f"optim: {{lr: 3e-3, warmup: 2, accumulate: {accumulate}}}\n")
    launch(script, path, processes=processes, machines=machines)
    ranks = [torch.load(tmp_path / f"rank{r}.pt", weights_only=True) for r in range(processes)]
    for name, value in ranks[0].items():
        torch.testing.assert_close(value, ranks[1][name], rtol=0, atol=0, msg=name)

    recipe = Recipe.from_yaml(path, (f"optim.accumulate={processes * accumulate}",))
    train(replace(recipe, out=str(tmp_path / "alone")), report=lambda line: None)
    assert rows(tmp_path / "out") == {
        key: pytest.approx(value, abs=2e-5) for key, value in rows(tmp_path / "alone").items()
    }
    one, two = (
        torch.load(tmp_path / name / "state.pt", weights_only=True)["model"]
        for name in ("alone", "out")
    )
    for name, value in one.items():
        # Adding two gradients is the same either way round; adding four is not, to the last bit,
        # and that is all the gradient that key biases have: softmax takes out what it does.
        close = 0.0 if accumulate == 1 else 1e-2 if name.endswith("in_proj_bias") else 1e-5
        torch.testing.assert_close(value, two[name], rtol=0, atol=close, msg=name)


def rows(folder: Path) -> dict[tuple[int, str], float]:
    """Everything logged, by step and name."""
    with open(folder / "log.csv", newline="") as file:
        return {(int(step), name): float(value) for step, name, value in csv.reader(file)}


@pytest.mark.usefixtures("one_thread")
def test_two_processes_resume_what_one_began(data: Path, tmp_path: Path) -> None:
    script, path = tmp_path / "run.py", tmp_path / "recipe.yaml"
    script.write_text(RUN)
    path.write_text(YAML.format(data=data, out=tmp_path / "out"))
    alone = Recipe.from_yaml(path, ("optim.accumulate=2", f"out={tmp_path / 'alone'}"))
    train(alone, report=lambda line: None)
    asked = iter([False, False, True])
    begun = replace(alone, out=str(tmp_path / "out"))
    train(begun, report=lambda line: None, cancelled=lambda: next(asked))
    assert max(step for step, _ in rows(tmp_path / "out")) == 2
    launch(script, path, "--resume")
    assert rows(tmp_path / "out") == rows(tmp_path / "alone")
    one, two = (load_file(tmp_path / n / "checkpoint/model.safetensors") for n in ("alone", "out"))
    for name, value in one.items():
        torch.testing.assert_close(value, two[name], rtol=0, atol=0, msg=name)


def test_one_process_stops_all(data: Path, tmp_path: Path) -> None:
    """A loss that is no number in one process ends the run of all, with its batch on disk."""
    script, path = tmp_path / "run.py", tmp_path / "recipe.yaml"
    script.write_text(RUN.replace("finished = []", POISON + "\nfinished = []"))
    path.write_text(YAML.format(data=data, out=tmp_path / "out"))
    with pytest.raises(AssertionError, match="loss became nan at step 1"):
        launch(script, path)
    assert [p.name for p in (tmp_path / "out").glob("*.npz")] == ["bad_batch_step1_process1_0.npz"]

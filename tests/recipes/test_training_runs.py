"""Longer runs: the loss falls, an overfit model answers clicks, two processes train together."""

import csv
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

import seem_model
from seem_model.data.batches import BatchConfig, SetConfig
from seem_model.data.folder import Folder
from seem_model.loss_config import LossConfig
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
loop.train(Recipe.from_yaml(sys.argv[1]), report=lambda line: None)
weights = {k: v.detach() for k, v in finished[-1].state_dict().items()}
torch.save(weights, Path(sys.argv[1]).parent / f"rank{os.environ.get('RANK', 0)}.pt")
"""


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_shapes(tmp_path_factory.mktemp("data") / "shapes")


def losses(folder: Path, name: str) -> list[float]:
    with open(folder / "log.csv", newline="") as file:
        return [float(row[2]) for row in csv.reader(file) if row[1] == name]


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


def after_one_click(checkpoint: Path, data: Path) -> float:
    """Mean IoU of the training shapes after one click in their middle."""
    model, folder = seem_model.load(checkpoint), Folder.open(data)
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


def launch(script: Path, recipe: Path, *, processes: int) -> None:
    """As ``accelerate launch`` does on several processors: torchrun, with accelerate on the CPU."""
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone"]
    command += ["--nproc_per_node", str(processes), str(script), str(recipe)]
    environment = os.environ | {"ACCELERATE_USE_CPU": "true", "OMP_NUM_THREADS": "1"}
    done = subprocess.run(
        command, capture_output=True, text=True, timeout=280, check=False, env=environment
    )
    assert done.returncode == 0, done.stderr[-3000:]


def test_two_processes_train_one_model(data: Path, tmp_path: Path) -> None:
    script, recipe = tmp_path / "run.py", tmp_path / "recipe.yaml"
    script.write_text(RUN)
    recipe.write_text(YAML.format(data=data, out=tmp_path / "out"))
    launch(script, recipe, processes=2)
    ranks = [torch.load(tmp_path / f"rank{r}.pt", weights_only=True) for r in range(2)]
    for name, value in ranks[0].items():
        torch.testing.assert_close(value, ranks[1][name], msg=name)
    assert len(losses(tmp_path / "out", "loss")) == 4  # only the main process writes
    assert load_file(tmp_path / "out/checkpoint/model.safetensors")
    alone = Recipe.from_yaml(recipe)
    train(replace(alone, out=str(tmp_path / "alone")), report=lambda line: None)
    single = torch.load(tmp_path / "alone/state.pt", weights_only=True)["model"]
    assert any(not torch.equal(v, single[k]) for k, v in ranks[0].items() if k in single)

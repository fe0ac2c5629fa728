"""A recipe that trains the TINY preset on shapes in a second, and what a run of it left."""

import csv
from dataclasses import replace
from pathlib import Path

import torch

from seem_model.data.batch_config import BatchConfig
from seem_model.data.set_config import SetConfig
from seem_model.loss_config import LossConfig
from seem_model.recipe import OptimConfig, Recipe
from seem_model.train import train


def shapes_recipe(data: Path, out: Path) -> Recipe:
    return Recipe(
        model="tiny", data=(SetConfig(path=str(data), complete=True),), steps=2, sizes=(64,),
        batch=BatchConfig(images=2, objects=2, text=0.5, example=0.5),
        loss=LossConfig(points=128),
        optim=OptimConfig(lr=3e-3, backbone_lr=1e-3, warmup=2, ema=0.9),
        objects_every=2, phrases_every=2, save_every=100, log_every=1, loader_workers=0,
        out=str(out),
    )  # fmt: skip


def quiet(_: str) -> None:
    """Take a line of a report and say nothing."""


def stopped_and_resumed(recipe: Recipe, out: Path) -> Recipe:
    """The same run into another folder, stopped after its first step and gone on with."""
    twin = replace(recipe, out=str(out))
    asked = iter([False, True])
    train(twin, report=quiet, cancelled=lambda: next(asked))
    train(twin, report=quiet, resume=True)
    return twin


def state(recipe: Recipe) -> dict:
    return torch.load(Path(recipe.out) / "state.pt", weights_only=True)


def logged(recipe: Recipe) -> list[tuple[int, str, float]]:
    """Step, name and value of every row."""
    with open(Path(recipe.out) / "log.csv", newline="") as file:
        return [(int(step), name, float(value)) for step, name, value in csv.reader(file)]


def same_weights(one: Recipe, two: Recipe) -> bool:
    first, second = state(one)["model"], state(two)["model"]
    return all(torch.equal(v, second[k]) for k, v in first.items())

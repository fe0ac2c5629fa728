"""Readers of names may start anew and learn from parts of what they read."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from seem_model import checkpoint
from seem_model.config import TINY
from seem_model.errors import ConfigError
from seem_model.loss_config import LossConfig
from seem_model.modeling.seem import Seem
from seem_model.optimise import parameter_groups
from seem_model.start import start_model
from seem_model.train import train
from seem_model.training_names import Dropout
from shapes_folder import write_shapes
from shapes_recipe import logged, quiet, shapes_recipe
from tiny_model import scene, tiny


def dropout(share: float, seed: int = 0) -> Dropout:
    return Dropout(share, torch.Generator().manual_seed(seed))


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
def test_a_share_is_left_out_and_the_rest_makes_up_for_it(share: float) -> None:
    left = dropout(share)(torch.ones(400, 500))
    assert float((left == 0).float().mean()) == pytest.approx(share, abs=0.01)
    assert float(left.mean()) == pytest.approx(1, abs=0.03)
    assert left.unique().numel() == 2


def test_what_is_left_out_depends_on_the_generator_alone() -> None:
    x = torch.randn(3, 4, 5)
    torch.testing.assert_close(dropout(0.5, seed=1)(x), dropout(0.5, seed=1)(x), rtol=0, atol=0)
    assert not torch.equal(dropout(0.5, seed=1)(x), dropout(0.5, seed=2)(x))
    assert torch.equal(dropout(0.0)(x), x)


def test_every_reader_is_disturbed_behind_its_norm() -> None:
    model, masks = tiny(), torch.zeros(1, 2, *scene().mask.shape[-2:])
    silent = model.meanings(scene(), masks, disturb=torch.zeros_like)
    everywhere = model.meanings_everywhere(scene(), disturb=torch.zeros_like)
    assert model.naming is not None
    assert silent
    for concepts in (*silent, *everywhere):  # without features only the bias is left
        torch.testing.assert_close(concepts, model.naming.project.bias.expand_as(concepts))


@pytest.mark.parametrize("share", [-0.1, 1.0])
def test_no_share_leaves_nothing(share: float) -> None:
    with pytest.raises(ConfigError, match="naming_dropout"):
        LossConfig(naming_dropout=share)


def test_a_run_with_dropout_loses_other_names_and_the_same_masks(tmp_path: Path) -> None:
    data = write_shapes(tmp_path / "data")
    rows = []
    for share in (0.0, 0.5):
        recipe = shapes_recipe(data, tmp_path / str(share))
        train(replace(recipe, loss=replace(recipe.loss, naming_dropout=share)), report=quiet)
        rows.append({name: value for step, name, value in reversed(logged(recipe)) if step <= 1})
    whole, part = rows
    assert part["naming_ce"] != whole["naming_ce"]
    assert part["clicks_dice"] == whole["clicks_dice"]


def test_named_parts_begin_untrained_and_others_as_the_checkpoint_has_them(tmp_path: Path) -> None:
    torch.manual_seed(5)
    known = Seem(TINY)
    with torch.no_grad():
        for parameter in known.parameters():
            parameter.add_(1)
    checkpoint.save(known, tmp_path / "known", half=False)
    recipe = shapes_recipe(tmp_path, tmp_path / "run")
    recipe = replace(recipe, start=str(tmp_path / "known"))
    anew = start_model(replace(recipe, optim=replace(recipe.optim, anew=("naming",))))
    same = start_model(recipe).state_dict()
    for name, value in anew.state_dict().items():
        assert torch.equal(value, same[name]) != (name.startswith("naming")), name


def test_what_never_trains_cannot_begin_at_random(tmp_path: Path) -> None:
    optim = replace(
        shapes_recipe(tmp_path, tmp_path).optim, anew=("naming",), frozen=("naming.project",)
    )
    with pytest.raises(ConfigError, match=r"naming\.project.* never train"):
        parameter_groups(Seem(TINY), optim)


def test_parts_that_do_not_exist_cannot_begin_untrained(tmp_path: Path) -> None:
    optim = replace(shapes_recipe(tmp_path, tmp_path).optim, anew=("nameing",))
    with pytest.raises(ConfigError, match="nameing"):
        parameter_groups(tiny(), optim)

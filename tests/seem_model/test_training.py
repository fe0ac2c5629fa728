"""The training loop on a tiny folder: it learns, resumes exactly, and says what went wrong."""

from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import torch

import seem_model
from seem_model import SeemError, checkpoint
from seem_model.config import LITE, TINY
from seem_model.errors import ConfigError
from seem_model.modeling.efficientnet import EfficientNetLite
from seem_model.modeling.seem import Seem
from seem_model.optimise import Average, learning_rate, parameter_groups
from seem_model.recipe import OptimConfig, Recipe
from seem_model.start import start_model
from seem_model.train import train
from seem_model.training_rounds import RoundsConfig, with_corrections
from shapes_folder import write_shapes
from shapes_recipe import logged, quiet, shapes_recipe, state
from tiny_model import SIDE, box, click, maps


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_shapes(tmp_path_factory.mktemp("data") / "shapes")


@pytest.fixture
def recipe(data: Path, tmp_path: Path) -> Recipe:
    return replace(shapes_recipe(data, tmp_path / "run"), steps=4)


def values(recipe: Recipe, name: str) -> list[float]:
    return [value for _, key, value in logged(recipe) if key == name]


def equal(one: dict, two: dict) -> bool:
    return one.keys() == two.keys() and all(torch.equal(v, two[k]) for k, v in one.items())


def test_a_run_leaves_a_checkpoint_and_a_log(recipe: Recipe) -> None:
    lines: list[str] = []
    folder = train(recipe, report=lines.append)
    model = seem_model.load(folder)
    answer = model.step(model.features(np.zeros((40, 50), np.uint8)), click((40, 50), 9, 9))
    assert answer.mask.shape == (40, 50)
    assert len(lines) == 4
    assert lines[0].startswith("step 1/4")
    assert len(values(recipe, "loss")) == 4
    assert len(values(recipe, "objects_ce")) == 2  # every other step
    assert state(recipe)["step"] == 4


def test_resuming_equals_an_uninterrupted_run(recipe: Recipe, tmp_path: Path) -> None:
    train(recipe, report=quiet)
    twin = replace(recipe, out=str(tmp_path / "twin"))
    asked = iter([False, False, True])
    train(twin, report=quiet, cancelled=lambda: next(asked))
    assert state(twin)["step"] == 2
    train(twin, report=quiet, resume=True)
    one, two = state(recipe), state(twin)
    assert one["step"] == two["step"] == 4
    assert equal(one["model"], two["model"])
    assert equal(one["average"]["values"], two["average"]["values"])
    names = [Path(r.out) / "checkpoint/model.safetensors" for r in (recipe, twin)]
    assert names[0].read_bytes() == names[1].read_bytes()
    train(twin, report=quiet, resume=True)  # nothing is left to do
    assert equal(state(twin)["model"], two["model"])


def test_seeds_decide(recipe: Recipe, tmp_path: Path) -> None:
    short = replace(recipe, steps=1)
    states = []
    for name, seed in (("a", 0), ("b", 0), ("c", 1)):
        named = replace(short, out=str(tmp_path / name), seed=seed)
        train(named, report=quiet)
        states.append(state(named)["model"])
    assert equal(states[0], states[1])
    assert not equal(states[0], states[2])


def test_a_loss_that_is_no_number_stops_with_a_sentence(recipe: Recipe) -> None:
    wild = replace(recipe, steps=30, optim=OptimConfig(lr=1e30, backbone_lr=1e30, warmup=1))
    with pytest.raises(SeemError, match=r"loss became (nan|inf) at step \d+; lower optim.lr"):
        train(wild, report=quiet)


def test_resuming_from_nothing_is_refused(recipe: Recipe) -> None:
    with pytest.raises(SeemError, match="no state to resume from"):
        train(recipe, resume=True, report=quiet)


def test_a_run_can_start_from_a_checkpoint(recipe: Recipe, tmp_path: Path) -> None:
    torch.manual_seed(9)
    model = Seem(TINY)
    checkpoint.save(model, tmp_path / "start", half=False)
    started = start_model(replace(recipe, start=str(tmp_path / "start")))
    assert equal(dict(started.state_dict()), dict(model.state_dict()))
    with pytest.raises(ConfigError, match='Unknown model "huge"; known: lite, tiny'):
        start_model(replace(recipe, model="huge"))


def test_parameter_groups_freeze_text_and_early_stages() -> None:
    config = replace(TINY, backbone=replace(TINY.backbone, frozen_stages=2))
    model = Seem(config)
    groups = parameter_groups(model, OptimConfig(lr=2.0, backbone_lr=1.0, decay=0.5))
    trained = {id(p): g for g in groups for p in g["params"]}
    assert sum(len(g["params"]) for g in groups) == len(trained)
    assert isinstance(model.backbone, EfficientNetLite)
    for p in (*model.text.parameters(), *model.backbone.frozen_parameters()):
        assert id(p) not in trained
        assert not p.requires_grad
    for name, p in model.named_parameters():
        if not p.requires_grad:
            continue
        group = trained[id(p)]
        assert group["lr"] == (1.0 if name.startswith("backbone.") else 2.0)
        plain = p.ndim < 2 or name.endswith(("embed.weight", "_feat.weight"))
        assert group["weight_decay"] == (0.0 if plain else 0.5), name
    assert LITE.backbone.frozen_stages == 2


def test_the_learning_rate_warms_up_and_ends_low() -> None:
    recipe = Recipe(steps=100, optim=OptimConfig(warmup=10))
    curve = [learning_rate(s, recipe) for s in range(100)]
    assert curve[0] == pytest.approx(0.1)
    assert max(curve) == pytest.approx(1, abs=0.01)
    assert curve.index(max(curve)) in (9, 10)
    assert curve[-1] < 0.03
    assert all(a >= b for a, b in pairwise(curve[10:]))


def test_the_average_follows_the_model() -> None:
    model = Seem(TINY)
    average = Average(model, 0.9)
    with torch.no_grad():
        model.logit_scale.fill_(7.0)
    for _ in range(200):
        average.update(model)
    twin = average.copied_to(model)
    assert twin.logit_scale.item() == pytest.approx(7.0, abs=1e-3)
    assert twin.logit_scale is not model.logit_scale


def test_simulated_corrections_click_on_errors() -> None:
    truth = box(10, 10, 20)
    rounds = RoundsConfig(again=0.0, random_click=0.0)
    rng = np.random.default_rng(0)
    empty = np.zeros((1, SIDE, SIDE), bool)
    missed = with_corrections(maps(truth & False), truth.numpy(), empty, rng=rng, rounds=rounds)
    assert truth[missed.positive].all()
    assert missed.positive.sum() == 9
    assert not missed.negative.any()
    full = with_corrections(maps(truth & False), empty, truth.numpy(), rng=rng, rounds=rounds)
    assert truth[full.negative].all()
    assert full.negative.any()
    lazy = with_corrections(
        maps(truth & False), truth.numpy(), empty, rng=rng, rounds=RoundsConfig(again=1.0)
    )
    assert not lazy.positive.any()


def test_corrections_follow_the_protocol_of_the_recipe() -> None:
    """RITM corrects the deeper error, SEEM the one with more pixels, and none of a good answer."""
    missed, excess = box(4, 4, 9).numpy()[0], np.zeros((SIDE, SIDE), bool)
    excess[20:22, 2:60] = True
    truth, answer = missed[None], excess[None]
    for protocol, positive in (("ritm", True), ("seem", False)):
        rounds = RoundsConfig(again=0.0, random_click=0.0, protocol=protocol)
        rng = np.random.default_rng(0)
        clicked = with_corrections(maps(box(0, 0) & False), truth, answer, rng=rng, rounds=rounds)
        assert bool(clicked.positive.any()) == positive
        assert bool(clicked.negative.any()) != positive
    good = truth.copy()
    good[0][tuple(np.argwhere(missed)[0])] = False
    rounds = RoundsConfig(again=0.0, protocol="seem")
    done = with_corrections(maps(box(0, 0) & False), truth, good, rng=rng, rounds=rounds)
    assert not done.positive.any()


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a graphics card")
def test_a_run_on_a_graphics_card_learns_and_resumes(recipe: Recipe) -> None:
    train(recipe, report=quiet)
    train(replace(recipe, steps=recipe.steps + 2), resume=True, report=quiet)
    assert state(recipe)["step"] == recipe.steps + 2
    assert np.isfinite(values(recipe, "loss")).all()

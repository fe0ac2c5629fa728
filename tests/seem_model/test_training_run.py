"""One step and its surroundings: accumulation, frozen parts, the guard, states, precision."""

from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import torch
from accelerate.state import AcceleratorState

from seem_model.config import TINY
from seem_model.errors import ConfigError, DataError, SeemError
from seem_model.modeling.seem import Seem
from seem_model.optimise import learning_rate, parameter_groups, part_sizes
from seem_model.recipe import OptimConfig, Recipe
from seem_model.start import start_model
from seem_model.train import train
from seem_model.training_guard import read_batch, save_batch
from seem_model.training_rounds import RoundsConfig, with_corrections
from seem_model.training_run import prepare
from shapes_folder import write_shapes
from shapes_recipe import (
    logged,
    quiet,
    same_weights,
    shapes_recipe,
    state,
    stopped_and_resumed,
)  # fmt: skip
from tiny_model import SIDE, box, maps


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_shapes(tmp_path_factory.mktemp("data") / "shapes")


@pytest.fixture
def recipe(data: Path, tmp_path: Path) -> Recipe:
    return shapes_recipe(data, tmp_path / "run")


# ---------------------------------------------------------------------- steps
def test_accumulated_gradients_are_the_mean_over_the_batches(recipe: Recipe) -> None:
    run = prepare(replace(recipe, optim=replace(recipe.optim, accumulate=2)))
    batches = [run.batches(run.number(0, part)) for part in range(2)]
    assert [run.number(3, part) for part in range(2)] == [6, 7]

    def gradient(of: list) -> torch.Tensor:
        rows = run.gradients(0, of)
        assert len(rows) == len(of)
        return torch.cat([p.grad.flatten() for p in run.model.parameters() if p.grad is not None])

    both = gradient(batches)
    terms = run._losses(0, 0, batches[0]), run._losses(0, 1, batches[1])
    run.optimizer.zero_grad(set_to_none=True)
    torch.stack([sum(t.values()) for t in terms]).mean().backward()
    alone = torch.cat([p.grad.flatten() for p in run.model.parameters() if p.grad is not None])
    torch.testing.assert_close(both, alone, rtol=1e-4, atol=1e-6)


def test_an_accumulating_run_resumes_exactly(recipe: Recipe, tmp_path: Path) -> None:
    recipe = replace(recipe, optim=replace(recipe.optim, accumulate=2))
    train(recipe, report=quiet)
    twin = stopped_and_resumed(recipe, tmp_path / "twin")
    assert same_weights(recipe, twin)
    assert logged(recipe) == logged(twin)


def test_the_learning_rate_falls_at_the_milestones() -> None:
    recipe = Recipe(steps=100, optim=OptimConfig(warmup=10, milestones=(0.5, 0.9)))
    curve = [learning_rate(s, recipe) for s in range(100)]
    assert curve[4] == pytest.approx(0.5)
    assert curve[10:50] == [1.0] * 40
    assert curve[50:90] == pytest.approx([0.1] * 40)
    assert curve[90:] == pytest.approx([0.01] * 10)
    assert all(a >= b for a, b in pairwise(curve[10:]))


def test_named_parts_stay_as_they_are() -> None:
    model = Seem(TINY)
    parameter_groups(model, OptimConfig(frozen=("backbone", "pixel_decoder")))
    sizes = part_sizes(model)
    assert sizes["backbone"][0] == sizes["pixel_decoder"][0] == 0
    assert sizes["decoder"][1] == 0
    assert sum(sum(s) for s in sizes.values()) == sum(p.numel() for p in model.parameters())
    with pytest.raises(ConfigError, match='begins with "bakcbone"; its parts are backbone, '):
        parameter_groups(model, OptimConfig(frozen=("bakcbone",)))
    with pytest.raises(ConfigError, match="Nothing is left to train"):
        parameter_groups(model, OptimConfig(only=("decoder",), frozen=("decoder",)))


def test_frozen_parts_are_the_same_after_a_run(recipe: Recipe) -> None:
    before = {k: v.clone() for k, v in start_model(recipe).state_dict().items()}
    train(replace(recipe, optim=replace(recipe.optim, frozen=("backbone.", "pixel"))), report=quiet)
    moved = {k.split(".")[0] for k, v in state(recipe)["model"].items() if (v != before[k]).any()}
    assert "decoder" in moved
    assert not moved & {"backbone", "pixel_decoder"}


def test_without_negative_clicks_what_is_too_much_stays() -> None:
    truth = box(10, 10, 20).numpy()
    rng = np.random.default_rng(0)
    rounds = RoundsConfig(again=0.0, negative=False)
    too_much = np.ones((1, SIDE, SIDE), bool)
    clicked = with_corrections(maps(box(0, 0) & False), truth, too_much, rng=rng, rounds=rounds)
    assert not clicked.positive.any()
    assert not clicked.negative.any()


# ---------------------------------------------------------------------- the guard
def test_what_breaks_a_run_is_kept_and_can_be_read(recipe: Recipe) -> None:
    wild = replace(recipe, steps=30, optim=OptimConfig(lr=1e30, backbone_lr=1e30, warmup=1))
    with pytest.raises(SeemError, match=r"at step \d+; lower optim.lr .* The batch is in .*npz"):
        train(wild, report=quiet)
    [path] = Path(wild.out).glob("bad_batch_step*_process0_0.npz")
    step = int(path.stem.split("_")[2].removeprefix("step"))
    same_batch(read_batch(path), prepare(wild).batches(step))


def same_batch(one: object, two: object) -> None:
    """Field by field, all the way down."""
    if isinstance(one, np.ndarray):
        assert one.dtype == two.dtype
        np.testing.assert_array_equal(one, two)
    elif isinstance(one, tuple):
        assert len(one) == len(two)
        for a, b in zip(one, two, strict=True):
            same_batch(a, b)
    elif hasattr(one, "__dataclass_fields__"):
        for name in one.__dataclass_fields__:
            same_batch(getattr(one, name), getattr(two, name))
    else:
        assert one == two


def test_any_batch_survives_the_file(recipe: Recipe, tmp_path: Path) -> None:
    batches = prepare(recipe).batches
    for number in range(4):  # with and without phrases, texts and examples
        save_batch(batches(number), tmp_path / "batch.npz")
        same_batch(read_batch(tmp_path / "batch.npz"), batches(number))
    (tmp_path / "bad.npz").write_bytes(b"PK")
    np.savez(tmp_path / "other.npz", a=np.zeros(2))
    for name in ("none.npz", "bad.npz", "other.npz"):
        with pytest.raises(DataError, match="no saved batch"):
            read_batch(tmp_path / name)


def test_a_gradient_that_is_no_number_stops_before_the_weights_are_lost(
    recipe: Recipe, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = prepare(recipe)
    before = {k: v.clone() for k, v in run.model.state_dict().items()}
    monkeypatch.setattr(
        run.accelerator, "clip_grad_norm_", lambda parameters, most: torch.tensor(torch.nan)
    )
    with pytest.raises(SeemError, match="gradient became nan at step 0"):
        run.step(0, [run.batches(0)])
    assert all(torch.equal(v, before[k]) for k, v in run.model.state_dict().items())


# ---------------------------------------------------------------------- states and starts
def test_a_damaged_or_foreign_state_is_refused(recipe: Recipe) -> None:
    out = Path(recipe.out)
    train(replace(recipe, optim=replace(recipe.optim, frozen=("decoder",))), report=quiet)
    with pytest.raises(SeemError, match="of another recipe"):
        train(recipe, resume=True, report=quiet)
    (out / "state.pt").write_bytes((out / "state.pt").read_bytes()[:1000])
    with pytest.raises(SeemError, match=r"cannot be read .* start=.*checkpoint"):
        train(recipe, resume=True, report=quiet)


def test_a_tower_without_weights_is_refused(recipe: Recipe) -> None:
    with pytest.raises(ConfigError, match="give a converted checkpoint with start=FOLDER"):
        start_model(replace(recipe, model="focal-tiny"))


# ---------------------------------------------------------------------- precision
@pytest.fixture
def fresh_accelerate():
    AcceleratorState._reset_state(True)
    yield
    AcceleratorState._reset_state(True)


@pytest.mark.usefixtures("fresh_accelerate")
def test_bfloat16_trains(recipe: Recipe) -> None:
    train(replace(recipe, precision="bf16"), report=quiet)
    assert all(np.isfinite(v) for _, _, v in logged(recipe))
    with pytest.raises(SeemError, match="precision=no is not possible here"):
        train(recipe, report=quiet)  # not in one and the same program


@pytest.mark.usefixtures("fresh_accelerate")
@pytest.mark.skipif(torch.cuda.is_available(), reason="about machines without a graphics card")
def test_float16_needs_a_graphics_card(recipe: Recipe) -> None:
    with pytest.raises(SeemError, match="precision=fp16 is not possible here"):
        train(replace(recipe, precision="fp16"), report=quiet)

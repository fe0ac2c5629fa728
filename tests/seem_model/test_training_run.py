"""Around the loop: accumulation, the guard, logs, evaluation, states, precision, the dry run."""

import csv
import io
import sys
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import torch
from accelerate.state import AcceleratorState

from seem_model.cli import main
from seem_model.config import TINY
from seem_model.data.batches import BatchConfig, SetConfig
from seem_model.dry_run import described
from seem_model.errors import ConfigError, DataError, SeemError
from seem_model.losses import LossConfig
from seem_model.modeling.seem import Seem
from seem_model.optimise import learning_rate, parameter_groups, part_sizes
from seem_model.recipe import EvaluateConfig, OptimConfig, Recipe
from seem_model.start import start_model
from seem_model.train import train
from seem_model.training_guard import read_batch, save_batch
from seem_model.training_log import Bar, means
from seem_model.training_rounds import RoundsConfig, with_corrections
from seem_model.training_run import prepare
from shapes_folder import write_shapes
from tiny_model import SIDE, box, maps


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_shapes(tmp_path_factory.mktemp("data") / "shapes")


@pytest.fixture
def recipe(data: Path, tmp_path: Path) -> Recipe:
    return Recipe(
        model="tiny", data=(SetConfig(path=str(data), complete=True),), steps=2, sizes=(64,),
        batch=BatchConfig(images=2, objects=2, text=0.5, example=0.5),
        loss=LossConfig(points=128),
        optim=OptimConfig(lr=3e-3, backbone_lr=1e-3, warmup=2, ema=0.9),
        objects_every=2, phrases_every=2, save_every=100, log_every=1, loader_workers=0,
        out=str(tmp_path / "run"),
    )  # fmt: skip


def quiet(_: str) -> None:
    pass


def state(recipe: Recipe) -> dict:
    return torch.load(Path(recipe.out) / "state.pt", weights_only=True)


def logged(recipe: Recipe) -> list[tuple[int, str, float]]:
    with open(Path(recipe.out) / "log.csv", newline="") as file:
        return [(int(step), name, float(value)) for step, name, value in csv.reader(file)]


def same_weights(one: Recipe, two: Recipe) -> bool:
    first, second = state(one)["model"], state(two)["model"]
    return all(torch.equal(v, second[k]) for k, v in first.items())


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
    twin = replace(recipe, out=str(tmp_path / "twin"))
    asked = iter([False, True])
    train(twin, report=quiet, cancelled=lambda: next(asked))
    train(twin, report=quiet, resume=True)
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


# ---------------------------------------------------------------------- logs
def test_tensorboard_has_the_numbers_of_the_csv(recipe: Recipe) -> None:
    reading = pytest.importorskip("tensorboard.backend.event_processing.event_accumulator")
    train(replace(recipe, tensorboard=True), report=quiet)
    events = reading.EventAccumulator(str(Path(recipe.out) / "tensorboard"))
    events.Reload()
    found = {(e.step, n): e.value for n in events.Tags()["scalars"] for e in events.Scalars(n)}
    assert found == {(s, n): pytest.approx(v, abs=1e-5) for s, n, v in logged(recipe)}


def test_a_missing_tensorboard_is_said(recipe: Recipe, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "torch.utils.tensorboard", None)
    with pytest.raises(SeemError, match=r"not installed: install .*train.* log\.csv"):
        train(replace(recipe, tensorboard=True), report=quiet)


def test_what_was_logged_after_the_state_is_logged_once(recipe: Recipe, tmp_path: Path) -> None:
    train(replace(recipe, steps=4), report=quiet)
    twin = replace(recipe, steps=4, save_every=2, out=str(tmp_path / "twin"))

    def broken(line: str) -> None:
        if line.startswith("step 4/"):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train(replace(twin, log_every=1), report=broken)
    with open(Path(twin.out) / "log.csv", "a") as file:
        file.write("3,loss,9.0\n")
    train(twin, report=quiet, resume=True)
    assert logged(twin) == logged(replace(recipe, steps=4))


def test_means_are_over_the_rows_that_have_a_name() -> None:
    assert means([{"b": 1.0}, {"a": 2.0, "b": 3.0}]) == {"a": 2.0, "b": 2.0}
    assert list(means([{"b": 1.0}, {"a": 2.0}])) == ["a", "b"]


def test_a_terminal_gets_a_bar_and_a_file_does_not(
    recipe: Recipe, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    train(recipe, report=quiet)
    assert capsys.readouterr().err == ""
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)
    train(recipe, report=quiet)
    assert "2/2, 0 min left" in capsys.readouterr().err
    screen = io.StringIO()
    monkeypatch.setattr(sys, "stderr", screen)
    bar = Bar(10)
    for done in (1, 5, 10):
        bar.show(done)
    assert screen.getvalue().count("#" * 15) == 3  # half once, whole twice fifteen


# ---------------------------------------------------------------------- evaluation
def test_evaluating_on_the_way_is_logged_and_changes_nothing(
    recipe: Recipe, tmp_path: Path
) -> None:
    train(recipe, report=quiet)
    lines: list[str] = []
    twin = replace(
        recipe, evaluate_every=1, evaluate=EvaluateConfig(objects=2, clicks=2),
        out=str(tmp_path / "twin"),
    )  # fmt: skip
    train(twin, report=lines.append)
    assert same_weights(recipe, twin)
    found = {(s, n): v for s, n, v in logged(twin) if n.startswith("evaluate/")}
    names = {f"evaluate/shapes/{k}" for k in ("iou@1", "iou@2", "noc@85")}
    assert found.keys() == {(s, n) for s in (1, 2) for n in names}
    assert all(0 <= v <= 2 for v in found.values())
    assert sum(line.startswith("evaluated at") for line in lines) == 2


def test_evaluating_on_nothing_is_refused_at_the_start(recipe: Recipe) -> None:
    asked = replace(recipe, evaluate_every=1, evaluate=EvaluateConfig(split="none"))
    with pytest.raises(DataError, match='no images in the "none" split to evaluate'):
        train(asked, report=quiet)
    assert not Path(recipe.out).exists()


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


# ---------------------------------------------------------------------- the dry run
def test_a_dry_run_says_what_will_happen_and_writes_nothing(recipe: Recipe) -> None:
    config = replace(
        recipe, evaluate_every=5, steps=30,
        optim=replace(recipe.optim, accumulate=2, milestones=(0.5,), frozen=("backbone",)),
    )  # fmt: skip
    text = described(config)
    for words in (
        "tiny, starting from no checkpoint",
        "30 steps of 4 images (batch 2 × accumulate 2 × processes 1)", "a tenth from 50.0%",
        "objects    ce 2, bce 5, dice 5; every 2 steps", "20.0 times through the data",
        "objects of shapes (val), 5 clicks each", "s a step",
    ):  # fmt: skip
        assert words in text
    assert ["shapes", "100.0%", "6", "2"] in [line.split() for line in text.splitlines()]
    backbone = next(line.split() for line in text.splitlines() if "  backbone" in line)
    assert backbone[1] == "0"
    assert not Path(recipe.out).exists()


BAD = [
    ("steps=0", "steps is too small"),
    ("optim.accumulate=0", "optim.accumulate is too small"),
    ("sizes=[8]", "sizes=8 is too small"),
    ("sizes=[]", "sizes is too small"),
    ("optim.milestones=[2]", "milestones between 0 and 1"),
    ("precision=half", "cannot be 'half'; choose one of no, bf16, fp16"),
    ("tensorboard=maybe", "must be true or false, not 'maybe'"),
    ("batch.shapes=[star]", "cannot be 'star'; choose one of"),
    ("evaluate.clickz=3", "unknown key clickz"),
    ("optim.frozen=[legs]", 'begins with "legs"'),
    ("data=[{path: nowhere}]", "nowhere"),
    ("data=[]", "no data to train on"),
    ("model=huge", 'Unknown model "huge"'),
    ("start=nowhere", "no checkpoint folder at nowhere"),
]


@pytest.mark.parametrize(("override", "words"), BAD, ids=[o for o, _ in BAD])
def test_the_command_refuses_nonsense_in_one_line(
    data: Path, tmp_path: Path, override: str, words: str, capsys: pytest.CaptureFixture
) -> None:
    path = tmp_path / "recipe.yaml"
    path.write_text(f"model: tiny\nsizes: [64]\nout: {tmp_path}/out\ndata: [{{path: {data}}}]\n")
    assert main(["train", "--recipe", str(path), override]) == 2
    error = capsys.readouterr().err
    assert words in error
    assert error.count("\n") == 1
    assert not (tmp_path / "out").exists()

"""What a run says: logs, the bar, evaluation on the way, the dry run and the command's refusals."""

import io
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from seem_model.cli import main
from seem_model.dry_run import described
from seem_model.errors import DataError, SeemError
from seem_model.recipe import EvaluateConfig, Recipe
from seem_model.train import train
from seem_model.training_log import Bar, means
from shapes_folder import write_shapes
from shapes_recipe import logged, quiet, same_weights, shapes_recipe


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_shapes(tmp_path_factory.mktemp("data") / "shapes")


@pytest.fixture
def recipe(data: Path, tmp_path: Path) -> Recipe:
    return shapes_recipe(data, tmp_path / "run")


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
    ("loader_workers=-1", "loader_workers is too small"),
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

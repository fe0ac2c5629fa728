"""Recipes: YAML in, frozen values out, unknown keys refused."""

import re
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from seem_model.errors import ConfigError
from seem_model.loss_config import TaskWeights
from seem_model.modeling.seem import Seem
from seem_model.optimise import parameter_groups, part_sizes
from seem_model.presets import OFFICIAL
from seem_model.recipe import Recipe
from seem_model.start import start_model

ROOT = Path(__file__).parents[2]

TEXT = """
model: tiny
steps: 7
sizes: [64]
data:
  - {path: here, weight: 0.5, complete: true}
loss:
  points: 64
  clicks: {ce: 1, bce: 2, dice: 3}
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    file = tmp_path / "recipe.yaml"
    file.write_text(TEXT)
    return file


def test_a_recipe_is_read_with_its_parts(path: Path) -> None:
    recipe = Recipe.from_yaml(path)
    assert (recipe.model, recipe.steps, recipe.sizes) == ("tiny", 7, (64,))
    assert recipe.data[0].path == "here"
    assert recipe.data[0].complete
    assert recipe.loss.clicks == TaskWeights(1.0, 2.0, 3.0)
    assert recipe.loss.oversample == 3.0  # its default


def test_overrides_reach_into_the_parts(path: Path) -> None:
    recipe = Recipe.from_yaml(path, ("steps=9", "optim.lr=1e-3", "loss.clicks.ce=5", "sizes=[32]"))
    assert (recipe.steps, recipe.optim.lr, recipe.sizes) == (9, 1e-3, (32,))
    assert recipe.loss.clicks.ce == 5


@pytest.mark.parametrize(
    ("overrides", "words"),
    [
        (("stepz=9",), "unknown key stepz; known are"),
        (("loss.pointz=9",), "loss: unknown key pointz"),
        (("steps",), "form key=value"),
        (("steps=many",), "steps"),
        (("optim=3",), "OptimConfig needs named values"),
        (("optim.lr=2", "optim.lr.x=3"), "lr is a single value"),
        (("data=3",), "data"),
        (("data=[{path: x, shade: 2}]",), "unknown key shade"),
        (("steps.x=1",), "steps"),
        (("data=[{weight: 2}]",), "path"),
        (("steps=[",), "steps"),
    ],
)
def test_nonsense_is_refused_with_a_sentence(path: Path, overrides, words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        Recipe.from_yaml(path, overrides)


def test_missing_and_broken_files_are_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no recipe at"):
        Recipe.from_yaml(tmp_path / "none.yaml")
    for text in ("{", "- 1"):
        (tmp_path / "bad.yaml").write_text(text)
        with pytest.raises(ConfigError, match=r"bad\.yaml"):
            Recipe.from_yaml(tmp_path / "bad.yaml")


def test_the_shipped_recipes_can_be_read() -> None:
    for path in sorted((ROOT / "recipes").glob("*.yaml")):
        recipe = Recipe.from_yaml(path)
        assert recipe.data
        start_model(replace(recipe, model="tiny", start="", grow=False))


def test_the_ablations_in_the_docs_are_changes_of_the_paper_recipe() -> None:
    page = (ROOT / "docs/train.md").read_text().partition("### The paper's ablations")[2]
    rows = [row for row in page.splitlines() if row.startswith("|") and "=" in row]
    changes = [span for row in rows for span in re.findall(r"`([^`]*=[^`]*)`", row)]
    assert len(changes) == 9
    published = Recipe.from_yaml(ROOT / "recipes/focal_tiny.yaml")
    for change in changes:
        # a shell splits at spaces that are not inside brackets
        overrides = tuple(re.split(r" (?![^\[{]*[\]}])", change))
        changed = Recipe.from_yaml(ROOT / "recipes/focal_tiny.yaml", overrides)
        assert changed != published or change == "rounds.most=5"
    scratch = next(c for c in changes if c.startswith("model="))
    overrides = tuple(re.split(r" (?![^\[{]*[\]}])", scratch))
    file = Recipe.from_yaml(ROOT / "recipes/focal_tiny_scratch.yaml")
    ours = Recipe.from_yaml(ROOT / "recipes/focal_tiny.yaml", overrides)
    assert replace(ours, out=file.out, precision=file.precision) == file


def trained(name: str, recipe: Recipe) -> dict[str, int]:
    """Parameters that learn in each part of an official model."""
    with torch.device("meta"):
        model = Seem(OFFICIAL[name])
    parameter_groups(model, recipe.optim)
    return {part: sizes[0] for part, sizes in part_sizes(model).items() if sizes[0]}


def test_the_paper_recipe_has_the_published_numbers() -> None:
    recipe = Recipe.from_yaml(ROOT / "recipes/focal_tiny.yaml")
    assert recipe.batch.images * 8 == 16
    assert recipe.rounds.most == 5
    assert recipe.loss.objects == TaskWeights(2.0, 5.0, 5.0)
    assert recipe.loss.clicks == recipe.loss.phrases == TaskWeights(0.4, 1.0, 1.0)
    assert trained("focal-tiny-v1", recipe) == {"decoder": 39_812_608}


@pytest.mark.parametrize("name", ["focal_large", "davit_d3", "sam_vit_base"])
def test_the_paper_s_other_models_train_as_its_first(name: str) -> None:
    first = Recipe.from_yaml(ROOT / "recipes/focal_tiny.yaml")
    recipe = Recipe.from_yaml(ROOT / f"recipes/{name}.yaml")
    own = replace(first, model=recipe.model, start=recipe.start, out=recipe.out)
    if name == "sam_vit_base":
        optim = replace(own.optim, frozen=recipe.optim.frozen, backbone_lr=own.optim.lr)
        own = replace(own, optim=optim)
    assert recipe == own
    assert f"{recipe.model}-v1" in OFFICIAL
    assert (Path(recipe.start).name, Path(recipe.out).name) != ("focal_tiny", "focal_tiny")


@pytest.mark.parametrize(
    ("recipe", "name"),
    [
        ("focal_large", "focal-large-v1"),
        ("davit_d3", "davit-d3-v1"),
        ("davit_d3", "davit-d5-v1"),
    ],
)
def test_only_the_prompt_decoder_learns(recipe: str, name: str) -> None:
    read = Recipe.from_yaml(ROOT / f"recipes/{recipe}.yaml")
    assert trained(name, read) == {"decoder": 39_812_608}


@pytest.mark.parametrize("name", ["sam-base-v1", "sam-large-v1"])
def test_with_sam_what_nothing_has_taught_learns_too(name: str) -> None:
    parts = trained(name, Recipe.from_yaml(ROOT / "recipes/sam_vit_base.yaml"))
    with torch.device("meta"):
        neck = Seem(OFFICIAL[name]).backbone.neck
    assert parts == {
        "decoder": 39_812_608,
        "pixel_decoder": 13_964_480,
        "backbone": sum(p.numel() for p in neck.parameters()),
    }


def test_a_text_may_be_emptied(path: Path) -> None:
    assert Recipe.from_yaml(path, ("start=",)).start == ""

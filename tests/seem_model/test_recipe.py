"""Recipes: YAML in, frozen values out, unknown keys refused."""

from pathlib import Path

import pytest

from seem_model.errors import ConfigError
from seem_model.loss_config import TaskWeights
from seem_model.recipe import Recipe

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
    folder = Path(__file__).parents[2] / "recipes"
    for path in sorted(folder.glob("*.yaml")):
        assert Recipe.from_yaml(path).data

"""Training with late corrections: how many rounds come before, and what answers keep on the way."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from seem_model.errors import ConfigError
from seem_model.modeling.dense_prompt import PromptMaps
from seem_model.settling import FREE
from seem_model.train import train
from seem_model.training_rounds import RoundsConfig, settle
from shapes_folder import write_shapes
from shapes_recipe import logged, quiet, same_weights, shapes_recipe, stopped_and_resumed

SIDE = 64
CELLS = SIDE // 4


def drawn(config: RoundsConfig, count: int = 300) -> list[int]:
    rng = np.random.default_rng(0)
    return [config.drawn(rng) for _ in range(count)]


def test_without_late_corrections_all_numbers_up_to_the_most_are_drawn():
    assert set(drawn(RoundsConfig(most=3))) == {0, 1, 2, 3}


def test_late_corrections_come_after_their_share_of_the_steps():
    config = RoundsConfig(most=3, late=0.4, latest=9)
    numbers = np.array(drawn(config))
    assert set(numbers) == set(range(10))
    assert 0.3 < (numbers > 3).mean() < 0.5
    assert set(drawn(replace(config, late=1.0))) == set(range(4, 10))


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"late": 1.5, "latest": 9}, r"rounds\.late=1\.5 must be a share"),
        ({"late": -0.1, "latest": 9}, r"rounds\.late=-0\.1 must be a share"),
        ({"late": 0.5}, r"rounds\.latest=0 must be more than rounds\.most=3"),
    ],
)
def test_nonsense_is_refused(changes, says):
    with pytest.raises(ConfigError, match=says):
        RoundsConfig(**changes)


def dots(*places: tuple[int, int]) -> torch.Tensor:
    drawn = torch.zeros(1, SIDE, SIDE, dtype=torch.bool)
    for row, col in places:
        drawn[0, row, col] = True
    return drawn


def asked(positive, negative, memory=None) -> PromptMaps:
    return PromptMaps(dots(*positive), dots(*negative), dots(), memory)


def test_a_first_answer_is_kept_as_it_is():
    logits = torch.randn(1, CELLS, CELLS)
    assert torch.equal(settle(None, asked([(9, 9)], []), logits, number=1), logits)
    forgotten = asked([(9, 9)], [(40, 40)])
    assert torch.equal(settle(asked([(9, 9)], []), forgotten, logits, number=2), logits)


def test_an_early_correction_that_empties_the_answer_takes_what_is_nearest_to_negative_marks():
    """The object is the whole view, so far: one mark on its left, a negative one on its right."""
    memory = torch.ones(1, CELLS, CELLS)
    now = asked([(32, 8)], [(32, 56)], memory)
    answer = settle(asked([(32, 8)], []), now, torch.full_like(memory, -1.0), number=2)
    assert (answer[..., : CELLS // 2] > 0).all()
    assert (answer[..., CELLS // 2 + 1 :] < 0).all()


def test_a_late_one_takes_only_what_is_nearest_to_itself():
    memory = torch.ones(1, CELLS, CELLS)
    now = asked([(32, 8)], [(32, 24), (32, 56)], memory)
    before = asked([(32, 8)], [(32, 24)])
    for number, kept in ((FREE, 4), (FREE + 1, 10)):  # of the columns, in cells
        answer = settle(before, now, torch.full_like(memory, -1.0), number=number)
        assert (answer[..., :kept] > 0).all()
        assert (answer[..., kept + 1 :] < 0).all()


@given(st.integers(0, 10_000))
def test_whatever_changes_is_nearest_to_a_mark_that_asks_for_it(seed):
    rng = np.random.default_rng(seed)
    places = [tuple(p) for p in rng.integers(0, SIDE, (6, 2))]
    memory, logits = (torch.from_numpy(rng.normal(size=(1, CELLS, CELLS))).float() for _ in "ab")
    before = asked(places[:2], places[2:4])
    now = asked([*places[:2], places[4]], [*places[2:4], places[5]], memory)
    answer = settle(before, now, logits, number=2)
    marks = np.array([*places[:2], places[4], *places[2:4], places[5]]) + 0.5
    positive = np.arange(6) < 3
    for row, col in (((answer > 0) != (memory > 0))[0]).nonzero().tolist():
        away = np.hypot(*(marks - (np.array([row, col]) + 0.5) * 4).T)
        nearest = positive[np.isclose(away, away.min())]
        assert bool(answer[0, row, col] > 0) in nearest
    same = ((answer > 0) == (memory > 0))[0]
    assert torch.equal(answer[0][~same], logits[0][~same])


def test_a_run_of_late_corrections_resumes_exactly(tmp_path):
    data = write_shapes(tmp_path / "shapes")
    rounds = RoundsConfig(most=1, late=0.8, latest=FREE + 2, settle=True)
    recipe = replace(shapes_recipe(data, tmp_path / "run"), steps=3, rounds=rounds)
    train(recipe, report=quiet)
    assert all(np.isfinite(value) for _, _, value in logged(recipe))
    assert same_weights(recipe, stopped_and_resumed(recipe, tmp_path / "twin"))
    free = replace(recipe, out=str(tmp_path / "free"), rounds=replace(rounds, settle=False))
    train(free, report=quiet)
    assert not same_weights(recipe, free)

"""Truths made wrong for training: nearly right, with marks that hold; then a click on an error."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.ndimage import binary_dilation, gaussian_filter

from seem_model.depth import closed, signed
from seem_model.errors import ConfigError
from seem_model.modeling.dense_prompt import PromptMaps
from seem_model.train import train
from seem_model.training_rounds import RoundsConfig, with_corrections
from seem_model.training_spoiling import CLICKS, SURE, nearly_right, spoiled
from shapes_folder import write_shapes
from shapes_recipe import logged, quiet, same_weights, shapes_recipe, stopped_and_resumed

SIDE = 96


def blob(seed: int, side: int = SIDE) -> np.ndarray:
    noise = gaussian_filter(np.random.default_rng(seed).normal(size=(side, side)), 9)
    return noise > np.quantile(noise, 0.8)


def iou(a: np.ndarray, b: np.ndarray) -> float:
    return (a & b).sum() / max(1, (a | b).sum())


def unmarked(count: int) -> PromptMaps:
    nothing = torch.zeros(count, SIDE, SIDE, dtype=torch.bool)
    return PromptMaps(nothing, nothing, nothing)


def test_distances_are_positive_inside_and_gaps_are_closed():
    truth = np.zeros((20, 20), bool)
    truth[5:15, 4:9] = truth[5:15, 11:16] = True
    depth = signed(truth)
    assert ((depth > 0) == truth).all()
    assert depth[9, 6] == 2.5
    assert closed(truth, 1.5)[8:12, 9:11].all()
    assert not closed(truth, 0.9)[:, 9:11].any()
    assert np.isinf(signed(np.ones((3, 3), bool))).all()
    assert (signed(np.zeros((3, 3), bool)) == -np.inf).all()
    assert not closed(np.zeros((3, 3), bool), 2).any()


def test_answers_are_nearly_right_and_hardly_ever_all_right():
    found = [iou(blob(k), spoiled(blob(k), np.random.default_rng(k))) for k in range(60)]
    assert 0.75 < np.mean(found) < 0.95
    assert min(found) > 0.4
    assert sum(f == 1 for f in found) < 6


def test_the_same_draws_spoil_in_the_same_way():
    one, same, other = (spoiled(blob(3), np.random.default_rng(k)) for k in (5, 5, 6))
    np.testing.assert_array_equal(one, same)
    assert (one != other).any()


@pytest.mark.parametrize("shape", [(0, 0), (1, 1), (2, 40), (SIDE, SIDE)])
def test_truths_of_any_size_are_spoiled_without_being_lost(shape):
    truth = np.zeros((SIDE, SIDE), bool)
    truth[: shape[0], : shape[1]] = True
    for seed in range(20):
        answer = spoiled(truth, np.random.default_rng(seed))
        assert answer.shape == truth.shape
        assert answer.any() == truth.any()


def test_a_gap_is_filled_and_a_thin_part_lost_sometimes():
    """Two legs with a gap between them, and a tail of two pixels."""
    truth = np.zeros((SIDE, SIDE), bool)
    truth[20:50, 20:70] = True
    truth[50:80, 20:42] = truth[50:80, 46:70] = True
    truth[30:32, 70:90] = True
    answers = [spoiled(truth, np.random.default_rng(k)) for k in range(80)]
    gap = [a[56:74, 42:46].mean() > 0.9 for a in answers]
    tail = [a[30:32, 78:88].mean() < 0.1 for a in answers]
    assert 0.05 < np.mean(gap) < 0.7
    assert 0.05 < np.mean(tail) < 0.9


@settings(max_examples=25)
@given(st.integers(0, 10_000))
def test_earlier_marks_are_right_and_were_followed(seed):
    truths = np.stack([blob(seed), blob(seed + 1)])
    rounds = RoundsConfig(largest_click=1)
    maps, answers = nearly_right(
        unmarked(2), truths, rng=np.random.default_rng(seed), rounds=rounds
    )
    for i, truth in enumerate(truths):
        positive, negative = (m[i].numpy() for m in (maps.positive, maps.negative))
        marked = positive.any() + negative.any()
        assert marked
        assert positive.sum() + negative.sum() <= 9 * CLICKS[1]
        # each painted pixel touches one that is right and of its sign: the click itself
        assert not (positive & ~binary_dilation(truth & answers[i], np.ones((3, 3)))).any()
        assert not (negative & ~binary_dilation(~truth & ~answers[i], np.ones((3, 3)))).any()
        memory = maps.memory[i].numpy()
        assert memory.shape == (SIDE // 4, SIDE // 4)
        assert np.abs(memory).max() <= SURE
        large = np.kron(memory > 0, np.ones((4, 4), bool))
        assert iou(large, answers[i]) > 0.7


def test_the_next_click_is_on_what_is_wrong():
    truths = np.stack([blob(k) for k in range(6)])
    rounds = RoundsConfig(again=0.0, random_click=0.0)
    rng = np.random.default_rng(0)
    maps, answers = nearly_right(unmarked(6), truths, rng=rng, rounds=rounds)
    after = with_corrections(maps, truths, answers, rng=rng, rounds=rounds)
    for i in range(6):
        new = (after.positive[i] & ~maps.positive[i]).numpy()
        too_much = (after.negative[i] & ~maps.negative[i]).numpy()
        assert new.any() != too_much.any()
        wrong = truths[i] != answers[i]
        assert wrong[new | too_much].any()


def test_without_negative_clicks_there_are_none():
    rounds = RoundsConfig(negative=False)
    maps, _ = nearly_right(unmarked(1), blob(2)[None], rng=np.random.default_rng(0), rounds=rounds)
    assert maps.positive.any()
    assert not maps.negative.any()


def test_a_share_outside_of_0_to_1_is_refused():
    with pytest.raises(ConfigError, match=r"rounds\.spoiled=2 must be a share"):
        RoundsConfig(spoiled=2)


def test_a_run_of_spoiled_truths_learns_and_resumes_exactly(tmp_path):
    data = write_shapes(tmp_path / "shapes")
    rounds = RoundsConfig(most=1, spoiled=1.0, largest_click=2)
    recipe = replace(shapes_recipe(data, tmp_path / "run"), steps=3, rounds=rounds)
    train(recipe, report=quiet)
    assert all(np.isfinite(value) for _, _, value in logged(recipe))
    assert same_weights(recipe, stopped_and_resumed(recipe, tmp_path / "twin"))
    plain = replace(recipe, out=str(tmp_path / "plain"), rounds=replace(rounds, spoiled=0.0))
    train(plain, report=quiet)
    assert not same_weights(recipe, plain)

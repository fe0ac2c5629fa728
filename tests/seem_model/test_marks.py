"""Clicks are places, strokes are areas, and clicked pixels keep their sign."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from seem_model.clicks import Click, paint_click
from seem_model.frame import DOTS, Box, Frame
from seem_model.frame_config import FrameConfig
from seem_model.marks import count, obeyed, taken_apart
from seem_model.settling import FREE, Places, may_settle, settled
from seem_model.values import Prompts

SHAPE = (40, 50)


def painted(*places: tuple[int, int]) -> np.ndarray:
    mask = np.zeros(SHAPE, bool)
    for row, col in places:
        mask |= paint_click(SHAPE, Click(row, col, True))
    return mask


@given(st.integers(0, 39), st.integers(0, 49))
def test_a_click_is_its_place_even_at_the_border(row: int, col: int) -> None:
    apart = taken_apart(painted((row, col)))
    assert not apart.strokes.any()
    found = np.abs(apart.dots - (row, col)).max(axis=1)
    assert found.min() == 0
    assert found.max() <= 1
    if 0 < row < 39 and 0 < col < 49:
        assert apart.dots.tolist() == [[row, col]]


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 14)), min_size=1, max_size=4),
       st.integers(3, 25), st.integers(3, 30))  # fmt: skip
def test_marks_that_are_moved_are_the_same_marks(
    places: list[tuple[int, int]], down: int, right: int
) -> None:
    first = taken_apart(painted(*((r + 2, c + 2) for r, c in places)))
    moved = taken_apart(painted(*((r + 2 + down, c + 2 + right) for r, c in places)))
    assert moved.dots.tolist() == (first.dots + np.array([down, right])).tolist()
    assert (moved.strokes == np.roll(first.strokes, (down, right), (0, 1))).all()


def test_touching_clicks_are_told_apart() -> None:
    apart = taken_apart(painted((10, 10), (11, 13)))
    assert sorted(apart.dots.tolist()) == [[10, 10], [11, 13]]


def test_a_stroke_stays_a_stroke() -> None:
    mask = np.zeros(SHAPE, bool)
    mask[5:8, 3:40] = True
    apart = taken_apart(mask)
    assert not len(apart.dots)
    assert (apart.strokes == mask).all()


@pytest.mark.parametrize("zoom", [0.25, 1, 4, 10])
def test_a_click_has_about_the_same_size_in_every_view(zoom: float) -> None:
    config = FrameConfig(max_upscale=100)
    shape = (160, 200)
    frame = Frame.fit(Box(0, 0, *shape), long_side=round(200 * zoom), config=config)
    mask = np.zeros(shape, bool)
    mask[79:82, 99:102] = True
    rows, cols = np.nonzero(frame.marks(mask)[0].numpy())
    for places, wanted in ((rows, 80.5), (cols, 100.5)):
        assert DOTS[0] <= places.max() - places.min() + 1 <= DOTS[1]
        assert abs(places.mean() + 0.5 - wanted * zoom) <= 1


def test_clicked_pixels_are_obeyed_and_nothing_else_changes() -> None:
    logits = np.full(SHAPE, -3.0, np.float32)
    logits[20:, :] = 3.0
    result = obeyed(logits, painted((5, 5)), painted((30, 30)))
    assert result[5, 5] > 0 > result[30, 30]
    assert (result != logits).sum() == 2


def test_clicks_in_a_long_chain_are_obeyed() -> None:
    rows = [5, 8, 10, 12, 15, 18, 21, 23, 26, 29]
    places = [(row, 20 + (n % 2)) for n, row in enumerate(rows)]
    result = obeyed(np.full(SHAPE, -3.0, np.float32), painted(*places), painted())
    assert all(result[place] > 0 for place in places)
    result = obeyed(np.full(SHAPE, 3.0, np.float32), painted(), painted(*places))
    assert all(result[place] < 0 for place in places)


@pytest.mark.parametrize("step", [(1, 0), (0, 1), (1, 1), (1, -1)])
@pytest.mark.parametrize("sign", [1, -1])
def test_a_click_between_clicks_of_the_other_sign_is_obeyed(step, sign: int) -> None:
    """Two clicks two pixels apart paint what three would; the one between them was not made."""
    chain = [tuple(np.array([20, 20]) + k * np.array(step)) for k in range(5)]
    logits = np.full(SHAPE, -3.0 * sign, np.float32)
    one, other = painted(*chain[1::2]), painted(*chain[::2])
    result = sign * obeyed(logits, *((one, other) if sign > 0 else (other, one)))
    assert all(result[place] > 0 for place in chain[1::2])
    assert all(result[place] < 0 for place in chain[::2])


def test_few_clicks_in_a_crowd_are_all_obeyed() -> None:
    rng = np.random.default_rng(0)
    for _ in range(200):
        cells = [tuple(divmod(int(c), 12) + np.array([14, 14])) for c in rng.choice(144, 6, False)]
        logits = rng.normal(0, 2, SHAPE).astype(np.float32)
        result = obeyed(logits, painted(*cells[:3]), painted(*cells[3:]))
        assert all(result[place] > 0 for place in cells[:3])
        assert all(result[place] < 0 for place in cells[3:])


def test_a_wide_stroke_is_left_to_the_model() -> None:
    logits, stroke = np.full(SHAPE, -3.0, np.float32), np.zeros(SHAPE, bool)
    stroke[10:20, 10:40] = True
    np.testing.assert_array_equal(obeyed(logits, stroke, painted()), logits)


def test_a_change_needs_a_mark_of_its_sign_nearby() -> None:
    before, after = torch.full((8, 8), -1.0), torch.full((8, 8), -1.0)
    before[:, :2] = 1.0  # was the object, the new answer drops it
    after[:, 6:] = 1.0  # the new answer adds this
    left, right, none = np.array([[16.0, 2.0]]), np.array([[16.0, 30.0]]), np.zeros((0, 2))
    kept = settled(before, after, Places(left, np.array([[16.0, 18.0]]), none, none))
    assert (kept[:, :2] > 0).all()  # nearest mark is positive: not dropped
    assert (kept[:, 6:] < 0).all()  # nearest mark is negative: not added
    taken = settled(before, after, Places(right, left, none, none))
    assert torch.equal(taken, after)


def test_late_marks_change_only_their_own_surroundings() -> None:
    before, after = torch.full((8, 8), -1.0), torch.full((8, 8), 1.0)
    none, left, right = np.zeros((0, 2)), np.array([[16.0, 2.0]]), np.array([[16.0, 30.0]])
    both = np.concatenate([left, right])
    early = settled(before, after, Places(both, none, none, none))
    assert (early > 0).all()
    late = settled(before, after, Places(both, none, right, none))
    assert (late[:, 4:] > 0).all()
    assert (late[:, :4] < 0).all()


def test_marks_are_late_after_some_clicks_and_a_stroke_is_one_mark() -> None:
    frame = Frame.fit(Box(0, 0, *SHAPE), long_side=50, config=FrameConfig())
    clicks = [(4 + 8 * (k % 5), 5 + 30 * (k // 5)) for k in range(FREE + 1)]
    before, now = (
        Prompts(positive=painted(*clicks[:k]), negative=np.zeros(SHAPE, bool))
        for k in (FREE, FREE + 1)
    )
    fresh = Places.of(now, before, frame).fresh_positive
    assert fresh.shape == (1, 2)
    assert np.allclose(fresh[0], np.array(clicks[-1]) + 0.5)
    earlier = Prompts(positive=painted(*clicks[: FREE - 1]), negative=before.negative)
    assert not len(Places.of(before, earlier, frame).fresh_positive)
    stroke = np.zeros(SHAPE, bool)
    stroke[5:8, 3:40] = True
    assert count(stroke) == 1
    assert count(stroke | painted((30, 30))) == 2


def test_clicks_that_touch_are_late_after_as_many_rounds() -> None:
    """They look like one stroke, so the rounds are counted, too."""
    frame = Frame.fit(Box(0, 0, *SHAPE), long_side=50, config=FrameConfig())
    clicks = [(10, 5 + 3 * k) for k in range(FREE + 1)]
    before, now = (
        Prompts(positive=painted(*clicks[:k]), negative=np.zeros(SHAPE, bool))
        for k in (FREE, FREE + 1)
    )
    assert count(now.positive) == 1
    assert not len(Places.of(now, before, frame, number=FREE).fresh_positive)
    assert len(Places.of(now, before, frame, number=FREE + 1).fresh_positive)


def test_new_words_may_change_everything() -> None:
    before = Prompts(positive=painted((5, 5)), negative=np.zeros(SHAPE, bool))
    assert may_settle(before, before | Prompts(positive=painted((9, 9)), negative=before.negative))
    assert not may_settle(before, before.with_text("cup"))
    assert not may_settle(Prompts.empty(SHAPE).with_text("cup"), before)

"""Laws of the click simulator and of the rulers, on random masks."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from seem_model.clicks import next_click
from seem_model.drawing import SHAPES, draw
from seem_model.metrics.interactive import ClickRecord, ClickTally
from seem_model.metrics.overlap import dice, iou

SHAPE = (11, 13)
masks = hnp.arrays(bool, SHAPE)
protocols = st.sampled_from(["ritm", "seem"])
curves = st.lists(st.floats(0, 1, width=32), min_size=1, max_size=5)
tallies = st.lists(curves, max_size=4).map(
    lambda rows: ClickTally(tuple(ClickRecord.of(row, 5) for row in rows))
)


@given(masks, masks, masks, masks, protocols, st.none() | st.integers(0, 9))
def test_a_click_lies_in_an_error_and_says_which(
    truth, mask, void, clicked, protocol, seed
) -> None:
    rng = None if seed is None else np.random.default_rng(seed)
    click = next_click(truth, mask, void=void, clicked=clicked, protocol=protocol, rng=rng)
    if click is not None:
        at = (click.row, click.col)
        assert truth[at] != mask[at]
        assert click.positive == truth[at]
        assert not void[at]
        assert not clicked[at]


@given(masks, masks, masks)
def test_no_click_exactly_when_nothing_is_wrong(truth, mask, void) -> None:
    wrong = ((truth != mask) & ~void).any()
    assert (next_click(truth, mask, void=void) is not None) == wrong


@given(masks, masks, protocols)
def test_clicks_never_repeat_and_run_out(truth, mask, protocol) -> None:
    clicked = np.zeros(SHAPE, bool)
    for _ in range(truth.size + 1):
        click = next_click(truth, mask, clicked=clicked, protocol=protocol)
        if click is None:
            break
        assert not clicked[click.row, click.col]
        clicked[click.row, click.col] = True
    else:
        pytest.fail("more clicks than pixels")
    if protocol == "ritm":
        assert np.array_equal(clicked, truth != mask)


@given(masks, masks, protocols, st.sampled_from([0, 1]))
def test_a_mirrored_error_gets_a_mirrored_click(truth, mask, protocol, axis) -> None:
    click = next_click(truth, mask, protocol=protocol)
    mirrored = next_click(np.flip(truth, axis), np.flip(mask, axis), protocol=protocol)
    assert (click is None) == (mirrored is None)
    if click is not None:
        assert click.positive == mirrored.positive
        wrong = (truth & ~mask) if click.positive else (mask & ~truth)
        measure = depth if protocol == "ritm" else shell
        assert measure(wrong, click) == measure(np.flip(wrong, axis), mirrored)


def depth(region: np.ndarray, click) -> int:
    """Squared distance to the nearest pixel outside, by the definition."""
    outside = np.argwhere(~np.pad(region, 1)) - 1
    return ((outside - (click.row, click.col)) ** 2).sum(1).min()


def shell(region: np.ndarray, click) -> int:
    """Steps, diagonal ones too, to the nearest pixel outside."""
    outside = np.argwhere(~np.pad(region, 1)) - 1
    return np.abs(outside - (click.row, click.col)).max(1).min()


@given(masks, masks)
def test_nothing_is_deeper_than_the_click(truth, mask) -> None:
    click = next_click(truth, mask)
    if click is not None:
        own = truth & ~mask if click.positive else mask & ~truth
        other = mask & ~truth if click.positive else truth & ~mask
        outside = np.argwhere(~np.pad(own, 1)) - 1
        pixels = np.argwhere(own)
        each = ((pixels[:, None] - outside) ** 2).sum(2).min(1)
        assert depth(own, click) == each.max()
        assert (click.row, click.col) == tuple(pixels[each.argmax()])
        if other.any():
            beyond = np.argwhere(~np.pad(other, 1)) - 1
            rival = ((np.argwhere(other)[:, None] - beyond) ** 2).sum(2).min(1).max()
            assert each.max() >= rival if click.positive else each.max() > rival


@given(masks.filter(np.any), st.sampled_from(SHAPES), st.integers(0, 99))
def test_every_object_can_be_drawn(truth, shape, seed) -> None:
    prompts = draw(shape, truth, np.random.default_rng(seed))
    assert prompts.shape == SHAPE
    assert not prompts.is_empty


@given(masks, masks, masks)
def test_overlap_is_symmetric_bounded_and_one_for_equals(a, b, void) -> None:
    for ruler in (iou, dice):
        assert ruler(a, b, void) == ruler(b, a, void)
        assert 0 <= ruler(a, b, void) <= 1
        assert (ruler(a, b) == 1) == np.array_equal(a, b)
        assert ruler(a, b, void) == ruler(a & ~void, b & ~void)


@given(tallies, tallies, tallies)
def test_tallies_add_in_any_order(a, b, c) -> None:
    assert (a + b) + c == a + (b + c)
    assert a + b == b + a
    assert a + ClickTally() == a == sum([a])
    assert np.array_equal((a + b).iou(), (b + a).iou())


@given(tallies.filter(len), st.floats(0.01, 1), st.floats(0.01, 1))
def test_harder_goals_need_more_clicks(tally, one, other) -> None:
    low, high = sorted((one, other))
    assert 1 <= tally.noc(low) <= tally.noc(high) <= 5
    assert tally.failures(low) <= tally.failures(high)

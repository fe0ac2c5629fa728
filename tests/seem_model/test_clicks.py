"""The click simulator: where it clicks, and how clicks become prompts."""

import numpy as np
import pytest

from seem_model.clicks import Click, add_click, next_click, paint_click
from seem_model.drawing import SHAPES, draw
from seem_model.errors import PromptError
from seem_model.simulated_user import SimulatedUser, rollout
from seem_model.values import Prompts, Round


def disk(row: int, col: int, radius: int, shape: tuple[int, int] = (40, 50)) -> np.ndarray:
    rows, cols = np.ogrid[: shape[0], : shape[1]]
    return (rows - row) ** 2 + (cols - col) ** 2 <= radius**2


NOTHING = np.zeros((40, 50), bool)


def test_first_click_is_the_centre_of_the_object() -> None:
    assert next_click(disk(15, 22, 8), NOTHING) == Click(15, 22, True)


def test_the_deeper_error_wins() -> None:
    truth, mask = disk(10, 10, 4), disk(25, 35, 7)
    assert next_click(truth, mask) == Click(25, 35, False)
    assert next_click(mask, truth) == Click(25, 35, True)


def test_protocols_differ_between_long_thin_and_compact_errors() -> None:
    thin = NOTHING.copy()
    thin[2:4] = True
    compact = disk(25, 25, 4)
    assert thin.sum() > compact.sum()
    assert next_click(thin, compact, protocol="ritm") == Click(25, 25, False)
    assert next_click(thin, compact, protocol="seem").positive


def test_equal_errors_count_as_a_miss_in_ritm_and_as_excess_in_seem() -> None:
    left, right = disk(20, 10, 5), disk(20, 35, 5)
    assert next_click(left, right, protocol="ritm") == Click(20, 10, True)
    assert next_click(left, right, protocol="seem") == Click(20, 35, False)


def test_the_image_border_is_a_border_of_the_error() -> None:
    truth = NOTHING.copy()
    truth[:, :9] = True
    assert next_click(truth, NOTHING).col == 4


def test_void_is_neither_error_nor_clicked() -> None:
    truth, void = disk(20, 20, 8), NOTHING.copy()
    void[:, 18:] = True
    assert next_click(truth, NOTHING, void=void).col < 18
    assert next_click(truth, NOTHING, void=~NOTHING) is None


def test_seem_stops_when_good_enough() -> None:
    truth = disk(20, 20, 12)
    mask = truth.copy()
    mask[20, 20] = False
    assert next_click(truth, mask, protocol="seem") is None
    assert next_click(truth, mask, protocol="ritm") == Click(20, 20, True)


def test_random_clicks_need_the_same_seed_to_agree() -> None:
    truth = disk(20, 20, 8)
    clicks = [next_click(truth, NOTHING, rng=np.random.default_rng(s)) for s in (1, 1, 2)]
    assert clicks[0] == clicks[1] != clicks[2]
    assert truth[clicks[2].row, clicks[2].col]


def test_only_clicked_pixels_left_means_no_click() -> None:
    truth = disk(20, 20, 3)
    for protocol in ("ritm", "seem"):
        for rng in (None, np.random.default_rng(0)):
            found = next_click(truth, NOTHING, clicked=truth, protocol=protocol, rng=rng)
            assert found is None


def test_wrong_use_is_told_in_words() -> None:
    with pytest.raises(PromptError, match="equally large"):
        next_click(NOTHING, np.zeros((4, 4), bool))
    with pytest.raises(PromptError, match='"ritm" or "seem"'):
        next_click(NOTHING, NOTHING, protocol="best")
    with pytest.raises(PromptError, match="outside the image of 40 rows and 50 columns"):
        paint_click((40, 50), Click(40, 3, True))


@pytest.mark.parametrize(("radius", "pixels"), [(0, 1), (1, 9), (2, 21)])
def test_footprint(radius: int, pixels: int) -> None:
    painted = paint_click((40, 50), Click(10, 12, True), radius=radius)
    assert painted.sum() == pixels
    assert painted[10, 12]


def test_footprint_is_cut_at_the_border() -> None:
    assert paint_click((40, 50), Click(0, 49, False)).sum() == 4


def test_add_click_keeps_what_was_there() -> None:
    start = Prompts.empty((40, 50)).with_text("a cell")
    both = add_click(add_click(start, Click(5, 5, True)), Click(30, 30, False))
    assert both.positive[5, 5]
    assert both.negative[30, 30]
    assert both.text == "a cell"
    assert not start.positive.any()


def test_the_user_corrects_until_right() -> None:
    truth = disk(20, 20, 8)
    answers = iter([disk(20, 26, 8), truth])

    def step(prompts: Prompts) -> Round:
        return Round(prompts=prompts, mask=next(answers), score=1.0)

    user = SimulatedUser(truth)
    rounds = list(rollout(step, user, 10))
    assert len(rounds) == 2
    assert [c.positive for c in user.clicks] == [True, True]
    assert rounds[1].prompts.contains(rounds[0].prompts)


def test_the_user_gives_up() -> None:
    def step(prompts: Prompts) -> Round:
        return Round(prompts=prompts, mask=NOTHING, score=1.0)

    user = SimulatedUser(disk(20, 20, 8), max_clicks=4)
    assert len(list(rollout(step, user, 10))) == 4
    assert len(set(user.clicks)) == 4


def test_a_phrase_is_the_first_question() -> None:
    start = Prompts.empty((40, 50)).with_text("a cell")
    user = SimulatedUser(disk(20, 20, 8), start=start)
    assert user(None) is start
    assert user(NOTHING).positive[20, 20]


@pytest.mark.parametrize("shape", SHAPES)
def test_drawn_shapes_point_at_the_object(shape: str) -> None:
    truth = disk(20, 20, 9)
    for seed in range(30):
        found = draw(shape, truth, np.random.default_rng(seed))
        marked = found.region if shape == "box" else found.positive
        assert marked.any()
        assert not found.negative.any()
        # a click on the very border spills over it, as a real one does
        assert (marked & truth).sum() >= (0.3 if shape == "point" else 0.5) * marked.sum()
        if shape in ("stroke", "circle", "polygon"):
            assert not (marked & ~truth).any()
        again = draw(shape, truth, np.random.default_rng(seed))
        assert np.array_equal(found.positive, again.positive)


@pytest.mark.parametrize("shape", SHAPES)
def test_one_pixel_can_be_marked(shape: str) -> None:
    truth = NOTHING.copy()
    truth[39, 49] = True
    for seed in range(10):
        assert not draw(shape, truth, np.random.default_rng(seed)).is_empty


def test_nothing_cannot_be_drawn() -> None:
    with pytest.raises(PromptError, match="empty object"):
        draw("stroke", NOTHING, np.random.default_rng(0))
    with pytest.raises(PromptError, match="Unknown shape"):
        draw("star", ~NOTHING, np.random.default_rng(0))

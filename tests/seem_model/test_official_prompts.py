"""First prompts of SEEM's evaluation and training, against their description."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import ndimage

from seem_model.clicks import next_click
from seem_model.errors import PromptError
from seem_model.official_prompts import (
    FIRST_SHAPES,
    TRAINED_SHAPES,
    clicked_truth,
    first_prompt,
    training_prompt,
)
from seem_model.strokes import (
    CIRCLES,
    OBJECT_LIKE,
    RAND_CURVE_SMALL,
    SCRIBBLES,
    closed_curve,
    stroke,
)

SEEDS = range(30)


def ellipse(height: int = 512, width: int = 1024) -> np.ndarray:
    """An object in the upper left quarter of an image of the size the brushes were made for."""
    rows, cols = np.mgrid[:height, :width]
    return ((rows - 150) / 100) ** 2 + ((cols - 250) / 160) ** 2 < 1


def centre(mask: np.ndarray) -> tuple[int, int]:
    click = next_click(mask, np.zeros_like(mask), protocol="seem")
    return click.row, click.col


def window(mask: np.ndarray) -> tuple[slice, slice]:
    return ndimage.find_objects(mask.astype(int))[0]


def test_a_point_is_a_small_click_at_the_centre() -> None:
    truth = ellipse()
    marks = first_prompt("point", truth, np.random.default_rng(0)).positive
    row, col = centre(truth)
    wanted = np.zeros_like(truth)
    wanted[row - 1 : row + 2, col - 1 : col + 2] = True
    np.testing.assert_array_equal(marks, wanted)


def test_a_box_is_a_click_at_its_centre_and_overwrites_the_truth() -> None:
    truth = ellipse()
    truth[60:240, 250:420] &= np.tri(180, 170, dtype=bool)  # the centre of the box is elsewhere
    box = clicked_truth("box", truth)
    assert box.sum() == box[window(truth)].size
    assert not (truth & ~box).any()
    prompts = first_prompt("box", truth, np.random.default_rng(0))
    row, col = centre(box)
    assert prompts.positive[row - 1 : row + 2, col - 1 : col + 2].all()
    assert prompts.positive.sum() == 9
    assert prompts.region is None, "it is no box prompt"
    assert (row, col) != centre(truth)
    for shape in FIRST_SHAPES[:-1]:
        assert clicked_truth(shape, truth) is truth


@pytest.mark.parametrize("shape", ["circle", "scribble"])
def test_strokes_begin_near_the_centre_and_stay_in_the_object(shape: str) -> None:
    truth, reach = ellipse(), 0.0
    row, col = centre(truth)
    for seed in SEEDS:
        marks = first_prompt(shape, truth, np.random.default_rng(seed)).positive
        assert not (marks & ~truth).any()
        assert ndimage.label(marks, np.ones((3, 3)))[1] >= 1
        away = ndimage.distance_transform_edt(~marks)[row, col]
        reach = max(reach, away)
    assert reach < 40  # displaced by a vertex's and the whole stroke's displacement at most


def test_circles_are_thick_and_scribbles_thin() -> None:
    truth = np.ones((1024, 1024), bool)

    def thickness(shape: str) -> list[float]:
        marks = [first_prompt(shape, truth, np.random.default_rng(s)).positive for s in SEEDS]
        return [2 * float(ndimage.distance_transform_edt(m).max()) for m in marks]

    circles, scribbles = thickness("circle"), thickness("scribble")
    assert min(circles) >= 9
    assert max(circles) > 40
    assert min(scribbles) < 6
    assert np.median(scribbles) < 14 < np.median(circles)


def test_strokes_keep_to_their_brush() -> None:
    for brush in (*CIRCLES, *SCRIBBLES):
        for seed in SEEDS:
            marks = stroke((1024, 1024), (512, 512), brush, np.random.default_rng(seed))
            rows, cols = np.nonzero(marks)
            longest = brush.speed * brush.vertices[1] + brush.furthest + 15 + brush.width[1]
            assert np.hypot(rows - 512, cols - 512).max() <= longest
    small = stroke((256, 256), (128, 128), OBJECT_LIKE, np.random.default_rng(3))
    large = stroke((1024, 1024), (512, 512), OBJECT_LIKE, np.random.default_rng(3))
    assert small.mean() == pytest.approx(large.mean(), rel=0.25), "marks scale with the image"
    first, second = (
        stroke((99, 99), (50, 50), RAND_CURVE_SMALL, np.random.default_rng(4)) for _ in range(2)
    )
    np.testing.assert_array_equal(first, second)


def test_a_polygon_is_a_shrunk_copy_inside_the_box() -> None:
    truth = ellipse()
    rows, cols = window(truth)
    for seed in SEEDS:
        marks = first_prompt("polygon", truth, np.random.default_rng(seed)).positive
        assert marks.sum() == marks[rows, cols].sum() > 0
    # Object and box lie in the upper left of the image, so the copy does in the box.
    many = [first_prompt("polygon", truth, np.random.default_rng(s)).positive for s in SEEDS]
    middle = np.mean([np.argwhere(m[rows, cols]).mean(0) for m in many], axis=0)
    place = np.array([150 / 512, 250 / 1024]) * (rows.stop - rows.start, cols.stop - cols.start)
    np.testing.assert_allclose(middle, place, atol=25)


def test_a_curve_is_closed_smooth_and_passes_its_points() -> None:
    knots = np.array([[0.0, 0], [0, 10], [10, 10], [10, 0]])
    curve = closed_curve(knots, edgy=0.0)
    assert curve.shape == (400, 2)
    for knot in knots:
        assert np.hypot(*(curve - knot).T).min() < 1e-9
    steps = np.diff(np.concatenate([curve, curve[:1]]), axis=0)
    assert np.hypot(*steps.T).max() < 0.3, "closed, without jumps"
    directions = np.unwrap(np.arctan2(*steps[np.hypot(*steps.T) > 0].T))
    assert np.abs(np.diff(directions)).max() < 0.3, "without corners"
    assert curve.min() < -0.3, "it bulges over the straight sides"
    np.testing.assert_allclose(closed_curve(knots[:1]), 0.0)


def test_training_points_are_a_few_single_pixels() -> None:
    truth = ellipse()
    counts = set()
    for seed in range(100):
        marks = training_prompt("seem-point", truth, np.random.default_rng(seed)).positive
        assert not (marks & ~truth).any()
        counts.add(int(marks.sum()))
    assert min(counts) == 1
    assert max(counts) == 20


def test_training_draws_up_to_five_strokes_all_over_the_object() -> None:
    truth = ellipse()
    parts = [
        ndimage.label(training_prompt("seem-scribble", truth, np.random.default_rng(s)).positive)[1]
        for s in SEEDS
    ]
    assert max(parts) > 2
    marked = np.zeros_like(truth)
    for seed in range(100):
        marked |= training_prompt("seem-circle", truth, np.random.default_rng(seed)).positive
    assert not (marked & ~truth).any()
    assert marked.sum() > 0.6 * truth.sum()


def test_a_training_polygon_joins_pixels_of_the_object() -> None:
    truth = ellipse()
    rows, cols = window(truth)
    inside = []
    for seed in SEEDS:
        marks = training_prompt("seem-polygon", truth, np.random.default_rng(seed)).positive
        assert marks.sum() == marks[rows, cols].sum() > 0
        inside.append((marks & truth).sum() / marks.sum())
    assert np.mean(inside) > 0.95


@pytest.mark.parametrize("shape", [*FIRST_SHAPES, *TRAINED_SHAPES])
def test_tiny_objects_are_marked_and_nonsense_refused(shape: str) -> None:
    mark = training_prompt if shape in TRAINED_SHAPES else first_prompt
    for place in ((0, 0), (29, 39), (7, 20)):
        dot = np.zeros((30, 40), bool)
        dot[place] = True
        for seed in range(5):
            assert mark(shape, dot, np.random.default_rng(seed)).positive.any()
    with pytest.raises(PromptError, match="empty object"):
        mark(shape, np.zeros((5, 5), bool), np.random.default_rng(0))
    with pytest.raises(PromptError, match="Unknown shape"):
        mark("star", np.ones((5, 5), bool), np.random.default_rng(0))

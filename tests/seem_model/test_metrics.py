"""Rulers against numbers worked out by hand."""

import numpy as np
import pytest

from seem_model.metrics.interactive import ClickRecord, ClickTally
from seem_model.metrics.overlap import coverage, dice, iou, overlap

A = np.array([[1, 1, 0, 0]], bool)
B = np.array([[0, 1, 1, 0]], bool)
NONE = np.zeros((1, 4), bool)


def test_overlap_by_hand() -> None:
    assert overlap(A, B) == (1, 3)
    assert iou(A, B) == pytest.approx(1 / 3)
    assert dice(A, B) == pytest.approx(1 / 2)
    assert coverage(A, B) == pytest.approx(1 / 2)


def test_void_is_left_out() -> None:
    void = np.array([[1, 0, 0, 0]], bool)
    assert iou(A, B, void) == pytest.approx(1 / 2)
    assert coverage(A, B, void) == 1.0


def test_empty_masks_agree() -> None:
    assert iou(NONE, NONE) == dice(NONE, NONE) == coverage(NONE, A) == 1.0
    assert iou(NONE, A) == dice(NONE, A) == 0.0


def test_shapes_must_agree() -> None:
    with pytest.raises(ValueError, match="different shapes"):
        iou(A, A[:, :3])


def tally(*curves: list[float]) -> ClickTally:
    return ClickTally(tuple(ClickRecord.of(curve, 4) for curve in curves))


def test_clicks_by_hand() -> None:
    found = tally([0.5, 0.86], [0.2, 0.3, 0.4, 0.5], [0.9])
    assert found.iou() == pytest.approx([1.6 / 3, 2.06 / 3, 2.16 / 3, 2.26 / 3])
    assert found.noc(0.85) == pytest.approx((2 + 4 + 1) / 3)
    assert found.noc(0.9) == pytest.approx((4 + 4 + 1) / 3)
    assert found.failures(0.85) == 1
    assert found.failures(0.9) == 2
    assert len(found) == 3


def test_reaching_the_goal_with_the_last_click_is_no_failure() -> None:
    found = tally([0.1, 0.2, 0.3, 0.9])
    assert found.noc(0.9) == 4
    assert found.failures(0.9) == 0


def test_drops_of_the_mean_and_of_single_objects() -> None:
    found = tally([0.5, 0.3, 0.6, 0.6], [0.5, 0.9, 0.9, 0.9])
    assert found.worst_drop() == 0.0
    assert found.setbacks() == pytest.approx(1 / 6)
    assert tally([0.5, 0.3]).worst_drop() == pytest.approx(0.2)
    assert tally([0.3, 0.5, 0.4]).worst_drop(upto=2) == 0.0


def test_obeyed_clicks() -> None:
    a = ClickRecord((0.5,), positive_clicks=3, positive_inside=2)
    b = ClickRecord((0.6,), positive_clicks=1, positive_inside=1, negative_clicks=2)
    found = ClickTally((a, b))
    assert found.positive_inside() == pytest.approx(3 / 4)
    assert found.negative_outside() == 0.0
    assert ClickTally((a,)).negative_outside() == 1.0


def test_interval_holds_the_mean_and_narrows() -> None:
    values = np.tile([0.2, 0.8], 50)
    few, many = tally().interval(values[:10], seed=0), tally().interval(values, seed=0)
    assert few[0] < many[0] < 0.5 < many[1] < few[1]
    assert tally().interval(values, seed=0) == many


def test_different_caps_do_not_add() -> None:
    with pytest.raises(ValueError, match="different click caps"):
        tally([0.5]) + ClickTally((ClickRecord((0.5,)),))
    with pytest.raises(ValueError, match="do not fit"):
        ClickRecord.of([], 4)


def test_nothing_measured() -> None:
    assert np.isnan(ClickTally().noc(0.8))
    assert ClickTally().iou().size == 0
    assert ClickTally().worst_drop() == ClickTally().setbacks() == ClickTally().failures(0.5) == 0

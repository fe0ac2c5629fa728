"""What must hold for every mask and every label image, whatever the rules of committing."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy import ndimage

from napari_seem import object_edits as edits
from napari_seem.commit_rules import (
    CommitRules,
    Overlap,
    Painted,
    conflicts,
    painted,
    reason,
    tidied,
)
from napari_seem.tidying import smoothed
from seem_model.errors import ImageError

often = settings(deadline=None, max_examples=60)
shapes = st.tuples(st.integers(1, 14), st.integers(1, 14))
NEW = 9


@st.composite
def masks(draw: st.DrawFn, shape: tuple[int, int] | None = None) -> np.ndarray:
    """Noise of any density, or its enlargement: both have parts, holes and borders."""
    size = draw(shapes) if shape is None else shape
    noise = draw(hnp.arrays(bool, size, fill=st.nothing()))
    if draw(st.booleans()):
        noise = ndimage.binary_dilation(noise, np.ones((2, 3), bool))
    return noise


@st.composite
def slices(draw: st.DrawFn):
    """Labels 0 to 3 or larger ones, and a mask of the same shape."""
    shape = draw(shapes)
    numbers = draw(hnp.arrays(np.uint8, shape, elements=st.integers(0, 3), fill=st.nothing()))
    values = draw(st.sampled_from([(0, 1, 2, 3), (0, 2**31 - 1, 7, 70000)]))
    return np.array(values, np.int32)[numbers], draw(masks(shape))


rules = st.builds(
    CommitRules,
    overlap=st.sampled_from(Overlap),
    split=st.booleans(),
    fill_holes=st.booleans(),
    drop_specks=st.integers(0, 8),
    smallest=st.integers(0, 8),
    smooth=st.sampled_from([0.0, 0.5, 1.0, 1.5, 2.0, 3.0]),
)
owners = st.sampled_from([None, 1, 7])


def carried_out(labels: np.ndarray, change: Painted) -> np.ndarray:
    out = labels.copy()
    out[change.box] = change.after
    return out


def told_the_truth(before: np.ndarray, after: np.ndarray, change: Painted) -> None:
    was, now = set(np.unique(before)) - {0}, set(np.unique(after)) - {0}
    assert set(change.vanished) == was - now
    assert set(change.added) == now - was
    for label, lost in change.shrunk.items():
        assert lost == ((before == label) & (after != label)).sum() > 0
    losers = set(np.unique(before[before != after])) - {0}
    assert losers - {change.written} <= set(change.shrunk) | losers & {1, 7}
    assert change.changed == (before != after).sum()
    assert change.written == 0 or (after == change.written).any()


@often
@given(slices(), rules, owners)
def test_the_report_is_what_happens_and_nothing_else_changes(given_slice, rule, own) -> None:
    labels, mask = given_slice
    label = NEW if own is None else own
    kept_labels, kept_mask = labels.copy(), mask.copy()
    change = painted(labels, mask, label=label, rules=rule, own=own)
    after = carried_out(labels, change)
    assert np.array_equal(labels, kept_labels)
    assert np.array_equal(mask, kept_mask)
    told_the_truth(labels, after, change)
    outside = ~mask & (labels != (own or -1))
    assert np.array_equal(after[outside], labels[outside])
    assert after.dtype == labels.dtype


@often
@given(slices(), owners)
def test_keep_never_changes_a_pixel_of_another(given_slice, own) -> None:
    labels, mask = given_slice
    label = NEW if own is None else own
    after = carried_out(labels, painted(labels, mask, label=label, rules=CommitRules(), own=own))
    others = (labels != 0) & (labels != (own or -1))
    assert np.array_equal(after[others], labels[others])
    assert np.array_equal(after == label, mask & ~others)


@often
@given(slices(), owners)
def test_overwrite_makes_the_object_exactly_the_mask(given_slice, own) -> None:
    labels, mask = given_slice
    label = NEW if own is None else own
    rule = CommitRules(Overlap.OVERWRITE)
    after = carried_out(labels, painted(labels, mask, label=label, rules=rule, own=own))
    assert np.array_equal(after == label, mask)


@often
@given(slices())
def test_subtract_adds_nothing(given_slice) -> None:
    labels, mask = given_slice
    change = painted(labels, mask, label=NEW, rules=CommitRules(Overlap.SUBTRACT))
    assert np.array_equal(carried_out(labels, change), np.where(mask, 0, labels))
    assert change.written == 0
    assert not change.added


@often
@given(slices())
def test_merge_makes_no_object_where_there_is_one(given_slice) -> None:
    labels, mask = given_slice
    change = painted(labels, mask, label=NEW, rules=CommitRules(Overlap.MERGE))
    after = carried_out(labels, change)
    found = conflicts(labels, mask)
    if found:
        assert (change.written, change.added) == (found[0][0], ())
        assert np.array_equal(after[labels != 0], labels[labels != 0])
        assert (after[mask] != 0).all()
    else:
        assert np.array_equal(after == NEW, mask)


@often
@given(slices(), owners)
def test_conflicts_are_counted_as_in_the_whole_image(given_slice, own) -> None:
    labels, mask = given_slice
    found = conflicts(labels, mask, own)
    wanted = {v: (labels[mask] == v).sum() for v in np.unique(labels[mask]) if v not in (0, own)}
    assert dict(found) == wanted
    assert [n for _, n in found] == sorted(wanted.values(), reverse=True)


@often
@given(masks(), rules)
def test_tidying_again_changes_nothing(mask, rule) -> None:
    if rule.smooth >= 1:
        rule = replace(rule, split=False)
    for part in tidied(mask, rule):
        [again] = tidied(part, rule)
        assert np.array_equal(again, part)


@often
@given(masks(), rules)
def test_parts_are_disjoint_connected_in_order_and_make_the_whole(mask, rule) -> None:
    every = CommitRules(
        split=True,
        fill_holes=rule.fill_holes,
        drop_specks=rule.drop_specks,
        smooth=rule.smooth,
    )
    whole = CommitRules(
        fill_holes=rule.fill_holes, drop_specks=rule.drop_specks, smooth=rule.smooth
    )
    pieces = tidied(mask, every)
    together = sum((p.astype(int) for p in pieces), np.zeros(mask.shape, int))
    [expected] = tidied(mask, whole) or [np.zeros(mask.shape, bool)]
    assert np.array_equal(together, expected)
    firsts = [int(np.flatnonzero(p)[0]) for p in pieces]
    assert firsts == sorted(firsts)
    for piece in pieces:
        assert ndimage.label(piece, np.ones((3, 3)))[1] == 1
        assert piece.sum() >= rule.drop_specks


@often
@given(masks(), rules)
def test_there_is_a_reason_exactly_where_nothing_is_left(mask, rule) -> None:
    assert bool(reason(mask, rule)) == (not tidied(mask, rule))


@often
@given(st.floats(-3, 3), st.floats(-3, 3), st.floats(-20, 40), st.sampled_from([1, 1.5, 2, 3.7]))
def test_smoothing_leaves_straight_edges_away_from_the_border(down, right, offset, radius) -> None:
    rows, cols = np.mgrid[:40, :40]
    half = rows * down + cols * right <= offset
    # an edge that leaves the image at a slant is cut there: only what is inside is straight
    inner = np.s_[8:-8, 8:-8]
    assert np.array_equal(smoothed(half, radius)[inner], half[inner])


@often
@given(slices(), st.sampled_from(["merge", "split", "fill", "drop", "smooth"]), st.data())
def test_edits_touch_no_other_object(given_slice, which, data) -> None:
    labels, _ = given_slice
    one, other = data.draw(st.permutations([1, 2, 3, 7]))[:2]
    calls = {
        "merge": lambda: edits.merge(labels, one, other),
        "split": lambda: edits.split(labels, one, first=10),
        "fill": lambda: edits.fill(labels, one),
        "drop": lambda: edits.drop(labels, one, smaller=4),
        "smooth": lambda: edits.smooth(labels, one, radius=1.5),
    }
    before = labels.copy()
    try:
        change = calls[which]()
    except ImageError:
        split_in_one = which == "split" and ndimage.label(labels == one, np.ones((3, 3)))[1] < 2
        assert split_in_one or not {one, other} <= set(np.unique(labels))
        return
    after = carried_out(labels, change)
    assert np.array_equal(labels, before)
    touched = {"merge": (0, one, other)}.get(which, (0, one))
    others = ~np.isin(labels, touched)
    assert np.array_equal(after[others], labels[others])
    was, now = set(np.unique(labels)) - {0}, set(np.unique(after)) - {0}
    assert set(change.vanished) == was - now
    assert set(change.added) == now - was
    if which in ("merge", "split"):
        assert np.array_equal(after != 0, labels != 0)
    if which == "split":
        for part in (one, *change.added):
            assert ndimage.label(after == part, np.ones((3, 3)))[1] == 1
            assert (after == part).sum() <= (after == one).sum()


@pytest.mark.parametrize("radius", [1, 2.5, 4])
def test_smoothing_leaves_a_disc_as_it_is(radius: float) -> None:
    rows, cols = np.mgrid[:60, :60]
    disc = np.zeros((60, 60), bool)
    reach = int(radius)
    for row in range(20, 30):  # a union of discs of that radius, far from the border
        disc |= (rows - row) ** 2 + (cols - 30) ** 2 <= radius**2
    assert disc.sum() > 10 * reach
    assert np.array_equal(smoothed(disc, radius), disc)

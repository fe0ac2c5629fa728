"""Rules of committing on small pictures, and what people are told."""

from __future__ import annotations

import numpy as np
import pytest

from napari_seem import object_edits as edits
from napari_seem.commit_rules import (
    CommitRules,
    Overlap,
    conflicts,
    covering,
    painted,
    reason,
    refusal,
    tidied,
)
from seem_model.errors import ImageError


def picture(*rows: str) -> np.ndarray:
    """Digits are labels, dots are 0."""
    return np.array([[0 if c == "." else int(c) for c in row] for row in rows], np.uint8)


BEFORE = picture("11.22", "11.22", "....3")
MASK = picture(".111.", ".111.", "....1").astype(bool)
ROWS = {
    Overlap.KEEP: ("11922", "11922", "....3"),
    Overlap.OVERWRITE: ("19992", "19992", "....9"),
    Overlap.SUBTRACT: ("1...2", "1...2", "....."),
    Overlap.MERGE: ("11122", "11122", "....3"),
}


@pytest.mark.parametrize("overlap", Overlap)
def test_each_rule_for_overlaps(overlap: Overlap) -> None:
    change = painted(BEFORE, MASK, label=9, rules=CommitRules(overlap))
    after = BEFORE.copy()
    after[change.box] = change.after
    assert np.array_equal(after, picture(*ROWS[overlap]))
    lost = {1: 2, 2: 2, 3: 1} if overlap in (Overlap.OVERWRITE, Overlap.SUBTRACT) else {}
    assert change.shrunk == lost
    assert change.vanished == ((3,) if lost else ())


def test_committed_again_leaves_its_former_place() -> None:
    change = painted(BEFORE, MASK, label=1, rules=CommitRules(), own=1)
    after = BEFORE.copy()
    after[change.box] = change.after
    assert np.array_equal(after, picture(".1122", ".1122", "....3"))
    assert (change.written, change.added, change.shrunk) == (1, (), {})


def test_wholly_covered_gives_no_object() -> None:
    change = painted(BEFORE, BEFORE == 2, label=9, rules=CommitRules())
    assert (change.changed, change.written, change.added) == (0, 0, ())


@pytest.mark.parametrize("overlap", Overlap)
def test_what_comes_to_nothing_is_told(overlap: Overlap) -> None:
    rules = CommitRules(overlap)
    covered = refusal(painted(BEFORE, BEFORE == 2, label=9, rules=rules), rules)
    assert ("already belongs" in covered) == (overlap in (Overlap.KEEP, Overlap.MERGE))
    free = refusal(painted(BEFORE, BEFORE == 0, label=9, rules=rules), rules)
    assert ("nothing to erase" in free) == (overlap is Overlap.SUBTRACT)
    assert refusal(painted(BEFORE, MASK, label=9, rules=rules), rules) == ""
    if overlap is not Overlap.SUBTRACT:  # again, and nothing is new: no reason to complain
        again = painted(BEFORE, BEFORE == 2, label=2, rules=CommitRules(), own=2)
        assert (again.changed, refusal(again, CommitRules())) == (0, "")


def test_only_what_changes_is_cut_out() -> None:
    labels, mask = np.zeros((500, 600), np.int32), np.zeros((500, 600), bool)
    mask[100:120, 300:340] = True
    change = painted(labels, mask, label=1, rules=CommitRules())
    assert change.box == np.s_[100:120, 300:340]
    assert change.after.shape == (20, 40)


def test_a_type_that_is_full_is_told() -> None:
    with pytest.raises(ImageError, match=r"uint8 cannot be counted up to 256: convert"):
        painted(BEFORE, MASK, label=256, rules=CommitRules())
    with pytest.raises(ImageError, match=r"The mask is \(2, 2\), the objects are \(3, 5\)"):
        painted(BEFORE, np.ones((2, 2), bool), label=1, rules=CommitRules())
    many = np.zeros((1, 5), np.int8)
    many[0, ::2] = 1
    with pytest.raises(ImageError, match="2 objects more than int8 can count"):
        edits.split(many, 1, first=127)


@pytest.mark.parametrize(
    ("own", "words"),
    [
        (None, "covers 2 px of object 1 and 3 px of 2 others"),
        (2, "covers 2 px of object 1 and 1 px of object 3"),
    ],
)
def test_the_live_sentence(own: int | None, words: str) -> None:
    assert covering(conflicts(BEFORE, MASK, own)) == words


def test_the_live_sentence_for_one_and_for_none() -> None:
    assert covering(conflicts(BEFORE, BEFORE == 3)) == "covers 1 px of object 3"
    assert covering(conflicts(BEFORE, BEFORE == 0)) == ""


def test_parts_that_touch_at_a_corner_are_one() -> None:
    mask = picture("1...1", ".1...", "...11").astype(bool)
    first, second, third = tidied(mask, CommitRules(split=True))
    assert np.array_equal(first, picture("1....", ".1...", ".....").astype(bool))
    assert np.argwhere(second).tolist() == [[0, 4]]
    assert third.sum() == 2
    assert len(tidied(mask, CommitRules(split=True, smallest=2))) == 2


def test_a_hole_at_a_corner_is_filled_and_a_bay_is_not() -> None:
    mask = picture("111.", "1.1.", "11.1", "...1").astype(bool)
    [whole] = tidied(mask, CommitRules(fill_holes=True))
    assert whole.sum() == mask.sum() + 1
    assert whole[1, 1]


def test_smoothing_takes_a_spike_and_fills_a_notch() -> None:
    mask = np.zeros((40, 40), bool)
    mask[10:30, 5:35] = True
    mask[5:10, 20] = True
    mask[25:30, 12] = False
    [smooth] = tidied(mask, CommitRules(smooth=2))
    assert not smooth[5:9].any()
    assert smooth[25:27, 12].all()
    assert smooth[20, 5:35].all()
    assert not smooth[20, :5].any()


@pytest.mark.parametrize(
    ("rules", "words"),
    [
        (CommitRules(smooth=3), "Smoothing with a radius of 3 px leaves nothing"),
        (CommitRules(drop_specks=9), "a speck of fewer than 9 px"),
        (CommitRules(smallest=9), "This object has fewer than the 9 px"),
        (CommitRules(smallest=9, split=True), "Every object in this mask has fewer than the 9 px"),
    ],
)
def test_the_reason_names_the_rule(rules: CommitRules, words: str) -> None:
    mask = np.zeros((30, 30), bool)
    mask[4:6, 4:8] = True
    assert tidied(mask, rules) == ()
    assert words in reason(mask, rules)
    assert reason(mask, CommitRules()) == ""
    assert "no mask" in reason(np.zeros((3, 3), bool), rules)


def test_the_largest_part_keeps_its_label() -> None:
    change = edits.split(picture("1.111", "1...."), 1, first=5)
    assert np.array_equal(change.after, picture("5.111", "5...."))
    assert (change.written, change.added, change.vanished) == (1, (5,), ())


def test_a_hole_that_another_object_is_in_stays_its() -> None:
    labels = picture("11111", "1.2.1", "11111")
    change = edits.fill(labels, 1)
    assert np.array_equal(change.after, picture("11111", "11211", "11111"))
    assert edits.fill(labels, 2).box == np.s_[0:0, 0:0]


def test_what_an_edit_leaves_nothing_of_vanishes() -> None:
    assert edits.drop(picture("1.1"), 1, smaller=2).vanished == (1,)
    assert edits.merge(picture("112"), 1, 2).vanished == (2,)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda x: edits.fill(x, 7), "There is no object 7"),
        (lambda x: edits.merge(x, 1, 7), "There is no object 7"),
        (lambda x: edits.merge(x, 1, 1), "cannot be merged with itself"),
        (lambda x: edits.split(x, 1, first=9), "is in one part"),
        (lambda x: edits.drop(x, 0, smaller=2), "There is no object 0"),
    ],
)
def test_mistakes_are_told(call, words: str) -> None:
    with pytest.raises(ImageError, match=words):
        call(BEFORE)

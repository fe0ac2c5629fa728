"""Examples in memory as a data set, and which of their objects are kept back."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seem_model.data.batch_config import BatchConfig
from seem_model.data.batches import Batches
from seem_model.data.crops import CropConfig
from seem_model.data.examples import SMALLEST, Example, Examples
from seem_model.data.holding_out import ENOUGH, FEWEST, with_some_kept_back
from seem_model.data.opening import open_dataset, recognised
from seem_model.data.set_config import SetConfig
from seem_model.errors import DataError
from shape_examples import disks


@pytest.fixture
def some() -> Examples:
    whole, partly = disks(0), disks(1, complete=False)
    return Examples((whole, partly), (frozenset(), frozenset({2})))


def asked(data: Examples, id: str) -> set[int]:
    return {s.id for s in data.segments(id) if not s.crowd}


def test_splits_know_what_is_taught_and_what_is_kept_back(some: Examples) -> None:
    assert some.ids("train") == ("train/0", "train/1")
    assert (some.ids("complete"), some.ids("partial")) == (("train/0",), ("train/1",))
    assert some.ids("val") == ("val/1",)
    assert asked(some, "train/1") == {1, 3, 4}
    assert asked(some, "val/1") == {2}
    assert (some.objects, some.held_out) == (7, 1)
    with pytest.raises(DataError, match='no split "test"'):
        some.ids("test")
    with pytest.raises(DataError, match='no example "train/7"'):
        some.read("train/7")


def test_a_sample_is_picture_and_labels(some: Examples) -> None:
    sample, size = some.read("train/0"), some.size("train/0")
    np.testing.assert_array_equal(sample.instances, some.examples[0].labels)
    assert sample.image.shape == (*size, 3)
    assert set(sample.names.values()) == {"disk"}
    assert [c.name for c in some.classes] == ["disk"]


def test_what_is_kept_back_is_no_background(some: Examples, tmp_path: Path) -> None:
    """Nothing that training sees calls a held-out object, or what lies around it, background."""
    back = Examples((disks(0),), (frozenset({1}),))
    assert some.knows_background
    assert not back.knows_background
    back.save(tmp_path)
    config = SetConfig(path=str(tmp_path), kind="examples", split="complete", complete=True)
    batches = Batches([config], CropConfig(), BatchConfig(images=4), (64,), 0)
    assert not any(view.background or view.complete for view in batches(0).views)
    truths = {ask.truth.sum() for number in range(5) for ask in batches(number).asks}
    assert truths  # and something is asked all the same


def test_a_folder_gives_back_the_same(some: Examples, tmp_path: Path) -> None:
    some.save(tmp_path / "kept")
    assert recognised(tmp_path / "kept") == ("examples",)
    again = open_dataset(tmp_path / "kept")
    assert isinstance(again, Examples)
    assert again.kept_back == some.kept_back
    assert again.fingerprint == some.fingerprint
    for one, two in zip(some.examples, again.examples, strict=True):
        np.testing.assert_array_equal(one.picture, two.picture)
        np.testing.assert_array_equal(one.labels, two.labels)
        assert (one.name, one.complete, one.names) == (two.name, two.complete, two.names)


def test_a_damaged_folder_is_told(some: Examples, tmp_path: Path) -> None:
    some.save(tmp_path)
    (tmp_path / "1.npz").write_bytes(b"no")
    with pytest.raises(DataError, match="cannot be read"):
        Examples.open(tmp_path)


def test_specks_are_no_objects_and_names_may_lack() -> None:
    labels = np.zeros((20, 20), np.uint16)
    labels[0, : SMALLEST - 1], labels[10:15, 10:15] = 7, 300
    example = Example(name="a", picture=np.zeros((20, 20, 3), np.uint8), labels=labels)
    assert example.objects == (300,)
    assert [c.name for c in Examples((example,)).classes] == ["object"]
    assert asked(Examples((example,)), "train/0") == {300}


@pytest.mark.parametrize(
    ("picture", "labels", "why"),
    [
        (np.zeros((4, 4), np.uint8), np.zeros((4, 4), int), "must be .H, W, 3. uint8"),
        (np.zeros((4, 4, 3)), np.zeros((4, 4), int), "uint8, not"),
        (np.zeros((4, 4, 3), np.uint8), np.zeros((4, 5), int), "must be .4, 4. integers"),
        (np.zeros((4, 4, 3), np.uint8), np.zeros((4, 4)), "integers, not"),
        (np.zeros((4, 4, 3), np.uint8), np.full((4, 4), -1), "between 0 and"),
    ],
)
def test_what_does_not_fit_is_refused(picture, labels, why) -> None:
    with pytest.raises(DataError, match=why):
        Example(name="a", picture=picture, labels=labels)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(0, 6), min_size=1, max_size=9), st.integers(0, 99))
def test_law_of_holding_out(counts: list[int], seed: int) -> None:
    """Whatever there is: all or a fair part, never more than half, the same for the same seed."""
    labels = np.repeat(np.arange(7), SMALLEST).reshape(7, -1)
    picture = np.zeros((7, SMALLEST, 3), np.uint8)
    made = [
        Example(name=f"{k}", picture=picture, labels=np.where(labels <= n, labels, 0))
        for k, n in enumerate(counts)
    ]
    data, again = (with_some_kept_back(made, seed=seed) for _ in range(2))
    total = sum(counts)
    assert data.kept_back == again.kept_back
    assert data.objects + data.held_out == total
    if total < ENOUGH:
        assert data.held_out == 0
    else:
        assert FEWEST <= data.held_out <= total / 2
        assert data.objects


def test_whole_images_are_kept_back_where_there_are_enough() -> None:
    data = with_some_kept_back([disks(k) for k in range(5)])
    assert {len(back) for back in data.kept_back} == {0, 4}
    few = with_some_kept_back([disks(k) for k in range(3)])
    assert max(len(back) for back in few.kept_back) < 4
    assert few.held_out == FEWEST
    lopsided = with_some_kept_back([disks(0), *(disks(k, count=1) for k in range(1, 8))])
    assert lopsided.objects >= lopsided.held_out >= FEWEST
    with pytest.raises(DataError, match="Each example needs"):
        replace(data, kept_back=data.kept_back[1:])

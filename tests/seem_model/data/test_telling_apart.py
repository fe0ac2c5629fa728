"""Phrases that mean one object of a view alone, and phrases that nothing in it fits."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seem_model.basic_colours import BASIC, colour_share
from seem_model.data.crops import Crop
from seem_model.data.sample import SegmentInfo
from seem_model.data.telling_apart import Told, missing_class, told_apart, told_of_nothing
from seem_model.reading import read_phrase

SIDE = 64
COLOURS = {"red": (200, 25, 30), "blue": (35, 80, 190), "green": (40, 140, 50)}
Box = tuple[int, int, int, int]


def view(boxes: list[Box], colours: list[str], names: list[str]) -> tuple[Crop, list[SegmentInfo]]:
    """Boxes (row0, col0, row1, col1) on white, later ones on top; what is hidden is not there."""
    image = np.full((SIDE, SIDE, 3), 245, np.uint8)
    labels = np.zeros((SIDE, SIDE), np.int32)
    for id, ((r0, c0, r1, c1), colour) in enumerate(zip(boxes, colours, strict=True), start=1):
        labels[r0:r1, c0:c1] = id
        image[r0:r1, c0:c1] = COLOURS[colour]
    crop = Crop(image=image, labels=labels, height=SIDE, width=SIDE)
    segments = [
        SegmentInfo(id, name, 1, True, int((labels == id).sum()), box)
        for id, (name, box) in enumerate(zip(names, boxes, strict=True), start=1)
    ]
    return crop, [s for s in segments if (labels == s.id).any()]


def told(crop: Crop, present: list[SegmentInfo], *, times: int = 20) -> set[Told]:
    found: set[Told] = set()
    for seed in range(times):
        found |= set(told_apart(crop, present, np.random.default_rng(seed)))
    return found


THREE = [(10, 2, 22, 14), (26, 26, 42, 42), (30, 52, 36, 58)]


def test_each_kind_of_word_finds_its_object() -> None:
    crop, present = view(THREE, ["red", "blue", "blue"], ["dog"] * 3)
    found = {t.text: t.id for t in told(crop, present)}
    assert found["the left dog"] == found["the leftmost dog"] == found["the dog on the left"] == 1
    assert found["the right dog"] == 3
    assert found["the top dog"] == found["the upper dog"] == 1
    assert found["the middle dog"] == 2
    assert found["the largest dog"] == 2
    assert found["the smallest dog"] == 3
    assert found["the red dog"] == 1
    assert "the blue dog" not in found  # two of them
    assert "the bottom dog" not in found  # 2 and 3 are as low


def test_what_is_alone_or_nearly_alike_is_not_told_apart() -> None:
    crop, present = view(THREE, ["red"] * 3, ["dog", "cat", "horse"])
    assert told(crop, present) == set()
    beside = [(10, 20, 30, 26), (12, 26, 32, 32)]  # 6 and 2 pixels apart, as large
    crop, present = view(beside, ["red", "red"], ["dog", "dog"])
    assert not any("left" in t.text or "top" in t.text or "red" in t.text
                   for t in told(crop, present))  # fmt: skip


@pytest.mark.parametrize("kind", ["crowd", "pseudo"])
def test_nothing_is_said_of_crowds_and_parts(kind: str) -> None:
    crop, present = view(THREE, ["red", "blue", "blue"], ["dog"] * 3)
    assert told(crop, present)
    assert not told(crop, [replace(present[0], **{kind: True}), *present[1:]])


def test_padding_is_not_part_of_the_picture() -> None:
    """4 of 64 rows apart is less than a tenth; of a picture of 32 rows it is more."""
    crop, present = view([(8, 2, 16, 10), (12, 40, 20, 48)], ["red", "red"], ["dog", "dog"])
    assert not any("top" in t.text or "upper" in t.text for t in told(crop, present))
    found = {t.text: t.id for t in told(replace(crop, height=32), present)}
    assert found["the top dog"] == 1


boxes = st.builds(
    lambda r, c, h, w: (r, c, min(r + h, SIDE), min(c + w, SIDE)),
    st.integers(0, SIDE - 4), st.integers(0, SIDE - 4), st.integers(3, 30), st.integers(3, 30),
)  # fmt: skip


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(boxes, st.sampled_from(list(COLOURS)), st.sampled_from(["dog", "car"])),
             min_size=2, max_size=6),
    st.integers(0, 99),
)  # fmt: skip
def test_what_is_written_by_rule_is_read_by_rule(objects, seed: int) -> None:
    """Each phrase, read as the program reads a person's, means the object it was made for."""
    crop, present = view(*map(list, zip(*objects, strict=True)))
    masks = {s.id: crop.labels == s.id for s in present}
    for phrase in told_apart(crop, present, np.random.default_rng(seed)):
        reading = read_phrase(phrase.text, ("dog", "car"))
        alike = [s.id for s in present if s.name == reading.name]
        assert reading.picks
        assert not reading.every
        assert phrase.id in alike
        if reading.colour:
            values = {i: colour_share(crop.image[masks[i]], reading.colour) for i in alike}
        elif reading.size:
            values = {i: reading.size * masks[i].sum() for i in alike}
        else:
            places = {i: np.argwhere(masks[i]).mean(0) + 0.5 for i in alike}
            direction = (reading.down, reading.across)
            middle = {i: -np.abs(p / SIDE - 0.5).max() for i, p in places.items()}
            values = middle if reading.middle else {i: p @ direction for i, p in places.items()}
        assert max(values, key=lambda i: values[i]) == phrase.id, phrase.text


def test_what_nothing_fits_is_of_a_missing_class_or_colour() -> None:
    crop, present = view(THREE[:2], ["red", "blue"], ["dog", "dog"])
    texts = set()
    for seed in range(60):
        phrase = told_of_nothing(
            crop, present, ("dog", "traffic light"), np.random.default_rng(seed)
        )
        assert phrase is not None
        assert phrase.id == 0
        texts.add(phrase.text)
    of_dogs = {t for t in texts if t.endswith("dog")}
    assert of_dogs <= {f"the {c} dog" for c in BASIC if c not in ("red", "blue")}
    assert len(of_dogs) > 3
    assert {"the largest traffic light", "the traffic light on the left"} & (texts - of_dogs)
    assert all("traffic light" in t for t in texts - of_dogs)


def test_a_missing_class_is_missing() -> None:
    rng = np.random.default_rng(0)
    _, present = view(THREE, ["red"] * 3, ["dog", "cat", "cat"])
    assert {missing_class(present, ("dog", "cat", "cow", "horse"), rng) for _ in range(30)} == {
        "cow", "horse",
    }  # fmt: skip
    assert missing_class(present, ("dog", "cat"), rng) is None


def test_where_nothing_can_be_said_nothing_is() -> None:
    crop, present = view([], [], [])
    assert told_of_nothing(crop, present, (), np.random.default_rng(0)) is None
    crop, (one,) = view(THREE[:1], ["red"], ["dog"])
    crowd = [replace(one, crowd=True)]
    assert told_of_nothing(crop, crowd, ("dog",), np.random.default_rng(0)) is None

"""Where no object was found, each pixel gets the class it looks like; outlines stay as found."""

import numpy as np
import pytest
import torch

from seem_model.filling import ENOUGH, Ground, fill, ground
from seem_model.values import Segment
from seem_model.vocabulary import Vocabulary
from tiny_model import photo, predictor

WORDS = Vocabulary(
    ("cup", "dog", "sky", "grass"), (True, True, False, False), torch.zeros(5, 4)
)  # fmt: skip
CUP, DOG, SKY, GRASS = range(4)
MANY = [f"kind {k} of thing" for k in range(ENOUGH)]


@pytest.fixture
def labels() -> np.ndarray:
    made = np.zeros((10, 10), np.int32)
    made[2:5, 2:5] = 1  # a cup
    made[8:] = 2  # some sky
    return made


def known() -> dict[int, Segment]:
    return {CUP: Segment(1, "cup", 0.9, is_thing=True), SKY: Segment(2, "sky", 0.8, is_thing=False)}


def under(**places: tuple[int, slice]) -> Ground:
    rows = np.full((10, 10), -1, np.int32)
    for row, place in places.values():
        rows[place] = row
    return Ground(rows, np.full((10, 10), 0.5, np.float32), reach=3.0)


def test_stuff_grows_and_new_classes_get_segments(labels) -> None:
    before = labels.copy()
    seen = under(top=(SKY, np.s_[:2]), left=(DOG, np.s_[2:8, :2]), right=(GRASS, np.s_[2:8, 8:]))
    made = fill(labels, known(), seen, WORDS, things=True, least=0.0)
    assert [(s.label, s.is_thing) for s in made] == [("dog", True), ("grass", False)]
    assert (labels[:2] == 2).all()  # sky joins the sky
    assert (labels[2:8, :2] == made[0].id).all()
    assert (labels[before > 0] == before[before > 0]).all()  # what was found stays
    assert (labels[5:8, 2:8] == 0).all()  # background stays free


def test_things_that_have_outlines_are_not_spread(labels) -> None:
    seen = under(around=(CUP, np.s_[1:7, 1:7]))
    assert fill(labels, known(), seen, WORDS, things=True, least=0.0) == []
    assert (labels == 1).sum() == 9


def test_things_that_the_search_missed_join_those_it_found(labels) -> None:
    seen = under(around=(CUP, np.s_[1:7, 1:7]), apart=(CUP, np.s_[3:6, 8:]))
    assert fill(labels, known(), seen, WORDS, things=True, least=0.0) == []
    assert (labels[3:6, 8:] == 1).all()
    assert (labels == 1).sum() == 9 + 6  # no rim around the cup that was found


def test_what_reaches_away_is_filled_as_a_whole(labels) -> None:
    reaching = under(beside=(CUP, np.s_[2:5, 5:9]))
    assert fill(labels, known(), reaching, WORDS, things=True, least=0.0) == []
    assert (labels[2:5, 2:9] == 1).all()


def test_panoptic_takes_stuff_alone_and_enough_of_it(labels) -> None:
    seen = under(a=(DOG, np.s_[:1]), b=(GRASS, np.s_[6:8]), c=(GRASS, np.s_[6:8]))
    assert [s.label for s in fill(labels, known(), seen, WORDS, things=False, least=0.1)] == [
        "grass"
    ]
    few = under(a=(GRASS, np.s_[6:7, :3]))
    assert fill(np.zeros((10, 10), np.int32), {}, few, WORDS, things=False, least=0.1) == []


def test_every_pixel_has_its_likeliest_class() -> None:
    model = predictor().with_vocabulary(MANY)
    features = model.features(photo(50, 90))
    seen = ground(model.model, features, model.words)
    assert seen is not None
    assert seen.rows.shape == seen.chances.shape == (50, 90)
    assert seen.reach == pytest.approx(16 * 90 / features.whole.frame.width, rel=0.05)
    assert seen.rows.min() >= -1
    assert seen.rows.max() < len(model.words.names)
    assert ((seen.chances > 0) & (seen.chances <= 1)).all()


def test_semantic_segmentation_knows_more_than_was_found() -> None:
    model = predictor()
    features = model.features(photo(50, 90))
    whole = model.semantic(features, classes=MANY)
    numbers = {s.id for s in whole.segments}
    assert set(np.unique(whole.labels)) - {0} == numbers
    assert len({s.label for s in whole.segments}) == len(whole.segments)


def test_a_short_list_is_not_spread_over_the_image() -> None:
    model = predictor().with_vocabulary(MANY[:-1])
    assert ground(model.model, model.features(photo(50, 90)), model.words) is None

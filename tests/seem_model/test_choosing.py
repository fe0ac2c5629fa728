"""Of several things of one name: the one at the left, the largest, the red one, or all."""

import numpy as np
import pytest
import torch

from seem_model.basic_colours import BASIC, colour_share, colour_shares
from seem_model.choosing import apart, chosen, rivals
from seem_model.encoded import ImageFeatures, Look, encode_whole
from seem_model.frame import Box
from seem_model.proposal import Proposal
from seem_model.reading import Reading, read_phrase
from tiny_model import predictor

SHAPE = (64, 96)
# (row, col, side, colour): a large red one at the left, a small blue one, a middling green one
SQUARES = ((8, 4, 28, (210, 20, 30)), (10, 60, 8, (30, 70, 200)), (44, 74, 14, (40, 150, 60)))


@pytest.fixture(scope="module")
def features() -> ImageFeatures:
    image = np.full((*SHAPE, 3), 128, np.uint8)
    for row, col, side, colour in SQUARES:
        image[row : row + side, col : col + side] = colour
    return ImageFeatures(image, encode_whole(predictor().model, image))


@pytest.fixture(scope="module")
def found(features: ImageFeatures) -> list[Proposal]:
    frame = features.whole.frame
    made = []
    for row, col, side, _ in SQUARES:
        mask = np.zeros(SHAPE, bool)
        mask[row : row + side, col : col + side] = True
        coarse = frame.memory(np.where(mask, np.float32(8), np.float32(-8)))[0]
        look = Look(coarse, torch.zeros(1, 4), frame)
        box = Box(row, col, row + side, col + side)
        made.append(Proposal(box, mask[box.slices].copy(), 0.9, look, torch.zeros(8)))
    return made


EQUAL = np.array([0.8, 0.8, 0.8], np.float32)


@pytest.mark.parametrize(
    ("phrase", "which"),
    [
        ("the car on the left", 0), ("the right car", 2), ("the upper right car", 1),
        ("the lower car", 2), ("the largest car", 0), ("the smallest car", 1),
        ("the red car", 0), ("the blue car", 1), ("the green car", 2),
        ("the car in the middle", 1),
    ],
)  # fmt: skip
def test_a_word_chooses(phrase: str, which: int, features, found) -> None:
    reading = read_phrase(phrase, ("car",))
    assert rivals(reading, features, found, EQUAL).tolist() == [which]
    assert chosen(reading, features, found, EQUAL) is found[which].look


def test_what_fits_the_name_badly_is_no_rival(features, found) -> None:
    scores = np.array([0.2, 0.8, 0.7], np.float32)
    assert chosen(Reading("car", across=-1), features, found, scores) is found[1].look
    assert chosen(Reading("car", size=1), features, found, scores) is found[2].look


def test_all_are_one_answer(features, found) -> None:
    scores = np.array([0.8, 0.5, 0.1], np.float32)
    seen = chosen(Reading("car", every=True), features, found, scores)
    mask = seen.logits(SHAPE) > 0
    separately = [p.look.logits(SHAPE) > 0 for p in found]
    assert (mask == (separately[0] | separately[1])).all()
    assert mask.any()


def test_all_with_a_place_are_those_on_that_side(features, found) -> None:
    assert rivals(Reading("car", every=True, across=1), features, found, EQUAL).tolist() == [1, 2]


def test_where_nothing_fits_well_the_best_is_the_answer(features, found) -> None:
    scores = np.array([0.05, 0.1, 0.02], np.float32)
    assert chosen(Reading("car", every=True), features, found, scores) is found[1].look


def test_repeats_are_left_out(found) -> None:
    twice = [found[0], found[0], found[1]]
    assert apart(twice, np.array([0.5, 0.6, 0.4], np.float32), least=0.1) == [1, 2]
    assert apart(twice, np.array([0.5, 0.6, 0.4], np.float32), least=0.1, among=[0, 2]) == [0, 2]


def test_shares_of_colours() -> None:
    pixels = np.array([[200, 20, 30]] * 3 + [[30, 70, 190]], np.uint8)
    assert colour_share(pixels, "red") == 0.75
    assert colour_share(pixels, "blue") == 0.25
    assert colour_share(np.full((9000, 3), 128, np.uint8), "gray") == 1.0
    assert colour_shares(pixels).sum() == pytest.approx(1.0)
    assert len(colour_shares(pixels)) == len(BASIC)

"""A grammar spelled in tokens, against the sentences of a small one."""

from itertools import product

import pytest

from seem_model.speech.grammar import Grammar, grammar
from seem_model.speech.spelling import Spelling

STOP = ord(".")
NAMES = ("car", "cart", "wine glass")


def letters(text: str) -> tuple[int, ...]:
    """Letters are the tokens: every prefix of a word is shared."""
    return tuple(map(ord, text))


def spelled(found: Grammar) -> Spelling:
    return Spelling(
        found,
        lambda word: letters(f" {word}"),
        lambda word: {letters(f" {word}"), letters(f" {word.capitalize()}")},
        STOP,
    )


def spells(spelling: Spelling, text: str) -> bool:
    """Whether a text is a phrase, to its last letter."""
    places = spelling.start
    for token in letters(text):
        if token not in spelling.following(places):
            return False
        places = spelling.following(places)[token]
    return spelling.complete(places)


@pytest.fixture(scope="module")
def spelling() -> Spelling:
    return spelled(grammar(NAMES, lambda word: True))


@pytest.mark.parametrize(
    "text",
    [" the red cart on the left", " The red car on the left.", " Show me all wine glasses",
     " two cars.", " cart", " a car next to the wine glass"],
)  # fmt: skip
def test_phrases_small_and_capital_with_and_without_a_stop(spelling: Spelling, text: str) -> None:
    assert spells(spelling, text)


@pytest.mark.parametrize(
    "text",
    ["", " the", " the ca", " the car ", " the Car", " the car. car", ".", " the car..", " wine",
     " THE car"],
)  # fmt: skip
def test_nothing_else(spelling: Spelling, text: str) -> None:
    assert not spells(spelling, text)


def test_every_way_through_ends_in_a_phrase() -> None:
    """Three letters at each step, whatever they are, lead on or to an end."""
    found = spelled(grammar(NAMES, lambda word: True))
    for choice in product((0, -1), repeat=6):
        places = found.start
        for pick in choice * 8:
            further = found.following(places)
            if not further:
                break
            places = further[sorted(further)[pick]]
        assert found.complete(places) or found.following(places)

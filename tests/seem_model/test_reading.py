"""Phrases taken apart: the name, and words for which and how many."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seem_model.reading import COLOURS, Reading, read_phrase

NAMES = ("person", "orange", "dog", "hot dog", "cup", "bus", "scissors", "nucleus", "car", "knife")


@pytest.mark.parametrize(
    ("phrase", "reading"),
    [
        ("the cup on the left", Reading("cup", across=-1)),
        ("the upper left cup", Reading("cup", down=-1, across=-1)),
        ("the lower hot dog", Reading("hot dog", down=1)),
        ("the dog in the middle of the picture", Reading("dog", middle=True)),
        ("the biggest bus", Reading("bus", size=1)),
        ("the tiny red cup", Reading("cup", size=-1, colour="red")),
        ("all people", Reading("person", every=True)),
        ("all bottle objects", Reading("bottle", every=True)),
        ("all red cars on the right side", Reading("car", every=True, across=1, colour="red")),
        ("nuclei", Reading("nucleus", every=True)),
        ("both dogs", Reading("dog", every=True)),
        ("knives", Reading("knife", every=True)),
        ("the dog", Reading("dog")),
        ("a zebra", Reading("zebra")),
    ],
)
def test_words_for_which_and_how_many(phrase: str, reading: Reading) -> None:
    assert read_phrase(phrase, NAMES) == reading


@pytest.mark.parametrize(
    "phrase", ["orange", "scissors", "the dog left of the car", "the cup at the top of the bus"]
)
def test_names_and_relations_stay_whole(phrase: str) -> None:
    assert read_phrase(phrase, NAMES) == Reading(phrase)
    assert read_phrase("the orange", NAMES) == Reading("orange")


@pytest.mark.parametrize("phrase", ["left", "the left", "red", "the largest", "all", "everything"])
def test_a_word_alone_is_a_name(phrase: str) -> None:
    reading = read_phrase(phrase, NAMES)
    assert reading.name
    assert not reading.picks


@pytest.mark.parametrize("phrase", [",", " , ,", "in the picture", ", of the image"])
def test_what_holds_no_name_is_asked_for_as_it_stands(phrase: str) -> None:
    assert read_phrase(phrase, NAMES).name.strip()


@given(st.text(max_size=60))
def test_any_text_has_a_name_unless_it_says_nothing(text: str) -> None:
    assert bool(read_phrase(text, NAMES).name) == bool(text.strip())


@given(
    name=st.sampled_from([n for n in NAMES if n != "orange"]),
    colour=st.sampled_from(sorted(COLOURS)), size=st.sampled_from(["larger", "smallest"]),
)  # fmt: skip
def test_the_order_of_the_words_does_not_matter(name: str, colour: str, size: str) -> None:
    one = read_phrase(f"the {size} {colour} {name}", NAMES)
    assert one == read_phrase(f"the {colour} {size} {name}", NAMES)
    assert one.name == name
    assert one.picks

"""Spoken phrases: the grammar of class names, and what the recognisers hear."""

from pathlib import Path

import numpy as np
import pytest

from seem_model.errors import SpeechError
from seem_model.speech.choosing import recogniser
from seem_model.speech.grammar import Grammar, grammar, phrase, plural
from seem_model.speech.pronunciation import pronounce
from seem_model.speech.sound import RATE, read_wav

RECORDING = Path(__file__).parents[1] / "data/the_red_car_on_the_left.wav"
NAMES = ("car", "dog", "traffic light", "nucleus", "playingfield", "person on bike")


def accepts(found: Grammar, text: str) -> bool:
    """Whether a phrase is a way through the graph."""

    def rest(states: set[int]) -> set[int]:
        more = {a.end for a in found.arcs if not a.word and a.start in states}
        return states if more <= states else rest(states | more)

    states = rest({0})
    for word in text.split():
        states = rest({a.end for a in found.arcs if a.word == word and a.start in states})
    return found.final in states


@pytest.mark.parametrize(
    "text",
    ["dog", "the red car on the left", "all nuclei", "select the largest nucleus", "two traffic"
     " lights", "show me a small dog near the car", "the big black dog in front of a person",
     "person on bike", "the object", "every cell"],
)  # fmt: skip
def test_what_can_be_said(text: str) -> None:
    assert accepts(grammar(NAMES, lambda word: True), text)


@pytest.mark.parametrize(
    "text", ["", "the", "red", "all nucleus", "a dogs", "the zebra", "dog the", "traffic", "car on"]
)
def test_what_cannot(text: str) -> None:
    assert not accepts(grammar(NAMES, lambda word: True), text)


def test_names_that_cannot_be_pronounced_are_left_out_and_told() -> None:
    found = grammar(["dog", "Xyzzyq cell", "cat"], lambda word: word != "xyzzyq")
    assert found.left_out == ("Xyzzyq cell",)
    assert accepts(found, "the cat")
    assert "xyzzyq" not in {arc.word for arc in found.arcs}


def test_probabilities_of_every_state_are_at_most_one() -> None:
    found = grammar(NAMES, lambda word: True)
    for state in {arc.start for arc in found.arcs}:
        assert sum(a.probability for a in found.arcs if a.start == state) == pytest.approx(1)


@pytest.mark.parametrize(
    ("one", "many"),
    [
        ("dog", "dogs"),
        ("bus", "buses"),
        ("nucleus", "nuclei"),
        ("person", "people"),
        ("berry", "berries"),
        ("skis", "skis"),
        ("glass", "glasses"),
        ("toy", "toys"),
    ],
)
def test_plurals(one: str, many: str) -> None:
    assert plural(one) == many


@pytest.mark.parametrize(
    ("heard", "text"),
    [
        ("select the dog", "the dog"),
        ("show me all cells", "all cells"),
        ("dog", "dog"),
        ("the cell with the", "the cell"),
        ("the cat in front", "the cat in front"),
        ("the", ""),
    ],
)
def test_the_phrase_in_what_was_heard(heard: str, text: str) -> None:
    assert phrase(heard) == text


@pytest.mark.parametrize(
    ("word", "sounds"),
    [
        ("dog", "D AO G"),
        ("dogs", "D AO G Z"),
        ("sunbath", "S AH N B AE TH"),
        ("gfp", "JH F P"),
        ("bathes", "B AE TH S"),
        ("qzk3", None),
        ("imaginal", None),
    ],
)
def test_words_that_the_dictionary_lacks(word: str, sounds: str | None) -> None:
    known = {"dog": "D AO G", "sun": "S AH N", "bath": "B AE TH", "g": "JH", "f": "F", "p": "P"}
    assert pronounce(word, known.get) == sounds


def test_pocketsphinx_hears_a_phrase() -> None:
    pytest.importorskip("pocketsphinx", reason="the extra audio is not installed")
    told: list[float] = []
    ears = recogniser([*NAMES, "imaginal disc", "cat", "tree", "house"])
    heard = ears.hear(*read_wav(RECORDING), watch=told.append)
    assert heard.text == "the red car on the left"
    assert 0 < heard.confidence <= 1
    assert heard.text not in heard.alternatives
    assert told
    assert ears.left_out == ("imaginal disc",)
    assert ears.hear(*read_wav(RECORDING)) == heard, "the same again"


def test_pocketsphinx_is_told_other_names() -> None:
    pytest.importorskip("pocketsphinx", reason="the extra audio is not installed")
    ears = recogniser(["cat"])
    assert "car" not in ears.hear(*read_wav(RECORDING)).text.split()
    assert ears.knowing(NAMES).hear(*read_wav(RECORDING)).text == "the red car on the left"


def test_pocketsphinx_and_noise() -> None:
    pytest.importorskip("pocketsphinx", reason="the extra audio is not installed")
    with pytest.raises(SpeechError, match="silent"):
        recogniser(NAMES).hear(np.zeros(RATE, np.float32), RATE)


def test_without_a_recogniser(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setitem(__import__("sys").modules, "pocketsphinx", None)
    with pytest.raises(SpeechError, match=r'pip install "napari-seem\[audio\]"'):
        recogniser(NAMES)
    with pytest.raises(SpeechError, match="holds no Whisper model"):
        recogniser(NAMES, whisper=tmp_path)

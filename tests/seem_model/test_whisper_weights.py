"""Whisper with real weights, where ``SEEM_WHISPER`` names a folder of them."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from seem_model.speech.choosing import recogniser
from seem_model.speech.sound import read_wav
from seem_model.speech.transcript import Recogniser

FOLDER = os.environ.get("SEEM_WHISPER", "")
RECORDING = Path(__file__).parents[1] / "data/the_red_car_on_the_left.wav"
NAMES = ("car", "giraffe", "traffic light")

pytestmark = pytest.mark.skipif(
    not FOLDER, reason="needs weights of Whisper: set SEEM_WHISPER to their folder"
)


@pytest.fixture(scope="module")
def ears() -> Recogniser:
    return recogniser(NAMES, whisper=FOLDER)


def test_a_recording(ears: Recogniser) -> None:
    heard = ears.hear(*read_wav(RECORDING))
    assert heard.text == "the red car on the left"
    assert heard.confidence > 0.5


@pytest.mark.skipif(shutil.which("flite") is None, reason="needs the program flite")
@pytest.mark.parametrize(
    ("said", "text"),
    [("two giraffes", "two giraffes"), ("Find the traffic light.", "the traffic light"),
     ("the man is riding a bicycle", "the man is riding a bicycle")],
)  # fmt: skip
def test_phrases_of_class_names_and_others(
    ears: Recogniser, tmp_path: Path, said: str, text: str
) -> None:
    file = tmp_path / "said.wav"
    subprocess.run(["flite", "-voice", "slt", "-o", str(file), "-t", said], check=True)
    assert ears.hear(*read_wav(file)).text == text

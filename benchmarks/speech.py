"""How often recognisers hear phrases right: ``python benchmarks/speech.py [--whisper FOLDER]``.

The voices are synthetic (espeak-ng and flite, two Debian packages), so this says that it works, and
what gets confused, not how well it hears a person at a microscope.
"""

from __future__ import annotations

import argparse
import subprocess
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from seem_model.errors import SpeechError
from seem_model.speech.choosing import recogniser
from seem_model.speech.grammar import phrase, words
from seem_model.speech.sound import read_wav
from seem_model.vocabulary import read

if TYPE_CHECKING:
    from seem_model.speech.transcript import Recogniser

TEST = (
    "the yellow bus", "the cat on the couch", "all people", "the smallest cell in the corner",
    "segment the wine glass", "the brown dog on the right", "every bottle", "the big elephant",
    "a slice of pizza", "the laptop next to the keyboard", "the blue umbrella at the top",
    "two giraffes", "the boat in the background", "bacteria", "select all nuclei",
    "the tallest building", "the sky", "a bowl with an apple", "the woman in the green dress",
    "the potted plant on the left", "stained gene expression area",
    "the motorcycle in front of the house", "the nearest person", "the white truck",
    "the clock above the door", "find the zebra in the middle", "the tennis racket",
    "the dark cell at the bottom right", "person on bike", "the orange",
)  # fmt: skip
# Whisper's preference for phrases of class names was chosen on these; the last three are none.
TUNING = (
    "the red car on the left", "every nucleus", "the largest egg chamber",
    "two people in the background", "find the traffic light", "the chair behind the dining table",
    "a small bird at the top left", "the leftmost window", "all bacteria in the corner",
    "the girl with a white hat", "show me the skateboard", "the second horse",
    "the man riding a bicycle", "the ear of the rabbit", "anything that looks broken",
)  # fmt: skip
# Outside the grammar: nothing that PocketSphinx could hear. Written before the tuning.
FREE = (
    "the dog chasing a ball", "the reflection of the tree", "the dividing cell",
    "the woman wearing glasses", "everything except the sky", "the broken window pane",
    "the kitten", "spots inside the leaf", "the writing on the sign", "the tail of the plane",
)  # fmt: skip
SETS = {"test": TEST, "tuning": TUNING, "free": FREE}
FLITE = "flite -voice {name} --setf duration_stretch={speed} -o {file} -t"
ESPEAK = "espeak-ng -v {name} -s {speed} -w {file}"


@dataclass(frozen=True)
class Voice:
    """A speaker: a program's voice, and its speed in that program's words."""

    command: str
    name: str
    speed: str

    def say(self, text: str, file: Path) -> None:
        """Write a WAV file."""
        order = [part.format(name=self.name, speed=self.speed, file=file)
                 for part in self.command.split()]  # fmt: skip
        subprocess.run([*order, text], check=True)


VOICES = (
    Voice(FLITE, "slt", "1.0"), Voice(FLITE, "slt", "0.85"), Voice(FLITE, "slt", "1.2"),
    Voice(FLITE, "rms", "1.0"), Voice(FLITE, "awb", "1.0"), Voice(FLITE, "kal16", "1.0"),
    Voice(ESPEAK, "en-us", "160"), Voice(ESPEAK, "en-us+f3", "150"),
    Voice(ESPEAK, "en-gb", "170"), Voice(ESPEAK, "en-us+m3", "190"),
)  # fmt: skip


def plain(text: str) -> list[str]:
    """Words without articles."""
    return [word for word in words(text) if word not in {"a", "an", "the"}]


def main() -> None:
    """Print a row for each voice, and what was misheard."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--whisper", default="", metavar="FOLDER", help="instead of PocketSphinx")
    parser.add_argument("--phrases", choices=SETS, default="test")
    asked = parser.parse_args()
    lite = Path(__file__).parents[1] / "src/seem_model/weights/lite"
    start = time.process_time()
    ears = recogniser(read(lite)[0].names, whisper=asked.whisper)
    print(f"made in {time.process_time() - start:.2f} s")
    _measure(ears, SETS[asked.phrases])


def _measure(ears: Recogniser, phrases: tuple[str, ...]) -> None:
    print("\n| voice, speed | exact | but for the article | of | s a phrase |")
    print("|---|--:|--:|--:|--:|")
    misheard: list[str] = []
    certain: list[tuple[float, bool]] = []
    for voice in VOICES:
        exact = near = 0
        seconds = []
        for text in phrases:
            heard, sure, took = _hear(ears, voice, text)
            wanted = " ".join(words(phrase(text)))
            exact += heard == wanted
            near += plain(heard) == plain(wanted)
            certain.append((sure, plain(heard) == plain(wanted)))
            seconds.append(took)
            if plain(heard) != plain(wanted):
                misheard.append(f"{voice.name} {voice.speed}: {wanted} → {heard} ({sure:.2f})")
        row = f"| {voice.command.split()[0]} {voice.name}, {voice.speed} | {exact} | {near} "
        print(f"{row}| {len(phrases)} | {np.mean(seconds):.2f} |", flush=True)
    for right in (True, False):
        values = [sure for sure, was in certain if was is right]
        if values:
            spread = np.percentile(values, [10, 25, 50, 75, 90]).round(3)
            print(f"confidence where {right}: {spread}")
    print("\n".join(misheard))


def _hear(ears: Recogniser, voice: Voice, text: str) -> tuple[str, float, float]:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "said.wav"
        voice.say(text, file)
        sound = read_wav(file)
    start = time.process_time()
    try:
        heard = ears.hear(*sound)
    except SpeechError:
        return "-", 0.0, time.process_time() - start
    return " ".join(words(heard.text)), heard.confidence, time.process_time() - start


if __name__ == "__main__":
    main()

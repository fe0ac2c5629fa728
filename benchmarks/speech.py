"""How often the offline recogniser hears phrases right: ``python benchmarks/speech.py``.

The voices are synthetic (espeak-ng and flite, two Debian packages), so this says that it works, and
what gets confused, not how well it hears a person at a microscope.
"""

from __future__ import annotations

import subprocess
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from seem_model.errors import SpeechError
from seem_model.speech.grammar import phrase, words
from seem_model.speech.sound import read_wav
from seem_model.speech.sphinx import PocketSphinxRecogniser
from seem_model.vocabulary import read

PHRASES = (
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
    lite = Path(__file__).parents[1] / "src/seem_model/weights/lite"
    start = time.process_time()
    recogniser = PocketSphinxRecogniser(read(lite)[0].names)
    print(f"made in {time.process_time() - start:.2f} s; left out: {recogniser.left_out}")
    print("\n| voice, speed | exact | but for the article | of | s a phrase |")
    print("|---|--:|--:|--:|--:|")
    misheard: list[str] = []
    certain: list[tuple[float, bool]] = []
    for voice in VOICES:
        exact = near = 0
        seconds = []
        for text in PHRASES:
            heard, sure, took = _hear(recogniser, voice, text)
            wanted = phrase(text)
            exact += heard == wanted
            near += plain(heard) == plain(wanted)
            certain.append((sure, plain(heard) == plain(wanted)))
            seconds.append(took)
            if plain(heard) != plain(wanted):
                told = f"{wanted} → {heard or '-'} ({sure:.2f})"
                misheard.append(f"{voice.name} {voice.speed}: {told}")
        row = f"| {voice.command.split()[0]} {voice.name}, {voice.speed} | {exact} | {near} "
        print(f"{row}| {len(PHRASES)} | {np.mean(seconds):.2f} |", flush=True)
    for right in (True, False):
        values = [sure for sure, was in certain if was is right]
        print(f"confidence where {right}: {np.percentile(values, [10, 25, 50, 75, 90]).round(3)}")
    print("\n".join(misheard))


def _hear(recogniser: PocketSphinxRecogniser, voice: Voice, text: str) -> tuple[str, float, float]:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "said.wav"
        voice.say(text, file)
        sound = read_wav(file)
    start = time.process_time()
    try:
        heard = recogniser.hear(*sound)
    except SpeechError:
        return "", 0.0, time.process_time() - start
    return heard.text, heard.confidence, time.process_time() - start


if __name__ == "__main__":
    main()

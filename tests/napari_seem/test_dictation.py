"""From a recording to a phrase, without Qt: states, mistakes, and a worker that is late."""

from __future__ import annotations

import numpy as np
import pytest

from napari_seem.dictation import Dictation, State
from napari_seem.worker import inline
from seem_model.errors import SpeechError
from seem_model.speech.sound import write_wav
from seem_model.speech.transcript import Transcript

SOUND = (np.full(8000, 0.1, np.float32), 16000)


class FakeRecogniser:
    """Hears its first name, unless it is told to fail."""

    def __init__(self, names, whisper) -> None:
        self.names, self.whisper = names, whisper
        self.heard: list[tuple[int, int]] = []
        self.error: Exception | None = None

    def knowing(self, names) -> FakeRecogniser:
        return FakeRecogniser(names, self.whisper)

    def hear(self, samples, rate, *, watch=None) -> Transcript:
        watch(0.0)
        if self.error is not None:
            raise self.error
        self.heard.append((len(samples), rate))
        return Transcript(f"the {self.names[0]}", 0.5, ("a car",))


class Desk:
    """A dictation with everything around it within reach."""

    def __init__(self, run) -> None:
        self.names = ["cat", "car"]
        self.used: list[str] = []
        self.made: list[FakeRecogniser] = []
        self.dictation = Dictation(lambda: self.names, self.used.append, run, self._make)

    def _make(self, names, whisper) -> FakeRecogniser:
        self.made.append(FakeRecogniser(names, whisper))
        return self.made[-1]


@pytest.fixture
def desk() -> Desk:
    return Desk(inline)


def test_record_recognise_use(desk):
    states = []
    desk.dictation.changed.connect(lambda: states.append(desk.dictation.state))
    desk.dictation.record()
    desk.dictation.hear(*SOUND)
    assert states[0] is State.RECORDING
    assert State.RECOGNISING in states
    assert desk.dictation.state is State.IDLE
    assert desk.dictation.transcript.text == "the cat"
    assert desk.used == [], "nothing is used before the person agrees"
    desk.dictation.use("  the black cat ")
    desk.dictation.use("   ")
    assert desk.used == ["the black cat"]


def test_the_recogniser_is_kept_and_told_other_names(desk):
    desk.dictation.hear(*SOUND)
    desk.dictation.hear(*SOUND)
    desk.names = ["dog"]
    desk.dictation.hear(*SOUND)
    assert desk.dictation.transcript.text == "the dog"
    assert len(desk.made) == 1, "a Whisper model takes seconds to load"


def test_files(desk, tmp_path):
    write_wav(tmp_path / "a.wav", *SOUND)
    desk.dictation.open(str(tmp_path / "a.wav"))
    assert desk.made[0].heard == [(8000, 16000)]
    desk.dictation.open(str(tmp_path / "none.wav"))
    assert "none.wav" in desk.dictation.problem
    assert desk.dictation.transcript is None


def test_errors_are_told_and_the_next_try_works(desk):
    desk.dictation.hear(*SOUND)
    desk.made[0].error = SpeechError("The recording is silent.")
    desk.dictation.hear(*SOUND)
    assert desk.dictation.problem == "The recording is silent."
    assert desk.dictation.state is State.IDLE
    desk.made[0].error = None
    desk.dictation.hear(*SOUND)
    assert desk.dictation.problem == ""
    assert desk.dictation.transcript.text == "the cat"


def test_what_was_cancelled_or_overtaken_is_never_shown(deferred):
    desk = Desk(deferred)
    desk.dictation.hear(*SOUND)
    desk.dictation.clear()
    deferred.all()
    assert desk.dictation.transcript is None
    assert desk.dictation.problem == ""
    assert desk.made[0].heard == [], "the recogniser was stopped, not only ignored"
    desk.dictation.hear(*SOUND)
    desk.names = ["dog"]
    desk.dictation.hear(*SOUND)
    deferred.all()
    assert desk.dictation.transcript.text == "the dog"

"""From a recording to a phrase that is used: Qt-free, one recording at a time."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from functools import partial
from threading import Lock
from typing import TYPE_CHECKING

from psygnal import Signal

from napari_seem.jobs import Progress, sentence
from napari_seem.settings import speech_preferences

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from napari_seem.worker import Run
    from seem_model.speech.sound import Samples
    from seem_model.speech.transcript import Recogniser, Transcript

    Read = Callable[[], tuple[Samples, int]]
    Make = Callable[[Sequence[str], str], Recogniser]


def _recogniser(vocabulary: Sequence[str], whisper: str) -> Recogniser:
    from seem_model.speech.choosing import recogniser

    return recogniser(vocabulary, whisper=whisper)


class State(Enum):
    """What is going on."""

    IDLE = "idle"
    RECORDING = "recording"
    RECOGNISING = "recognising"


class Ears:
    """The recogniser of the moment, made on the worker and kept.

    Parameters
    ----------
    make : callable
        ``make(names, whisper) -> Recogniser``
    """

    def __init__(self, make: Make) -> None:
        self._make = make
        self._lock = Lock()
        self._known: tuple[tuple[str, ...], str, Recogniser] | None = None

    def listen_for(self, names: tuple[str, ...], whisper: str) -> Recogniser:
        """The recogniser of these names, or that of a folder with a Whisper model."""
        with self._lock:
            if self._known is None or self._known[1] != whisper:
                self._known = (names, whisper, self._make(names, whisper))
            elif self._known[0] != names:
                self._known = (names, whisper, self._known[2].knowing(names))
            return self._known[2]


@dataclass(frozen=True, eq=False, kw_only=True)
class Hearing:
    """Recognises one recording; called on the worker."""

    ears: Ears
    names: tuple[str, ...]
    whisper: str
    read: Read
    progress: Progress = field(default_factory=Progress)

    def __call__(self) -> Transcript:
        """What was said."""
        samples, rate = self.read()
        recogniser = self.ears.listen_for(self.names, self.whisper)
        return recogniser.hear(samples, rate, watch=self.progress.watch)


class Dictation:
    """Takes recordings, has them recognised, and hands over the phrase that a person agrees to.

    Parameters
    ----------
    vocabulary : callable
        Class names of the moment.
    use : callable
        Takes the phrase.
    run : Run
        :func:`napari_seem.worker.on_worker` or :func:`napari_seem.worker.inline`.
    recogniser : callable
        ``recogniser(names, whisper) -> Recogniser``, with the folder of a Whisper model or "";
        runs on the worker.
    """

    changed = Signal()

    def __init__(
        self,
        vocabulary: Callable[[], Sequence[str]],
        use: Callable[[str], None],
        run: Run,
        recogniser: Make = _recogniser,
    ) -> None:
        self._vocabulary = vocabulary
        self._use = use
        self._run = run
        self._ears = Ears(recogniser)
        self._hearing: Hearing | None = None
        self.state = State.IDLE
        self.transcript: Transcript | None = None
        self.problem = ""

    def record(self) -> None:
        """A recording has begun."""
        self._become(State.RECORDING)

    def hear(self, samples: Samples, rate: int) -> None:
        """Recognise a recording: (N,) float32, ``rate`` samples a second."""
        self._hear(lambda: (samples, rate))

    def open(self, path: str) -> None:
        """Recognise a WAV file."""

        def read() -> tuple[Samples, int]:
            from seem_model.speech.sound import read_wav

            return read_wav(path)

        self._hear(read)

    def use(self, text: str) -> None:
        """Hand over a phrase, recognised or corrected; an empty one is none."""
        if text.strip():
            self._use(text.strip())

    def clear(self) -> None:
        """Forget the transcript; stop what is going on."""
        if self._hearing is not None:
            self._hearing.progress.stop()
            self._hearing = None
        self.transcript = None
        self._become(State.IDLE)

    def fail(self, problem: str) -> None:
        """Tell that a recording came to nothing."""
        self._become(State.IDLE, problem)

    def _hear(self, read: Read) -> None:
        self.clear()
        hearing = Hearing(
            ears=self._ears,
            names=tuple(self._vocabulary()),
            whisper=speech_preferences().whisper,
            read=read,
        )
        self._hearing = hearing
        self._become(State.RECOGNISING)
        self._run(hearing, done=partial(self._heard, hearing), failed=partial(self._lost, hearing))

    def _heard(self, hearing: Hearing, transcript: Transcript) -> None:
        if hearing is self._hearing:
            self._hearing = None
            self.transcript = transcript
            self._become(State.IDLE)

    def _lost(self, hearing: Hearing, error: Exception) -> None:
        if hearing is self._hearing:
            self._hearing = None
            self._become(State.IDLE, sentence(error))

    def _become(self, state: State, problem: str = "") -> None:
        self.state, self.problem = state, problem
        self.changed.emit()

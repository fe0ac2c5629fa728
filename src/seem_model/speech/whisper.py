"""Whisper as recogniser, through transformers, from a folder on this machine.

Trained on whole sentences (Radford et al. 2022, "Robust Speech Recognition via Large-Scale Weak
Supervision"), it hears any phrase, but of three words alone its smallest model misses many. Hence
it is asked twice, for the likeliest text and for the likeliest phrase of class names; the phrase is
preferred unless the text is much likelier (measured in docs/experiments.md).
"""

from __future__ import annotations

import re
from copy import copy
from math import exp
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING

import torch

from seem_model.errors import SpeechError
from seem_model.speech.grammar import grammar, phrase
from seem_model.speech.scribe import Scribe, Written
from seem_model.speech.sound import RATE, Samples, ready
from seem_model.speech.spelling import Spelling
from seem_model.speech.transcript import Transcript, Watch
from seem_model.speech.whisper_folder import Whisper, load, marks

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from torch import Tensor

_WIDTH = 8
_USUAL = 12  # tokens of a phrase, for the share that is done
_ALTERNATIVES, _FAR = 4, 10.0  # how many, and how much less likely, in nats
PREFERENCE = 5.0
"""Nats that a text must be likelier by than a phrase of class names, to be taken instead.

Chosen on the tuning phrases of benchmarks/speech.py, where 4 to 6 were equal.
"""


class WhisperRecogniser:
    """Hears any English phrase, best those made of class names. Reads nothing but the folder.

    Parameters
    ----------
    folder : str or Path
        As published on the Hugging Face hub: ``config.json``, ``model.safetensors`` and the files
        of the tokenizer.
    vocabulary : iterable of str
        Class names.

    Raises
    ------
    SpeechError
        If the folder does not hold a Whisper model.
    """

    def __init__(self, folder: str | Path, vocabulary: Iterable[str] = ()) -> None:
        self._whisper = load(Path(folder).expanduser())
        self._marks = marks(self._whisper)
        self._spelling = self._spelling_of(vocabulary)
        self._lock = Lock()

    def hear(self, samples: Samples, rate: int, *, watch: Watch | None = None) -> Transcript:
        """Recognise one phrase; see :meth:`Recogniser.hear`."""
        sound = ready(samples, rate)
        listen, model = self._whisper.listen, self._whisper.model
        features = listen(sound, sampling_rate=RATE, return_tensors="pt").input_features
        tick = _ticks(watch, len(model.model.encoder.layers) + 2 * _USUAL)
        with self._lock, torch.inference_mode():
            scribe = Scribe(model, _encoded(self._whisper, features, tick), self._marks, tick)
            free, phrases = scribe.freely(), scribe.within(self._spelling, _WIDTH)
        best, *others = ranked(free, phrases)
        text = self._text(best)
        if not text:
            raise SpeechError("No words were understood; speak again, or type the phrase.")
        near = [other for other in others if other.likelihood > best.likelihood - _FAR]
        different = dict.fromkeys(map(self._text, near))
        alternatives = [other for other in different if other not in {text, ""}]
        confidence = exp(best.likelihood / (len(best.tokens) + 1))
        return Transcript(text, confidence, tuple(alternatives[:_ALTERNATIVES]))

    def knowing(self, vocabulary: Iterable[str]) -> WhisperRecogniser:
        """One that hears other names best, with the same model: nothing is read again."""
        other = copy(self)
        other._spelling = self._spelling_of(vocabulary)
        return other

    def _spelling_of(self, vocabulary: Iterable[str]) -> Spelling:
        return Spelling(
            grammar(vocabulary, lambda word: True),
            lambda word: self._spelled(f" {word}"),
            lambda word: {self._spelled(f" {word}"), self._spelled(f" {word.capitalize()}")},
            self._spelled(".")[0],
        )

    def _spelled(self, text: str) -> tuple[int, ...]:
        return tuple(self._whisper.tokens.encode(text, add_special_tokens=False))

    def _text(self, written: Written) -> str:
        return cleaned(self._whisper.tokens.decode(written.tokens, skip_special_tokens=True))


def cleaned(text: str) -> str:
    """A text as a phrase: small letters, no punctuation, no "select" in front."""
    return phrase(" ".join(re.findall(r"[^\W_]+(?:['’-][^\W_]+)*", text.lower())))


def ranked(free: Written, phrases: Sequence[Written]) -> list[Written]:
    """What was heard, best first.

    Parameters
    ----------
    free : Written
        The likeliest text.
    phrases : sequence of Written
        The likeliest phrases of class names, best first.
    """
    if phrases and phrases[0].likelihood > free.likelihood - PREFERENCE:
        return [phrases[0], free, *phrases[1:]]
    return [free, *phrases]


def _ticks(watch: Watch | None, steps: int) -> Callable[[], None]:
    done = 0

    def tick() -> None:
        nonlocal done
        done += 1
        if watch is not None:
            watch(min(1.0, done / steps))

    return tick


def _encoded(whisper: Whisper, features: Tensor, tick: Callable[[], None]) -> Tensor:
    """The encoder's answer, (1, T, D); it can be stopped after every layer."""
    encoder = whisper.model.model.encoder
    hooks = [layer.register_forward_hook(lambda *_: tick()) for layer in encoder.layers]
    try:
        found: Tensor = encoder(features).last_hidden_state
    finally:
        for hook in hooks:
            hook.remove()
    return found

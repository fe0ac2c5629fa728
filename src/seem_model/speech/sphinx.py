"""PocketSphinx as recogniser: small, offline, its model of American English in the wheel.

Its free language model understands no phrase of ours, hence a grammar (docs/experiments.md).
"""

from __future__ import annotations

from itertools import islice
from threading import Lock
from typing import TYPE_CHECKING, Any

import numpy as np

from seem_model.errors import SpeechError
from seem_model.speech.grammar import grammar, phrase
from seem_model.speech.pronunciation import pronounce
from seem_model.speech.sound import RATE, Samples, ready, to_int16
from seem_model.speech.transcript import Transcript, Watch

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

# The recogniser measures the background before and after speech; synthetic voices have none.
_QUIET_SECONDS, _QUIET_LEVEL = 0.3, 0.001
_ALTERNATIVES, _LOOKED_AT = 4, 12
_NAME = "seem"


class PocketSphinxRecogniser:
    """Hears phrases made of class names, articles, colours, sizes and places; English only.

    Parameters
    ----------
    vocabulary : iterable of str
        Class names.

    Attributes
    ----------
    left_out : tuple of str
        Names that it cannot hear, since neither they nor their parts are in its dictionary.

    Raises
    ------
    ImportError
        If pocketsphinx is not installed.
    """

    def __init__(self, vocabulary: Iterable[str]) -> None:
        from pocketsphinx import Config, Decoder

        self._decoder: Any = Decoder(Config(loglevel="FATAL", lm=None, samprate=RATE))
        self._lock = Lock()
        found = grammar(vocabulary, self._sayable)
        self.left_out = found.left_out
        # the graph has no empty word; a step without one has three members
        arcs = [
            (a.start, a.end, a.probability, a.word) if a.word else (a.start, a.end, a.probability)
            for a in found.arcs
        ]
        self._decoder.add_fsg(_NAME, self._decoder.create_fsg(_NAME, 0, found.final, arcs))
        self._decoder.activate_search(_NAME)

    def hear(self, samples: Samples, rate: int, *, watch: Watch | None = None) -> Transcript:
        """Recognise one phrase; see :meth:`Recogniser.hear`."""
        sound = _between_quiet(ready(samples, rate))
        with self._lock:
            if watch is not None:
                watch(0.0)
            text, confidence = self._best(sound)
            if not text:
                raise SpeechError(
                    "No phrase was understood. Say a class name, such as “the red car on the "
                    "left”, or type it."
                )
            return Transcript(text, confidence, tuple(islice(self._others(text), _ALTERNATIVES)))

    def knowing(self, vocabulary: Iterable[str]) -> PocketSphinxRecogniser:
        """One that hears other names; made anew, for it is small."""
        return PocketSphinxRecogniser(vocabulary)

    def _best(self, sound: Samples) -> tuple[str, float]:
        self._decoder.reinit_feat()  # forgets the noise of the recording before
        self._decoder.start_utt()
        try:
            # whole, so that the loudness of all of it is known from the start
            self._decoder.process_raw(to_int16(sound), full_utt=True)
        finally:
            self._decoder.end_utt()
        best = self._decoder.hyp()
        if best is None:
            return "", 0.0
        return phrase(best.hypstr), float(np.clip(best.prob, 0.0, 1.0))

    def _others(self, text: str) -> Iterator[str]:
        """Further phrases; the recogniser repeats itself, with other pauses."""
        told = {text, ""}
        for guess in islice(self._decoder.nbest(), _LOOKED_AT):
            other = phrase(guess.hypstr) if guess is not None else ""
            if other not in told:
                told.add(other)
                yield other

    def _sayable(self, word: str) -> bool:
        if self._decoder.lookup_word(word) is not None:
            return True
        sounds = pronounce(word, self._decoder.lookup_word)
        if sounds is None:
            return False
        self._decoder.add_word(word, sounds, update=False)
        return True


def _between_quiet(samples: Samples) -> Samples:
    quiet = np.random.default_rng(0).normal(0, _QUIET_LEVEL, len(samples) + 2 * _pause())
    quiet[_pause() : _pause() + len(samples)] += samples
    return quiet.astype(np.float32)


def _pause() -> int:
    return round(_QUIET_SECONDS * RATE)

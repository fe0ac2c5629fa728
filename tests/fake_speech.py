"""Test doubles of a microphone and of a recogniser."""

from __future__ import annotations

import numpy as np

from seem_model.speech.transcript import Transcript


class FakeMicrophone:
    """Records when the test says so."""

    def __init__(self, problem: str = "") -> None:
        self.problem = problem
        self.told = None
        self.stops = 0

    def trouble(self) -> str:
        return self.problem

    def start(self, told) -> None:
        self.told = told

    def stop(self):
        self.stops += 1
        self.told = None
        return np.full(8000, 0.1, np.float32), 16000


class FakeRecogniser:
    """Hears the same words in everything."""

    def hear(self, samples, rate, *, watch=None) -> Transcript:
        return Transcript("the red car", 0.5, ("the red cup",))

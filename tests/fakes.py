"""Test doubles: a predictor that follows simple rules, and workers under the test's control."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import numpy as np
from scipy import ndimage

from seem_model.errors import CheckpointError, PromptError
from seem_model.values import Exemplar, Instance, Prompts, Round, Segment, Segmentation


@dataclass(frozen=True, eq=False)
class FakeFeatures:
    image: np.ndarray

    @property
    def grey(self) -> np.ndarray:
        return self.image.mean(axis=-1)

    @property
    def shape(self) -> tuple[int, int]:
        return self.image.shape[:2]


@dataclass(frozen=True, eq=False)
class FakeMemory:
    """Memory of a mask that no round made: what to start from."""

    mask: np.ndarray


class FakePredictor:
    """The connected bright blob under each positive mark, minus a disk around negative ones.

    "blob" names all blobs, "right" what is in the right half; an example is like blobs of its size.
    """

    # answers of several objects take turns
    model = SimpleNamespace(config=SimpleNamespace(composed=True))

    def __init__(self, name: str = "fake", device: str = "cpu") -> None:
        self.name, self.device = name, device
        self.vocabulary = ("blob", "background")
        self.encoded: list[tuple[int, int]] = []
        self.steps: list[tuple[Prompts, Any]] = []
        self.error: Exception | None = None
        self.examples: tuple[Any, ...] = ()

    def with_vocabulary(self, names, *, things=None, watch=None):
        return self

    def features(self, image: np.ndarray, *, watch=None) -> FakeFeatures:
        self._fail()
        if watch is not None:
            watch(0.5)
        self.encoded.append(image.shape[:2])
        return FakeFeatures(image)

    def step(self, features, prompts: Prompts, memory=None, *, watch=None) -> Round:
        self._fail()
        if prompts.is_empty or prompts.shape != features.shape:
            raise PromptError("Empty prompt or wrong shape.")
        if len(prompts.text) > 60:
            raise PromptError("This text is too long: use a short phrase.")
        self.steps.append((prompts, memory))
        bright = features.grey > 127
        blobs, _ = ndimage.label(bright)
        wanted = np.unique(blobs[prompts.positive & bright])
        mask = np.isin(blobs, wanted[wanted > 0])
        if prompts.region is not None:
            mask |= bright & prompts.region
        if prompts.text == "blob":
            mask |= bright
        if isinstance(memory, FakeMemory):
            mask |= memory.mask
        if prompts.exemplar is not None:
            mask |= _of_size(features.grey, prompts.exemplar)
        for example in prompts.unlike_exemplars:
            mask &= ~_of_size(features.grey, example)
        if "right" in prompts.unlike:
            mask[:, mask.shape[1] // 2 :] = False
        if prompts.negative.any():
            mask &= ndimage.distance_transform_edt(~prompts.negative) > 4
        return Round(
            prompts=prompts,
            mask=mask,
            score=0.9 if mask.any() else 0.0,
            label="blob",
            label_score=0.8,
            memory=len(self.steps),
        )

    def _segmentation(self, features, classes) -> Segmentation:
        self._fail()
        labels, n = ndimage.label(features.grey > 127)
        name = classes[0] if classes else "blob"
        segments = tuple(Segment(k, name, 0.5, True) for k in range(1, n + 1))
        return Segmentation(labels=labels.astype(np.int32), segments=segments)

    def panoptic(self, features, *, classes=None, watch=None) -> Segmentation:
        if watch is not None:
            watch(0.5)
        return self._segmentation(features, classes)

    def instances(self, features, *, classes=None, watch=None) -> Segmentation:
        return self._segmentation(features, classes)

    def ranked(self, features, *, classes=None) -> tuple[Instance, ...]:
        found = self._segmentation(features, classes)
        return tuple(
            Instance(mask=found.labels == s.id, label=s.label, score=s.score)
            for s in found.segments
            if s.is_thing
        )

    def memory_of(self, features, mask: np.ndarray) -> FakeMemory:
        self._fail()
        return FakeMemory(np.asarray(mask, bool))

    def similar(self, features, examples, *, watch=None) -> tuple[Instance, ...]:
        """Every blob; the score is how near its size is to that of the nearest example."""
        self._fail()
        self.examples = tuple(examples)
        sizes = [int(example.mask.sum()) for example in examples]
        if watch is not None:
            watch(0.5)
        found = []
        for mask in _blobs_of(features.grey):
            size = int(mask.sum())
            score = max(min(size, s) / max(size, s) for s in sizes)
            found.append(Instance(mask=mask, label="blob", score=score))
        return tuple(found)

    def named(self, features, text: str, *, watch=None) -> tuple[Instance, ...]:
        """Every blob if it is called blob; larger ones with more confidence."""
        self._fail()
        if watch is not None:
            watch(0.5)
        masks = _blobs_of(features.grey) if text == "blob" else []
        most = max((int(m.sum()) for m in masks), default=1)
        return tuple(Instance(mask=m, label=text, score=int(m.sum()) / most) for m in masks)

    def semantic(self, features, *, classes=None, watch=None) -> Segmentation:
        return self._segmentation(features, classes)

    def _fail(self) -> None:
        if self.error is not None:
            raise self.error


def _of_size(grey: np.ndarray, example: Exemplar) -> np.ndarray:
    alike = [m for m in _blobs_of(grey) if m.sum() == example.mask.sum()]
    return np.any(alike, axis=0) if alike else np.zeros(grey.shape, bool)


def _blobs_of(grey: np.ndarray) -> list[np.ndarray]:
    numbers, n = ndimage.label(grey > 127)
    return [numbers == k for k in range(1, n + 1)]


class FakeLoad:
    """Stands for ``seem_model.load``; every predictor it made is in ``made``."""

    def __init__(self) -> None:
        self.made: list[FakePredictor] = []

    def __call__(self, checkpoint="lite", *, device="cpu") -> FakePredictor:
        if checkpoint == "missing":
            raise CheckpointError("There is no checkpoint called 'missing'.")
        self.made.append(FakePredictor(checkpoint, device))
        return self.made[-1]

    @property
    def last(self) -> FakePredictor:
        return self.made[-1]


class Deferred:
    """A worker that runs a job only when the test says so."""

    def __init__(self) -> None:
        self.waiting: list[tuple[Callable[[], Any], Callable, Callable]] = []

    def __call__(self, job, *, done, failed) -> None:
        self.waiting.append((job, done, failed))

    def one(self) -> None:
        job, done, failed = self.waiting.pop(0)
        try:
            result = job()
        except Exception as error:
            failed(error)
        else:
            done(result)

    def all(self) -> None:
        while self.waiting:
            self.one()


def blobs(shape: tuple[int, int] = (64, 80)) -> np.ndarray:
    """Two bright rectangles on black: rows 10-29 x cols 10-29 and rows 40-54 x cols 45-69."""
    image = np.zeros(shape, np.uint8)
    image[10:30, 10:30] = 255
    image[40:55, 45:70] = 255
    return image


def many_blobs() -> np.ndarray:
    """Bright squares on black: six of 8 x 8, two of 10 x 10, and one of 16 x 16 below."""
    image = np.zeros((64, 80), np.uint8)
    for k in range(6):
        image[4:12, 4 + 12 * k : 12 + 12 * k] = 255
    for k in range(2):
        image[20:30, 4 + 20 * k : 14 + 20 * k] = 255
    image[40:56, 30:46] = 255
    return image

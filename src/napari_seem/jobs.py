"""Work for the worker thread, what it is asked, and what its errors mean in words."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from threading import Event
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_seem.marks import Marks
from napari_seem.picture import Picture, thumbnail
from napari_seem.plane import Plane
from napari_seem.settings import NO_CACHE, Cache
from napari_seem.target import Seen, Target
from seem_model import Prompts
from seem_model.depth import deepest
from seem_model.errors import SeemError

if TYPE_CHECKING:
    # not at run time: it would import torch on the GUI thread

    from numpy.typing import NDArray

    from seem_model import Predictor, Round  # noqa: TC004
    from seem_model.values import RGB


@dataclass(frozen=True, eq=False, kw_only=True)
class Encode:
    """Read one slice and compute its image features, or fetch them from disk.

    Made on the GUI thread, where the layers may be read; called on the worker.

    Parameters
    ----------
    predictor : Predictor
    picture : Picture
        What the model sees; only the slice is read.
    cache : Cache
        Where features are kept on disk, if they are.
    progress : Progress or None
        Of work ahead of time, which gives way to anything else.
    """

    predictor: Predictor
    picture: Picture
    cache: Cache = NO_CACHE
    progress: Progress | None = None

    @classmethod
    def of(
        cls, predictor: Predictor, target: Target, *, plane: Plane, cache: Cache = NO_CACHE,
        progress: Progress | None = None,
    ) -> Encode:  # fmt: skip
        """Job for one slice of the target's image as it looks now."""
        picture = Picture.of(target.sight(plane), target.grid)
        return cls(predictor=predictor, picture=picture, cache=cache, progress=progress)

    def __call__(self) -> Seen:
        """Image features with what was seen.

        Raises
        ------
        Stopped
            If the work is not wanted any more.
        """
        start = time.perf_counter()
        rgb = self.picture()
        seconds = time.perf_counter() - start
        features, on_disk = self._features(rgb)
        return Seen(
            features=features, thumbnail=thumbnail(rgb), on_disk=on_disk, read_seconds=seconds
        )

    def _features(self, rgb: RGB) -> tuple[Any, bool]:
        watch = {} if self.progress is None else {"watch": self.progress.watch}
        if not self.cache.on:
            return self.predictor.features(rgb, **watch), False
        from seem_model.feature_store import FeatureStore

        store = FeatureStore.of(self.cache.folder, self.cache.gigabytes)
        return store.features(self.predictor, rgb, **watch)


class Stopped(Exception):
    """Raised out of work that is not wanted any more."""


class Progress:
    """How far a long job is: the worker tells, the GUI thread reads, and may stop it."""

    def __init__(self) -> None:
        self.share = 0.0
        self._began = 0.0
        self._stop = Event()

    @property
    def left(self) -> float | None:
        """Seconds that the rest will take at the pace so far; None while that is a guess."""
        if not self._began or self.share < 0.05:
            return None
        return (time.monotonic() - self._began) * (1 - self.share) / self.share

    def watch(self, share: float) -> None:
        """Take note of the share done, 0 to 1; called by the job.

        Raises
        ------
        Stopped
            If the job is not wanted any more.
        """
        if self._stop.is_set():
            raise Stopped
        self._began = self._began or time.monotonic()
        self.share = share

    def stop(self) -> None:
        """End the job at its next word."""
        self._stop.set()


@dataclass(frozen=True, eq=False, kw_only=True)
class Wish:
    """Long work that a person asked for; there is one at a time, and it can be stopped.

    Parameters
    ----------
    work : callable
        ``work(predictor, watch) -> result``, on the worker; touches no layer and tells
        :meth:`Progress.watch` how far it is.
    done : callable
        Takes the result, on the GUI thread.
    progress : Progress
    """

    work: Callable[[Predictor, Callable[[float], None]], Any]
    done: Callable[[Any], None]
    progress: Progress = field(default_factory=Progress)


@dataclass(frozen=True, eq=False, kw_only=True)
class Question:
    """Prompts for the model, where they were made, and the memory that goes with them.

    Parameters
    ----------
    target, plane, key
        Image, slice and object.
    marks : Marks
    prompts : Prompts
        The same, drawn.
    memory : object or None
        Of the round that is refined.
    base : (H, W) bool or None
        A mask to refine where there is no memory.
    progress : Progress
    """

    target: Target
    plane: Plane
    key: int
    marks: Marks
    prompts: Prompts
    memory: Any = None
    base: Any = None
    progress: Progress = field(default_factory=Progress)

    def answer(self, predictor: Predictor, features: Any) -> Round:
        """Ask; called on the worker."""
        memory, prompts = self.memory, self.prompts
        if memory is None and self.base is not None:
            memory = predictor.memory_of(features, self.base)
        if prompts.is_empty and self.base is not None:
            prompts = prompts | _inside(self.base & ~prompts.negative)
        return predictor.step(features, prompts, memory, watch=self.progress.watch)


@dataclass(frozen=True, eq=False, kw_only=True)
class Conversion:
    """A wish to convert an official SEEM file; called on the worker.

    Parameters
    ----------
    file : str
    name : str
        Which variant the person says it is.
    progress : Progress
    """

    file: str
    name: str
    progress: Progress = field(default_factory=Progress)

    def __call__(self) -> str:
        """Name under which the model can be loaded now."""
        from seem_model.convert import convert

        return convert(self.file, self.name, watch=self.progress.watch).name


def _inside(mask: NDArray[np.bool_]) -> Prompts:
    """A click at the deepest place of a mask (H, W): marks that only take away need it."""
    _, spot = deepest(mask)
    positive = np.zeros(mask.shape, bool)
    if spot is not None:
        positive[spot] = True
    return Prompts(positive=positive, negative=np.zeros(mask.shape, bool))


def sentence(error: Exception) -> str:
    """What to tell a person about an error."""
    if isinstance(error, SeemError):
        return str(error)
    text = str(error)
    if isinstance(error, MemoryError) or "out of memory" in text or "not enough memory" in text:
        return (
            "There is not enough memory for this image. Close other programs, or crop the image or "
            "use a smaller one. Your marks are kept."
        )
    return (
        f"Something unexpected went wrong ({type(error).__name__}: {text}). Your marks are kept; "
        "change a mark to try again."
    )

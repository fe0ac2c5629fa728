"""Work for the worker thread, what it is asked, and what its errors mean in words."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from threading import Event
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_seem.marks import Marks
from napari_seem.plane import Plane, read_slice
from napari_seem.target import Target
from seem_model import Prompts
from seem_model.depth import deepest
from seem_model.errors import SeemError

if TYPE_CHECKING:
    # not at run time: it would import torch on the GUI thread

    from numpy.typing import NDArray

    from seem_model import Predictor, Round  # noqa: TC004


@dataclass(frozen=True, eq=False, kw_only=True)
class Encode:
    """Read one slice and compute its image features.

    Made on the GUI thread, where the layer may be read; called on the worker.

    Parameters
    ----------
    predictor : Predictor
    data : array-like
        n-D pixels; numpy, dask or zarr. Only the slice is read.
    plane : Plane
    limits : (float, float) or None
        Contrast limits of a grey layer: the model sees what the person sees.
    """

    predictor: Predictor | None
    data: Any
    plane: Plane
    limits: tuple[float, float] | None

    @classmethod
    def of(cls, predictor: Predictor | None, target: Target, *, plane: Plane) -> Encode:
        """Job for one slice of the target's image."""
        image = target.image
        data = image.data[target.grid.level] if image.multiscale else image.data
        low, high = (None, None) if image.rgb else image.contrast_limits
        limits = None if low is None or high is None else (float(low), float(high))
        return cls(predictor=predictor, data=data, plane=plane, limits=limits)

    def __call__(self) -> Any:
        """Image features, opaque."""
        if self.predictor is None:
            raise SeemError("The model is not loaded yet.")
        return self.predictor.features(self.rgb())

    def rgb(self, box: tuple[slice, slice] = (slice(None), slice(None))) -> NDArray[np.uint8]:
        """(h, w, 3) uint8, the slice or a box of it as the model sees it."""
        from seem_model.image import to_rgb

        return to_rgb(read_slice(self.data, self.plane)[box], limits=self.limits)


class Stopped(Exception):
    """Raised out of work that is not wanted any more."""


class Progress:
    """How far a long job is: the worker tells, the GUI thread reads, and may stop it."""

    def __init__(self) -> None:
        self.share = 0.0
        self._stop = Event()

    def watch(self, share: float) -> None:
        """Take note of the share done, 0 to 1; called by the job.

        Raises
        ------
        Stopped
            If the job is not wanted any more.
        """
        if self._stop.is_set():
            raise Stopped
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

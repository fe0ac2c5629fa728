"""Work for the worker thread, what it is asked, and what its errors mean in words."""

from __future__ import annotations

from dataclasses import dataclass, field
from threading import Event
from typing import TYPE_CHECKING, Any, Protocol

from napari_seem.marks import Marks
from napari_seem.plane import Plane, read_slice
from napari_seem.target import Target
from seem_model import Prompts
from seem_model.errors import SeemError

if TYPE_CHECKING:
    # not at run time: it would import torch on the GUI thread
    from collections.abc import Callable

    from seem_model import Predictor, Segmentation  # noqa: TC004

    pass


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

    predictor: Predictor
    data: Any
    plane: Plane
    limits: tuple[float, float] | None

    @classmethod
    def of(cls, predictor: Predictor, target: Target, *, plane: Plane) -> Encode:
        """Job for one slice of the target's image."""
        image = target.image
        data = image.data[target.grid.level] if image.multiscale else image.data
        low, high = (None, None) if image.rgb else image.contrast_limits
        limits = None if low is None or high is None else (float(low), float(high))
        return cls(predictor=predictor, data=data, plane=plane, limits=limits)

    def __call__(self) -> Any:
        """Image features, opaque."""
        from seem_model.image import to_rgb

        return self.predictor.features(
            to_rgb(read_slice(self.data, self.plane), limits=self.limits)
        )


class Read(Protocol):
    """Segments an image without prompts, telling ``watch`` how far it is."""

    def __call__(
        self, predictor: Predictor, features: Any, watch: Callable[[float], None]
    ) -> Segmentation:
        """Segment."""
        ...


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
class Everything:
    """A wish to segment a whole slice without prompts.

    Parameters
    ----------
    read : Read
        Called with the predictor, the image features and :meth:`Progress.watch`.
    title : str
        Name of the new layer.
    target, plane
        Where.
    progress : Progress
    """

    read: Read
    title: str
    target: Target
    plane: Plane
    progress: Progress = field(default_factory=Progress)


@dataclass(frozen=True, eq=False, kw_only=True)
class Question:
    """Marks and text for the model, where they were made, and the memory that goes with them."""

    target: Target
    plane: Plane
    marks: Marks
    text: str
    prompts: Prompts
    memory: Any
    progress: Progress = field(default_factory=Progress)


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

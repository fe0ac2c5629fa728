"""What all evaluations share: which images, the model with the data's class names, the clock."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from time import perf_counter
from typing import TYPE_CHECKING

import numpy as np

from seem_model.errors import DataError
from seem_model.evaluation.gallery import Gallery

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from seem_model.data.dataset import DataSet
    from seem_model.data.sample import Sample
    from seem_model.predictor import Predictor
    from seem_model.reporting import Value


@dataclass(frozen=True, kw_only=True)
class Choice:
    """What to evaluate on.

    Parameters
    ----------
    split : str
    limit : int or None
        The most images, a seeded choice.
    seed : int
        Of that choice and of the bootstrap.
    progress : callable or None
        Called as ``progress(done, total)`` with numbers of images.
    gallery : Gallery or None
        Is shown every case.
    seeds : tuple of int
        Of what is drawn at random in each image, once with each; empty: once with ``seed``.
    """

    split: str = "val"
    limit: int | None = None
    seed: int = 0
    progress: Callable[[int, int], None] | None = None
    gallery: Gallery | None = None
    seeds: tuple[int, ...] = ()

    @property
    def all_seeds(self) -> tuple[int, ...]:
        """``seeds`` without repeats, or ``seed`` where there are none."""
        return tuple(dict.fromkeys(self.seeds)) or (self.seed,)

    def ids(self, data: DataSet) -> tuple[str, ...]:
        """Image ids, in the order of the split.

        Raises
        ------
        DataError
            If there are none.
        """
        ids = data.ids(self.split)
        if self.limit is not None and self.limit < 1:
            raise DataError("At least one image is needed to evaluate.")
        if not ids:
            raise DataError(f'The split "{self.split}" of {data.name} has no images.')
        if self.limit is None or self.limit >= len(ids):
            return ids
        rng = np.random.default_rng(self.seed)
        chosen = np.sort(rng.choice(len(ids), self.limit, replace=False))
        return tuple(ids[int(i)] for i in chosen)

    def samples(self, data: DataSet) -> Iterator[Sample]:
        """Read the chosen images one by one."""
        ids = self.ids(data)
        for done, id in enumerate(ids, start=1):
            yield data.read(id)
            if self.progress is not None:
                self.progress(done, len(ids))

    def show(
        self, sample: Sample, truth: NDArray[np.integer], found: NDArray[np.integer], *,
        score: float, caption: str = "",
    ) -> None:  # fmt: skip
        """Show a case to the gallery, if there is one."""
        if self.gallery is not None:
            words = f"{sample.id} {caption}".strip()
            self.gallery.show(sample.image, truth, found, score=score, caption=words)

    def about(self, predictor: Predictor, data: DataSet, images: int) -> dict[str, Value]:
        """What decides the numbers, for the report."""
        return {
            "data": data.name, "split": self.split, "images": images, "limit": self.limit,
            "checkpoint": predictor.name, "device": predictor.device, "seed": self.seed,
            "data_hash": data.fingerprint,
        }  # fmt: skip


class Clock:
    """Collects how long things took; the median is reported."""

    def __init__(self) -> None:
        self.seconds: list[float] = []
        self._start = 0.0

    def __enter__(self) -> Clock:
        self._start = perf_counter()
        return self

    def __exit__(self, *_: object) -> None:
        self.seconds.append(perf_counter() - self._start)

    @property
    def median(self) -> float:
        """Seconds; nan before anything was timed."""
        return float(np.median(self.seconds)) if self.seconds else float("nan")


def named_for(predictor: Predictor, data: DataSet) -> Predictor:
    """The predictor with the class names of a data set, things and stuff as it says.

    Raises
    ------
    DataError
        If the data set has no classes.
    """
    if not data.classes:
        raise DataError(f"{data.name} names no classes, so nothing automatic can be scored on it.")
    return predictor.with_vocabulary(
        [c.name for c in data.classes], things=[c.is_thing for c in data.classes]
    )

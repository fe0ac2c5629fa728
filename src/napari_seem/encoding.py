"""Which slices are encoded, which comes next, and what a person is told about it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

from napari_seem.jobs import Encode, Progress, Stopped
from napari_seem.settings import NO_CACHE, Cache

if TYPE_CHECKING:
    from collections.abc import Callable

    from napari_seem.focus import Focus
    from napari_seem.picture import Sight
    from napari_seem.plane import Plane
    from napari_seem.target import Seen, Target
    from seem_model import Predictor

AHEAD = 2
"""Slices that are encoded beforehand in the direction of travel; half as many behind."""
QUICK_READ = 0.2
"""Seconds; where reading a slice takes longer, nothing is read beforehand: it cannot be stopped."""


class Readiness(Enum):
    """How far the image features of a slice are."""

    NONE = "no slice"
    MISSING = "not encoded"
    ENCODING = "encoding"
    MEMORY = "ready"
    DISK = "ready, on disk"


@dataclass(frozen=True)
class Ready:
    """Readiness of the slice in focus, and how many of the image's ``slices`` are ready."""

    state: Readiness
    ready: int = 0
    slices: int = 0


class Encoding:
    """Chooses the slice to encode: the one in focus, then its neighbours along the slider.

    Parameters
    ----------
    focus : Focus
    """

    def __init__(self, focus: Focus) -> None:
        self._focus = focus
        self.cache: Cache = NO_CACHE
        self.ahead = AHEAD
        self.under_way: Encode | None = None
        self._failed: set[Sight] = set()
        self._last: tuple[Target | None, Plane | None] = (None, None)
        self._way: tuple[int, int] | None = None
        focus.moved.connect(self._moved)

    @property
    def ready(self) -> Ready:
        """What there is to tell about the slice in focus and the stack around it."""
        target, plane = self._focus.target, self._focus.plane
        if target is None or plane is None:
            return Ready(Readiness.NONE)
        sight = target.sight(plane)
        if sight in target.features:
            kept = target.features[sight].on_disk
            state = Readiness.DISK if kept else Readiness.MEMORY
        elif self.under_way is not None and self.under_way.picture.sight == sight:
            state = Readiness.ENCODING
        else:
            state = Readiness.MISSING
        count = 1
        for axis, n in enumerate(target.grid.shape):
            count *= 1 if axis in plane.axes else n
        same = (x.plane for x in {*target.features, *target.on_disk} if x.plane.axes == plane.axes)
        return Ready(state, len({x for x in same if target.is_ready(x)}), count)

    def needed(self, predictor: Predictor, target: Target, *, plane: Plane) -> Encode | None:
        """Work for a slice that somebody waits for; None if its features are there."""
        if target.seen(plane) is not None:
            return None
        return Encode.of(predictor, target, plane=plane, cache=self.cache)

    def look(self, predictor: Predictor, target: Target, *, plane: Plane) -> Callable[[], Seen]:
        """What gives the features of a slice on the worker, whether or not they are there."""
        seen = target.seen(plane)
        if seen is not None:
            return lambda: seen
        return Encode.of(predictor, target, plane=plane, cache=self.cache)

    def next_ahead(self, predictor: Predictor) -> tuple[Target, Encode] | None:
        """Work for a neighbour of the slice in focus; None if there is none or it would delay."""
        target, plane = self._focus.target, self._focus.plane
        here = None if target is None or plane is None else target.seen(plane)
        if target is None or plane is None or here is None or here.read_seconds > QUICK_READ:
            return None
        for neighbour in self._neighbours(target, plane):
            sight = target.sight(neighbour)
            if sight not in target.features and sight not in self._failed:
                work = Encode.of(
                    predictor, target, plane=neighbour, cache=self.cache, progress=Progress()
                )
                return target, work
        return None

    def give_way(self) -> None:
        """Stop work ahead of time: there may be something that somebody waits for."""
        if self.under_way is not None and self.under_way.progress is not None:
            self.under_way.progress.stop()

    def begin(self, target: Target, encode: Encode) -> Callable[[Seen], None]:
        """Note that work is under way; the function returned takes what comes of it."""
        pixels, self.under_way = target.pixels, encode

        def keep(seen: Seen) -> None:
            if pixels is target.pixels:  # else other pixels or another model since
                target.keep_features(encode.picture.sight, seen)

        return keep

    def end(self, error: Exception | None = None) -> bool:
        """Note that a job has ended; True if it failed and nobody waited for it.

        Such a slice is left alone until somebody wants it, and is told the reason then.
        """
        encode, self.under_way = self.under_way, None
        if error is None or encode is None or encode.progress is None:
            return False
        if not isinstance(error, Stopped):
            self._failed.add(encode.picture.sight)
        return True

    def _neighbours(self, target: Target, plane: Plane) -> list[Plane]:
        shape = target.grid.shape
        free = [a for a, n in enumerate(shape) if a not in plane.axes and n > 1]
        if not free:
            return []
        axis, step = self._way if self._way and self._way[0] in free else (free[0], 1)
        ways = [step * (k + 1) for k in range(self.ahead)]
        ways += [-step * (k + 1) for k in range(self.ahead // 2)]
        return [
            x for x in (plane.moved(axis, by) for by in ways) if 0 <= x.index[axis] < shape[axis]
        ]

    def _moved(self) -> None:
        target, plane = self._focus.target, self._focus.plane
        before, last = self._last
        self._failed.clear()
        if target is None or plane is None:
            self._last = (None, None)
            return
        if target is not before:
            self._way = None
        elif last is not None and last.axes == plane.axes:
            steps = [
                (a, j - i) for a, (i, j) in enumerate(zip(last.index, plane.index, strict=True))
            ]
            changed = [(a, 1 if by > 0 else -1) for a, by in steps if by]
            self._way = changed[0] if changed else self._way
        self._last = (target, plane)

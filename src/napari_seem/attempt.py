"""One training: reads what is to be learned, has another process train, and can be stopped."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING

from napari_seem.jobs import Stopped
from napari_seem.lessons import Lesson, examples_of
from seem_model.errors import SeemError
from seem_model.tuning import NOTHING, Measuring, Outcome, Step, Trouble, Tuning
from seem_model.tuning_child import TuningChild

if TYPE_CHECKING:
    from collections.abc import Sequence


@dataclass(eq=False)
class Attempt:
    """One training: written by the worker, read and stopped by the GUI thread.

    Parameters
    ----------
    tuning : Tuning
    place : Path
        Where the new model goes.
    """

    tuning: Tuning
    place: Path
    reading: float = 0.0
    measuring: Measuring | None = None
    steps: list[Step] = field(default_factory=list)
    child: TuningChild | None = None
    outcome: Outcome | None = None
    _stop: Event = field(default_factory=Event)

    def __call__(self, lessons: Sequence[Lesson]) -> Outcome:
        """Read, train and measure; called on the worker.

        Raises
        ------
        Stopped
            If it was cancelled.
        SeemError
            If it went wrong.
        """
        # not on the GUI thread: its imports take a while
        from seem_model.data.holding_out import with_some_kept_back

        examples = with_some_kept_back(examples_of(lessons, self._watch), seed=self.tuning.seed)
        if not examples.objects:
            raise SeemError(NOTHING)
        self.child = TuningChild(examples, self.tuning, beside=self.place.parent)
        try:
            return self._followed(self.child)
        except BaseException:
            self.child.kill()
            self.child.close()
            self.child.clear()
            raise

    def _followed(self, child: TuningChild) -> Outcome:
        self._watch(1.0)
        last = None
        for last in child.messages():
            self._watch(1.0)
            if isinstance(last, Step):
                self.steps.append(last)
            elif isinstance(last, Measuring):
                self.measuring = last
        self._watch(1.0)
        child.close()
        if isinstance(last, Outcome):
            return last
        raise SeemError(
            last.words if isinstance(last, Trouble) else "Training has ended too early."
        )

    def _watch(self, share: float) -> None:
        self.reading = share
        if self._stop.is_set():
            raise Stopped

    def stop(self) -> None:
        """End it at once."""
        self._stop.set()
        if self.child is not None:
            self.child.kill()

    @property
    def share(self) -> float:
        """How much of the training itself is done, 0 to 1."""
        return self.steps[-1].done / self.steps[-1].of if self.steps else 0.0

    def clear(self) -> None:
        """Delete what it left, except a model that was moved away."""
        if self.child is not None:
            self.child.clear()

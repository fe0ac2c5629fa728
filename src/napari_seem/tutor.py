"""Teaches the model in use from labelled objects, in a process of its own; knows no Qt."""

from __future__ import annotations

from enum import Enum
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from napari.utils.notifications import show_warning
from psygnal import Signal

from napari_seem import objects
from napari_seem.attempt import Attempt
from napari_seem.jobs import Stopped, sentence
from napari_seem.lessons import Lesson, Source, lesson, sources
from seem_model.errors import SeemError
from seem_model.own_models import free_name, keep, own_models_folder, room_for
from seem_model.tuning import Outcome, Tuning, check_installed

if TYPE_CHECKING:
    from collections.abc import Sequence

    from napari_seem.loop import Loop
    from napari_seem.timeline import Timeline
    from napari_seem.worker import Run

TICK_ONE = "Tick at least one image with objects to learn from."
PACE = 1.2
"""Seconds a step of `lite` takes on a laptop's processor, until it is known of this machine."""


class Amount(Enum):
    """How long to train; the value is the number of steps."""

    QUICK = 150
    THOROUGH = 600


class Tutor:
    """Fine-tunes the model in use and puts the new one in its place.

    Parameters
    ----------
    loop : Loop
    timeline : Timeline
        Which switches models.
    run : Run
        How jobs run; they do not wait for the model's worker, nor does that wait for them.
    """

    changed = Signal()
    """Training has started or ended, or something was counted."""

    def __init__(self, loop: Loop, timeline: Timeline, run: Run) -> None:
        self._loop, self._timeline, self._run = loop, timeline, run
        self.attempt: Attempt | None = None
        self.pending: Attempt | None = None
        """Its model is worse than the one before, and waits for a decision."""
        self.words = ""
        """How the last training ended."""
        self.pace = PACE
        self.counts: dict[tuple[int, int], int] = {}
        self._counting = False

    @property
    def sources(self) -> list[Source]:
        """What can be learned from now."""
        return sources(self._loop.focus)

    @property
    def base(self) -> str:
        """The checkpoint that would be trained."""
        return self._loop.engine.checkpoint

    def count(self, *, anew: bool = False) -> None:
        """Count the objects of all sources.

        Committed ones are those of the table. Others are counted on the worker, once for each
        array, unless ``anew``: somebody may have painted into it.
        """
        if self._counting:
            return
        there = self.sources
        kept = {} if anew else self.counts
        self.counts = {s.key: kept[s.key] for s in there if s.key in kept}
        self.counts |= {s.key: len(objects.table(s.labels)) for s in there if s.is_own}
        unknown = [s for s in there if s.key not in self.counts]
        found = [(s.key, lesson(self._loop.focus, s, complete=False)) for s in unknown]
        ready = [(key, one) for key, one in found if one is not None]
        self._counting = bool(ready)
        if ready:
            work = partial(_counted, ready)
            keys = [key for key, _ in ready]
            self._run(work, done=self._take_counts, failed=partial(self._not_counted, keys))
        else:
            self.changed.emit()

    def _take_counts(self, counts: dict[tuple[int, int], int]) -> None:
        self._counting = False
        self.counts |= counts
        self.changed.emit()

    def _not_counted(self, keys: Sequence[tuple[int, int]], error: Exception) -> None:
        # told once, not after every click
        self._take_counts(dict.fromkeys(keys, 0))
        show_warning(sentence(error))

    # -- training --------------------------------------------------------------------------

    def start(
        self, chosen: Sequence[tuple[Source, bool]], *, name: str, steps: int, any_way_up: bool
    ) -> None:
        """Train the model in use on these sources, each with whether all is labelled.

        What is wrong with the wish is told.
        """
        if self.attempt is not None or self.pending is not None:
            return
        focus, engine = self._loop.focus, self._loop.engine
        lessons = [lesson(focus, source, complete=complete) for source, complete in chosen]
        ready = [one for one in lessons if one is not None]
        try:
            if not ready:
                raise SeemError(TICK_ONE)
            check_installed()
            place = room_for(name, own_models_folder())
        except SeemError as error:
            self._end(str(error))
            show_warning(str(error))
            return
        device = "cpu" if engine.device == "cpu" else "auto"
        tuning = Tuning(
            base=engine.checkpoint, name=place.name, steps=steps, any_way_up=any_way_up,
            device=device,
        )  # fmt: skip
        self.attempt = attempt = Attempt(tuning, place)
        self.words = ""
        self.changed.emit()
        self._run(
            partial(attempt, ready),
            done=partial(self._done, attempt), failed=partial(self._failed, attempt),
        )  # fmt: skip

    def cancel(self) -> None:
        """Stop at once; nothing is kept."""
        attempt = self.attempt
        if attempt is not None:
            self._end("Cancelled: the model is the one from before.")
            attempt.stop()

    def keep_so_far(self) -> None:
        """End training after the step under way and measure the model as it is then."""
        if self.attempt is not None and self.attempt.child is not None:
            self.attempt.child.keep()

    def decide(self, *, use: bool) -> None:
        """Use the model that is worse than the one before all the same, or drop it."""
        attempt, self.pending = self.pending, None
        if attempt is None or attempt.outcome is None:
            return
        if use:
            self._adopt(attempt, attempt.outcome)
        else:
            attempt.clear()
            self._end("Dropped: the model is the one from before.")

    def close(self) -> None:
        """Nobody is there any more: stop, and keep nothing that waits for a decision."""
        self.cancel()
        self.decide(use=False)

    def _done(self, attempt: Attempt, outcome: Outcome) -> None:
        attempt.outcome = outcome
        if attempt is not self.attempt:  # cancelled in the last moment
            attempt.clear()
            return
        self.pace = outcome.seconds / max(1, outcome.steps)
        if outcome.is_worse:
            self.pending = attempt
            self._end(f"{outcome.words} The new model is worse, so the one before stays.")
        else:
            self._adopt(attempt, outcome)

    def _adopt(self, attempt: Attempt, outcome: Outcome) -> None:
        place = attempt.place
        if place.exists():  # somebody was quicker
            place = place.with_name(free_name(place.name))
        try:
            keep(Path(outcome.folder), place)
        except SeemError as error:
            self.pending = attempt  # to be tried again
            self._end(str(error))
            show_warning(str(error))
            return
        attempt.clear()
        self._end(f"{outcome.words} Switched to “{place.name}”; undo goes back.")
        self._timeline.use_model(str(place), self._loop.engine.device)

    def _failed(self, attempt: Attempt, error: Exception) -> None:
        if attempt is self.attempt and not isinstance(error, Stopped):
            self._end(sentence(error))
            show_warning(self.words)

    def _end(self, words: str) -> None:
        self.attempt, self.words = None, words
        self.changed.emit()


def _counted(ready: Sequence[tuple[tuple[int, int], Lesson]]) -> dict[tuple[int, int], int]:
    return {key: one.count() for key, one in ready}


def _clear(attempt: Attempt) -> None:
    if attempt.child is not None:
        attempt.child.clear()

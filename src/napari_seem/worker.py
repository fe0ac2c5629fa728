"""How jobs are run: at once (tests, scripts) or on napari's worker thread.

The annotator hands over one job at a time, so all model work happens on one thread, one after the
other; what should run next is decided only when the thread is free, hence the latest prompt wins.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, Protocol


class Run(Protocol):
    """Runs ``job`` and reports to ``done(result)`` or ``failed(exception)``."""

    def __call__(
        self,
        job: Callable[[], Any],
        *,
        done: Callable[[Any], None],
        failed: Callable[[Exception], None],
    ) -> None:
        """Start the job."""
        ...


def inline(
    job: Callable[[], Any], *, done: Callable[[Any], None], failed: Callable[[Exception], None]
) -> None:
    """Run ``job`` here and now."""
    try:
        result = job()
    except Exception as error:  # whatever a job raises is shown to the person, never lost
        failed(error)
    else:
        done(result)


def on_worker(
    job: Callable[[], Any], *, done: Callable[[Any], None], failed: Callable[[Exception], None]
) -> None:
    """Run ``job`` on a napari worker; ``done`` and ``failed`` are called on the GUI thread."""
    from napari.qt.threading import create_worker

    create_worker(job, _connect={"returned": done, "errored": failed})


@dataclass(frozen=True, eq=False, kw_only=True)
class Job:
    """Something for the worker.

    Parameters
    ----------
    name : str
        What the person is told meanwhile: "loading", "encoding", "thinking".
    work : callable
        Runs on the worker; touches no layer.
    done : callable
        Takes the result, on the GUI thread.
    failed : callable
        Takes the exception, on the GUI thread.
    told : callable
        Called when the job starts and when it has ended, to show what is going on.
    """

    name: str
    work: Callable[[], Any]
    done: Callable[[Any], None]
    failed: Callable[[Exception], None]
    told: Callable[[], None]


class Latest:
    """One job at a time; the next is asked for when the worker is free, so it is the latest.

    Parameters
    ----------
    run : Run
        :func:`inline` or :func:`on_worker`.
    next_job : callable
        What to do next, or None.
    """

    def __init__(self, run: Run, next_job: Callable[[], Job | None]) -> None:
        self._run = run
        self._next_job = next_job
        self.running = ""

    def wake(self) -> None:
        """Start the next job unless one is running."""
        if self.running:
            return
        job = self._next_job()
        if job is None:
            return
        self.running = job.name
        job.told()
        self._run(
            job.work,
            done=partial(self._finish, job, job.done),
            failed=partial(self._finish, job, job.failed),
        )

    def _finish(self, job: Job, tell: Callable[[Any], None], value: Any) -> None:
        self.running = ""
        try:
            tell(value)
        finally:
            self.wake()
            job.told()

"""A thread of its own for session files: saving never waits for the model, nobody for saving."""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from typing import TYPE_CHECKING, Any, Protocol

from napari_seem.worker import inline

if TYPE_CHECKING:
    from collections.abc import Callable

POLL = 0.05
"""Seconds after which the GUI thread looks again whether a job is done."""


class Later(Protocol):
    """Calls ``act`` on the GUI thread in some seconds."""

    def __call__(self, seconds: float, act: Callable[[], None]) -> None:
        """Return at once."""
        ...


def on_timer(seconds: float, act: Callable[[], None]) -> None:
    """Call ``act`` from Qt's event loop."""
    from qtpy.QtCore import QTimer

    QTimer.singleShot(round(seconds * 1000), act)


def never(seconds: float, act: Callable[[], None]) -> None:
    """No clock at all: for programs without an event loop."""


class Saver:
    """Runs jobs one after the other on one thread; a :class:`~napari_seem.worker.Run`.

    The interpreter waits for it at its end, so what was handed over is written.

    Parameters
    ----------
    later : Later
        ``done`` and ``failed`` are called from there.
    """

    def __init__(self, later: Later) -> None:
        self._later = later
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="seem-session")

    def __call__(
        self, job: Callable[[], Any], *, done: Callable[[Any], None],
        failed: Callable[[Exception], None],
    ) -> None:  # fmt: skip
        """Start the job as soon as the ones before it have ended."""
        try:
            waiting = self._pool.submit(job)
        except RuntimeError:  # the interpreter is ending, and takes no more work for later
            inline(job, done=done, failed=failed)
            return
        self._look(waiting, done, failed)

    def _look(
        self, job: Future[Any], done: Callable[[Any], None], failed: Callable[[Exception], None]
    ) -> None:
        if not job.done():
            self._later(POLL, partial(self._look, job, done, failed))
            return
        error = job.exception()
        if error is None:
            done(job.result())
        elif isinstance(error, Exception):
            failed(error)
        else:
            raise error

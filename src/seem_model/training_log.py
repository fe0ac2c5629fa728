"""What a run says: a CSV file, TensorBoard if asked for, a line now and then, a progress bar."""

from __future__ import annotations

import csv
import sys
import time
from typing import TYPE_CHECKING

from seem_model.errors import SeemError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from torch.utils.tensorboard import SummaryWriter

    from seem_model.training_run import Run

FILE, BOARD = "log.csv", "tensorboard"


class TrainingLog:
    """Means of the losses at intervals, over all batches of all processes since the last time.

    ``log.csv`` has rows of step (counted from 1), name and value.

    Parameters
    ----------
    run : Run
    report : callable
        Gets the lines for people.
    first : int
        Steps that are done already; what an interrupted run logged beyond them is dropped.

    Raises
    ------
    SeemError
        If TensorBoard is asked for and not installed.
    """

    def __init__(self, run: Run, report: Callable[[str], None], first: int) -> None:
        self.run, self.report = run, report
        self.main = run.accelerator.is_main_process
        self.recent: list[dict[str, float]] = []
        self.steps, self.began = 0, time.perf_counter()
        self.bar = Bar(run.recipe.steps) if self.main and sys.stderr.isatty() else None
        self.board: SummaryWriter | None = None
        if not self.main:
            return
        run.out.mkdir(parents=True, exist_ok=True)
        self._keep(first)
        if run.recipe.tensorboard:
            self.board = _writer(str(run.out / BOARD), first)

    def write(self, step: int, rows: Sequence[dict[str, float]]) -> None:
        """Remember the losses of a step's batches, one row each; log when it is time to."""
        self.recent.extend(rows)
        self.steps += 1
        if self.bar is not None:
            self.bar.show(step + 1)
        if (step + 1) % self.run.recipe.log_every:
            return
        gathered = self._gathered()
        if self.main:
            mean = means(gathered)
            seconds = (time.perf_counter() - self.began) / self.steps
            total = self.run.recipe.steps
            line = " ".join(f"{k}={v:.3f}" for k, v in mean.items())
            left = (total - step - 1) * seconds / 60
            self._say(f"step {step + 1}/{total} {seconds:.2f}s {left:.0f}min {line}")
            self._store(step + 1, mean)
        self.recent, self.steps, self.began = [], 0, time.perf_counter()

    def measured(self, step: int, numbers: Mapping[str, float]) -> None:
        """Log the numbers of an evaluation after ``step`` steps."""
        self._say(f"evaluated at {step}: " + " ".join(f"{k}={v:.3f}" for k, v in numbers.items()))
        self._store(step, numbers)

    def without_time(self, work: Callable[[], None]) -> None:
        """Do something that does not count as time of training."""
        start = time.perf_counter()
        work()
        self.began += time.perf_counter() - start

    def close(self) -> None:
        """Finish the bar and the files."""
        if self.bar is not None:
            self.bar.clear()
        if self.board is not None:
            self.board.close()

    def _say(self, line: str) -> None:
        if self.bar is not None:
            self.bar.clear()
        self.report(line)

    def _store(self, step: int, numbers: Mapping[str, float]) -> None:
        with open(self.run.out / FILE, "a", newline="", encoding="utf-8") as file:
            csv.writer(file).writerows([step, k, f"{v:.5f}"] for k, v in numbers.items())
        if self.board is not None:
            for name, value in numbers.items():
                self.board.add_scalar(name, value, step)
            self.board.flush()

    def _keep(self, first: int) -> None:
        """Drop what was logged after the state that a run resumes from."""
        path = self.run.out / FILE
        if not path.exists():
            return
        with open(path, newline="", encoding="utf-8") as file:
            kept = [row for row in csv.reader(file) if row and int(row[0]) <= first]
        with open(path, "w", newline="", encoding="utf-8") as file:
            csv.writer(file).writerows(kept)

    def _gathered(self) -> list[dict[str, float]]:
        if self.run.accelerator.num_processes == 1:
            return self.recent
        from accelerate.utils import gather_object

        return list(gather_object(self.recent))


def means(rows: Sequence[Mapping[str, float]]) -> dict[str, float]:
    """Mean of each name over the rows that have it, in alphabetical order."""

    def values(name: str) -> Iterator[float]:
        return (row[name] for row in rows if name in row)

    counts = {name: len(list(values(name))) for name in sorted({k for row in rows for k in row})}
    return {name: sum(values(name)) / count for name, count in counts.items()}


class Bar:
    """One line on a terminal: how much is done and how long the rest takes."""

    def __init__(self, total: int) -> None:
        self.total, self.first, self.began = total, -1, time.perf_counter()

    def show(self, done: int) -> None:
        """Draw the line anew."""
        if self.first < 0:  # the first step warms up and is not representative
            self.first, self.began = done, time.perf_counter()
        seconds = (time.perf_counter() - self.began) / max(1, done - self.first)
        minutes = (self.total - done) * seconds / 60
        filled = "#" * (30 * done // self.total)
        line = f"\r{filled:<30} {done}/{self.total}, {minutes:.0f} min left"
        print(f"{line}\x1b[K", end="", file=sys.stderr, flush=True)

    def clear(self) -> None:
        """Make room for other lines."""
        print("\r\x1b[K", end="", file=sys.stderr, flush=True)


def _writer(folder: str, first: int) -> SummaryWriter:
    try:
        from torch.utils.tensorboard import SummaryWriter
    except ImportError:
        raise SeemError(
            'TensorBoard is not installed: install "napari-seem[train]", or set '
            "tensorboard=false; the same numbers are in log.csv."
        ) from None
    return SummaryWriter(folder, purge_step=first + 1)

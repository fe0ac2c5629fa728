"""The result of an evaluation: flat numbers for machines, a table for people, a row an image."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from seem_model.errors import DataError
from seem_model.reporting import Value, code_version, rounded, write_rows

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TypeVar

    T = TypeVar("T")


@dataclass(frozen=True, kw_only=True)
class Findings:
    """What was measured, on what, and with what.

    Parameters
    ----------
    task : str
        Such as ``panoptic``.
    about : mapping
        Data, split, checkpoint, seed and all else that decides the numbers.
    numbers : mapping
        The measures, by the keys of the JSON file; keys ending in ``_low`` and ``_high`` are
        the 95 % bootstrap interval over images of the key before.
    rows : sequence of mapping
        One for each image.
    """

    task: str
    about: Mapping[str, Value]
    numbers: Mapping[str, Value]
    rows: Sequence[Mapping[str, Value]] = ()

    def flat(self) -> dict[str, Value]:
        """All numbers under the names of the JSON file; what cannot be computed is None."""
        numbers = {k: rounded(v) for k, v in self.numbers.items()}
        time = datetime.now(UTC).isoformat(timespec="seconds")
        return {"task": self.task, **self.about, **numbers, **code_version(), "time": time}

    def save(self, path: str | Path) -> None:
        """Write the JSON file, and beside it ``<name>.csv`` with a row for each image.

        Raises
        ------
        DataError
            If one cannot be written.
        """
        where = Path(path)
        try:
            where.write_text(json.dumps(self.flat(), indent=2) + "\n", encoding="utf-8")
            if self.rows:
                with open(where.with_suffix(".csv"), "w", newline="", encoding="utf-8") as file:
                    write_rows(file, self.rows)
        except OSError as error:
            raise DataError(f"The report cannot be written to {path}: {error.strerror}.") from error

    def table(self) -> str:
        """Format the numbers for a terminal."""
        n = self.flat()
        a = self.about
        lines = [f"{a['checkpoint']} on {a['data']} ({a['split']}), {self.task}:", ""]
        for key in self.numbers:
            if key.endswith(("_low", "_high")):
                continue
            low, high = n.get(f"{key}_low"), n.get(f"{key}_high")
            span = "" if low is None else f"  ({_text(low)} to {_text(high)})"
            lines.append(f"{key:<22}{_text(n[key]):>10}{span}")
        return "\n".join(lines)


def interval(
    tallies: Sequence[T], measure: Callable[[Sequence[T]], float], *, seed: int, draws: int = 400
) -> tuple[float, float]:
    """95 % bootstrap interval over images of what ``measure`` makes of their tallies.

    Parameters
    ----------
    tallies : sequence
        One for each image.
    measure : callable
        Takes as many tallies, some of them more than once.
    seed, draws : int
        Of the resampling.

    Returns
    -------
    (float, float)
        nan without images, or where a measure is.
    """
    if not tallies:
        return float("nan"), float("nan")
    rng = np.random.default_rng(seed)
    values = [
        measure([tallies[i] for i in rng.integers(len(tallies), size=len(tallies))])
        for _ in range(draws)
    ]
    known = [v for v in values if not math.isnan(v)]
    if not known:
        return float("nan"), float("nan")
    low, high = np.percentile(known, [2.5, 97.5])
    return float(low), float(high)


def _text(value: Value) -> str:
    return f"{value:.4f}" if isinstance(value, float) else str("-" if value is None else value)

"""What all reports share: where they may be written, their rows, and which code they come from."""

from __future__ import annotations

import csv
import math
import subprocess
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from statistics import mean, stdev
from typing import TYPE_CHECKING

from seem_model.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import TextIO

Value = str | int | float | bool | None


def check_writable(path: str | Path) -> None:
    """Refuse a path in a folder that does not exist, before hours of work rather than after.

    Raises
    ------
    DataError
        If there is no such folder.
    """
    if not Path(path).parent.is_dir():
        raise DataError(
            f"The report cannot be written to {path}: there is no folder {Path(path).parent}."
        )


def write_rows(file: TextIO, rows: Sequence[Mapping[str, Value]]) -> None:
    """Write a CSV table whose columns are all keys of the rows; nan is left empty."""
    table = csv.DictWriter(file, list(dict.fromkeys(k for row in rows for k in row)))
    table.writeheader()
    table.writerows({k: rounded(v) for k, v in row.items()} for row in rows)


def rounded(value: Value) -> Value:
    """A float to five digits, None for nan; anything else as it is."""
    if isinstance(value, float):
        return None if math.isnan(value) else round(value, 5)
    return value


def over_seeds(measures: Sequence[Mapping[str, Value]]) -> dict[str, Value]:
    """Mean and spread of the same measures with several seeds.

    Parameters
    ----------
    measures : sequence of mapping
        One for each seed, at least two.

    Returns
    -------
    dict
        For each number K that all have: ``K_seeds_mean`` and ``K_seeds_sd`` (standard deviation
        over seeds, with n - 1). Limits of intervals and truths are left out.
    """
    found: dict[str, Value] = {}
    for key in measures[0]:
        values = [m.get(key) for m in measures]
        numbers = [v for v in values if isinstance(v, int | float) and not isinstance(v, bool)]
        if len(numbers) == len(values) and not key.endswith(("_low", "_high")):
            found[f"{key}_seeds_mean"] = round(mean(numbers), 5)
            found[f"{key}_seeds_sd"] = round(stdev(numbers), 5)
    return found


def code_version() -> dict[str, Value]:
    """Version of the package, and commit of its source tree where there is one."""
    return {"version": _version(), "commit": _commit()}


def _version() -> str:
    try:
        return version("napari-seem")
    except PackageNotFoundError:
        return ""


def _commit() -> str:
    """Commit of the source tree this runs from; "" for an installed wheel."""
    # src/seem_model/report.py: an installed wheel may lie inside some other repository.
    root = Path(__file__).resolve().parents[2]
    if not (root / ".git").exists():
        return ""
    try:
        return subprocess.run(
            ["git", "-C", str(root), "describe", "--always", "--dirty", "--abbrev=12"],
            capture_output=True,
            text=True,
            timeout=10,
        ).stdout.strip()
    except (OSError, subprocess.SubprocessError):
        return ""

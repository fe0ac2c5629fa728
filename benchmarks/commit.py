"""What committing costs: ``python benchmarks/commit.py [--side 2048] [--object 200]``.

A round mask of that diameter in a slice of that side, partly over two earlier objects. The target
is 3 ms for :func:`painted`: it runs on the GUI thread. Prints the best and the median of 200 runs.
"""

from __future__ import annotations

import argparse
import statistics
import time
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_seem.commit_rules import CommitRules, Overlap, conflicts, painted, tidied

if TYPE_CHECKING:
    from collections.abc import Callable

RUNS = 200


def milliseconds(call: Callable[[], Any]) -> tuple[float, float]:
    """Best and median."""
    times = []
    for _ in range(RUNS):
        start = time.perf_counter()
        call()
        times.append(1e3 * (time.perf_counter() - start))
    return min(times), statistics.median(times)


def main() -> None:
    """Print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--side", type=int, default=2048)
    parser.add_argument("--object", type=int, default=200)
    args = parser.parse_args()
    side, radius = args.side, args.object / 2
    rows, cols = np.mgrid[:side, :side]
    mask = (rows - side // 2) ** 2 + (cols - side // 2) ** 2 <= radius**2
    labels = np.zeros((side, side), np.int32)
    quarter = slice(side // 2 - args.object, side // 2)
    labels[quarter, quarter] = 1
    labels[side // 2 : side // 2 + 5, side // 2 : side // 2 + 5] = 2  # wholly covered
    print(f"{'':34}{'best':>8}{'median':>8}  ms")
    for overlap in Overlap:
        for own in (None, 1):
            best, median = milliseconds(
                partial(painted, labels, mask, label=own or 3, own=own, rules=CommitRules(overlap))
            )
            what = f"painted, {overlap.name.lower()}{', again' if own else ''}"
            print(f"{what:34}{best:8.2f}{median:8.2f}")
    best, median = milliseconds(partial(conflicts, labels, mask))
    print(f"{'conflicts':34}{best:8.2f}{median:8.2f}")
    for rules in (
        CommitRules(),
        CommitRules(split=True),
        CommitRules(fill_holes=True, drop_specks=20),
        CommitRules(smooth=2),
        CommitRules(smooth=5),
    ):
        best, median = milliseconds(partial(tidied, mask, rules))
        changed = {k: v for k, v in vars(rules).items() if v != vars(CommitRules())[k]}
        what = "tidied, " + (", ".join(changed) or "plain")
        print(f"{what + (f' {rules.smooth}' if rules.smooth else ''):34}{best:8.2f}{median:8.2f}")


if __name__ == "__main__":
    main()

"""Two checkpoints on the same objects: the mean difference and its interval, object by object.

``python benchmarks/paired.py BEFORE.csv AFTER.csv [--seed 0]`` reads the tables that ``seem
evaluate interactive --report FILE`` writes beside its reports. Both must come from the same data,
clicks and seed; objects that only one of them has are left out and counted. Objects differ far more
from each other than checkpoints do, so the intervals of two reports overlap long after one
checkpoint is surely better: differences are resampled instead, by whole images.
"""

from __future__ import annotations

import argparse
import csv
from pathlib import Path

import numpy as np

from seem_model.metrics.interactive import ClickTally, clicks_needed

SHOWN = (1, 3, 5, 10)
LEVELS = (0.8, 0.85, 0.9)


def curves(table: Path) -> dict[str, tuple[str, np.ndarray]]:
    """Image and (clicks,) IoU of each object of a table."""
    with table.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    columns = [c for c in rows[0] if c.startswith("iou@") and c[4:].isdigit()] if rows else []
    if not columns:
        raise SystemExit(f"{table} has no columns iou@1, iou@2, …: take an interactive report's.")
    return {r["object"]: (r["image"], np.array([float(r[c]) for c in columns])) for r in rows}


def differences(before: np.ndarray, after: np.ndarray) -> dict[str, np.ndarray]:
    """(objects,) of each measure, from (objects, clicks) curves of the same objects."""
    shown = [k for k in SHOWN if k <= before.shape[1]]
    found = {f"iou@{k}": after[:, k - 1] - before[:, k - 1] for k in shown}
    for level in LEVELS:
        needed = [clicks_needed(c, level).astype(float) for c in (before, after)]
        found[f"noc@{level * 100:.0f}"] = needed[1] - needed[0]
    return found


def main() -> None:
    """Print one line a measure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("before", type=Path)
    parser.add_argument("after", type=Path)
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    before, after = curves(args.before), curves(args.after)
    both = [name for name in before if name in after]
    if not both:
        raise SystemExit("The tables have no object in common.")
    alone = len(before) + len(after) - 2 * len(both)
    images = np.array([before[name][0] for name in both])
    stacked = [np.stack([table[name][1] for name in both]) for table in (before, after)]
    print(f"{len(both)} objects of {len(set(images))} images, {alone} left out")
    for name, values in differences(*stacked).items():
        low, high = ClickTally().interval(values, seed=args.seed, images=images)
        print(f"{name:<8}{values.mean():+.3f} ({low:+.3f} to {high:+.3f})")


if __name__ == "__main__":
    main()

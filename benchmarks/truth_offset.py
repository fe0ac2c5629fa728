"""How far the outlines that a data set draws lie from the picture's own edges.

``python benchmarks/truth_offset.py FOLDER... [--split train] [--limit 120] [--seed 5]`` prints for
each folder the mean difference of grey values across places up to four pixels before and behind a
drawn outline, along rows and along columns, and the offset of the outline from the middle of that
hill: positive where what is drawn lies too far right or too low. Masks that were resized otherwise
than their pictures show so.
"""

from __future__ import annotations

import argparse

import numpy as np

from seem_model.data.opening import open_dataset

REACH = 4  # pixels


def across(grey: np.ndarray, labels: np.ndarray) -> tuple[np.ndarray, int]:
    """Sums of grey differences (2 * REACH + 1,) along rows, around borders; how many borders."""
    steps = np.abs(np.diff(grey, axis=1))
    row, col = np.nonzero(labels[:, 1:] != labels[:, :-1])
    whole = (col >= REACH) & (col < steps.shape[1] - REACH)
    row, col = row[whole], col[whole]
    return np.array([steps[row, col + k].sum() for k in range(-REACH, REACH + 1)]), len(row)


def offset(hill: np.ndarray) -> float:
    """Pixels from the middle of a hill of differences, above its foot, to the outline."""
    weight = hill - hill.min()
    return -float((weight * np.arange(-REACH, REACH + 1)).sum() / weight.sum())


def main() -> None:
    """Print one line a folder."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folders", nargs="+")
    parser.add_argument("--split", default="train")
    parser.add_argument("--limit", type=int, default=120)
    parser.add_argument("--seed", type=int, default=5)
    args = parser.parse_args()
    for folder in args.folders:
        data = open_dataset(folder)
        ids = list(data.ids(args.split))
        np.random.default_rng(args.seed).shuffle(ids)
        hills, counts = np.zeros((2, 2 * REACH + 1)), np.zeros(2)
        for sample in map(data.read, ids[: args.limit]):
            grey = sample.image.astype(np.float64).mean(axis=2)
            for axis, (g, labels) in enumerate(
                ((grey, sample.instances), (grey.T, sample.instances.T))
            ):
                sums, count = across(g, labels)
                hills[axis] += sums
                counts[axis] += count
        hills /= counts[:, None]
        for axis, name in enumerate(("right", "down")):
            shown = " ".join(f"{v:.1f}" for v in hills[axis])
            print(f"{data.name}: {name} {offset(hills[axis]):+.2f}  ({shown})")


if __name__ == "__main__":
    main()

"""Pictures of bright disks in memory, enough for TINY to learn something from in a few seconds."""

import numpy as np

from seem_model.data.examples import Example
from seem_model.tuning import Tuning

SIDE = 96
QUICK = Tuning(base="tiny", name="disks", steps=3, rate=3e-3, share=1.0)


def disks(number: int, *, count: int = 4, complete: bool = True) -> Example:
    """Red disks on dark noise; each in a quarter of its own."""
    rng = np.random.default_rng(number)
    rows, cols = np.mgrid[:SIDE, :SIDE]
    picture = rng.integers(0, 60, (SIDE, SIDE, 3)).astype(np.uint8)
    labels = np.zeros((SIDE, SIDE), np.int32)
    for k in range(count):
        row, col = (int(rng.integers(16, 32)) + 48 * part for part in divmod(k, 2))
        inside = np.hypot(rows - row, cols - col) < int(rng.integers(8, 13))
        picture[inside] = np.add((230, 60, 60), rng.integers(-20, 20, 3))
        labels[inside] = k + 1
    names = dict.fromkeys(range(1, count + 1), "disk")
    return Example(
        name=f"disks {number}", picture=picture, labels=labels, names=names, complete=complete
    )

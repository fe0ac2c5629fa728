"""What benchmarks/truth_offset.py says of outlines that lie beside the edges of their picture."""

from __future__ import annotations

import runpy
from pathlib import Path

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter, shift

BENCHMARK = runpy.run_path(str(Path(__file__).resolve().parents[2] / "benchmarks/truth_offset.py"))


@pytest.mark.parametrize("moved", [-2, -1, 0, 1, 2])
def test_labels_that_were_moved_are_found_out(moved: int) -> None:
    rows, cols = np.mgrid[:120, :120]
    disk = (rows - 60) ** 2 + (cols - 57) ** 2 < 30**2
    grey = gaussian_filter(disk * 200.0, 0.7)
    sums, count = BENCHMARK["across"](grey, np.roll(disk, moved, axis=1).astype(np.int32))
    assert count > 0
    assert BENCHMARK["offset"](sums / count) == pytest.approx(moved, abs=0.35)


@pytest.mark.parametrize("moved", [-0.5, 0.5])
def test_half_a_pixel_shows(moved: float) -> None:
    rows, cols = np.mgrid[:120, :120]
    disk = (rows - 60) ** 2 + (cols - 57) ** 2 < 30**2
    grey = shift(gaussian_filter(disk * 200.0, 0.7), (0, -moved), order=3)
    sums, count = BENCHMARK["across"](grey, disk.astype(np.int32))
    assert BENCHMARK["offset"](sums / count) == pytest.approx(moved, abs=0.15)

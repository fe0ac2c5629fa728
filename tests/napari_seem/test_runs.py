"""Labels kept as runs are the same labels, whatever they look like."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from napari_seem.runs import Runs, sizes

TYPES = st.sampled_from([np.uint8, np.int16, np.int32, np.int64, np.uint64])
SHAPES = hnp.array_shapes(min_dims=2, max_dims=2, min_side=0, max_side=12)


@given(hnp.arrays(TYPES, SHAPES))
def test_runs_give_back_every_label(labels: np.ndarray) -> None:
    kept = Runs.of(labels)
    assert kept.shape == labels.shape
    assert np.array_equal(kept.array, labels)
    assert kept.sizes == counted(labels)
    assert kept.any == labels.any()


@pytest.mark.parametrize("shape", [(300, 400), (3, 200, 200)])
@pytest.mark.parametrize("highest", [1, 40, 2**20])
@pytest.mark.parametrize("grain", [1, 25])
def test_large_arrays_are_counted_alike(shape: tuple[int, ...], highest: int, grain: int) -> None:
    rng = np.random.default_rng(highest)
    coarse = rng.integers(0, highest, tuple(-(-n // grain) for n in shape[-2:]), np.int32)
    fine = np.kron(coarse, np.ones((grain, grain), np.int32))
    labels = np.broadcast_to(fine[: shape[-2], : shape[-1]], shape)
    assert sizes(labels) == counted(labels)
    assert sizes(labels[..., 3:-3]) == counted(labels[..., 3:-3])
    assert sizes(np.full(shape, highest)) == {highest: int(np.prod(shape))}


def counted(labels: np.ndarray) -> dict[int, int]:
    """Pixels of each label, by sorting."""
    found = zip(*(x.tolist() for x in np.unique(labels, return_counts=True)), strict=True)
    return {label: n for label, n in found if label}

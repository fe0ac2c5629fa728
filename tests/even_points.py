"""Evenly spread points in place of random ones: losses that anyone can compute again."""

import numpy as np
import torch


def spread(*shape: int, generator: torch.Generator | None = None) -> torch.Tensor:
    """(..., P, 2) float32 in [0, 1), the same P points in every row; stands in for `torch.rand`."""
    i = np.arange(1, shape[-2] + 1, dtype=np.float64)
    points = np.stack([i * 0.7548776662466927 % 1, i * 0.5698402909980532 % 1], axis=1)
    return torch.from_numpy(points.astype(np.float32)).expand(shape)

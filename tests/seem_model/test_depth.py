"""Deepest places, against distances computed the long way."""

import numpy as np
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy import ndimage

from seem_model.depth import deepest, deepest_by_shells

sizes = st.tuples(st.integers(1, 24), st.integers(1, 24))


def convolved_depth(region: torch.Tensor) -> torch.Tensor:
    """Approximate distance to the outside of a (H, W) region, pixel shell by pixel shell.

    The convolutional distance transform (Pham et al., 2020) with a 3x3 kernel and h = 0.35: the
    official click simulator's choice, whose peaks are not always those of the exact distance.
    """
    h = 0.35
    seen = (~F.pad(region, (1, 1, 1, 1))).float()[None, None]
    steps = torch.tensor([[2, 1, 2], [1, 0, 1], [2, 1, 2]]).sqrt()
    kernel = (-steps / h).exp()[None, None]
    depth = torch.zeros_like(seen)
    for shell in range(max(region.shape)):
        around = F.conv2d(F.pad(seen, (1, 1, 1, 1), mode="replicate"), kernel)
        step = (-h * around.log()).nan_to_num(posinf=0.0)
        reached = step > 0
        if not reached.any():
            break
        depth += torch.where(reached, shell + step, torch.zeros_like(step))
        seen = seen.masked_fill(reached, 1.0)
    # Places of equal depth differ by rounding: the first of them wins on every machine.
    return (depth[0, 0, 1:-1, 1:-1] * 1e4).round()


@settings(deadline=None, max_examples=150)
@given(arrays(bool, sizes), st.integers(0, 4))
def test_the_deepest_place_is_that_of_the_convolved_distance(noise, grow) -> None:
    region = ndimage.binary_dilation(noise, iterations=grow) if grow else noise
    found = deepest_by_shells(region)
    if not region.any():
        assert found is None
        return
    depth = convolved_depth(torch.from_numpy(region))
    assert found == divmod(int(depth.argmax()), region.shape[1])


def test_both_depths_of_a_disk_are_at_its_centre() -> None:
    rows, cols = np.ogrid[:60, :80]
    disk = (rows - 30) ** 2 + (cols - 40) ** 2 <= 20**2
    assert deepest(disk)[1] == (30, 40)
    assert deepest_by_shells(disk) == (30, 40)
    assert deepest(~np.ones((3, 3), bool)) == (0.0, None)

"""What a correction may change: pixels whose nearest mark asks for the change.

A refinement that has been right so far must not fall apart because one more click confuses the
model (after FocalClick's progressive merge, Chen et al., CVPR 2022; the rule here is by nearest
mark). Measured in ``docs/experiments.md``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch
from scipy.spatial import cKDTree
from torch import Tensor

from seem_model.frame import STRIDE

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from seem_model.values import Prompts


def may_settle(before: Prompts, now: Prompts) -> bool:
    """Whether ``now`` only corrects an answer to marks, saying nothing new in words."""
    same_words = before.text == now.text and before.exemplar is now.exemplar
    return same_words and bool(before.positive.any())


def settled(
    before: Tensor, after: Tensor, positive: NDArray[np.float64], negative: NDArray[np.float64]
) -> Tensor:
    """The new answer where it follows the nearest mark, the old one elsewhere.

    Parameters
    ----------
    before, after : (h, w) float
        Mask logits of two rounds in one view, at stride ``STRIDE``.
    positive, negative : (K, 2) float
        Marked places in model pixels, (row, col).

    Returns
    -------
    (h, w) float
    """
    is_now = after > 0
    changed = ((before > 0) != is_now).numpy()
    if not changed.any():
        return after
    places = (np.argwhere(changed).astype(np.float64) + 0.5) * STRIDE
    to_positive, to_negative = _distances(places, positive), _distances(places, negative)
    grows = is_now.numpy()[changed]
    followed = np.where(grows, to_positive <= to_negative, to_negative < to_positive)
    refused = np.zeros(changed.shape, bool)
    refused[changed] = ~followed
    return torch.where(torch.from_numpy(refused), before, after)


def _distances(places: NDArray[np.float64], marks: NDArray[np.float64]) -> NDArray[np.float64]:
    if not len(marks):
        return np.full(len(places), np.inf)
    distances: NDArray[np.float64] = cKDTree(marks).query(places)[0]
    return distances

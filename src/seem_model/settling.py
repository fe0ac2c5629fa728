"""What a correction may change: pixels whose nearest mark asks for the change.

A refinement that has been right so far must not fall apart because one more click confuses the
model (after FocalClick's progressive merge, Chen et al., CVPR 2022; the rule here is by nearest
mark). Measured in ``docs/experiments.md``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch
import torch.nn.functional as F
from scipy.spatial import cKDTree
from torch import Tensor

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from seem_model.values import Prompts


def may_settle(before: Prompts, now: Prompts) -> bool:
    """Whether ``now`` only corrects an answer to marks, saying nothing new in words."""
    same_words = before.text == now.text and before.exemplar is now.exemplar
    return same_words and bool(before.positive.any())


def settled(before: Tensor, after: Tensor, positive: Tensor, negative: Tensor) -> Tensor:
    """The new answer where it follows the nearest mark, the old one elsewhere.

    Parameters
    ----------
    before, after : (h, w) float
        Mask logits of two rounds in one view, stride 4.
    positive, negative : (Hp, Wp) bool
        All marks on the padded grid of that view.

    Returns
    -------
    (h, w) float
    """
    was, is_now = before > 0, after > 0
    changed = (was != is_now).numpy()
    places = np.argwhere(changed)
    if not len(places):
        return after
    size = (int(after.shape[0]), int(after.shape[1]))
    to_positive = _distances(places, positive, size)
    to_negative = _distances(places, negative, size)
    grows = is_now.numpy()[changed]
    followed = np.where(grows, to_positive <= to_negative, to_negative < to_positive)
    refused = np.zeros(size, bool)
    refused[changed] = ~followed
    return torch.where(torch.from_numpy(refused), before, after)


def _distances(
    places: NDArray[np.int64], marks: Tensor, size: tuple[int, int]
) -> NDArray[np.float64]:
    cells = F.adaptive_max_pool2d(marks[None].float(), size)[0] > 0
    drawn = np.argwhere(cells.numpy())
    if not len(drawn):
        return np.full(len(places), np.inf)
    distances: NDArray[np.float64] = cKDTree(drawn).query(places)[0]
    return distances

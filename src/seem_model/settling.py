"""What a correction may change: pixels whose nearest mark asks for the change.

A refinement that has been right so far must not fall apart because one more click confuses the
model (after FocalClick's progressive merge, Chen et al., CVPR 2022; the rule here is by nearest
mark). The first marks may still turn everything; later ones polish, so they change only their own
surroundings. Measured in ``docs/experiments.md``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.spatial import cKDTree
from torch import Tensor

from seem_model.frame import STRIDE
from seem_model.marks import count

if TYPE_CHECKING:
    from seem_model.frame import Frame
    from seem_model.values import Prompts


FREE = 5  # marks or rounds; a correction after them is local


@dataclass(frozen=True, eq=False)
class Places:
    """Where marks are in a view; (K, 2) float model pixels, (row, col).

    Parameters
    ----------
    positive, negative : (K, 2) float
        All marks.
    fresh_positive, fresh_negative : (K, 2) float
        Those that the round before did not know; both empty when the answer need not be local.
    """

    positive: NDArray[np.float64]
    negative: NDArray[np.float64]
    fresh_positive: NDArray[np.float64]
    fresh_negative: NDArray[np.float64]

    @classmethod
    def of(cls, now: Prompts, before: Prompts, frame: Frame, *, number: int = 1) -> Places:
        """Marks of ``now`` in ``frame``, and which of them ``before`` had not.

        ``number`` is that of the round: clicks that touch look like one stroke, but took a round
        each.
        """
        fresh = (now.positive & ~before.positive, now.negative & ~before.negative)
        if max(number, count(now.positive) + count(now.negative)) <= FREE:
            fresh = (np.zeros_like(now.positive), np.zeros_like(now.negative))
        shown = [frame.places(m) for m in (now.positive, now.negative, *fresh)]
        return cls(*shown)


def may_settle(before: Prompts, now: Prompts) -> bool:
    """Whether ``now`` only corrects an answer to marks, saying nothing new in words."""
    return same_words(before, now) and bool(before.positive.any())


def same_words(before: Prompts, now: Prompts) -> bool:
    """Whether both say the same, in phrases and examples, whatever was drawn."""
    return (
        before.text == now.text and before.exemplar is now.exemplar
        and before.unlike == now.unlike and before.unlike_exemplars == now.unlike_exemplars
    )  # fmt: skip


def settled(before: Tensor, after: Tensor, marks: Places) -> Tensor:
    """The new answer where it follows the nearest mark, the old one elsewhere.

    Parameters
    ----------
    before, after : (h, w) float
        Mask logits of two rounds in one view, at stride ``STRIDE``.
    marks : Places
        With fresh marks, only what is nearest to one of those changes.

    Returns
    -------
    (h, w) float
    """
    is_now = after > 0
    changed = ((before > 0) != is_now).numpy()
    if not changed.any():
        return after
    places = (np.argwhere(changed).astype(np.float64) + 0.5) * STRIDE
    grows = is_now.numpy()[changed]
    to_positive, to_negative = (_distances(places, m) for m in (marks.positive, marks.negative))
    followed = np.where(grows, to_positive <= to_negative, to_negative < to_positive)
    if len(marks.fresh_positive) or len(marks.fresh_negative):
        fresh = np.where(
            grows,
            _distances(places, marks.fresh_positive),
            _distances(places, marks.fresh_negative),
        )
        followed &= fresh <= np.minimum(to_positive, to_negative)
    refused = np.zeros(changed.shape, bool)
    refused[changed] = ~followed
    return torch.where(torch.from_numpy(refused), before, after)


def _distances(places: NDArray[np.float64], marks: NDArray[np.float64]) -> NDArray[np.float64]:
    if not len(marks):
        return np.full(len(places), np.inf)
    distances: NDArray[np.float64] = cKDTree(marks).query(places)[0]
    return distances

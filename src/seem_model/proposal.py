"""What a search of a whole image finds, and which of it are one and the same."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

from seem_model.encoded import Look
from seem_model.frame import Box
from seem_model.values import Mask

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from seem_model.modeling.seem import Seem


@dataclass(frozen=True, eq=False)
class Proposal:
    """Something that a click found.

    Parameters
    ----------
    box : Box
        Where, original pixels.
    mask : (box.height, box.width) bool
    quality : float
        In [0, 1]: how sure and how sharply bounded it is.
    look : Look
        The model's whole answer.
    kind : (C,) float
        What it looks like and stands for, see :mod:`seem_model.modeling.appearance`.
    """

    box: Box
    mask: Mask
    quality: float
    look: Look
    kind: Tensor

    @property
    def area(self) -> int:
        """Pixels."""
        return int(self.mask.sum())

    def shared(self, other: Proposal) -> int:
        """Pixels that both hold."""
        row0, col0 = max(self.box.row0, other.box.row0), max(self.box.col0, other.box.col0)
        row1, col1 = min(self.box.row1, other.box.row1), min(self.box.col1, other.box.col1)
        if row0 >= row1 or col0 >= col1:
            return 0
        mine = self.mask[row0 - self.box.row0 : row1 - self.box.row0, col0 - self.box.col0 :]
        its = other.mask[row0 - other.box.row0 : row1 - other.box.row0, col0 - other.box.col0 :]
        width = col1 - col0
        return int((mine[:, :width] & its[:, :width]).sum())

    def within(self, shape: tuple[int, int]) -> Mask:
        """(H, W) bool mask in an image of ``shape``.

        Memory is only used where the object is: pages of zeros that nobody wrote on cost none.
        """
        whole = np.zeros(shape, bool)
        whole[self.box.slices] = self.mask
        return whole


def probabilities(model: Seem, found: Sequence[Proposal], names: Tensor) -> NDArray[np.float32]:
    """Which of the names (K, D) each proposal is: (N, K), rows sum to 1."""
    concepts = torch.cat([p.look.concepts for p in found]).to(names.device)
    logits = model.similarity(concepts, names)
    chances: NDArray[np.float32] = logits.softmax(dim=1).float().cpu().numpy()
    return chances


def distinct(found: list[Proposal], same: float) -> tuple[Proposal, ...]:
    """Best first, without those whose IoU with a better one exceeds ``same``."""
    kept: list[Proposal] = []
    for p in sorted(found, key=lambda p: -p.quality):
        area = p.area
        if all(_iou(p, area, k) <= same for k in kept):
            kept.append(p)
    return tuple(kept)


def _iou(a: Proposal, area: int, b: Proposal) -> float:
    shared = a.shared(b)
    return shared / (area + b.area - shared) if shared else 0.0

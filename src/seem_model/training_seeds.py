"""Loss of the seeds head: the distance to the border of the object a pixel belongs to."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch
import torch.nn.functional as F
from scipy.ndimage import distance_transform_edt
from torch import Tensor

from seem_model.frame import STRIDE

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from seem_model.data.batch import Batch, View
    from seem_model.modeling.decoded import Features
    from seem_model.modeling.seem import Seem


def seeds_loss(model: Seem, features: Features, batch: Batch) -> Tensor:
    """Binary cross-entropy of predicted and true depth over the places whose depth is known."""
    pairs = [depth_of(v) for v in batch.views]
    truth, known = (torch.from_numpy(np.stack(maps)) for maps in zip(*pairs, strict=True))
    truth, known = truth.to(features.mask.device), known.to(features.mask.device)
    wrong = F.binary_cross_entropy_with_logits(model.depth(features), truth, reduction="none")
    return (wrong * known).sum() / known.sum().clamp(min=1)


def depth_of(view: View) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Depth at stride 4 and where it is known, two (S/4, S/4) float in [0, 1].

    Depth is the distance to the border over the largest of the object in view. Where nothing is
    labelled it is 0 if the data set says that nothing is there, else unknown.
    """
    labels = view.crop.labels
    depth = np.zeros(labels.shape, np.float32)
    known = np.full(labels.shape, view.background, bool)
    for mask in view.masks:
        rows, cols = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
        place = np.s_[rows[0] : rows[-1] + 1, cols[0] : cols[-1] + 1]
        inside = mask[place]
        # a border of False all round: an object that fills its box ends there too
        far = distance_transform_edt(np.pad(inside, 1))[1:-1, 1:-1]
        depth[place][inside] = (far / far.max())[inside]
    known |= view.masks.any(axis=0)
    known[view.crop.height :], known[:, view.crop.width :] = False, False
    return _pooled(depth), _pooled(known.astype(np.float32))


def _pooled(x: NDArray[np.float32]) -> NDArray[np.float32]:
    side = x.shape[0] // STRIDE
    return x.reshape(side, STRIDE, side, STRIDE).mean(axis=(1, 3))

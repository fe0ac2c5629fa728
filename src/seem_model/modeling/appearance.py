"""What the pixels under a mask look like, as one vector: nearness of two is their likeness.

Mean features under the mask (mask pooling, as in the naming head), read from a map of the backbone
that knows textures and parts rather than whole scenes. Which map, and how the views are chosen, was
measured (``docs/experiments.md``).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
import torch.nn.functional as F

if TYPE_CHECKING:
    from torch import Tensor

    from seem_model.modeling.decoded import Features


def appearance(features: Features, masks: Tensor, concepts: Tensor) -> Tensor:
    """Appearance and meaning of what soft masks hold.

    Parameters
    ----------
    features : Features
        Of one image. Without deep maps (official checkpoints) the mask features are read.
    masks : (N, H/4, W/4) float
        In [0, 1].
    concepts : (N, D) float
        What the masks stand for in the text space.

    Returns
    -------
    (N, C + D) float
        Of length 1; the dot product of two is the mean cosine of both parts.
    """
    read = features.deep[0] if features.deep else features.mask
    weight = F.interpolate(masks[None], size=read.shape[-2:], mode="area")[0].flatten(1)
    weight = weight / weight.sum(dim=1, keepdim=True).clamp(min=1e-6)
    looks = weight.to(read.dtype) @ read[0].flatten(1).T
    parts = [F.normalize(part.float(), dim=1) for part in (looks, concepts)]
    return torch.cat(parts, dim=1) / len(parts) ** 0.5

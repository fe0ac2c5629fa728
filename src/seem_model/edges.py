"""Outlines along the picture's own edges, where a coarse answer is brought to full size.

The model answers every fourth pixel of a view. Enlarged as they are, such outlines cut corners;
here each small neighbourhood explains the answer by the colours of the picture, and the full-size
picture says where it ends (the fast guided filter: He and Sun, 2015, after He, Sun and Tang, PAMI
2013; as joint upsampling). What the next round remembers stays the model's own answer. Measured in
``docs/experiments.md``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
import torch.nn.functional as F
from torch import Tensor

from seem_model.frame import STRIDE

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from seem_model.encoded import ImageFeatures, Look
    from seem_model.frame_config import FrameConfig

SURE = 0.001  # probabilities stay so far from 0 and 1


def edged(look: Look, features: ImageFeatures, config: FrameConfig) -> NDArray[np.float32]:
    """(H, W) mask logits in original pixels, as :meth:`Look.logits`, along the picture's edges.

    Masks of others and answers put together from several are left as they are.
    """
    shape, frame = features.shape, look.frame
    if config.edges == 0 or look.given or look.parts:
        return look.logits(shape)
    picture = features.once(("picture", frame), lambda: frame.image(features.image, config))
    height, width = frame.cells
    shown = picture[:, :, : frame.height, : frame.width]
    bottom, right = height * STRIDE - frame.height, width * STRIDE - frame.width
    shown = F.pad(shown, (0, right, 0, bottom), mode="replicate")
    chance = guided(look.coarse[:height, :width].sigmoid(), shown, config.edges)
    logits = torch.logit(chance.clamp(SURE, 1 - SURE))
    return frame.placed(frame.original(logits), shape)


def guided(values: Tensor, picture: Tensor, regular: float) -> Tensor:
    """Enlarge a map so that it is a local linear function of the picture's channels.

    Parameters
    ----------
    values : (h, w) float
    picture : (1, C, s h, s w) float
    regular : float
        Above 0; contrast with less variance than this is no edge.

    Returns
    -------
    (s h, s w) float
    """
    small = F.avg_pool2d(picture, picture.shape[-1] // values.shape[-1])
    channels, value = small.shape[1], values[None, None]
    means = _mean(torch.cat([small, value, small * value], dim=1))
    colour, mean, both = means.split([channels, 1, channels], dim=1)
    products = _mean((small[:, :, None] * small[:, None]).flatten(1, 2)).unflatten(
        1, (channels,) * 2
    )
    spread = (products - colour[:, :, None] * colour[:, None]).permute(0, 3, 4, 1, 2)
    shared = (both - colour * mean).permute(0, 2, 3, 1)[..., None]
    eye = torch.eye(channels, device=values.device)
    slope = torch.linalg.solve(spread + regular * eye, shared)[..., 0].permute(0, 3, 1, 2)
    offset = mean - (slope * colour).sum(dim=1, keepdim=True)
    smooth = _mean(torch.cat([slope, offset], dim=1))
    large = F.interpolate(smooth, size=picture.shape[-2:], mode="bilinear", align_corners=False)
    return (large[:, :channels] * picture).sum(dim=1)[0] + large[0, channels]


def _outer(x: Tensor) -> Tensor:
    """(1, C, h, w) -> (1, C, C, h, w), products of each two channels."""
    return x[:, :, None] * x[:, None]


def _mean(x: Tensor) -> Tensor:
    """Mean of each place and its 8 neighbours."""
    return F.avg_pool2d(F.pad(x, (1, 1, 1, 1), mode="replicate"), 3, stride=1)

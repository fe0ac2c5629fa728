"""Outlines along the picture's own edges, where a coarse answer is brought to full size.

The model answers every fourth pixel of a view. Enlarged as they are, such outlines cut corners;
here each small neighbourhood explains the answer by the colours of the picture, and the full-size
picture says where it ends (the fast guided filter: He and Sun, 2015, after He, Sun and Tang, PAMI
2013; as joint upsampling). What the next round remembers stays the model's own answer. Measured in
``docs/experiments.md``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
import torch.nn.functional as F
from torch import Tensor

from seem_model.frame import STRIDE

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from seem_model.encoded import ImageFeatures, Look
    from seem_model.frame import Frame
    from seem_model.frame_config import FrameConfig
    from seem_model.values import RGB

SURE = 0.001  # probabilities stay so far from 0 and 1


def edged(look: Look, features: ImageFeatures, config: FrameConfig) -> NDArray[np.float32]:
    """(H, W) mask logits in original pixels, as :meth:`Look.logits`, along the picture's edges.

    Masks of others and answers put together from several are left as they are.
    """
    shape, frame = features.shape, look.frame
    if config.edges == 0 or look.given or look.parts:
        return look.logits(shape)
    guide = features.once(("guide", frame), lambda: _guide(frame, features.image, config))
    height, width = frame.cells
    chance = guide.enlarged(look.coarse[:height, :width].sigmoid())
    logits = torch.logit(chance.clamp(SURE, 1 - SURE))
    return frame.placed(frame.original(logits), shape)


@dataclass(frozen=True, eq=False)
class Guide:
    """A picture that maps are enlarged along: what depends on it alone.

    Parameters
    ----------
    picture : (1, C, s h, s w) float
    small, mean : (1, C, h, w) float
        Its mean colours at the map's places, and those of each place and its 8 neighbours.
    inverse : (1, h, w, C, C) float
        Of the covariance of colours among those, regularised.
    """

    picture: Tensor
    small: Tensor
    mean: Tensor
    inverse: Tensor

    @classmethod
    def of(cls, picture: Tensor, *, stride: int, regular: float) -> Guide:
        """Look at a picture.

        Parameters
        ----------
        picture : (1, C, s h, s w) float
        stride : int
            s
        regular : float
            Above 0; contrast with less variance than this is no edge.
        """
        small = F.avg_pool2d(picture, stride)
        mean = _mean(small)
        channels = small.shape[1]
        products = _mean(_outer(small).flatten(1, 2)).unflatten(1, (channels, channels))
        spread = (products - _outer(mean)).permute(0, 3, 4, 1, 2)
        regularised = spread + regular * torch.eye(channels, device=picture.device)
        return cls(picture, small, mean, torch.linalg.inv(regularised))

    def enlarged(self, values: Tensor) -> Tensor:
        """A map (h, w) as a local linear function of the picture's colours, (s h, s w)."""
        value, channels = values[None, None], self.small.shape[1]
        mean, both = _mean(torch.cat([value, self.small * value], dim=1)).split([1, channels], 1)
        shared = (both - self.mean * mean).permute(0, 2, 3, 1)[..., None]
        slope = (self.inverse @ shared)[..., 0].permute(0, 3, 1, 2)
        offset = mean - (slope * self.mean).sum(dim=1, keepdim=True)
        smooth = _mean(torch.cat([slope, offset], dim=1))
        size = self.picture.shape[-2:]
        large = F.interpolate(smooth, size=size, mode="bilinear", align_corners=False)
        return torch.einsum("chw,chw->hw", large[0, :channels], self.picture[0]) + large[0, -1]


def _guide(frame: Frame, image: RGB, config: FrameConfig) -> Guide:
    """What a view shows, its last cells filled up by repeating the border."""
    shown = frame.image(image, config)[:, :, : frame.height, : frame.width]
    bottom, right = (
        n * STRIDE - side for n, side in zip(frame.cells, (frame.height, frame.width), strict=True)
    )
    shown = F.pad(shown, (0, right, 0, bottom), mode="replicate").contiguous()
    return Guide.of(shown, stride=STRIDE, regular=config.edges)


def _outer(x: Tensor) -> Tensor:
    """(1, C, h, w) -> (1, C, C, h, w), products of each two channels."""
    return x[:, :, None] * x[:, None]


def _mean(x: Tensor) -> Tensor:
    """Mean of each place and its 8 neighbours; beyond the border it goes on as it is there."""
    x = F.pad(x, (1, 1, 1, 1), mode="replicate")
    x = x[..., :-2, :] + x[..., 1:-1, :] + x[..., 2:, :]
    return (x[..., :-2] + x[..., 1:-1] + x[..., 2:]) / 9

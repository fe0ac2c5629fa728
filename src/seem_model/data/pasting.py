"""Copy-paste: objects of other images laid into a training view (Ghiasi et al., CVPR 2021)."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image, ImageFilter

from seem_model.data.moving import resized
from seem_model.data.sample import SegmentInfo
from seem_model.values import RGB, Mask

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from seem_model.data.sample import Sample


@dataclass(frozen=True)
class PasteConfig:
    """How often objects are pasted, and how large.

    Parameters
    ----------
    share : float
        Share of views that get any.
    most : int
        From 1 to so many objects.
    fraction : (float, float)
        Longer side of the object over the view's, drawn log-uniformly.
    max_upscale : float
        Objects are enlarged up to this, so that they do not look blurred.
    min_pixels : int
        Smaller objects, in pixels of their own image, are not taken.
    """

    share: float = 0.0
    most: int = 3
    fraction: tuple[float, float] = (0.1, 0.7)
    max_upscale: float = 1.5
    min_pixels: int = 400


@dataclass(frozen=True, eq=False)
class Donor:
    """An object cut out.

    Parameters
    ----------
    image : (h, w, 3) uint8
    mask : (h, w) bool
    segment : SegmentInfo
    offset : (float, float)
        How far the mask lies below and to the right of the object, in image pixels.
    """

    image: RGB
    mask: Mask
    segment: SegmentInfo
    offset: tuple[float, float] = (0.0, 0.0)


def donor(sample: Sample, segment: SegmentInfo, offset: tuple[float, float] = (0.0, 0.0)) -> Donor:
    """Cut ``segment`` out of its image, whose labels lie ``offset`` below and right of it."""
    row0, col0, row1, col1 = segment.bbox
    reach = math.ceil(max(map(abs, offset)))
    place = np.s_[max(0, row0 - reach) : row1 + reach, max(0, col0 - reach) : col1 + reach]
    return Donor(sample.image[place], sample.mask(segment.id)[place], segment, offset)


def may_be_pasted(segment: SegmentInfo, config: PasteConfig) -> bool:
    """Whether this is one whole named thing, large enough."""
    whole = segment.is_thing and not segment.crowd and not segment.pseudo
    return whole and bool(segment.name) and segment.area >= config.min_pixels


def paste(
    picture: Image.Image, labels: NDArray[np.int32], donors: Sequence[tuple[int, Donor]], *,
    config: PasteConfig, any_way_up: bool, rng: np.random.Generator,
) -> tuple[Image.Image, NDArray[np.int32]]:  # fmt: skip
    """Lay donors over a view, one after the other, the edge softened by a pixel.

    Parameters
    ----------
    picture : PIL image, (h, w) RGB
    labels : (h, w) int32
    donors : sequence of (int, Donor)
        With the label that each gets.
    config : PasteConfig
    any_way_up : bool
        Whether objects may be turned by quarters.
    rng : numpy.random.Generator

    Returns
    -------
    picture, labels
        New ones; an object may reach over the border of the view.
    """
    picture, labels = picture.copy(), labels.copy()
    height, width = labels.shape
    low, high = np.log(config.fraction)
    for label, given in donors:
        longest = max(given.mask.shape)
        side = max(height, width) * float(np.exp(rng.uniform(low, high)))
        scale = min(side / longest, config.max_upscale)
        shape = tuple(max(2, round(n * scale)) for n in given.mask.shape)
        linear = Image.Resampling.BILINEAR
        image = Image.fromarray(given.image).resize(shape[::-1], linear)
        alpha = resized(
            given.mask.astype(np.uint8) * 255, shape[::-1],
            area=(0, 0, *given.mask.shape[::-1]), offset=given.offset, how=linear,
        )  # fmt: skip
        if rng.random() < 0.5:
            image, alpha = _flipped(image, alpha, Image.Transpose.FLIP_LEFT_RIGHT)
        if any_way_up:
            for turn in (Image.Transpose.FLIP_TOP_BOTTOM, Image.Transpose.TRANSPOSE):
                if rng.random() < 0.5:
                    image, alpha = _flipped(image, alpha, turn)
        # Its centre lies somewhere in the view.
        row = int(rng.integers(height)) - alpha.height // 2
        col = int(rng.integers(width)) - alpha.width // 2
        picture.paste(image, (col, row), alpha.filter(ImageFilter.GaussianBlur(0.7)))
        here = Image.new("L", (width, height))
        here.paste(alpha, (col, row))
        labels[np.asarray(here) > 127] = label
    return picture, labels


def _flipped(
    image: Image.Image, alpha: Image.Image, how: Image.Transpose
) -> tuple[Image.Image, Image.Image]:
    return image.transpose(how), alpha.transpose(how)

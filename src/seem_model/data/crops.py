"""Training crops: views of a sample at every scale, as the model meets images and zoomed views."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter

from seem_model.data.moving import resized
from seem_model.data.pasting import PasteConfig, paste

if TYPE_CHECKING:
    from collections.abc import Sequence

    from seem_model.data.pasting import Donor
    from seem_model.data.sample import Sample, SegmentInfo


@dataclass(frozen=True)
class CropConfig:
    """How views are cut and disturbed.

    Parameters
    ----------
    whole : float
        Share of views that show the whole image.
    fraction : (float, float)
        Otherwise the object's longer side over the view's side, drawn log-uniformly.
    min_side : int
        Smallest view, in image pixels.
    scale : (float, float)
        The paper's way instead, unless both are 0: the image is resized so that its longer side is
        a random one of these multiples of the view's, and a random part of it is shown.
    colour, noise, invert, blur, grey : float
        Strength of colour change and of noise, and shares of inverted, blurred and grey views.
    histogram : float
        Share of views whose tones are stretched, crushed or bent as far as 16-bit images are when
        somebody else chose their contrast limits.
    paste : PasteConfig
        Objects of other images that are laid into views.
    """

    whole: float = 0.35
    fraction: tuple[float, float] = (0.1, 0.95)
    min_side: int = 40
    scale: tuple[float, float] = (0.0, 0.0)
    colour: float = 0.35
    noise: float = 0.04
    invert: float = 0.1
    blur: float = 0.15
    grey: float = 0.1
    histogram: float = 0.0
    paste: PasteConfig = field(default_factory=PasteConfig)


@dataclass(frozen=True, eq=False, kw_only=True)
class Crop:
    """One square view.

    Parameters
    ----------
    image : (S, S, 3) uint8
    labels : (S, S) int32
        Segment ids; 0 outside the image.
    height, width : int
        Extent of the image content; the rest is padding.
    mirrored, turned : bool
        Whether left and right are the other way round, and whether up is elsewhere.
    """

    image: NDArray[np.uint8]
    labels: NDArray[np.int32]
    height: int
    width: int
    mirrored: bool = False
    turned: bool = False


def cut(
    sample: Sample, target: SegmentInfo, *, size: int, config: CropConfig, any_way_up: bool,
    rng: np.random.Generator, donors: Sequence[tuple[int, Donor]] = (),
    offset: tuple[float, float] = (0.0, 0.0),
) -> Crop:  # fmt: skip
    """Cut a view of ``size`` pixels that shows ``target``, flipped and disturbed at random.

    ``any_way_up`` also flips top and bottom and transposes, as only microscopy allows; ``donors``
    are pasted into the view, each with its label; ``offset`` is how far the labels lie below and to
    the right of what they outline, in image pixels.
    """
    shape = sample.image.shape[:2]
    if config.scale[1] > 0:
        scale = size / max(shape) * float(rng.uniform(*config.scale))
        row0, col0, row1, col1 = _window(shape, size / scale, rng)
    else:
        row0, col0, row1, col1 = _box(shape, target, config, rng)
        scale = size / max(row1 - row0, col1 - col0)
    height = max(1, min(size, round((row1 - row0) * scale)))
    width = max(1, min(size, round((col1 - col0) * scale)))
    area = (col0, row0, col1, row1)
    picture = Image.fromarray(sample.image)
    picture = picture.resize((width, height), Image.Resampling.BILINEAR, box=area)
    nearest = Image.Resampling.NEAREST
    labels = resized(sample.instances, (width, height), area=area, offset=offset, how=nearest)
    ids = np.asarray(labels, np.int32)
    if donors:
        picture, ids = paste(
            picture, ids, donors, config=config.paste, any_way_up=any_way_up, rng=rng
        )
    image = _disturb(picture, config, rng)
    mirrored = rng.random() < 0.5
    if mirrored:
        image, ids = image[:, ::-1], ids[:, ::-1]
    flipped = any_way_up and rng.random() < 0.5
    if flipped:
        image, ids = image[::-1], ids[::-1]
    transposed = any_way_up and rng.random() < 0.5
    if transposed:
        image, ids = image.transpose(1, 0, 2), ids.T
    height, width = ids.shape
    padded = np.zeros((size, size, 3), np.uint8)
    canvas = np.zeros((size, size), np.int32)
    padded[:height, :width], canvas[:height, :width] = image, ids
    return Crop(
        image=padded, labels=canvas, height=height, width=width, mirrored=mirrored,
        turned=flipped or transposed,
    )  # fmt: skip


def _box(
    shape: tuple[int, ...], target: SegmentInfo, config: CropConfig, rng: np.random.Generator
) -> tuple[float, float, float, float]:
    height, width = shape[:2]
    if rng.random() < config.whole:
        side = max(height, width) * float(rng.uniform(0.75, 1.0))
    else:
        row0, col0, row1, col1 = target.bbox
        low, high = np.log(config.fraction)
        side = max(row1 - row0, col1 - col0) / float(np.exp(rng.uniform(low, high)))
        side = min(max(side, config.min_side), max(height, width))
    h, w = min(side, height), min(side, width)
    row = _start(target.bbox[0], target.bbox[2], h, height, rng)
    col = _start(target.bbox[1], target.bbox[3], w, width, rng)
    return row, col, row + h, col + w


def _window(
    shape: tuple[int, ...], side: float, rng: np.random.Generator
) -> tuple[float, float, float, float]:
    """A random square of ``side`` image pixels, as far as the image goes."""
    h, w = min(side, shape[0]), min(side, shape[1])
    row, col = float(rng.uniform(0, shape[0] - h)), float(rng.uniform(0, shape[1] - w))
    return row, col, row + h, col + w


def _start(low: int, high: int, side: float, total: int, rng: np.random.Generator) -> float:
    # Keep the object inside when it fits, otherwise fill the view with it.
    first, last = sorted((high - side, float(low)))
    return float(min(max(rng.uniform(first, last), 0.0), total - side))


def _disturb(
    picture: Image.Image, config: CropConfig, rng: np.random.Generator
) -> NDArray[np.uint8]:
    if rng.random() < config.blur:
        picture = picture.filter(ImageFilter.GaussianBlur(float(rng.uniform(0.3, 1.5))))
    image: NDArray[np.floating] = np.asarray(picture, np.float32) / 255
    if rng.random() < 0.8:
        strength = config.colour
        gain = rng.uniform(1 - strength, 1 + strength, 3).astype(np.float32)
        grey = image.mean()
        common = np.float32(rng.uniform(1 - strength, 1 + strength))
        image = (image - grey) * common + grey * (0.5 + 0.5 * gain)
        image = np.clip(image, 0, 1) ** np.float32(np.exp(rng.uniform(-strength, strength)))
    if config.histogram and rng.random() < config.histogram:
        image = _bent(image, rng)
    if rng.random() < config.grey:
        image = np.repeat(image.mean(axis=2, keepdims=True), 3, axis=2)
    if rng.random() < config.invert:
        image = 1 - image
    if rng.random() < 0.2:
        sigma = np.float32(rng.uniform(0, config.noise))
        image = image + sigma * rng.standard_normal(image.shape, np.float32)
    return (np.clip(image, 0, 1) * 255).astype(np.uint8)


def _bent(image: NDArray[np.floating], rng: np.random.Generator) -> NDArray[np.floating]:
    """Other contrast limits and gamma, sometimes few levels left, as from a dim 16-bit image."""
    low, high = np.percentile(image, (float(rng.uniform(0, 8)), float(rng.uniform(92, 100))))
    low -= float(rng.uniform(0, 0.2))
    image = np.clip((image - low) / max(high - low, 0.05), 0, 1)
    image = image ** np.float32(np.exp(rng.uniform(-0.9, 0.9))) * np.float32(rng.uniform(0.3, 1))
    levels = int(rng.integers(12, 200))
    return np.round(image * levels) / np.float32(levels) if rng.random() < 0.3 else image

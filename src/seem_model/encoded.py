"""Images after the encoder: the whole view, a small cache of zoomed-in crops, and memory."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from torch import Tensor

from seem_model.frame import Box, Frame
from seem_model.modeling.decoded import Features
from seem_model.modeling.visual_sampler import VisualTokens
from seem_model.packed_prompts import PackedPrompts
from seem_model.settling import Places, settled
from seem_model.values import RGB, Exemplar, Prompts

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from seem_model.modeling.seem import Seem

_CROPS_KEPT = 4


@dataclass(frozen=True, eq=False)
class Encoded:
    """One view of an image after the image encoder."""

    frame: Frame
    features: Features


@dataclass(frozen=True, eq=False)
class ImageFeatures:
    """An encoded image; opaque to callers but for its shape.

    ``crops`` is a small cache of zoomed-in views, filled as objects are clicked; ``examples``
    one of the examples that were asked for on this image; ``found`` keeps what was found without
    a prompt.
    """

    image: RGB
    whole: Encoded
    crops: OrderedDict[Box, Encoded] = field(default_factory=OrderedDict, repr=False)
    examples: OrderedDict[Exemplar, VisualTokens] = field(default_factory=OrderedDict, repr=False)
    found: dict[Any, tuple[Any, ...]] = field(default_factory=dict, repr=False)

    @property
    def shape(self) -> tuple[int, int]:
        """(H, W) of the original image."""
        return self.image.shape[0], self.image.shape[1]


@dataclass(frozen=True, eq=False)
class Memory:
    """What a round leaves for the next, small enough to keep hundreds of rounds.

    Parameters
    ----------
    coarse : (h, w) float
        Mask logits at stride 4 of the view that answered.
    frame : Frame
        That view.
    asked : PackedPrompts
        What was asked.
    """

    coarse: Tensor
    frame: Frame
    asked: PackedPrompts

    @property
    def prompts(self) -> Prompts:
        """What was asked, unpacked each time."""
        return self.asked.whole

    @property
    def box(self) -> Box:
        """The part of the image that was looked at."""
        return self.frame.box

    @property
    def logits(self) -> NDArray[np.float32]:
        """(H, W) mask logits in original pixels."""
        return self.frame.back(self.coarse, self.asked.shape)

    def seen_in(self, frame: Frame) -> Tensor:
        """(h, w) mask logits at stride 4 of another view (or the same)."""
        return self.coarse if frame == self.frame else frame.memory(self.logits)[0]


@dataclass(frozen=True, eq=False)
class Look:
    """The model's answer in one view.

    Parameters
    ----------
    coarse : (h, w) float
        Mask logits at stride 4 of the view.
    concepts : (1, D) float
        What was found, in the text space.
    frame : Frame
        The view.
    bicubic : bool
        How it is brought to original pixels (see :meth:`Frame.part`).
    """

    coarse: Tensor
    concepts: Tensor
    frame: Frame
    bicubic: bool = False

    def logits(self, shape: tuple[int, int]) -> NDArray[np.float32]:
        """(H, W) mask logits in original pixels."""
        return self.frame.back(self.coarse, shape, bicubic=self.bicubic)

    def remembered(self, prompts: Prompts) -> Memory:
        """What the next round should know of it."""
        # a copy: a view would keep the larger tensor alive that it is part of
        return Memory(self.coarse.clone(), self.frame, PackedPrompts.of(prompts))

    def settled(self, memory: Memory, prompts: Prompts) -> Look:
        """The same, changed from the round before only where the nearest mark asks for it."""
        marks = Places.of(prompts, memory.prompts, self.frame)
        before = memory.seen_in(self.frame)
        return replace(self, coarse=settled(before, self.coarse, marks))


def encode(model: Seem, rgb: RGB, box: Box, *, long_side: int) -> Encoded:
    """Encode one box of an image.

    Parameters
    ----------
    model : Seem
    rgb : (H, W, 3) uint8
    box : Box
        A zoomed-in view may grow as much as it needs (that is its purpose); the whole image by
        no more than the configuration's ``max_upscale``.
    long_side : int
        Longer side of the view in model pixels.
    """
    config = model.config.frame
    whole = (box.height, box.width) == rgb.shape[:2]
    limits = config if whole else replace(config, max_upscale=float("inf"))
    frame = Frame.fit(box, long_side=long_side, config=limits)
    pixels = frame.image(rgb, config).to(model.logit_scale.device)
    return Encoded(frame, model.prepared(model.encode_image(pixels)))


def encode_whole(model: Seem, rgb: RGB) -> Encoded:
    """Encode the whole image at the model's working size."""
    box = Box(0, 0, rgb.shape[0], rgb.shape[1])
    return encode(model, rgb, box, long_side=model.config.frame.long_side)


def encode_crop(model: Seem, features: ImageFeatures, box: Box) -> Encoded:
    """The zoomed-in view of ``box``, from the image's cache if it was looked at before."""
    crops = features.crops
    if box not in crops:
        side = model.config.frame.zoom_side
        crops[box] = encode(model, features.image, box, long_side=side)
        if len(crops) > _CROPS_KEPT:
            crops.popitem(last=False)
    crops.move_to_end(box)
    return crops[box]

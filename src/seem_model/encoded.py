"""Images after the encoder: the whole view, a small cache of zoomed-in crops, and memory."""

from __future__ import annotations

import math
from collections import OrderedDict
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
from torch import Tensor

from seem_model.frame import FAR_OUTSIDE, Box, Frame
from seem_model.modeling.decoded import Features
from seem_model.modeling.visual_sampler import VisualTokens
from seem_model.packed_prompts import PackedPrompts
from seem_model.settling import Places, settled
from seem_model.spill import Spill, Spilled
from seem_model.values import RGB, Exemplar, Prompts

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from seem_model.modeling.seem import Seem

T = TypeVar("T")
_CROPS_KEPT = 4
_ANSWERS_KEPT = 16


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
    a prompt; ``answers`` the last things that were read or found for a phrase or an example alone.
    """

    image: RGB
    whole: Encoded
    crops: OrderedDict[tuple[Box, int], Encoded] = field(default_factory=OrderedDict, repr=False)
    examples: OrderedDict[Exemplar, VisualTokens] = field(default_factory=OrderedDict, repr=False)
    found: dict[Any, tuple[Any, ...]] = field(default_factory=dict, repr=False)
    answers: OrderedDict[Any, Any] = field(default_factory=OrderedDict, repr=False)

    def once(self, question: Any, answer: Callable[[], T]) -> T:
        """What ``answer`` gives, from ``answers`` if ``question`` (hashable) was asked before."""
        if question not in self.answers:
            self.answers[question] = answer()
            if len(self.answers) > _ANSWERS_KEPT:
                self.answers.popitem(last=False)
        self.answers.move_to_end(question)
        known: T = self.answers[question]
        return known

    @property
    def shape(self) -> tuple[int, int]:
        """(H, W) of the original image."""
        return self.image.shape[0], self.image.shape[1]


@dataclass(frozen=True, eq=False)
class Memory:
    """What a round leaves for the next, small in memory once it was spilled.

    Parameters
    ----------
    held : (h, w) float, or where it was spilled to
        Mask logits at stride 4 of the view that answered.
    frame : Frame
        That view.
    asked : PackedPrompts
        What was asked.
    given : bool
        Whether somebody else made the mask: no prompts of this object led to it.
    rounds : int
        How many answers led to it, itself included.
    """

    held: Tensor | Spilled
    frame: Frame
    asked: PackedPrompts
    given: bool = False
    rounds: int = 1

    @property
    def coarse(self) -> Tensor:
        """(h, w) float, what is held."""
        return self.held.tensor if isinstance(self.held, Spilled) else self.held

    def spilled(self, spill: Spill) -> Memory:
        """The same with its logits in a file."""
        return self if isinstance(self.held, Spilled) else replace(self, held=spill.put(self.held))

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
    given : bool
        Whether it is still the mask that somebody else made.
    parts : tuple of Look
        What it was put together from, if from several: full size is theirs, not the view's.
    """

    coarse: Tensor
    concepts: Tensor
    frame: Frame
    bicubic: bool = False
    given: bool = False
    parts: tuple[Look, ...] = ()

    def logits(self, shape: tuple[int, int]) -> NDArray[np.float32]:
        """(H, W) mask logits in original pixels."""
        if self.parts:
            whole = np.full(shape, FAR_OUTSIDE, np.float32)
            for part in self.parts:
                place = whole[part.frame.box.slices]
                own = part.frame.part(part.coarse, bicubic=part.bicubic)
                np.maximum(place, own, out=place)
            return whole
        return self.frame.back(self.coarse, shape, bicubic=self.bicubic)

    def remembered(self, prompts: Prompts, *, before: Memory | None = None) -> Memory:
        """What the next round should know of it, and of the round ``before`` it."""
        rounds = 1 if before is None else before.rounds + 1
        # a copy: a view would keep the larger tensor alive that it is part of
        asked, coarse = PackedPrompts.of(prompts), self.coarse.clone()
        return Memory(coarse, self.frame, asked, self.given, rounds)

    def kept(self, memory: Memory) -> Look:
        """The mask of ``memory`` with the meaning that was seen."""
        return replace(self, coarse=memory.seen_in(self.frame), given=memory.given, parts=())

    def settled(self, memory: Memory, prompts: Prompts) -> Look:
        """The same, changed from the round before only where the nearest mark asks for it."""
        marks = Places.of(prompts, memory.prompts, self.frame, number=memory.rounds + 1)
        before = memory.seen_in(self.frame)
        return replace(self, coarse=settled(before, self.coarse, marks), parts=())


def framed(model: Seem, shape: tuple[int, int], box: Box, *, long_side: int) -> Frame:
    """How one box of an image of ``shape`` (H, W) is shown.

    A zoomed-in view may grow as much as it needs (that is its purpose); the whole image by no more
    than the configuration's ``max_upscale``.

    Parameters
    ----------
    model : Seem
    shape : (int, int)
    box : Box
    long_side : int
        Longer side of the view in model pixels.
    """
    config = model.config.frame
    limits = config if (box.height, box.width) == shape else replace(config, max_upscale=math.inf)
    return Frame.fit(box, long_side=long_side, config=limits)


def encode(model: Seem, rgb: RGB, box: Box, *, long_side: int) -> Encoded:
    """Encode one box of an image (H, W, 3) uint8; ``long_side`` as of :func:`framed`."""
    frame = framed(model, (rgb.shape[0], rgb.shape[1]), box, long_side=long_side)
    pixels = frame.image(rgb, model.config.frame).to(model.logit_scale.device)
    return Encoded(frame, model.prepared(model.encode_image(pixels)))


def encode_whole(model: Seem, rgb: RGB) -> Encoded:
    """Encode the whole image at the model's working size."""
    box = Box(0, 0, rgb.shape[0], rgb.shape[1])
    return encode(model, rgb, box, long_side=model.config.frame.long_side)


def encode_glance(model: Seem, features: ImageFeatures) -> Encoded | None:
    """The whole image small, from the image's cache if it was seen so before; None: not wanted."""
    side, frame = model.config.frame.glance_side, features.whole.frame
    if not 0 < side < max(frame.height, frame.width):
        return None
    return features.once(
        ("glance", side), lambda: encode(model, features.image, frame.box, long_side=side)
    )


def encode_crop(model: Seem, features: ImageFeatures, box: Box, side: int) -> Encoded:
    """The zoomed-in view of ``box``, from the image's cache if it was looked at so before."""
    crops, view = features.crops, (box, side)
    if view not in crops:
        crops[view] = encode(model, features.image, box, long_side=side)
        if len(crops) > _CROPS_KEPT:
            crops.popitem(last=False)
    crops.move_to_end(view)
    return crops[view]

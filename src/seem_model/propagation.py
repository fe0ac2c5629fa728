"""An object through the frames of a video or the slices of a stack, from one mask (SEEM §4.4).

Each frame is asked with the first frame's object as example (a region of another image) and with
the answer of the frame before as memory.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from seem_model.errors import PromptError
from seem_model.image import to_rgb
from seem_model.values import Exemplar, Prompts

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from typing import Any

    from numpy.typing import NDArray

    from seem_model.predictor import Predictor
    from seem_model.values import Mask, Round


def propagate(
    predictor: Predictor, first: NDArray[Any], masks: Sequence[Mask],
    frames: Iterable[NDArray[Any]],
) -> Iterator[tuple[Round, ...]]:  # fmt: skip
    """Follow objects from one image through others; each frame is encoded once for all objects.

    Parameters
    ----------
    predictor : Predictor
    first : array
        The image that the masks were made on, anything :func:`seem_model.image.to_rgb` takes.
    masks : sequence of (H, W) bool
        One for each object, at least one pixel each.
    frames : iterable of array
        The images to follow, of the same size, in order.

    Yields
    ------
    tuple of Round
        For each frame, one answer for each object; an object that was lost has an empty mask. Where
        answers overlap, the surer one keeps the pixel.

    Raises
    ------
    PromptError
        If a mask is empty or a frame has another size.
    """
    image = to_rgb(first)
    shape = (image.shape[0], image.shape[1])
    start = predictor.features(image)
    asked, memories = [], []
    for mask in masks:
        if mask.shape != shape or not mask.any():
            raise PromptError(f"Each object needs a mask of {shape} pixels that is not empty.")
        drawn = Prompts(positive=mask, negative=np.zeros(shape, bool))
        memories.append(predictor.step(start, drawn).memory)
        asked.append(Prompts.empty(shape).with_example(Exemplar(image=image, mask=mask)))
    for number, frame in enumerate(frames, start=1):
        features = predictor.features(frame)
        if features.shape != shape:
            raise PromptError(
                f"Frame {number} has {features.shape} pixels, the first image {shape}: frames must "
                "have one size."
            )
        rounds = [
            predictor.step(features, prompts, memory)
            for prompts, memory in zip(asked, memories, strict=True)
        ]
        memories = [
            answer.memory if answer.mask.any() else memory
            for answer, memory in zip(rounds, memories, strict=True)
        ]
        yield _apart(rounds)


def _apart(rounds: Sequence[Round]) -> tuple[Round, ...]:
    """The same answers without overlaps."""
    if len(rounds) < 2:
        return tuple(rounds)
    order = np.argsort([-r.score for r in rounds], kind="stable")
    taken = np.zeros(rounds[0].mask.shape, bool)
    masks: dict[int, Mask] = {}
    for k in order.tolist():
        masks[k] = rounds[k].mask & ~taken
        taken |= masks[k]
    return tuple(replace(r, mask=masks[k]) for k, r in enumerate(rounds))

"""What one training step gets: views of images and the objects asked for in them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from seem_model.data.crops import Crop
from seem_model.values import Mask


@dataclass(frozen=True, eq=False, kw_only=True)
class Ask:
    """One object to be found: row ``image`` of the batch, with its first prompt."""

    image: int
    truth: Mask
    name: str
    positive: Mask
    negative: Mask
    region: Mask
    text: str = ""
    example: Mask | None = None


@dataclass(frozen=True, eq=False, kw_only=True)
class Phrased:
    """A phrase and what it names in a view; ``sentence``: it is more than a class name.

    The mask is empty where nothing in the view fits.
    """

    text: str
    mask: Mask
    sentence: bool


@dataclass(frozen=True, eq=False, kw_only=True)
class View:
    """One image of a batch with all that is labelled in it."""

    crop: Crop
    masks: NDArray[np.bool_]  # (G, S, S)
    names: tuple[str, ...]
    vocabulary: tuple[str, ...]
    complete: bool
    background: bool = False  # what is not labelled is nothing of the vocabulary
    phrased: tuple[Phrased, ...] = ()  # all sentences, or all class names


@dataclass(frozen=True, eq=False)
class Batch:
    """Views and the objects asked for in them."""

    views: tuple[View, ...]
    asks: tuple[Ask, ...]

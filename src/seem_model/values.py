"""The nouns that cross floors: frozen, numpy only, original image pixels, ``(row, col)``."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from seem_model.errors import PromptError

Mask = NDArray[np.bool_]
RGB = NDArray[np.uint8]

UNNAMED = "object"  # class of what has none, where a class must be named
ALIKE = 0.3  # score from which things like an example count; chosen on training images


def _as_mask(value: Any, name: str, shape: tuple[int, ...] | None = None) -> Mask:
    mask = np.asarray(value)
    if mask.ndim != 2:
        raise PromptError(
            f"The {name} mask must be two-dimensional (rows, columns); it has shape {mask.shape}."
        )
    if shape is not None and mask.shape != shape:
        raise PromptError(
            f"The {name} mask has shape {mask.shape} but the positive mask has {shape}; "
            "draw both on the same image."
        )
    return mask.astype(bool, copy=False)


@dataclass(frozen=True, eq=False, kw_only=True)
class Exemplar:
    """The thing marked in another image: "find what looks like this".

    Parameters
    ----------
    image : (h, w, 3) uint8
        RGB picture that holds the example.
    mask : (h, w) bool
        Pixels of the example, at least one.
    """

    image: RGB
    mask: Mask

    def __post_init__(self) -> None:
        mask = _as_mask(self.mask, "example")
        if self.image.ndim != 3 or self.image.shape[2] != 3 or self.image.dtype != np.uint8:
            raise PromptError(
                "The example image must be RGB, (rows, columns, 3) uint8; it is "
                f"{self.image.shape} {self.image.dtype}."
            )
        if self.image.shape[:2] != mask.shape:
            raise PromptError(
                f"The example image {self.image.shape} and its mask {mask.shape} differ in size."
            )
        if not mask.any():
            raise PromptError("The example mask is empty: mark the example first.")
        object.__setattr__(self, "mask", mask)


@dataclass(frozen=True, eq=False, kw_only=True)
class Prompts:
    """All that a person asks about one object of one 2-D image, so far.

    Parameters
    ----------
    positive : (H, W) bool
        Pixels that belong to the object: clicks, strokes, polygons, painted masks.
    negative : (H, W) bool
        Pixels that do not.
    region : (H, W) bool or None
        The object lies inside here (a box); unlike ``positive`` not every pixel belongs to it.
    text : str
        A phrase that names the object; empty for none.
    exemplar : Exemplar or None
        The same kind of thing marked in another image.
    unlike : tuple of str
        Phrases that the object is not: what they name in this image is kept out of it.
    unlike_exemplars : tuple of Exemplar
        Marked things that it is not.

    Raises
    ------
    PromptError
        If the masks are not 2-D or differ in shape.
    """

    positive: Mask
    negative: Mask
    region: Mask | None = None
    text: str = ""
    exemplar: Exemplar | None = None
    unlike: tuple[str, ...] = ()
    unlike_exemplars: tuple[Exemplar, ...] = ()

    def __post_init__(self) -> None:
        positive = _as_mask(self.positive, "positive")
        object.__setattr__(self, "positive", positive)
        object.__setattr__(self, "negative", _as_mask(self.negative, "negative", positive.shape))
        if self.region is not None:
            region = _as_mask(self.region, "region", positive.shape)
            object.__setattr__(self, "region", region if region.any() else None)
        object.__setattr__(self, "text", self.text.strip())
        unlike = dict.fromkeys(phrase.strip() for phrase in self.unlike)
        object.__setattr__(self, "unlike", tuple(phrase for phrase in unlike if phrase))
        object.__setattr__(self, "unlike_exemplars", tuple(dict.fromkeys(self.unlike_exemplars)))

    @classmethod
    def empty(cls, shape: tuple[int, int]) -> Prompts:
        """No prompts at all on an image of ``shape`` (H, W)."""
        return cls(positive=np.zeros(shape, bool), negative=np.zeros(shape, bool))

    @property
    def shape(self) -> tuple[int, int]:
        """(H, W) of the image the prompts were drawn on."""
        return self.positive.shape[0], self.positive.shape[1]

    @property
    def is_empty(self) -> bool:
        """True when there is nothing to find: no positive, region, text or example."""
        asks = self.positive.any() or self.region is not None or self.text or self.exemplar
        return not asks

    def __or__(self, other: Prompts) -> Prompts:
        """Both prompts together; text and example of ``other`` win when given."""
        region = other.region if self.region is None else self.region
        if self.region is not None and other.region is not None:
            region = self.region | other.region
        return Prompts(
            positive=self.positive | other.positive,
            negative=self.negative | other.negative,
            region=region,
            text=other.text or self.text,
            exemplar=other.exemplar or self.exemplar,
            unlike=self.unlike + other.unlike,
            unlike_exemplars=self.unlike_exemplars + other.unlike_exemplars,
        )

    def contains(self, other: Prompts) -> bool:
        """Whether all that ``other`` says is also in ``self`` (so its answer may be refined)."""
        if other.region is not None and (
            self.region is None or not self.region[other.region].all()
        ):
            return False
        # by the few pixels that are marked: comparing whole masks makes another of their size
        return (
            bool(self.positive[other.positive].all())
            and bool(self.negative[other.negative].all())
            and other.text in ("", self.text)
            and (other.exemplar is None or other.exemplar is self.exemplar)
            and set(other.unlike) <= set(self.unlike)
            and set(other.unlike_exemplars) <= set(self.unlike_exemplars)
        )

    def with_text(self, text: str) -> Prompts:
        """Copy with another phrase."""
        return replace(self, text=text)

    def with_example(self, exemplar: Exemplar | None) -> Prompts:
        """Copy with another example."""
        return replace(self, exemplar=exemplar)


@dataclass(frozen=True, eq=False, kw_only=True)
class Round:
    """The model's answer to :class:`Prompts`.

    Parameters
    ----------
    prompts : Prompts
        What was asked.
    mask : (H, W) bool
        The object, in original image pixels.
    score : float
        Confidence in [0, 1]: mean foreground probability inside the mask (0 for an empty mask).
    label : str
        Most likely class name of the object in the predictor's vocabulary; "" when unknown.
    label_score : float
        Probability of ``label`` in [0, 1].
    memory : object
        Opaque; goes back into the next step as the memory prompt.
    """

    prompts: Prompts
    mask: Mask
    score: float
    label: str = ""
    label_score: float = 0.0
    memory: Any = field(default=None, repr=False)


@dataclass(frozen=True)
class Segment:
    """One row of a segmentation: ``id`` is the pixel value in ``Segmentation.labels``."""

    id: int
    label: str
    score: float
    is_thing: bool


@dataclass(frozen=True, eq=False, kw_only=True)
class Segmentation:
    """A whole image in segments.

    Parameters
    ----------
    labels : (H, W) int32
        0 = nothing, otherwise ``Segment.id``.
    segments : tuple of Segment
        One for each id in ``labels``.
    """

    labels: NDArray[np.int32]
    segments: tuple[Segment, ...]


@dataclass(frozen=True, eq=False, kw_only=True)
class Instance:
    """One thing that may be there; unlike segments, instances may overlap.

    Parameters
    ----------
    mask : (H, W) bool
    label : str
        Class name.
    score : float
        How sure the model is, 0 to 1.
    """

    mask: Mask
    label: str
    score: float

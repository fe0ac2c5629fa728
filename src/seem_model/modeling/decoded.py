"""What goes into the decoder and what comes out: torch-side values, every tensor with its shape."""

from __future__ import annotations

from dataclasses import dataclass, replace

import torch
from torch import Tensor

from seem_model.modeling.attention import Kind, TokenGroup
from seem_model.modeling.visual_sampler import Points, VisualTokens

_ANSWERING: tuple[Kind, ...] = ("objects", "grounding", "spatial")


@dataclass(frozen=True, eq=False)
class Features:
    """An encoded batch of images.

    Parameters
    ----------
    mask : (B, M, H/4, W/4) float
    levels : three (B, C, h, w) float
        Strides 32, 16, 8.
    deep : tuple of (B, C, h, w) float
        Backbone maps for the naming head, coarsest last; none without one.
    """

    mask: Tensor
    levels: tuple[Tensor, ...]
    deep: tuple[Tensor, ...] = ()

    def rows(self, index: Tensor) -> Features:
        """The images ``index`` (N,) int64, repeated where an index repeats."""
        levels, deep = (tuple(m[index] for m in maps) for maps in (self.levels, self.deep))
        return Features(self.mask[index], levels, deep)


@dataclass(frozen=True, eq=False)
class Request:
    """What is asked of the decoder; a task is what is passed and what is read out.

    Parameters
    ----------
    objects, grounding, spatial : bool
        Which queries run.
    points : Points or None
        Visual prompts; ``prompts`` of them in each image.
    text : TokenGroup or None
        Phrase tokens, kind ``text``.
    example : VisualTokens or None
        Tokens of the exemplar, read from its own image.
    memory : (B, n, H/4, W/4) float or None
        Mask logits of each prompt's round before.
    """

    objects: bool = False
    grounding: bool = False
    spatial: bool = False
    points: Points | None = None
    text: TokenGroup | None = None
    example: VisualTokens | None = None
    memory: Tensor | None = None

    @property
    def prompts(self) -> int:
        """Visual prompts an image (at least 1)."""
        return 1 if self.points is None else self.points.prompts


@dataclass(frozen=True, eq=False)
class Queries:
    """Predictions of one kind of query.

    Parameters
    ----------
    embeds : (B, N, M) float
        Mask vectors.
    concepts : (B, N, D) float
        In the text space, not normalised.
    masks : (B, N, H/4, W/4) float or None
        Mask logits.
    owner : (B, N) int64 or None
        Which of the image's prompts a query answers; -1 (or None) for all.
    """

    embeds: Tensor
    concepts: Tensor
    masks: Tensor | None = None
    owner: Tensor | None = None

    def with_masks(self, features: Tensor) -> Queries:
        """The same with masks made of mask features (B, M, H/4, W/4)."""
        return replace(self, masks=torch.einsum("bnm,bmhw->bnhw", self.embeds, features))

    @property
    def logits(self) -> Tensor:
        """``masks``, for callers that know they were made."""
        if self.masks is None:
            raise ValueError("These queries were decoded without masks.")
        return self.masks


@dataclass(frozen=True, eq=False)
class Decoded:
    """One prediction of the decoder; ``aux`` holds those of the earlier layers, in order.

    ``pooled`` (B, n, M) is the mean mask feature under each visual prompt.
    """

    objects: Queries | None = None
    grounding: Queries | None = None
    spatial: Queries | None = None
    pooled: Tensor | None = None
    aux: tuple[Decoded, ...] = ()

    @property
    def present_objects(self) -> Queries:
        """``objects``, for callers that know they were asked for."""
        if self.objects is None:
            raise ValueError("The decoder was not asked for object queries.")
        return self.objects

    @classmethod
    def of(cls, queries: dict[Kind, Queries], fine: Tensor, pooled: Tensor | None) -> Decoded:
        """Queries by kind, with masks made of mask features (B, M, H/4, W/4)."""
        made = {k: q.with_masks(fine) for k, q in queries.items() if k in _ANSWERING}
        return cls(made.get("objects"), made.get("grounding"), made.get("spatial"), pooled)

    def with_aux(self, aux: tuple[Decoded, ...]) -> Decoded:
        """The same with the earlier predictions attached."""
        return replace(self, aux=aux)

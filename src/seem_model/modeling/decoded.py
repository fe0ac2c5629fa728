"""What goes into the decoder and what comes out: torch-side values, every tensor with its shape."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import torch
from torch import Tensor

from seem_model.modeling.attention import Kind, TokenGroup
from seem_model.modeling.visual_sampler import Points, VisualTokens

_ANSWERING: tuple[Kind, ...] = ("objects", "grounding", "spatial")


@dataclass(frozen=True, eq=False)
class Scene:
    """Images (or prompted images) as the decoder's layers read them.

    Parameters
    ----------
    maps : three (B, C, h, w) float
        Level embedding included.
    tokens : three (B, h*w, C) float
    places : three (h*w, C) float
    masks : three (B, M, h*w) float
        Mask features resized to each level.
    fine : (B, M, H/4, W/4) float
        Mask features.
    read : tuple of (keys, values), each (B, heads, h*w, c) float
        Of every layer's cross-attention, if they were made beforehand.
    """

    maps: tuple[Tensor, ...]
    tokens: tuple[Tensor, ...]
    places: tuple[Tensor, ...]
    masks: tuple[Tensor, ...]
    fine: Tensor
    read: tuple[tuple[Tensor, Tensor], ...] = ()

    def rows(self, index: Tensor) -> Scene:
        """The images ``index`` (N,) int64."""
        maps, tokens, masks = (
            tuple(_rows(x, index) for x in xs) for xs in (self.maps, self.tokens, self.masks)
        )
        read = tuple((_rows(k, index), _rows(v, index)) for k, v in self.read)
        return Scene(maps, tokens, self.places, masks, _rows(self.fine, index), read)


@dataclass(frozen=True, eq=False)
class Features:
    """An encoded batch of images.

    Parameters
    ----------
    mask : (B, M, H/4, W/4) float
    levels : three (B, C, h, w) float
        Strides 32, 16, 8.
    deep : tuple of (B, C, h, w) float
        Maps for the naming head, none without one: the backbone's, coarsest last, then as many of
        what ImageNet left, if that is there.
    scene : Scene or None
        What the decoder makes of them, where one image answers many prompts.
    """

    mask: Tensor
    levels: tuple[Tensor, ...]
    deep: tuple[Tensor, ...] = ()
    scene: Scene | None = None

    def rows(self, index: Tensor) -> Features:
        """The images ``index`` (N,) int64, repeated where an index repeats."""
        levels, deep = (tuple(_rows(m, index) for m in maps) for maps in (self.levels, self.deep))
        scene = None if self.scene is None else self.scene.rows(index)
        return Features(_rows(self.mask, index), levels, deep, scene)


def _rows(x: Tensor, index: Tensor) -> Tensor:
    """Rows of a batch; a batch of one is shown several times, not copied."""
    return x.expand(len(index), *x.shape[1:]) if len(x) == 1 else x[index]


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
        Mask logits; None where they are made of ``fine`` when they are read.
    fine : (B, M, H/4, W/4) float or None
        Mask features.
    owner : (B, N) int64 or None
        Which of the image's prompts a query answers; -1 (or None) for all.
    """

    embeds: Tensor
    concepts: Tensor
    masks: Tensor | None = None
    fine: Tensor | None = None
    owner: Tensor | None = None

    @cached_property
    def logits(self) -> Tensor:
        """(B, N, H/4, W/4) mask logits of all queries."""
        return self._made(self.embeds) if self.masks is None else self.masks

    def picked(self, index: Tensor) -> tuple[Tensor, Tensor]:
        """Mask logits (B, ..., H/4, W/4) and concepts (B, ..., D) of ``index`` (B, ...) int64."""
        rows = torch.arange(len(index), device=index.device).view(-1, *[1] * (index.ndim - 1))
        known = self.__dict__.get("logits", self.masks)
        masks = self._made(self.embeds[rows, index]) if known is None else known[rows, index]
        return masks, self.concepts[rows, index]

    def _made(self, embeds: Tensor) -> Tensor:
        if self.fine is None:
            raise ValueError("These queries were decoded without masks.")
        return torch.einsum("b...m,bmhw->b...hw", embeds, self.fine)


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
        """Queries by kind, whose masks are made of mask features (B, M, H/4, W/4)."""
        made = {k: replace(q, fine=fine) for k, q in queries.items() if k in _ANSWERING}
        return cls(made.get("objects"), made.get("grounding"), made.get("spatial"), pooled)

    def with_aux(self, aux: tuple[Decoded, ...]) -> Decoded:
        """The same with the earlier predictions attached."""
        return replace(self, aux=aux)

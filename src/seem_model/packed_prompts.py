"""Prompts kept small between rounds."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from seem_model.packed import Packed
from seem_model.values import Prompts

_NO_PIXELS = np.zeros((0, 0), bool)


@dataclass(frozen=True, eq=False)
class PackedPrompts:
    """:class:`Prompts` whose masks are packed: a few hundred bytes for clicks on any image.

    Parameters
    ----------
    positive, negative : Packed
        (H, W) bool.
    region : Packed or None
        (H, W) bool.
    said : Prompts
        Words and examples, without any pixels.
    """

    positive: Packed
    negative: Packed
    region: Packed | None
    said: Prompts

    @classmethod
    def of(cls, prompts: Prompts) -> PackedPrompts:
        """Pack prompts."""
        return cls(
            positive=Packed.of(prompts.positive),
            negative=Packed.of(prompts.negative),
            region=None if prompts.region is None else Packed.of(prompts.region),
            said=replace(prompts, positive=_NO_PIXELS, negative=_NO_PIXELS, region=None),
        )

    @property
    def shape(self) -> tuple[int, int]:
        """(H, W) of the image that the prompts were drawn on."""
        return self.positive.shape

    @property
    def whole(self) -> Prompts:
        """The prompts as they were, new arrays."""
        return replace(
            self.said,
            positive=self.positive.array,
            negative=self.negative.array,
            region=None if self.region is None else self.region.array,
        )

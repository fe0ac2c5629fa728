"""How an image is shown to the model: contrast, channels, colours. Chosen by a person, a value."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum
from typing import TYPE_CHECKING

import numpy as np
from napari.layers import Image

from napari_seem.light import Companion
from napari_seem.plane import displayed_axes, full_shape, world_matrix
from seem_model.composite import RGBTint, tint

if TYPE_CHECKING:
    from collections.abc import Iterable

    from napari.components import Dims

CHANNEL_LABELS = frozenset({"c", "ch", "channel", "channels"})
MOST_CHANNELS = 12
"""An axis longer than this is taken for depth or time, never for channels."""


class Contrast(Enum):
    """Which values are black and which are white."""

    LAYER = "as in the layer"
    PERCENTILE = "percentiles of the slice"


@dataclass(frozen=True)
class Channel:
    """One entry of the channel axis: its colour (red, green, blue; 0 to 1) and if it is shown."""

    index: int
    colour: RGBTint
    shown: bool = True


@dataclass(frozen=True)
class Appearance:
    """How one image layer is shown to the model.

    Parameters
    ----------
    contrast : Contrast
        Of grey images and channels. Colour images are shown as they are unless it is PERCENTILE.
    channel_axis : int or None
        Data axis that holds channels of one picture, not slices; prompts belong to all of them.
    channels : tuple of Channel
        One for each entry of that axis; empty without one.
    layers : tuple of Image
        Other layers over the same pixels that are added as further channels, each in the colour
        of its colormap.
    absent : tuple of Channel or Companion
        What a session was made with and is not here: not seen, but saved again.
    """

    contrast: Contrast = Contrast.LAYER
    channel_axis: int | None = None
    channels: tuple[Channel, ...] = ()
    layers: tuple[Image, ...] = ()
    absent: tuple[Channel | Companion, ...] = ()

    @classmethod
    def of(cls, image: Image) -> Appearance:
        """What an image layer is shown as unless a person chooses: as they see it themselves.

        An axis is taken for channels only if its label says so.
        """
        labels = [str(label).strip().lower() for label in image.axis_labels]
        shape = full_shape(image)
        for axis, label in enumerate(labels):
            if label in CHANNEL_LABELS and shape[axis] > 1 and image.ndim > 2:
                return cls().with_channels(image, axis)
        return cls()

    def with_channels(self, image: Image, axis: int | None) -> Appearance:
        """The same with another channel axis (None: without), all channels shown.

        Each channel gets its own contrast, for they rarely have the same range of values.
        """
        if axis is None:
            return replace(self, channel_axis=None, channels=(), contrast=Contrast.LAYER)
        count = full_shape(image)[axis]
        channels = tuple(Channel(k, tint(k, count)) for k in range(count))
        return replace(self, channel_axis=axis, channels=channels, contrast=Contrast.PERCENTILE)

    def with_channel(self, channel: Channel) -> Appearance:
        """The same with one channel changed."""
        changed = (channel if c.index == channel.index else c for c in self.channels)
        return replace(self, channels=tuple(changed))

    def without(self, layer: object) -> Appearance:
        """The same without a further layer, which left the viewer."""
        return replace(self, layers=tuple(x for x in self.layers if x is not layer))


def channel_axes(image: Image, dims: Dims) -> tuple[int, ...]:
    """Data axes that may hold channels: not on display, 2 to ``MOST_CHANNELS`` long."""
    shape, shown = full_shape(image), displayed_axes(image.ndim, dims)
    return tuple(
        axis for axis, n in enumerate(shape) if axis not in shown and 2 <= n <= MOST_CHANNELS
    )


def companions(image: Image, others: Iterable[Image]) -> tuple[Image, ...]:
    """Of ``others``, the grey layers with the same pixels in the same place as ``image``.

    napari opens a picture with channels as one layer for each; these are the rest of it.
    """
    return tuple(
        other
        for other in others
        if other is not image
        and not other.rgb
        and full_shape(other) == full_shape(image)
        and other.multiscale == image.multiscale
        and list(other.units) == list(image.units)
        and np.allclose(world_matrix(other), world_matrix(image))
    )

"""How an image was shown to the model, as a file holds it, and as the layers of a viewer can be."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from napari.layers import Image

from napari_seem.appearance import Appearance, Channel, Contrast, companions
from napari_seem.light import Companion, Light
from napari_seem.plane import full_shape
from seem_model.composite import tint

if TYPE_CHECKING:
    from collections.abc import Sequence


@dataclass(frozen=True)
class Look:
    """How an image is shown, with the layers that this takes.

    Parameters
    ----------
    appearance : Appearance
    lights : tuple of (Image, Light)
        Of the image and of the layers that are added to it.
    missing : tuple of str
        What a session was made with and is not here, in words.
    """

    appearance: Appearance
    lights: tuple[tuple[Image, Light], ...]
    missing: tuple[str, ...] = ()

    @classmethod
    def of(cls, image: Image, appearance: Appearance) -> Look:
        """The look of this moment."""
        layers = (image, *appearance.layers)
        return cls(appearance, tuple((layer, Light.of(layer)) for layer in layers))

    def light(self) -> None:
        """Give all layers their limits, gamma and colour as far as the model sees them."""
        for layer, light in self.lights:
            if self.appearance.contrast is Contrast.LAYER:
                light.give_values(layer)
            if self.appearance.layers:
                light.give_colour(layer)


@dataclass(frozen=True)
class Shown:
    """How an image is shown to the model, without the layers themselves.

    Parameters
    ----------
    contrast, channel_axis, channels
        As of :class:`~napari_seem.appearance.Appearance`.
    light : Light
        Of the image.
    layers : tuple of Companion
        Layers that are added to it.
    """

    light: Light
    contrast: Contrast = Contrast.LAYER
    channel_axis: int | None = None
    channels: tuple[Channel, ...] = ()
    layers: tuple[Companion, ...] = ()

    @classmethod
    def of(cls, image: Image, appearance: Appearance) -> Shown:
        """Of an image as it is now, with what a session had and is not here."""
        absent = appearance.absent
        here = tuple(Companion(str(x.name), Light.of(x)) for x in appearance.layers)
        return cls(
            light=Light.of(image),
            contrast=appearance.contrast,
            channel_axis=appearance.channel_axis,
            channels=appearance.channels + tuple(x for x in absent if isinstance(x, Channel)),
            layers=here + tuple(x for x in absent if isinstance(x, Companion)),
        )

    def look(self, image: Image, others: Sequence[Image]) -> Look:
        """The same with the layers of a viewer, as far as they are there.

        A channel that the image has more is off; what is not there is named in
        :attr:`Look.missing`, and kept in the appearance so that it is saved again.
        """
        channels, beyond = self._channels(image)
        free = list(companions(image, others))
        lights, gone = [(image, self.light)], []
        for companion in self.layers:
            layer = next((x for x in free if x.name == companion.name), None)
            if layer is None:
                gone.append(companion)
            else:
                free.remove(layer)
                lights.append((layer, companion.light))
        missing = [f"channel {c.index}" for c in beyond] + [f"the layer “{g.name}”" for g in gone]
        appearance = Appearance(
            contrast=self.contrast, channel_axis=self.channel_axis, channels=channels,
            layers=tuple(layer for layer, _ in lights[1:]), absent=(*beyond, *gone),
        )  # fmt: skip
        return Look(appearance, tuple(lights), tuple(missing))

    def _channels(self, image: Image) -> tuple[tuple[Channel, ...], tuple[Channel, ...]]:
        """Channels of the image, and others that it does not have."""
        if self.channel_axis is None:
            return (), ()
        count = full_shape(image)[self.channel_axis]
        known = {c.index: c for c in self.channels}
        here = (known.get(k, Channel(k, tint(k, count), shown=False)) for k in range(count))
        return tuple(here), tuple(c for c in self.channels if c.index >= count)

"""The picture of one slice that the model looks at: what goes into it, and reading it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from napari.layers import Image

from napari_seem.appearance import Appearance, Contrast
from napari_seem.light import colour_of
from napari_seem.plane import Grid, Plane, read_slice
from seem_model.composite import WHITE, RGBTint, Tone

if TYPE_CHECKING:
    from seem_model.values import RGB


@dataclass(frozen=True)
class Part:
    """One plane of a picture.

    Parameters
    ----------
    image : Image
        Layer that it is read from; told apart by identity.
    channel : int or None
        Entry of the channel axis, if the layer is read at one.
    tone : Tone or None
        How its values become light; None for a colour image, which is taken as it is.
    """

    image: Image
    channel: int | None
    tone: Tone | None


@dataclass(frozen=True)
class Sight:
    """What the model sees of one slice. Two equal ones are the same picture of the same pixels.

    Parameters
    ----------
    plane : Plane
    channel_axis : int or None
    parts : tuple of Part
        Added up; none where every channel is switched off.
    stretched : bool
        Whether a colour image is stretched between its percentiles.
    """

    plane: Plane
    channel_axis: int | None
    parts: tuple[Part, ...]
    stretched: bool = False

    @classmethod
    def of(cls, image: Image, plane: Plane, appearance: Appearance) -> Sight:
        """Picture of ``image`` as the layers are at this moment."""
        percentile = appearance.contrast is Contrast.PERCENTILE
        axis = appearance.channel_axis
        parts: list[Part] = []
        if axis is not None:
            shown = [c for c in appearance.channels if c.shown]
            parts += [Part(image, c.index, _tone(image, c.colour, percentile)) for c in shown]
        elif image.rgb:
            parts.append(Part(image, None, None))
        else:
            colour = colour_of(image) if appearance.layers else WHITE
            parts.append(Part(image, None, _tone(image, colour, percentile)))
        parts += [
            Part(layer, None, _tone(layer, colour_of(layer), percentile))
            for layer in appearance.layers
        ]
        return cls(plane, axis, tuple(parts), stretched=percentile)


@dataclass(frozen=True, eq=False)
class Picture:
    """Reads what a :class:`Sight` names.

    Made on the GUI thread, where layers may be asked for their data; called on the worker.

    Parameters
    ----------
    sight : Sight
    data : tuple of array-like
        n-D pixels of each part; numpy, dask, zarr, xarray. Only the slice is read.
    """

    sight: Sight
    data: tuple[Any, ...]

    @classmethod
    def of(cls, sight: Sight, grid: Grid) -> Picture:
        """Picture at the resolution level of ``grid``."""
        return cls(sight, tuple(pixels(part.image, grid.level) for part in sight.parts))

    def __call__(self) -> RGB:
        """(H, W, 3) uint8.

        Raises
        ------
        ImageError
            If no channel is switched on, or the pixels make no sense as an image.
        """
        from seem_model.composite import added, composite

        planes: list[Any] = []
        tones: list[Tone] = []
        colour: RGB | None = None
        for data, part in zip(self.data, self.sight.parts, strict=True):
            at = None if part.channel is None else self.sight.channel_axis
            read = read_slice(data, self.sight.plane, axis=at, entry=part.channel or 0)
            if part.tone is None:
                colour = self._colour(read)
            else:
                planes.append(read)
                tones.append(part.tone)
        if colour is None:
            return composite(planes, tones)
        if not planes:
            return colour
        return added(colour, composite(planes, tones))

    def _colour(self, read: Any) -> RGB:
        from seem_model.contrast import percentiles
        from seem_model.image import to_rgb

        if not self.sight.stretched:
            return to_rgb(read)
        return to_rgb(read, limits=percentiles([read[..., :3]]))


def pixels(image: Image, level: int) -> Any:
    """n-D array of a layer at a resolution level."""
    return image.data[level] if image.multiscale else image.data


def thumbnail(picture: RGB, side: int = 160) -> RGB:
    """The picture with no side longer than ``side``, for people; a copy."""
    step = max(1, -(-max(picture.shape[:2]) // side))
    return picture[::step, ::step].copy()


def _tone(layer: Image, colour: RGBTint, percentile: bool) -> Tone:
    low, high = layer.contrast_limits
    if percentile or low is None or high is None:
        return Tone(colour)
    return Tone(colour, (float(low), float(high)), float(layer.gamma))

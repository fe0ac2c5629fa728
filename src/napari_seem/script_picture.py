"""The picture of a slice as a program makes it again, bit for bit, and in words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from napari_seem.layer_pixels import check_of
from napari_seem.picture import Part, Sight, pixels
from seem_model.composite import WHITE, RGBTint, Tone
from seem_model.contrast import PERCENTILES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from napari.layers import Image

    from napari_seem.plane import Grid

COLOURS: dict[RGBTint, str] = {
    WHITE: "white",
    (1.0, 0.0, 0.0): "red",
    (0.0, 1.0, 0.0): "green",
    (0.0, 0.0, 1.0): "blue",
    (0.0, 1.0, 1.0): "cyan",
    (1.0, 0.0, 1.0): "magenta",
    (1.0, 1.0, 0.0): "yellow",
}


@dataclass(frozen=True, kw_only=True)
class LayerSource:
    """Where the pixels of a layer are from.

    Parameters
    ----------
    name : str
        Of the layer.
    shape : tuple of int
        Of all its pixels, with the colours of a colour image.
    dtype : str
    path : str
        Of the file; "" when there is none that holds these pixels.
    sample : str
        Name of one of our samples; "" when it is none.
    check : int or None
        See :func:`~napari_seem.layer_pixels.check_of`; None for pixels that are read when needed.
    """

    name: str
    shape: tuple[int, ...]
    dtype: str
    path: str = ""
    sample: str = ""
    check: int | None = None

    @classmethod
    def of(cls, layer: Image, level: int) -> LayerSource:
        """Source of a layer, at a resolution level."""
        sample, data = layer.source.sample, pixels(layer, level)
        return cls(
            name=str(layer.name),
            shape=tuple(int(n) for n in data.shape),
            dtype=np.dtype(data.dtype).name,
            path="" if layer.multiscale else str(layer.source.path or ""),
            sample=str(sample[1]) if sample and sample[0] == "napari-seem" else "",
            check=check_of(data) if isinstance(data, np.ndarray) else None,
        )


@dataclass(frozen=True, kw_only=True)
class PartSource:
    """One plane of the picture.

    Parameters
    ----------
    layer : int
        Position in :attr:`ImageSource.layers`.
    index : tuple of int or slice
        Cuts the plane out of the layer.
    tone : Tone or None
        None for a colour image.
    """

    layer: int
    index: tuple[int | slice, ...]
    tone: Tone | None


@dataclass(frozen=True, kw_only=True)
class ImageSource:
    """Where the picture of a slice is from, and how it is put together.

    Parameters
    ----------
    name : str
        Of the image.
    shape : (int, int)
        (H, W) of the slice.
    layers : tuple of LayerSource
    parts : tuple of PartSource
        Added up.
    stretched : bool
        Whether a colour image is stretched between its percentiles.
    shown : str
        All that in words.
    """

    name: str
    shape: tuple[int, int]
    layers: tuple[LayerSource, ...]
    parts: tuple[PartSource, ...]
    stretched: bool = False
    shown: str = ""

    @classmethod
    def of(cls, sight: Sight, grid: Grid) -> ImageSource:
        """Source of what the model sees of a slice."""
        layers: list[Image] = []
        parts = []
        for part in sight.parts:
            if not any(part.image is x for x in layers):
                layers.append(part.image)
            number = next(k for k, x in enumerate(layers) if x is part.image)
            index = list(sight.plane.indexer)
            if part.channel is not None and sight.channel_axis is not None:
                index[sight.channel_axis] = part.channel
            parts.append(PartSource(layer=number, index=tuple(index), tone=part.tone))
        return cls(
            name=str(grid.image.name),
            shape=sight.plane.shape,
            layers=tuple(LayerSource.of(layer, grid.level) for layer in layers),
            parts=tuple(parts),
            stretched=sight.stretched,
            shown=in_words(sight, grid.image),
        )


def picture_lines(source: ImageSource) -> list[str]:
    """Lines of a program that read the layers and make ``picture``, (H, W, 3) uint8."""
    names = [f"layer_{k}" for k in range(1, len(source.layers) + 1)]
    lines = []
    for name, layer in zip(names, source.layers, strict=True):
        lines += _read(name, layer)
    coloured = [p for p in source.parts if p.tone is None]
    grey = [p for p in source.parts if p.tone is not None]
    planes = "".join(f"        {_plane(names, p)},\n" for p in grey)
    tones = "".join(f"        {p.tone!r},\n" for p in grey)
    mixed = f"composite(\n    [\n{planes}    ],\n    [\n{tones}    ],\n)"
    if not coloured:
        return [*lines, f"picture = {mixed}"]
    photo = _plane(names, coloured[0])
    limits = f", limits=percentiles([{photo}[..., :3]])" if source.stretched else ""
    lines.append(f"picture = to_rgb({photo}{limits})")
    return [*lines, f"picture = added(picture, {mixed})"] if grey else lines


def in_words(sight: Sight, image: Image) -> str:
    """What the model sees of a slice, in words."""
    several = len(sight.parts) > 1
    told = [
        f"{_who(part, image)} {_tone(part.tone, several, stretched=sight.stretched)}"
        for part in sight.parts
    ]
    return ("the sum of " if several else "") + ("; ".join(told) or "nothing")


def _who(part: Part, image: Image) -> str:
    if part.channel is not None:
        return f"channel {part.channel}"
    return "the image" if part.image is image else f"the layer “{part.image.name}”"


def _tone(tone: Tone | None, coloured: bool, *, stretched: bool) -> str:
    low, high = PERCENTILES
    between = f"from its {low:g} to its {high:g} percentile"
    if tone is None:
        return f"in its colours, {between}" if stretched else "in its colours"
    text = between if tone.limits is None else f"from {tone.limits[0]:g} to {tone.limits[1]:g}"
    text += "" if tone.gamma == 1 else f" with gamma {tone.gamma:g}"
    if not coloured and tone.colour == WHITE:
        return f"{text}, black to white"
    red, green, blue = (round(255 * share) for share in tone.colour)
    return f"in {COLOURS.get(tone.colour, f'#{red:02x}{green:02x}{blue:02x}')} {text}"


def _read(name: str, layer: LayerSource) -> list[str]:
    if layer.sample:
        return [f"{name} = samples.load({layer.sample!r})"]
    known = f"shape={layer.shape!r}, dtype={layer.dtype!r}, check={layer.check!r}"
    if layer.path:
        return [f"{name} = layer_pixels({layer.path!r}, {known})"]
    return [
        "# this layer was not opened from a file, or from one of several resolutions: save its",
        "# pixels as one and put its name here",
        f'{name} = layer_pixels("{_file_name(layer.name)}.tif", {known})',
    ]


def _plane(names: Sequence[str], part: PartSource) -> str:
    cut = ", ".join(":" if isinstance(k, slice) else str(k) for k in part.index)
    whole = all(isinstance(k, slice) for k in part.index)
    return names[part.layer] if whole else f"{names[part.layer]}[{cut}]"


def _file_name(name: str) -> str:
    return "".join(c if c.isalnum() or c in "-_." else "_" for c in name) or "image"

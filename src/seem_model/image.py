"""From whatever an image file or a layer holds to the RGB picture that the model looks at."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from seem_model.composite import mixed, tint
from seem_model.contrast import found, given, stretch
from seem_model.errors import ImageError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from seem_model.contrast import Limits
    from seem_model.values import RGB

MAX_PIXELS = 2**30  # 3 GiB as RGB: above it, cut the image into pieces


def to_rgb(image: Any, *, limits: Limits | None = None, channel_axis: int | None = None) -> RGB:
    """Convert any 2-D image to 8-bit RGB.

    *Which axis holds channels.* ``channel_axis`` if given; otherwise the last axis when it has
    at most 4 entries (1 grey, 3 RGB, 4 RGBA), otherwise the first when that has at most 4.

    *How values become brightness.* By ``limits`` if given. Otherwise bool is black and white,
    uint8 is taken as it is, and every other type is stretched between its 0.5 and 99.5
    percentiles: together for a colour image, one by one for channels of a microscope. NaN is
    black; infinities are the ends of the range.

    *How channels become colours.* One channel is grey. RGB stays RGB; RGBA is drawn on black,
    as napari does. For ``n`` channels of a microscope, channel ``k`` is tinted with the hue
    ``k / n`` of the colour circle (three give red, green, blue; two give red and cyan), tints
    add up, and the sum is cut at white.

    Parameters
    ----------
    image : array_like
        (H, W), (H, W, C) or (C, H, W); bool, integers or floats.
    limits : (low, high) or one such pair per channel, optional
        Values shown as black and as white, such as napari's contrast limits.
    channel_axis : int, optional
        Axis of the channels; says that they are independent signals, not red, green, blue, alpha.

    Returns
    -------
    (H, W, 3) uint8

    Raises
    ------
    ImageError
        If this is no image: no pixels, wrong dimensions, complex numbers, objects, too large.
    """
    array = _checked(image)
    planes, colour = _planes(array, channel_axis)
    pairs = given(limits, len(planes)) if limits is not None else found(planes, colour=colour)
    shown = (stretch(plane, *pair) for plane, pair in zip(planes, pairs, strict=True))
    if len(planes) == 1:
        return np.repeat(next(shown)[..., None], 3, axis=2)
    if colour:
        rgb = np.stack([next(shown) for _ in range(3)], axis=2)
        return rgb if len(planes) == 3 else _over_black(rgb, planes[3])
    return mixed(shown, [tint(k, len(planes)) for k in range(len(planes))])


def read_image(path: str | Path) -> NDArray[Any]:
    """Read an image file as it is: no change of type.

    TIFF files may hold stacks; leading axes of length 1 are dropped. Three or four slices alone are
    taken for channels, which come last then (as scikit-image does). Photos are turned upright as
    their camera noted.

    Returns
    -------
    (H, W), (H, W, C) or, for stacks, more dimensions

    Raises
    ------
    ImageError
        If there is no such file or it cannot be read as an image.
    """
    file = Path(path).expanduser()
    if not file.is_file():
        what = "a folder, not an image file" if file.is_dir() else "not there"
        raise ImageError(f"Cannot open {str(path)!r}: it is {what}.")
    try:
        array = _read_tiff(file) if file.suffix.lower() in {".tif", ".tiff"} else _read_photo(file)
    except MemoryError as error:
        raise ImageError(f"{file.name} does not fit into memory.") from error
    except Exception as error:  # decoders raise anything from struct.error to SyntaxError
        raise ImageError(f"{file.name} cannot be read as an image ({error}).") from error
    while array.ndim > 2 and array.shape[0] == 1:
        array = array[0]
    if array.ndim < 2 or array.size == 0:
        raise ImageError(f"{file.name} holds no image: its shape is {array.shape}.")
    return array


def _read_tiff(file: Path) -> NDArray[Any]:
    from skimage.io import imread

    return np.asarray(imread(str(file)))


def _read_photo(file: Path) -> NDArray[Any]:
    from PIL import Image, ImageOps

    with Image.open(file) as opened:
        upright = ImageOps.exif_transpose(opened)
        if upright.mode == "P" or upright.mode == "PA":
            has_alpha = upright.mode == "PA" or "transparency" in upright.info
            upright = upright.convert("RGBA" if has_alpha else "RGB")
        elif upright.mode in {"CMYK", "YCbCr", "LAB", "HSV", "RGBX", "RGBa"}:
            upright = upright.convert("RGB")
        elif upright.mode in {"LA", "La"}:
            upright = upright.convert("RGBA")
        return np.asarray(upright)


def _checked(image: Any) -> NDArray[Any]:
    """Array of a kind that can be an image; the size is looked at before anything is copied."""
    shape = getattr(image, "shape", None)
    if not isinstance(shape, tuple):
        try:
            image = np.asarray(image)
        except ValueError as error:
            raise ImageError(f"This is not an image: {error}.") from error
        shape = image.shape
    if len(shape) not in (2, 3):
        raise ImageError(
            f"An image has two axes, or three with channels; this has shape {shape}. "
            "Choose one plane of a stack."
        )
    if 0 in shape:
        raise ImageError(f"The image has no pixels: its shape is {shape}.")
    pixels = int(np.prod(sorted(shape)[-2:], dtype=object))
    if pixels > MAX_PIXELS:
        raise ImageError(
            f"The image has {pixels / 1e6:,.0f} million pixels; at most {MAX_PIXELS / 1e6:,.0f} "
            "million can be segmented at once. Crop it or reduce it first."
        )
    array = np.asarray(image)
    if array.dtype.kind not in "buif":
        raise ImageError(
            f"Pixels must be whole or real numbers; these are of type {array.dtype}."
            + (" Take the magnitude first." if array.dtype.kind == "c" else "")
        )
    return array


def _planes(array: NDArray[Any], channel_axis: int | None) -> tuple[list[NDArray[Any]], bool]:
    """(H, W) planes, and whether they are red, green, blue (, alpha) of one colour image."""
    if array.ndim == 2:
        if channel_axis is not None:
            raise ImageError("A channel axis was named, but the image has only rows and columns.")
        return [array], False
    if channel_axis is not None:
        if not -3 <= channel_axis < 3:
            raise ImageError(f"There is no axis {channel_axis} in an image of shape {array.shape}.")
        return list(np.moveaxis(array, channel_axis, 0)), False
    if array.shape[2] <= 4:
        return list(np.moveaxis(array, 2, 0)), array.shape[2] >= 3
    if array.shape[0] <= 4:
        return list(array), False
    raise ImageError(
        f"Cannot tell which axis of an image of shape {array.shape} holds the channels. "
        "Name it (channel_axis), or choose one plane if this is a stack."
    )


def _over_black(rgb: RGB, alpha: NDArray[Any]) -> RGB:
    if alpha.dtype.kind == "f":
        opacity = np.clip(np.nan_to_num(alpha.astype(np.float32)), 0, 1)
    else:
        top = 1 if alpha.dtype.kind == "b" else np.iinfo(alpha.dtype).max
        opacity = np.clip(alpha.astype(np.float32) / top, 0, 1)
    drawn: RGB = np.rint(rgb * opacity[..., None]).astype(np.uint8)
    return drawn

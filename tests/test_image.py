"""Whatever a file or a layer holds becomes 8-bit RGB, or is refused with a sentence."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from PIL import Image

from seem_model import ImageError, samples
from seem_model.image import MAX_PIXELS, read_image, to_rgb

if TYPE_CHECKING:
    from pathlib import Path

RNG = np.random.default_rng(0)
NUMBERS = (
    hnp.boolean_dtypes()
    | hnp.integer_dtypes(endianness="?")
    | hnp.unsigned_integer_dtypes(endianness="?")
    | hnp.floating_dtypes(endianness="?", sizes=(16, 32, 64))
)


def planes(min_side: int = 1) -> st.SearchStrategy[np.ndarray]:
    return hnp.arrays(NUMBERS, hnp.array_shapes(min_dims=2, max_dims=2, min_side=min_side))


def channels() -> st.SearchStrategy[np.ndarray]:
    return hnp.arrays(NUMBERS, hnp.array_shapes(min_dims=3, max_dims=3, max_side=7))


@given(planes())
@settings(deadline=None)
def test_any_plane_becomes_grey_rgb(image: np.ndarray) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        rgb = to_rgb(image)
    assert rgb.shape == (*image.shape, 3)
    assert rgb.dtype == np.uint8
    assert (rgb == rgb[..., :1]).all()


@given(channels(), st.integers(0, 2))
@settings(deadline=None)
def test_any_number_of_channels_on_any_axis(image: np.ndarray, axis: int) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        rgb = to_rgb(image, channel_axis=axis)
    assert rgb.shape == (*np.delete(image.shape, axis), 3)
    assert rgb.dtype == np.uint8
    assert (rgb == to_rgb(np.moveaxis(image, axis, 2), channel_axis=-1)).all()


@given(planes(), st.tuples(st.floats(-1e300, 1e300), st.floats(-1e300, 1e300)).map(sorted))
@example(np.zeros((1, 1), np.float16), [-1e-75, -1e-75])  # too small for the plane's own type
@settings(deadline=None)
def test_brightness_never_falls_as_values_rise(image: np.ndarray, limits: list[float]) -> None:
    shown = to_rgb(image, limits=(limits[0], limits[1]))[..., 0].ravel()
    values = image.ravel().astype(np.float64)
    order = np.argsort(values[~np.isnan(values)], kind="stable")
    assert (np.diff(shown[~np.isnan(values)][order].astype(int)) >= 0).all()
    assert (shown[values > limits[1]] == 255).all()
    assert (shown[values < limits[0]] == 0).all()


def test_uint8_passes_unchanged() -> None:
    colour = RNG.integers(20, 60, (6, 7, 3), dtype=np.uint8)
    assert (to_rgb(colour) == colour).all()
    assert (to_rgb(colour[..., 0]) == colour[..., :1]).all()


def test_bool_is_black_and_white() -> None:
    assert to_rgb(np.eye(2, dtype=bool))[..., 0].tolist() == [[255, 0], [0, 255]]


def test_other_types_are_stretched_between_percentiles() -> None:
    image = np.arange(10_000, dtype=np.uint16).reshape(100, 100)
    image[0, 0] = 65_535  # a hot pixel must not darken the rest
    shown = to_rgb(image)[..., 0]
    assert int(shown[50, 0]) == pytest.approx(127, abs=2)
    assert (shown == 255).mean() == pytest.approx(0.005, abs=0.002)


def test_a_16_bit_colour_image_keeps_its_hue() -> None:
    ramp = np.linspace(0, 1, 400).reshape(20, 20)
    image = (np.stack([ramp, ramp / 2, ramp / 4], 2) * 60_000).astype(np.uint16)
    shown = to_rgb(image)[10, 10].astype(float)
    assert shown[1] / shown[0] == pytest.approx(0.5, abs=0.03)
    assert shown[2] / shown[0] == pytest.approx(0.25, abs=0.03)


def test_channels_of_a_microscope_are_stretched_one_by_one() -> None:
    ramp = np.linspace(0, 1, 400).reshape(20, 20)
    shown = to_rgb(np.stack([ramp * 60_000, ramp * 50]).astype(np.uint16))
    assert shown[19, 19].tolist() == [255, 255, 255]  # red + cyan
    assert (shown[..., 1] == shown[..., 2]).all()


@pytest.mark.parametrize(
    ("count", "colours"),
    [
        (2, [[255, 0, 0], [0, 255, 255]]),
        (3, [[255, 0, 0], [0, 255, 0], [0, 0, 255]]),
        (4, [[255, 0, 0], [128, 255, 0], [0, 255, 255], [128, 0, 255]]),
    ],
)
def test_tints_of_channels(count: int, colours: list[list[int]]) -> None:
    image = np.zeros((count, 1, count), np.uint8)
    image[np.arange(count), 0, np.arange(count)] = 255
    assert to_rgb(image, channel_axis=0)[0].tolist() == colours


def test_rgba_is_drawn_on_black() -> None:
    image = np.full((1, 3, 4), 200, np.uint8)
    image[0, :, 3] = [0, 255, 51]
    assert to_rgb(image)[0, :, 0].tolist() == [0, 200, 40]
    assert to_rgb(image / 255.0, limits=(0, 1))[0, :, 0].tolist() == [0, 200, 40]


@pytest.mark.parametrize(
    ("shape", "expected"),
    [((5, 6, 1), (5, 6)), ((5, 6, 2), (5, 6)), ((3, 6, 7), (6, 7)), ((5, 6, 4), (5, 6))],
)
def test_the_channel_axis_is_found(shape: tuple[int, ...], expected: tuple[int, ...]) -> None:
    assert to_rgb(RNG.random(shape)).shape[:2] == expected


def test_one_pair_of_limits_for_each_channel() -> None:
    image = np.full((1, 1, 2), 10, np.uint16)
    assert to_rgb(image, limits=[(0, 10), (10, 20)])[0, 0].tolist() == [255, 0, 0]
    rgba = np.full((1, 1, 4), 255, np.uint8)
    assert to_rgb(rgba, limits=[(0, 255)] * 3)[0, 0].tolist() == [255, 255, 255]


def test_nan_is_black_and_infinities_are_the_ends() -> None:
    image = np.linspace(0, 1, 100).reshape(10, 10)
    image[0, :3] = [np.nan, np.inf, -np.inf]
    assert to_rgb(image)[0, :3, 0].tolist() == [0, 255, 0]


@pytest.mark.parametrize("value", [np.nan, np.inf, 0, 7.5, -1e308])
def test_constant_images_are_fine(value: float) -> None:
    assert to_rgb(np.full((4, 5), value)).shape == (4, 5, 3)


def test_a_few_bright_pixels_on_nothing_are_seen() -> None:
    image = np.zeros((100, 100), np.float32)
    image[3, 4] = 9
    assert to_rgb(image)[3, 4].tolist() == [255, 255, 255]


def test_values_near_the_largest_float_do_not_overflow() -> None:
    image = np.array([[-1.7e308, 0, 1.7e308]])
    assert to_rgb(image)[0, :2, 0].tolist() == [0, 255]  # 99.5 percentile is a pixel that exists
    assert to_rgb(image, limits=(-1.7e308, 1.7e308))[0, :, 0].tolist() == [0, 128, 255]


@pytest.mark.parametrize(
    ("image", "says"),
    [
        (np.zeros((0, 5)), "no pixels"),
        (np.zeros((5, 5, 0)), "no pixels"),
        (np.zeros(5), "two axes"),
        (np.float64(3), "two axes"),
        (np.zeros((2, 3, 4, 5)), "plane"),
        (np.zeros((9, 8, 7)), "channel_axis"),
        (np.zeros((5, 5), complex), "magnitude"),
        (np.full((5, 5), None), "object"),
        (np.full((5, 5), "a"), "numbers"),
        (np.zeros((5, 5), "datetime64[s]"), "datetime"),
        (np.zeros((5, 5), [("a", int)]), "numbers"),
        ([[1, 2], [3]], "not an image"),
        (None, "two axes"),
    ],
)
def test_absurd_input_is_refused_with_a_sentence(image: object, says: str) -> None:
    with pytest.raises(ImageError, match=says):
        to_rgb(image)


@pytest.mark.parametrize("channels_last", [(), (3,)])
def test_a_giant_is_refused_before_it_is_copied(channels_last: tuple[int, ...]) -> None:
    side = int(MAX_PIXELS**0.5) + 1
    giant = np.broadcast_to(np.zeros(channels_last, np.uint8), (side, side, *channels_last))
    with pytest.raises(ImageError, match="million pixels"):
        to_rgb(giant)


@pytest.mark.parametrize(
    "limits", [(1, 0), (0, np.inf), (np.nan, 1), "ab", [(0, 1)] * 2, (0, 1, 2), [[]]]
)
def test_wrong_limits_are_refused(limits: object) -> None:
    with pytest.raises(ImageError, match="Contrast limits"):
        to_rgb(np.ones((3, 3)), limits=limits)  # type: ignore[arg-type]


@pytest.mark.parametrize("axis", [3, -4])
def test_a_channel_axis_that_does_not_exist(axis: int) -> None:
    with pytest.raises(ImageError, match=f"no axis {axis}"):
        to_rgb(np.zeros((5, 5, 3)), channel_axis=axis)
    with pytest.raises(ImageError, match="rows and columns"):
        to_rgb(np.zeros((5, 5)), channel_axis=0)


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "CMYK", "I;16", "F"])
def test_files_of_every_mode(mode: str, tmp_path: Path) -> None:
    colour = Image.fromarray(RNG.integers(0, 256, (6, 9, 3), dtype=np.uint8))
    suffix = {"CMYK": "jpg", "F": "tif"}.get(mode, "png")
    grey = Image.fromarray(RNG.integers(0, 2**16, (6, 9), dtype=np.uint16))
    (grey if mode == "I;16" else colour.convert(mode)).save(tmp_path / f"a.{suffix}")
    assert to_rgb(read_image(tmp_path / f"a.{suffix}")).shape == (6, 9, 3)


def test_photos_are_turned_upright(tmp_path: Path) -> None:
    photo = Image.new("RGB", (9, 6))
    exif = photo.getexif()
    exif[0x0112] = 6
    photo.save(tmp_path / "a.jpg", exif=exif)
    assert read_image(tmp_path / "a.jpg").shape == (9, 6, 3)


def test_stacks_are_read_whole_and_refused_by_to_rgb(tmp_path: Path) -> None:
    pages = [Image.fromarray(np.full((8, 9), k, np.uint8)) for k in range(7)]
    pages[0].save(tmp_path / "a.tif", save_all=True, append_images=pages[1:])
    stack = read_image(tmp_path / "a.tif")
    assert stack.shape == (7, 8, 9)
    with pytest.raises(ImageError, match="stack"):
        to_rgb(stack)


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    (tmp_path / "text.png").write_text("hello")
    (tmp_path / "text.tif").write_text("hello")
    (tmp_path / "empty.jpg").touch()
    Image.new("RGB", (90, 60)).save(tmp_path / "whole.png")
    (tmp_path / "cut.png").write_bytes((tmp_path / "whole.png").read_bytes()[:60])
    for name in ("text.png", "text.tif", "empty.jpg", "cut.png"):
        with pytest.raises(ImageError, match=f"{name} cannot be read"):
            read_image(tmp_path / name)
    with pytest.raises(ImageError, match="not there"):
        read_image(tmp_path / "missing.png")
    with pytest.raises(ImageError, match="folder"):
        read_image(str(tmp_path))


@pytest.mark.parametrize("name", samples.names())
def test_every_sample_loads_without_a_download(name: str) -> None:
    image = samples.load(name)
    assert min(image.shape[:2]) >= 300
    assert to_rgb(image).std() > 20


def test_an_unknown_sample_names_the_known_ones() -> None:
    with pytest.raises(ImageError, match="coffee"):
        samples.load("dog")

"""Original pixels to model pixels and back, without shifts."""

import warnings

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from seem_model.frame import FAR_OUTSIDE, STRIDE, Box, Frame, normalised
from seem_model.frame_config import FrameConfig

CONFIG = FrameConfig(long_side=128, max_upscale=2.0)
SIZES = [(1, 1), (7, 300), (33, 65), (127, 129), (128, 128), (61, 40), (500, 333), (2, 900)]


def whole(shape: tuple[int, int], long_side: int = 128) -> Frame:
    return Frame.fit(Box(0, 0, *shape), long_side=long_side, config=CONFIG)


@pytest.mark.parametrize("shape", SIZES)
def test_sizes(shape: tuple[int, int]) -> None:
    frame = whole(shape)
    assert max(frame.height, frame.width) <= 128
    assert frame.height >= 1
    assert frame.width >= 1
    assert frame.height <= shape[0] * 2
    content = (frame.height, frame.width)
    assert all(p % 32 == 0 and p >= n for p, n in zip(frame.padded, content, strict=True))
    image = np.zeros((*shape, 3), np.uint8)
    assert frame.image(image, CONFIG).shape == (1, 3, *frame.padded)
    assert frame.mask(np.ones(shape, bool)).shape == (1, *frame.padded)
    assert frame.memory(np.zeros(shape, np.float32)).shape == (1, *frame.coarse)
    assert frame.back(torch.zeros(frame.coarse), shape).shape == shape


def test_padding_is_exactly_zero_after_normalisation() -> None:
    image = np.full((100, 90, 3), 200, np.uint8)
    frame = whole((100, 90))
    pixels = frame.image(image, CONFIG)[0]
    assert pixels[:, : frame.height, : frame.width].min() > 0
    assert not pixels[:, frame.height :].any()
    assert not pixels[:, :, frame.width :].any()


def test_training_and_use_normalise_alike() -> None:
    image = np.random.default_rng(0).integers(0, 255, (128, 128, 3), np.uint8)
    seen = whole((128, 128)).image(image, CONFIG)[0]
    torch.testing.assert_close(normalised(image, (128, 128), CONFIG), seen)
    cut = normalised(image, (100, 128), CONFIG)
    assert not cut[:, 100:].any()
    assert torch.equal(cut[:, :100], seen[:, :100])


def centre(mask: torch.Tensor) -> np.ndarray:
    return torch.nonzero(mask).float().mean(0).numpy() + 0.5


@settings(max_examples=60, deadline=None)
@given(st.integers(8, 300), st.integers(8, 300), st.floats(0, 1), st.floats(0, 1))
def test_a_click_is_shown_within_half_a_pixel(h: int, w: int, y: float, x: float) -> None:
    frame = whole((h, w))
    row, col = round(y * (h - 1)), round(x * (w - 1))
    clicked = np.zeros((h, w), bool)
    clicked[row, col] = True
    shown = frame.mask(clicked)[0]
    assert shown.any()
    there = np.array([(row + 0.5) * frame.height / h, (col + 0.5) * frame.width / w])
    assert np.abs(centre(shown) - there).max() <= 0.5 + 1e-6


@pytest.mark.parametrize("size", [127, 129, 130, 200, 257, 100, 64, 70])
def test_clicks_have_no_drift_on_average(size: int) -> None:
    frame = whole((size, size))
    shifts = []
    for i in range(size):
        clicked = np.zeros((size, size), bool)
        clicked[i, i] = True
        shifts.append(centre(frame.mask(clicked)[0]) - (i + 0.5) * frame.height / size)
    assert np.abs(np.mean(shifts)) < 0.03


def disk(shape: tuple[int, int], row: float, col: float, radius: float) -> np.ndarray:
    """(H, W) signed distance to a circle, positive inside, in pixel centres."""
    rows, cols = np.mgrid[: shape[0], : shape[1]] + 0.5
    return (radius - np.hypot(rows - row, cols - col)).astype(np.float32)


def model_disk(frame: Frame, row: float, col: float, radius: float) -> torch.Tensor:
    """The same circle as ideal stride-4 logits of the model grid."""
    scale = frame.height / frame.box.height, frame.width / frame.box.width
    rows = (np.arange(frame.coarse[0]) + 0.5) * STRIDE / scale[0] + frame.box.row0
    cols = (np.arange(frame.coarse[1]) + 0.5) * STRIDE / scale[1] + frame.box.col0
    distance = radius - np.hypot(rows[:, None] - row, cols[None] - col)
    return torch.from_numpy(distance).float()


def overlap(a: np.ndarray, b: np.ndarray) -> float:
    return (a & b).sum() / (a | b).sum()


@settings(max_examples=40, deadline=None)
@given(st.integers(60, 400), st.integers(60, 400), st.floats(0.3, 0.7), st.floats(0.3, 0.7))
def test_ideal_logits_come_back_where_the_object_is(h: int, w: int, y: float, x: float) -> None:
    frame = whole((h, w))
    place = (y * h, x * w, 0.25 * min(h, w))
    wanted = disk((h, w), *place) > 0
    scale = frame.height / h
    if place[2] * scale < 4 * STRIDE:  # a few cells: too coarse to say
        return
    found = frame.back(model_disk(frame, *place), (h, w)) > 0
    assert overlap(wanted, found) > 0.97


@settings(max_examples=40, deadline=None)
@given(st.integers(60, 400), st.integers(60, 400), st.floats(0.3, 0.7), st.floats(0.3, 0.7))
def test_memory_is_where_the_model_would_put_it(h: int, w: int, y: float, x: float) -> None:
    frame = whole((h, w))
    place = (y * h, x * w, 0.25 * min(h, w))
    memory = frame.memory(disk((h, w), *place))[0]
    ideal = model_disk(frame, *place)
    rows, cols = frame.height // STRIDE, frame.width // STRIDE
    off = (memory - ideal)[1 : rows - 1, 1 : cols - 1].abs()
    away = ideal[1 : rows - 1, 1 : cols - 1] < place[2] - 2 * STRIDE / (frame.height / h)
    # In original pixels, a quarter of a stride-4 cell; the tip of the cone is smoothed.
    assert off[away].max() < 0.25 * STRIDE * h / frame.height


@settings(max_examples=40, deadline=None)
@given(st.integers(33, 300), st.integers(33, 300), st.floats(0, 1), st.floats(0, 1))
def test_a_mask_shown_and_brought_back_is_the_same(h: int, w: int, y: float, x: float) -> None:
    """Law 6: drawn, framed, unframed; without the model's stride."""
    frame = whole((h, w), long_side=4 * max(h, w))  # twice as large: nothing is lost
    mask = np.zeros((h, w), bool)
    mask[int(y * h / 2) : int(y * h / 2) + h // 3, int(x * w / 2) : int(x * w / 2) + w // 3] = True
    shown = frame.mask(mask)[0, : frame.height, : frame.width].numpy()
    again = shown[frame.height // h // 2 :: 2, frame.width // w // 2 :: 2][:h, :w]
    assert overlap(mask, again) > 0.98


def test_a_crop_is_placed_where_it_was_cut() -> None:
    shape, box = (90, 120), Box(20, 30, 60, 80)
    frame = Frame.fit(box, long_side=128, config=FrameConfig(max_upscale=9))
    place = (42.0, 55.0, 12.0)
    found = frame.back(model_disk(frame, *place), shape)
    assert overlap(found > 0, disk(shape, *place) > 0) > 0.97
    outside = np.ones(shape, bool)
    outside[box.slices] = False
    assert (found[outside] == FAR_OUTSIDE).all()
    again = frame.memory(found)[0]
    inside = (slice(0, frame.height // 4), slice(0, frame.width // 4))
    agree = ((again > 0) == (model_disk(frame, *place) > 0))[inside]
    assert agree.float().mean() > 0.98


def test_memory_says_nothing_of_the_padding() -> None:
    frame = whole((128, 70))
    memory = frame.memory(np.full((128, 70), 5, np.float32))[0]
    assert (memory[:, : 70 // 4] > 4.9).all()
    assert (memory[:, 18:] == FAR_OUTSIDE).all()


def test_boxes() -> None:
    box = Box(2, 3, 10, 8)
    assert (box.height, box.width) == (8, 5)
    assert np.zeros((20, 20))[box.slices].shape == (8, 5)
    assert box.contains(Box(2, 3, 10, 8))
    assert not box.contains(Box(2, 3, 10, 9))


def test_a_read_only_image_is_shown_without_a_warning() -> None:
    image = np.zeros((20, 30, 3), np.uint8)
    image.setflags(write=False)
    frame = Frame.fit(Box(0, 0, 20, 30), long_side=64, config=FrameConfig())
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert frame.image(image, FrameConfig()).shape == (1, 3, *frame.padded)

"""Outlines follow the picture's edges; what they mean, and what is remembered, does not change."""

from dataclasses import replace

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from hypothesis import given
from hypothesis import strategies as st

import seem_model
from seem_model.config import FOCAL_TINY, LITE
from seem_model.edges import Guide, edged
from seem_model.encoded import Look
from seem_model.frame import STRIDE, Box, Frame
from seem_model.metrics.overlap import iou
from tiny_model import click, photo, predictor, tiny

EDGES = 0.004


def disk(side: int, radius: float) -> np.ndarray:
    rows, cols = np.mgrid[:side, :side] - (side - 1) / 2
    return rows**2 + cols**2 < radius**2


def enlarged(values: torch.Tensor, picture: torch.Tensor, regular: float) -> torch.Tensor:
    return Guide.of(picture, stride=STRIDE, regular=regular).enlarged(values)


def pictured(truth: np.ndarray, noise: float = 0.02) -> torch.Tensor:
    """A picture (1, 3, S, S) of a bright shape on a dark ground, with a little noise."""
    rng = np.random.default_rng(0)
    bright = np.stack([truth * 1.2 - 0.6, truth * 0.4, truth * -0.3])
    return torch.from_numpy(bright + rng.normal(0, noise, bright.shape))[None].float()


@given(st.floats(0, 1), st.integers(0, 2**31), st.floats(1e-4, 1.0))
def test_what_is_the_same_everywhere_stays_so(value: float, seed: int, regular: float) -> None:
    picture = torch.randn(1, 3, 16, 20, generator=torch.Generator().manual_seed(seed))
    found = enlarged(torch.full((4, 5), value), picture, regular)
    torch.testing.assert_close(found, torch.full((16, 20), value), atol=1e-4, rtol=0)


@given(st.integers(0, 2**31))
def test_a_picture_without_contrast_only_smooths(seed: int) -> None:
    values = torch.rand(5, 6, generator=torch.Generator().manual_seed(seed))
    found = enlarged(values, torch.full((1, 3, 20, 24), 0.3), EDGES)
    assert found.shape == (20, 24)
    assert values.min() - 1e-4 <= found.min()
    assert found.max() <= values.max() + 1e-4


@given(st.floats(-2, 2), st.floats(-2, 2))
def test_a_map_that_is_linear_in_a_colour_is_found_exactly(slope: float, offset: float) -> None:
    picture = torch.rand(1, 1, 32, 32, generator=torch.Generator().manual_seed(3))
    coarse = slope * F.avg_pool2d(picture, 4)[0, 0] + offset
    found = enlarged(coarse, picture, 1e-9)
    torch.testing.assert_close(found, slope * picture[0, 0] + offset, atol=1e-3, rtol=0)


@pytest.mark.parametrize("radius", [9.0, 14.0, 22.0])
def test_outlines_are_truer_than_enlarged_ones(radius: float) -> None:
    truth = disk(64, radius)
    coarse = F.avg_pool2d(torch.from_numpy(truth)[None, None].float(), STRIDE)[0, 0]
    plain = F.interpolate(coarse[None, None], size=(64, 64), mode="bilinear")[0, 0]
    along = enlarged(coarse, pictured(truth), EDGES)
    assert iou(truth, along.numpy() > 0.5) > iou(truth, plain.numpy() > 0.5) + 0.01
    assert iou(truth, along.numpy() > 0.5) > 0.95


def look(features: seem_model.predictor.ImageFeatures, **changes) -> Look:
    frame = features.whole.frame
    generator = torch.Generator().manual_seed(0)
    coarse = 3 * torch.randn(frame.coarse, generator=generator)
    return replace(Look(coarse, torch.zeros(1, 16), frame), **changes)


def test_views_of_any_size_come_back_in_original_pixels() -> None:
    config = replace(tiny().config.frame, edges=EDGES)
    for shape in ((60, 80), (131, 77), (33, 300)):
        features = predictor().features(photo(*shape))
        answer = edged(look(features), features, config)
        assert answer.shape == shape
        assert answer.dtype == np.float32
        assert np.isfinite(answer).all()


def test_a_crop_says_nothing_of_what_it_does_not_show() -> None:
    config = replace(tiny().config.frame, edges=EDGES)
    features = predictor().features(photo(60, 80))
    frame = Frame.fit(Box(10, 20, 40, 60), long_side=64, config=config)
    answer = edged(look(features, coarse=torch.ones(frame.coarse), frame=frame), features, config)
    assert (answer[10:40, 20:60] > 0).all()
    answer[10:40, 20:60] = -1
    assert (answer < 0).all()


def test_masks_of_others_and_joined_answers_are_left_alone() -> None:
    config = replace(tiny().config.frame, edges=EDGES)
    features = predictor().features(photo())
    for kept in (look(features, given=True), look(features, parts=(look(features),))):
        np.testing.assert_array_equal(edged(kept, features, config), kept.logits(features.shape))


def test_only_our_own_model_has_edges() -> None:
    assert LITE.frame.edges > 0
    assert FOCAL_TINY.frame.edges == 0


def test_rounds_remember_what_the_model_said_and_clicks_are_obeyed() -> None:
    """With and without edges: the same memory and name after one round, marks on their side."""
    model = seem_model.load("lite")
    image = photo(120, 160)
    prompts = click((120, 160), 60, 80)
    features = model.features(image)
    along = model.step(features, prompts)
    frame = replace(model.model.config.frame, edges=0.0)
    plain_model = seem_model.load("lite")
    plain_model.model.config = replace(model.model.config, frame=frame)
    plain = plain_model.step(plain_model.features(image), prompts)
    torch.testing.assert_close(along.memory.coarse, plain.memory.coarse)
    assert along.label == plain.label
    assert along.mask[60, 80]
    assert (along.mask != plain.mask).any()
    assert iou(along.mask, plain.mask) > 0.9

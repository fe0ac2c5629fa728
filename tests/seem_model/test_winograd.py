"""Winograd's convolutions against the plain sum."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from seem_model.modeling.winograd import WinogradConv, quicken, suits

sides = st.integers(1, 41)


@settings(deadline=None, max_examples=30)
@given(sides, sides, st.integers(1, 2), st.booleans(), st.booleans())
def test_every_size_gives_the_plain_sum(height, width, batch, bias, last) -> None:
    torch.manual_seed(height * 50 + width)
    conv = nn.Conv2d(5, 3, 3, padding=1, bias=bias).double().requires_grad_(False)
    x = torch.randn(batch, 5, height, width, dtype=torch.float64)
    x = x.contiguous(memory_format=torch.channels_last) if last else x
    torch.testing.assert_close(WinogradConv(conv)(x), conv(x), atol=1e-12, rtol=1e-12)


def test_rounding_stays_near_that_of_the_plain_sum() -> None:
    torch.manual_seed(0)
    conv = nn.Conv2d(256, 256, 3, padding=1).requires_grad_(False)
    x = torch.randn(1, 256, 40, 52).relu()
    exact = nn.functional.conv2d(x.double(), conv.weight.double(), conv.bias.double(), padding=1)
    error = (WinogradConv(conv)(x) - exact).norm() / exact.norm()
    assert error < 5e-6


@pytest.mark.parametrize(
    "conv",
    [
        nn.Conv2d(256, 256, 3, padding=1, stride=2),
        nn.Conv2d(256, 256, 3),
        nn.Conv2d(256, 256, 3, padding=1, groups=256),
        nn.Conv2d(256, 256, 3, padding=2, dilation=2),
        nn.Conv2d(256, 64, 3, padding=1),
        nn.Conv2d(256, 256, 1),
        nn.Conv2d(256, 256, 3, padding=1).double(),
    ],
)
def test_other_convolutions_are_left_alone(conv) -> None:
    assert not suits(conv)


def test_a_model_is_quickened_and_answers_alike() -> None:
    torch.manual_seed(1)
    model = nn.Module()
    model.mask_features = nn.Conv2d(256, 256, 3, padding=1)
    model.coarse = nn.Conv2d(256, 256, 3, padding=1)
    x = torch.randn(1, 256, 30, 22)
    with torch.no_grad():
        wanted = model.mask_features(x)
        quicken(model)
        assert isinstance(model.mask_features, WinogradConv)
        assert isinstance(model.coarse, nn.Conv2d)
        torch.testing.assert_close(model.mask_features(x), wanted, atol=1e-4, rtol=1e-4)

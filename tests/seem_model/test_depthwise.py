"""Depthwise convolutions under a processor's autocast."""

import pytest
import torch
from torch import nn

from seem_model.modeling.depthwise import DepthwiseConv


def pair(groups: int) -> tuple[DepthwiseConv, nn.Conv2d]:
    """Ours and torch's with the same numbers."""
    torch.manual_seed(0)
    ours = DepthwiseConv(8, 8, 5, padding=2, groups=groups)
    plain = nn.Conv2d(8, 8, 5, padding=2, groups=groups)
    plain.load_state_dict(ours.state_dict())
    return ours, plain


@pytest.mark.parametrize("groups", [1, 8])
def test_it_is_the_plain_convolution(groups: int) -> None:
    ours, plain = pair(groups)
    x = torch.randn(2, 8, 16, 16)
    assert torch.equal(ours(x), plain(x))


def test_depthwise_stays_in_single_precision_and_its_gradients_too() -> None:
    ours, plain = pair(8)
    x = torch.randn(2, 8, 16, 16)
    with torch.autocast("cpu", torch.bfloat16):
        found, rounded = ours(x), plain(x)
    assert (found.dtype, rounded.dtype) == (torch.float32, torch.bfloat16)
    wanted = plain(x)
    assert torch.allclose(found, wanted, atol=1e-6)
    found.square().sum().backward()
    plain.zero_grad()
    wanted.square().sum().backward()
    assert torch.allclose(ours.weight.grad, plain.weight.grad, rtol=1e-4, atol=1e-4)


def test_others_are_rounded_as_autocast_says() -> None:
    ours, _ = pair(1)
    with torch.autocast("cpu", torch.bfloat16):
        assert ours(torch.randn(1, 8, 8, 8)).dtype == torch.bfloat16

"""Image features of the official Focal-T models."""

import pytest
import torch

from golden import Golden, assert_same, assert_same_maps
from seem_model.frame import Box, Frame

pytestmark = pytest.mark.official


@pytest.fixture(scope="module", params=["a", "b"])
def golden(request, golden_of) -> Golden:
    return golden_of("v1", request.param)


def test_every_map(golden: Golden) -> None:
    model, numbers = golden.model, golden.numbers
    height, width = golden.size
    frame = Frame.fit(
        Box(0, 0, height, width), long_side=max(height, width), config=model.config.frame
    )
    letter = "a" if height == 192 else "b"
    pixels = frame.image(getattr(golden.inputs, f"image_{letter}")(), model.config.frame)
    assert tuple(pixels.shape) == tuple(numbers["input/shape"])
    assert_same(pixels[:, :, ::16, ::16], numbers["input/sub"])
    assert_same(pixels.mean((0, 2, 3)), numbers["input/mean"])

    seen = []
    handle = model.pixel_decoder.smooth[0].register_forward_pre_hook(lambda _, x: seen.append(x[0]))
    with torch.no_grad():
        maps = model.backbone(pixels.double())
        mask, levels = model.pixel_decoder(maps)
    handle.remove()
    named = {f"res{i + 2}": m for i, m in enumerate(maps)}
    named |= {f"multi_scale_{i}": m for i, m in enumerate(levels)}
    named |= {"mask_features": mask, "transformer_encoder_features": seen[0]}
    for name, found in named.items():
        assert_same_maps(found, golden, name, (16, 4))

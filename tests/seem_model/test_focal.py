"""The FocalNet backbone: sizes, shapes and the official numbers."""

import numpy as np
import pytest
import torch

from seem_model.modeling.focal import FocalNet
from seem_model.modeling.focal_config import (
    FOCAL_LARGE_BACKBONE,
    FOCAL_TINY_BACKBONE,
    FocalConfig,
)

MEAN, STD = (123.675, 116.28, 103.53), (58.395, 57.12, 57.375)
SMALL = {"width": 8, "depths": (1, 1, 2, 1), "levels": 2}


@pytest.mark.parametrize(
    ("config", "parameters"),
    [(FOCAL_TINY_BACKBONE, 29_922_288), (FOCAL_LARGE_BACKBONE, 205_746_936)],
)
def test_has_the_official_number_of_parameters(config: FocalConfig, parameters: int) -> None:
    with torch.device("meta"):
        model = FocalNet(config)
    assert sum(p.numel() for p in model.parameters()) == parameters


@pytest.mark.parametrize("depthwise", [True, False])
def test_gives_four_maps_of_the_promised_sizes(depthwise: bool) -> None:
    padding = 3 if depthwise else 2
    model = FocalNet(FocalConfig(**SMALL, depthwise=depthwise, stem_padding=padding))
    maps = model(torch.randn(2, 3, 64, 96))
    assert model.strides == (4, 8, 16, 32)
    assert model.channels == (8, 16, 32, 64)
    assert [tuple(m.shape) for m in maps] == [
        (2, c, 64 // s, 96 // s) for c, s in zip(model.channels, model.strides, strict=True)
    ]


def test_each_map_is_normed_over_its_channels() -> None:
    for level in FocalNet(FocalConfig(**SMALL))(torch.randn(1, 3, 64, 64)):
        assert level.mean(1).abs().max() < 1e-4


def test_one_image_does_not_see_another_of_its_batch() -> None:
    model = FocalNet(FocalConfig(**SMALL)).eval()
    images = torch.randn(2, 3, 64, 64)
    for together, alone in zip(model(images), model(images[1:]), strict=True):
        torch.testing.assert_close(together[1:], alone)


def test_gives_the_official_maps(official) -> None:
    with torch.device("meta"):
        model = FocalNet(FOCAL_TINY_BACKBONE)
    state = official.state({f"backbone.{n}": t for n, t in model.state_dict().items()})
    model.load_state_dict({n.removeprefix("backbone."): t for n, t in state.items()}, assign=True)
    for key, image in (("a", official.inputs.image_a()), ("b", official.inputs.image_b())):
        pixels = torch.from_numpy((image - np.array(MEAN)) / np.array(STD)).float()
        height, width = (-(-side // 32) * 32 for side in image.shape[:2])
        padded = torch.zeros(1, 3, height, width)
        padded[0, :, : image.shape[0], : image.shape[1]] = pixels.permute(2, 0, 1)
        with torch.no_grad():
            maps = model(padded)
        for name, level in zip(("res2", "res3", "res4", "res5"), maps, strict=True):
            got = {
                "mean": level.mean((0, 2, 3)),
                "std": level.std((0, 2, 3), correction=0),
                "sub": level[:, ::16, ::4, ::4],
            }
            assert tuple(level.shape) == tuple(official.numbers[f"{key}/{name}/shape"])
            for what, value in got.items():
                expected = official.numbers[f"{key}/{name}/{what}"]
                error = np.linalg.norm(value.numpy() - expected) / np.linalg.norm(expected)
                assert error < 1e-4, f"{key}/{name}/{what}"

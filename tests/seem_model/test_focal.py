"""The FocalNet backbone: sizes, shapes, transformers' FocalNet and the official numbers."""

import re

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from seem_model.modeling.focal import FocalNet
from seem_model.modeling.focal_config import (
    FOCAL_LARGE_BACKBONE,
    FOCAL_TINY_BACKBONE,
    FocalConfig,
)
from seem_model.official_names import from_official

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


# ---------------------------------------------------------------------- transformers' FocalNet
def renamed(ours: str) -> str:
    """Our name of a tensor of a stage -> that of transformers' FocalNetModel."""
    name = ours.replace("stem.proj.", "embeddings.patch_embeddings.projection.")
    name = name.replace("stem.norm.", "embeddings.norm.")
    name = re.sub(r"^downs\.(\d)\.proj", r"encoder.stages.\1.downsample.projection", name)
    name = re.sub(r"^downs\.(\d)", r"encoder.stages.\1.downsample", name)
    name = re.sub(r"^stages\.(\d)\.blocks", r"encoder.stages.\1.layers", name)
    name = name.replace("modulation.f.", "modulation.projection_in.")
    name = name.replace("modulation.h.", "modulation.projection_context.")
    name = name.replace("modulation.proj.", "modulation.projection_out.")
    return re.sub(r"(focal_layers\.\d)\.", r"\1.0.", name)


def theirs(config: FocalConfig, *, device: str = "cpu") -> nn.Module:
    """Their FocalNet of the same sizes, its last norm left out."""
    from transformers import FocalNetConfig, FocalNetModel

    with torch.device(device):
        model = FocalNetModel(
            FocalNetConfig(
                embed_dim=config.width, use_conv_embed=True,
                hidden_sizes=[config.width * 2**i for i in range(4)], depths=list(config.depths),
                focal_levels=[config.levels] * 4, focal_windows=[3] * 4,
                mlp_ratio=float(config.mlp_ratio), use_layerscale=True, use_post_layernorm=True,
                normalize_modulator=True, drop_path_rate=0.0,
            ),
            add_pooling_layer=False,
        )  # fmt: skip
    model.layernorm = nn.Identity()
    return model.eval()


def maps_before_steps_down(model: nn.Module, image: Tensor) -> list[Tensor]:
    """What their four stages give before downsampling, (B, C, H, W)."""
    found: list[Tensor] = []

    def keep(_stage: nn.Module, given: tuple, made: tuple) -> None:
        found.append(made[1].transpose(1, 2).unflatten(2, tuple(given[1])))

    for stage in model.encoder.stages:
        stage.register_forward_hook(keep)
    model(image)
    return found


def compare_with_theirs(ours: FocalNet, oracle: nn.Module, image: Tensor, *, within: float) -> None:
    state = {renamed(k): v for k, v in ours.state_dict().items() if not k.startswith("norms.")}
    oracle.load_state_dict(state, assign=True)
    expected = maps_before_steps_down(oracle, image)
    for level, norm, before in zip(ours(image), ours.norms, expected, strict=True):
        after = norm(before)
        assert level.isfinite().all()
        assert (level - after).norm() / after.norm() < within


def shaken(config: FocalConfig) -> FocalNet:
    """A small backbone none of whose parameters is at its plain beginning."""
    torch.manual_seed(0)
    model = FocalNet(config)
    with torch.no_grad():
        for p in model.parameters():
            p.add_(torch.randn_like(p) * 0.2)
    return model.eval()


@torch.no_grad()
def test_the_large_flavour_gives_what_transformers_gives() -> None:
    config = FocalConfig(**SMALL, depthwise=False, stem_padding=2)
    compare_with_theirs(shaken(config), theirs(config), torch.randn(2, 3, 64, 96), within=1e-5)


@torch.no_grad()
def test_the_tiny_flavour_gives_what_their_parts_give_in_its_order() -> None:
    config = FocalConfig(**SMALL)
    ours, oracle = shaken(config), theirs(config)
    state = {renamed(k): v for k, v in ours.state_dict().items() if ".dw" not in k}
    oracle.load_state_dict({k: v for k, v in state.items() if not k.startswith("norms.")})
    oracle.embeddings.patch_embeddings.projection.padding = (3, 3)
    stages = zip(oracle.encoder.stages, ours.stages, strict=True)
    for block, mine in (pair for a, b in stages for pair in zip(a.layers, b.blocks, strict=True)):

        def forward(x, size, block=block, mine=mine) -> Tensor:
            def nearby(x: Tensor, conv: nn.Module) -> Tensor:
                image = x.transpose(1, 2).unflatten(2, tuple(size))
                return x + conv(image).flatten(2).transpose(1, 2)

            x = nearby(x, mine.dw1)
            seen = block.modulation(x.unflatten(1, tuple(size))).flatten(1, 2)
            x = block.norm1(x + block.gamma_1 * seen)
            x = nearby(x, mine.dw2)
            return block.norm2(x + block.gamma_2 * block.mlp(x))

        block.forward = forward
    image = torch.randn(2, 3, 64, 96)
    expected = maps_before_steps_down(oracle, image)
    for level, norm, before in zip(ours(image), ours.norms, expected, strict=True):
        after = norm(before)
        assert (level - after).norm() / after.norm() < 1e-5


@pytest.mark.slow
@pytest.mark.official
@torch.no_grad()
def test_the_large_model_gives_what_transformers_gives(official) -> None:
    with torch.device("meta"):
        model = FocalNet(FOCAL_LARGE_BACKBONE)
    weights = from_official(official.weights_of("seem_focall_v1", "backbone."))[0]
    state = {k.removeprefix("backbone."): v for k, v in weights.items()}
    model.load_state_dict(state, assign=True)
    del weights, state
    # In double precision: 24 blocks let the rounding of single precision grow to 5e-5.
    image = torch.from_numpy(official.inputs.image_a()).double().permute(2, 0, 1)[None]
    oracle = theirs(FOCAL_LARGE_BACKBONE, device="meta")
    compare_with_theirs(model.double().eval(), oracle, (image - 120) / 57, within=1e-10)

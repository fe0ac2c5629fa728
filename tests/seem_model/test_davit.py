"""The DaViT backbone: its stages against loops, and the official numbers of parameters."""

import re

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from seem_model.modeling.davit import DaVit
from seem_model.modeling.davit_config import DAVIT_D3_BACKBONE, DAVIT_D5_BACKBONE, DavitConfig
from seem_model.official_names import from_official

# Windows of 3 on maps of 16 x 24 and smaller: some are partly padding.
SMALL = {"widths": (8, 8, 16, 16), "depths": (1, 1, 2, 1), "heads": (2, 2, 4, 2), "window": 3}
KINDS = {
    "d3": DavitConfig(**SMALL),
    "d5": DavitConfig(**SMALL, kernels=(7, 3, 3, 3), paddings=(3, 1, 1, 1)),
}


def shaken(config: DavitConfig) -> DaVit:
    """A small backbone none of whose parameters is at its plain beginning."""
    torch.manual_seed(0)
    model = DaVit(config)
    with torch.no_grad():
        for p in model.parameters():
            p.add_(torch.randn_like(p) * 0.3)
    return model.eval()


# ---------------------------------------------------------------------- one block, step by step
def normed(x: Tensor, norm: nn.Module) -> Tensor:
    """(H, W, C) normed over its channels."""
    centred = x - x.mean(-1, keepdim=True)
    spread = (x.var(-1, correction=0, keepdim=True) + 1e-5).sqrt()
    return centred / spread * norm.weight + norm.bias


def neighbours(x: Tensor, conv: nn.Module) -> Tensor:
    """(H, W, C): each channel's 3 x 3 neighbourhood, weighted."""
    height, width, _ = x.shape
    padded = F.pad(x, (0, 0, 1, 1, 1, 1))
    total = conv.bias + torch.zeros_like(x)
    for i in range(3):
        for j in range(3):
            total = total + padded[i : i + height, j : j + width] * conv.weight[:, 0, i, j]
    return total


def among_places(x: Tensor, attn: nn.Module, heads: int, side: int) -> Tensor:
    """(H, W, C): tokens of a window see each other and the zeros that pad it."""
    height, width, channels = x.shape
    each = channels // heads
    out = torch.zeros_like(x)
    for top in range(0, height, side):
        for left in range(0, width, side):
            shown = x[top : top + side, left : left + side]
            window = torch.zeros(side, side, channels)
            window[: shown.shape[0], : shown.shape[1]] = shown
            q, k, v = attn.qkv(window.flatten(0, 1)).chunk(3, dim=-1)
            seen = []
            for head in range(heads):
                part = slice(head * each, (head + 1) * each)
                scores = q[:, part] @ k[:, part].T / each**0.5
                seen.append(scores.softmax(1) @ v[:, part])
            answer = attn.proj(torch.cat(seen, dim=1)).view(side, side, channels)
            out[top : top + side, left : left + side] = answer[: shown.shape[0], : shown.shape[1]]
    return out


def among_channels(x: Tensor, attn: nn.Module, groups: int) -> Tensor:
    """(H, W, C): channels of a group see each other over all N places, scaled by N ** -0.5."""
    tokens = x.flatten(0, 1)
    each = tokens.shape[1] // groups
    q, k, v = attn.qkv(tokens).chunk(3, dim=-1)
    seen = []
    for group in range(groups):
        part = slice(group * each, (group + 1) * each)
        scores = q[:, part].T @ k[:, part] / len(tokens) ** 0.5
        seen.append((scores.softmax(1) @ v[:, part].T).T)
    return attn.proj(torch.cat(seen, dim=1)).view(x.shape)


def mlp(x: Tensor, ffn: nn.Module) -> Tensor:
    return ffn.fc2(F.gelu(ffn.fc1(x)))


def stage(x: Tensor, model: DaVit, number: int, config: DavitConfig) -> Tensor:
    """(H, W, C) of the stage before (or the image) -> of this one."""
    step, heads = model.trunk.convs[number], config.heads[number]
    stride = 2 if number else 4
    x = normed(x, step.norm) if number else x
    x = F.conv2d(
        x.permute(2, 0, 1)[None], step.conv.weight, step.conv.bias, stride=stride,
        padding=config.paddings[number],
    )[0].permute(1, 2, 0)  # fmt: skip
    x = x if number else normed(x, step.norm)
    for pair in model.trunk.blocks[number]:
        here = pair.spatial_block
        x = x + neighbours(x, here.conv1)
        x = x + among_places(normed(x, here.norm1), here.window_attn, heads, config.window)
        x = x + neighbours(x, here.conv2)
        x = x + mlp(normed(x, here.norm2), here.ffn)
        across = pair.channel_block
        x = x + neighbours(x, across.conv1)
        x = x + among_channels(normed(x, across.norm1), across.channel_attn, heads)
        x = x + neighbours(x, across.conv2)
        x = x + mlp(normed(x, across.norm2), across.ffn)
    return x


@pytest.mark.parametrize("kind", KINDS)
@torch.no_grad()
def test_maps_are_those_of_a_plain_loop_over_windows_heads_and_groups(kind: str) -> None:
    config = KINDS[kind]
    model = shaken(config)
    images = torch.randn(2, 3, 64, 96)
    maps = model(images)
    x = images[1].permute(1, 2, 0)
    for number, level in enumerate(maps):
        x = stage(x, model, number, config)
        error = (level[1].permute(1, 2, 0) - x).norm() / x.norm()
        assert error < 1e-5, f"stage {number}"


@pytest.mark.parametrize("kind", KINDS)
def test_gives_four_maps_of_the_promised_sizes(kind: str) -> None:
    model = shaken(KINDS[kind])
    assert model.strides == (4, 8, 16, 32)
    assert model.channels == SMALL["widths"]
    assert [tuple(m.shape) for m in model(torch.randn(1, 3, 64, 96))] == [
        (1, c, 64 // s, 96 // s) for c, s in zip(model.channels, model.strides, strict=True)
    ]


def test_nothing_is_dropped_at_random_in_training() -> None:
    model = shaken(KINDS["d3"]).train()
    image = torch.randn(1, 3, 32, 32)
    assert torch.equal(model(image)[3], model(image)[3])


def test_all_of_it_stays_frozen() -> None:
    model = DaVit(KINDS["d3"])
    assert {id(p) for p in model.frozen_parameters()} == {id(p) for p in model.parameters()}


@pytest.mark.parametrize(
    ("config", "parameters"),
    [(DAVIT_D3_BACKBONE, 86_927_360), (DAVIT_D5_BACKBONE, 360_632_320)],
)
def test_has_the_official_number_of_parameters(config: DavitConfig, parameters: int) -> None:
    with torch.device("meta"):
        model = DaVit(config)
    assert sum(p.numel() for p in model.parameters()) == parameters


# ---------------------------------------------------------------------- at full size
def renamed(official: str) -> str:
    """Official name of a tensor -> that of transformers' Florence2VisionBackbone."""
    name = re.sub(r"^backbone\.(convs\.\d+)\.proj\.", r"\1.conv.", official)
    name = re.sub(r"(conv[12])\.fn\.dw\.", r"\1.", name.removeprefix("backbone."))
    name = re.sub(r"(window_attn|channel_attn)\.norm\.", "norm1.", name)
    return (
        name.replace("ffn.norm.", "norm2.").replace(".fn.net.", ".").replace("_attn.fn.", "_attn.")
    )


@pytest.mark.slow
@pytest.mark.official
@torch.no_grad()
def test_official_weights_mean_to_it_what_they_mean_to_transformers(official) -> None:
    from transformers import Florence2VisionBackbone, Florence2VisionConfig

    config = Florence2VisionConfig(
        patch_size=(7, 2, 2, 2), patch_padding=(3, 0, 0, 0), window_size=7, drop_path_rate=0.3
    )  # the rest of its defaults is d3
    with torch.device("meta"):
        model, oracle = DaVit(DAVIT_D3_BACKBONE), Florence2VisionBackbone(config)
    theirs = official.weights_of("davitd3", "backbone.")
    oracle.load_state_dict({renamed(k): v for k, v in theirs.items()}, assign=True)
    ours = {k.removeprefix("backbone."): v for k, v in from_official(theirs)[0].items()}
    model.load_state_dict(ours, assign=True)
    found: list[Tensor] = []
    for blocks in oracle.blocks:
        blocks[-1].register_forward_hook(lambda _module, _given, made: found.append(made))
    image = torch.from_numpy(official.inputs.image_a()).float().permute(2, 0, 1)[None]
    oracle.eval()((image - 120) / 57)
    maps = model.eval()((image - 120) / 57)
    for level, expected in zip(maps, found, strict=True):
        assert level.isfinite().all()
        assert (level - expected).norm() / expected.norm() < 1e-5

"""The SAM backbone: its blocks and neck against loops, and the official numbers of parameters."""

import re

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from seem_model.modeling.sam_config import SAM_BASE_BACKBONE, SAM_LARGE_BACKBONE, SamVitConfig
from seem_model.modeling.sam_vit import SamVit, SimpleFpn
from seem_model.official_names import from_official

# 6 x 6 tokens in windows of 4: two of three windows are partly padding.
SMALL = SamVitConfig(
    width=8, depth=2, heads=2, global_blocks=(1,), window=4, side=96, channels=(4, 6, 8, 10)
)


def shaken(config: SamVitConfig = SMALL) -> SamVit:
    """A small backbone none of whose parameters is at its plain beginning."""
    torch.manual_seed(0)
    model = SamVit(config)
    with torch.no_grad():
        for p in model.parameters():
            p.add_(torch.randn_like(p) * 0.3)
    return model.eval()


# ---------------------------------------------------------------------- the blocks, one by one
def attention(attn: nn.Module, tokens: Tensor, heads: int) -> Tensor:
    """(S, S, C) tokens that all see each other, with decomposed relative positions."""
    side, _, width = tokens.shape
    q, k, v = attn.qkv(tokens).chunk(3, dim=-1)
    out = torch.zeros_like(tokens)
    each = width // heads
    places = [(y, x) for y in range(side) for x in range(side)]
    for head in range(heads):
        part = slice(head * each, (head + 1) * each)
        for qy, qx in places:
            query = q[qy, qx, part]
            scores = torch.stack(
                [
                    query @ k[ky, kx, part] / each**0.5
                    + query @ attn.rel_pos_h[qy - ky + side - 1]
                    + query @ attn.rel_pos_w[qx - kx + side - 1]
                    for ky, kx in places
                ]
            )
            values = torch.stack([v[ky, kx, part] for ky, kx in places])
            out[qy, qx, part] = scores.softmax(0) @ values
    return attn.proj(out)


def block(layer: nn.Module, x: Tensor, config: SamVitConfig, *, everywhere: bool) -> Tensor:
    """(H, W, C) through one pre-norm block, window by window."""
    normed = F.layer_norm(x, x.shape[-1:], layer.layer_norm1.weight, layer.layer_norm1.bias, 1e-6)
    height, width, channels = x.shape
    side = height if everywhere else config.window
    seen = torch.zeros_like(x)
    for top in range(0, height, side):
        for left in range(0, width, side):
            shown = normed[top : top + side, left : left + side]
            window = torch.zeros(side, side, channels)
            window[: shown.shape[0], : shown.shape[1]] = shown
            answer = attention(layer.attn, window, config.heads)
            seen[top : top + side, left : left + side] = answer[: shown.shape[0], : shown.shape[1]]
    x = x + seen
    normed = F.layer_norm(x, x.shape[-1:], layer.layer_norm2.weight, layer.layer_norm2.bias, 1e-6)
    return x + layer.mlp.lin2(F.gelu(layer.mlp.lin1(normed)))


# ---------------------------------------------------------------------- the neck, step by step
def normed(x: Tensor, norm: nn.Module) -> Tensor:
    mean, variance = x.mean(), x.var(correction=0)
    return (x - mean) / (variance + 1e-5).sqrt() * norm.weight[:, None, None] + norm.bias[
        :, None, None
    ]


def doubled(x: Tensor, conv: nn.Module) -> Tensor:
    """Each pixel of (C, H, W) becomes 2 x 2 pixels."""
    _, height, width = x.shape
    out = torch.zeros(conv.weight.shape[1], 2 * height, 2 * width)
    for i in range(2):
        for j in range(2):
            out[:, i::2, j::2] = torch.einsum("chw,co->ohw", x, conv.weight[:, :, i, j])
    return out + conv.bias[:, None, None]


def mixed(x: Tensor, conv: nn.Module) -> Tensor:
    return torch.einsum("chw,oc->ohw", x, conv.weight[:, :, 0, 0]) + conv.bias[:, None, None]


def halved(x: Tensor, conv: nn.Module) -> Tensor:
    parts = [
        torch.einsum("chw,oc->ohw", x[:, i::2, j::2], conv.weight[:, :, i, j])
        for i in range(2)
        for j in range(2)
    ]
    return sum(parts) + conv.bias[:, None, None]


def pyramid(x: Tensor, neck: SimpleFpn) -> list[Tensor]:
    """(C, H, W) at stride 16 -> strides 4, 8, 16, 32."""
    four, eight, sixteen, deep = neck.down_4, neck.down_8, neck.down_16, neck.down_32
    y = F.gelu(normed(doubled(x, four[0]), four[1]))
    y = normed(doubled(y, four[3]), four[4])
    return [
        F.gelu(normed(mixed(y, four[5]), four[6])),
        F.gelu(normed(mixed(normed(doubled(x, eight[0]), eight[1]), eight[2]), eight[3])),
        F.gelu(normed(mixed(x, sixteen[0]), sixteen[1])),
        F.gelu(normed(mixed(normed(halved(x, deep[0]), deep[1]), deep[2]), deep[3])),
    ]


@torch.no_grad()
def test_maps_are_those_of_a_plain_loop_over_windows_heads_and_tokens() -> None:
    model = shaken()
    images = torch.randn(2, 3, SMALL.side, SMALL.side)
    patches = images[1].unfold(1, 16, 16).unfold(2, 16, 16)  # (3, H/16, W/16, 16, 16)
    x = torch.einsum("chwij,ocij->hwo", patches, model.stem["proj"].weight)
    x = x + model.stem["proj"].bias + model.pos_embed[0]
    for number, layer in enumerate(model.layers):
        x = block(layer, x, SMALL, everywhere=number in SMALL.global_blocks)
    expected = pyramid(x.permute(2, 0, 1), model.neck)
    for level, theirs in zip(model(images), expected, strict=True):
        torch.testing.assert_close(level[1], theirs, rtol=1e-4, atol=1e-5)


def test_gives_four_maps_of_the_promised_sizes() -> None:
    model = shaken()
    assert model.strides == (4, 8, 16, 32)
    assert [tuple(m.shape) for m in model(torch.randn(1, 3, 96, 96))] == [
        (1, c, 96 // s, 96 // s) for c, s in zip(SMALL.channels, model.strides, strict=True)
    ]


def test_images_of_another_size_are_refused() -> None:
    with pytest.raises(ValueError, match="96 x 96 pixels, not of 96 x 64"):
        SamVit(SMALL)(torch.zeros(1, 3, 96, 64))


def test_untrained_it_already_tells_images_apart() -> None:
    torch.manual_seed(0)
    one, other = SamVit(SMALL)(torch.randn(2, 3, 96, 96))[0]
    assert (one - other).abs().mean() > 0.1


def test_all_but_the_neck_stays_frozen() -> None:
    model = SamVit(SMALL)
    frozen = {id(p) for p in model.frozen_parameters()}
    learning = {name.split(".")[0] for name, p in model.named_parameters() if id(p) not in frozen}
    assert learning == {"neck"}


@pytest.mark.parametrize(
    ("config", "parameters"),
    [(SAM_BASE_BACKBONE, 98_358_464), (SAM_LARGE_BACKBONE, 323_333_504)],
)
def test_has_the_official_number_of_parameters(config: SamVitConfig, parameters: int) -> None:
    with torch.device("meta"):
        model = SamVit(config)
    assert sum(p.numel() for p in model.parameters()) == parameters


# ---------------------------------------------------------------------- at full size
def renamed(official: str) -> str:
    """Official name of a tensor -> that of transformers' SamVisionEncoder."""
    name = official.removeprefix("backbone.").replace(
        "patch_embed.proj.", "patch_embed.projection."
    )
    name = re.sub(r"^blocks\.(\d+)\.norm([12])\.", r"layers.\1.layer_norm\2.", name)
    return re.sub(r"^blocks\.", "layers.", name)


@pytest.mark.slow
@pytest.mark.official
@torch.no_grad()
def test_official_weights_mean_to_it_what_they_mean_to_transformers(official) -> None:
    from transformers import SamVisionConfig, SamVisionModel

    with torch.device("meta"):
        model = SamVit(SAM_BASE_BACKBONE)
        oracle = SamVisionModel(SamVisionConfig()).vision_encoder  # its defaults are SAM-B
    theirs = official.weights_of("seem_samvitb_v1", "backbone.")
    trunk = {renamed(k): v for k, v in theirs.items() if not k.startswith("backbone.neck.")}
    oracle.neck = nn.Identity()
    oracle.load_state_dict(trunk, assign=True)
    ours = {k.removeprefix("backbone."): v for k, v in from_official(theirs)[0].items()}
    model.load_state_dict(ours, assign=True)
    image = torch.from_numpy(official.inputs.image_a()).float().permute(2, 0, 1)[None]
    image = F.pad((image - 120) / 57, (0, 1024 - 256, 0, 1024 - 192))
    maps = model.eval()(image)
    x = oracle.eval()(image).last_hidden_state[0].permute(2, 0, 1)
    for level, expected in zip(maps, pyramid(x, model.neck), strict=True):
        assert level.isfinite().all()
        assert ((level[0] - expected).norm() / expected.norm()) < 1e-5

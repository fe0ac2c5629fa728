"""Deformable attention against loops, and the pixel decoder against transformers' Mask2Former."""

import math

import torch

from seem_model.modeling.build import build_pixel_decoder
from seem_model.modeling.deformable import (
    DeformableAttention,
    DeformablePixelDecoder,
    pixel_centres,
    sample_levels,
)
from seem_model.modeling.deformable_config import DeformablePixelDecoderConfig
from seem_model.modeling.sam_config import SAM_BASE_BACKBONE

CHANNELS = (6, 8, 10, 12)
SMALL = DeformablePixelDecoderConfig(
    width=64, mask_width=24, layers=2, heads=4, points=4, ffn=40, groups=32
)
SIZES = [(2, 3), (4, 5), (7, 6)]


def read_at(values: torch.Tensor, x: float, y: float) -> torch.Tensor:
    """(H, W, c) values between pixels; pixel i covers i to i + 1, outside is 0."""
    height, width, channels = values.shape
    total = torch.zeros(channels)
    top, left = math.floor(y - 0.5), math.floor(x - 0.5)
    for row in (top, top + 1):
        for column in (left, left + 1):
            if 0 <= row < height and 0 <= column < width:
                near = (1 - abs(y - 0.5 - row)) * (1 - abs(x - 0.5 - column))
                total = total + near * values[row, column]
    return total


def test_places_of_all_levels_are_read_as_a_loop_would() -> None:
    torch.manual_seed(0)
    batch, tokens, heads, points, channels = 2, 5, 3, 2, 4
    length = sum(h * w for h, w in SIZES)
    values = torch.randn(batch, length, heads, channels)
    locations = torch.rand(batch, tokens, heads, len(SIZES), points, 2) * 1.6 - 0.3  # also outside
    weights = torch.rand(batch, tokens, heads, len(SIZES), points)
    expected = torch.zeros(batch, tokens, heads, channels)
    for b in range(batch):
        for n in range(tokens):
            for h in range(heads):
                start = 0
                for level, (height, width) in enumerate(SIZES):
                    part = values[b, start : start + height * width, h]
                    start += height * width
                    part = part.reshape(height, width, channels)
                    for p in range(points):
                        x, y = locations[b, n, h, level, p].tolist()
                        seen = read_at(part, x * width, y * height)
                        expected[b, n, h] += weights[b, n, h, level, p] * seen
    got = sample_levels(values, SIZES, locations, weights)
    torch.testing.assert_close(got, expected.flatten(2))


def test_tokens_stand_at_pixel_centres_rows_first() -> None:
    centres = pixel_centres([(2, 3), (1, 1)], torch.device("cpu"))
    expected = [(x / 6, y / 4) for y in (1, 3) for x in (1, 3, 5)] + [(0.5, 0.5)]
    torch.testing.assert_close(centres, torch.tensor(expected))


def test_attention_that_looks_where_it_stands_returns_its_own_value() -> None:
    attention = DeformableAttention(8, heads=2, points=1)
    torch.nn.init.zeros_(attention.sampling_offsets.bias)
    sizes = [(3, 3)] * 3
    maps = torch.randn(1, 3, 9, 8)
    x = maps.flatten(1, 2)
    # with equal weights each token gets the mean of the three maps at its place
    expected = attention.output_proj(attention.value_proj(maps).mean(1).repeat(1, 3, 1))
    got = attention(x, torch.randn(27, 8), sizes, pixel_centres(sizes, x.device))
    torch.testing.assert_close(got, expected)


def test_heads_begin_by_looking_in_different_directions() -> None:
    attention = DeformableAttention(16, heads=8, points=2)
    offsets = attention.sampling_offsets.bias.detach().view(8, 3, 2, 2)
    torch.testing.assert_close(offsets[0, :, 0], torch.tensor([[1.0, 0]] * 3))
    torch.testing.assert_close(offsets[1, 0, 1], torch.tensor([2.0, 2]))
    torch.testing.assert_close(offsets[:, :, 1], 2 * offsets[:, :, 0])
    assert len({tuple(o.round(decimals=3).tolist()) for o in offsets[:, 0, 0]}) == 8


def maps(height: int = 2, width: int = 3, batch: int = 2) -> tuple[torch.Tensor, ...]:
    return tuple(
        torch.randn(batch, c, height * k, width * k)
        for c, k in zip(CHANNELS, (8, 4, 2, 1), strict=True)
    )


def shaken() -> DeformablePixelDecoder:
    """A small decoder none of whose parameters is at its plain beginning."""
    torch.manual_seed(1)
    model = DeformablePixelDecoder(CHANNELS, SMALL)
    with torch.no_grad():
        for p in model.parameters():
            p.add_(torch.randn_like(p) * 0.2)
    return model.eval()


def renamed(name: str) -> str:
    """Our name of a tensor -> that of transformers' Mask2FormerPixelDecoder."""
    for ours, theirs in (
        ("input_proj.", "input_projections."),
        ("encoder.", "encoder.layers."),
        ("attention.self_attn.", "self_attn."),
        ("attention.norm.", "self_attn_layer_norm."),
        ("ffn.norm.", "final_layer_norm."),
        ("ffn.linear", "fc"),
        ("adapters.2.", "adapter_1."),
        ("smooth.3.", "layer_1."),
        ("mask_features.", "mask_projection."),
    ):
        name = name.replace(ours, theirs)
    return name


@torch.no_grad()
def test_the_pixel_decoder_gives_what_mask2former_gives() -> None:
    from transformers import Mask2FormerConfig
    from transformers.models.mask2former.modeling_mask2former import Mask2FormerPixelDecoder

    model = shaken()
    config = Mask2FormerConfig(
        feature_size=SMALL.width, mask_feature_size=SMALL.mask_width, encoder_layers=SMALL.layers,
        encoder_feedforward_dim=SMALL.ffn, num_attention_heads=SMALL.heads, dropout=0.0,
    )  # fmt: skip
    oracle = Mask2FormerPixelDecoder(config, feature_channels=list(CHANNELS)).eval()
    oracle.load_state_dict({renamed(k): v for k, v in model.state_dict().items()})
    features = maps()
    expected = oracle(features, output_hidden_states=False, output_attentions=False)
    mask, levels = model(features)
    torch.testing.assert_close(mask, expected.mask_features, rtol=1e-4, atol=1e-5)
    for level, theirs in zip(levels, expected.multi_scale_features, strict=True):
        torch.testing.assert_close(level, theirs, rtol=1e-4, atol=1e-5)
    assert mask.std() > 0.1


def test_gives_mask_features_and_three_levels() -> None:
    mask, levels = shaken()(maps())
    assert mask.shape == (2, 24, 16, 24)
    assert [tuple(level.shape) for level in levels] == [
        (2, 64, 2, 3), (2, 64, 4, 6), (2, 64, 8, 12),
    ]  # fmt: skip


@torch.no_grad()
def test_one_image_does_not_see_another_of_its_batch() -> None:
    model, both = shaken(), maps()
    mask, levels = model(both)
    alone, alone_levels = model(tuple(m[1:] for m in both))
    torch.testing.assert_close(mask[1:], alone)
    torch.testing.assert_close(levels[2][1:], alone_levels[2])


@torch.no_grad()
def test_mixed_precision_does_not_reach_it() -> None:
    model, features = shaken(), maps()
    expected = model(features)[0]
    with torch.autocast("cpu", dtype=torch.bfloat16):
        got = model(features)[0]
    assert torch.equal(got, expected)


def test_every_parameter_learns() -> None:
    model = shaken()
    mask, levels = model(maps())
    (mask.square().mean() + sum(level.square().mean() for level in levels)).backward()
    assert all(p.grad is not None and p.grad.abs().max() > 0 for p in model.parameters())


def test_has_the_official_number_of_parameters() -> None:
    with torch.device("meta"):
        model = build_pixel_decoder(SAM_BASE_BACKBONE.channels, DeformablePixelDecoderConfig())
    assert isinstance(model, DeformablePixelDecoder)
    assert sum(p.numel() for p in model.parameters()) == 13_964_480

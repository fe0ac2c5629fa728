"""Drawn prompts as points, tokens and prompt maps."""

import pytest
import torch
import torch.nn.functional as F

from seem_model.modeling.dense_prompt import DensePrompt, PromptMaps
from seem_model.modeling.points import sample, uncertain_points
from seem_model.modeling.visual_sampler import VisualSampler, gather_points
from tiny_model import SIDE, TINY, box, maps

NOTHING = torch.zeros(1, SIDE, SIDE, dtype=torch.bool)


def test_points_are_where_the_masks_are() -> None:
    positive, negative = NOTHING.clone(), NOTHING.clone()
    positive[0, 16, 8] = negative[0, 0, 63] = True
    points = gather_points(positive[:, None], negative[:, None], limit=4)
    assert points.places.tolist() == [[[8 / SIDE, 16 / SIDE], [63 / SIDE, 0]]]
    assert points.positive.tolist() == [[True, False]]
    assert points.owner.tolist() == [[0, 0]]
    assert not points.padding.any()


def test_shorter_rows_are_padded() -> None:
    positive = torch.stack([box(0, 0, 2), box(0, 0, 3)])
    points = gather_points(positive, torch.zeros_like(positive), limit=9)
    assert points.padding.sum(1).tolist() == [5, 0]
    assert (points.owner[points.padding] == -1).all()


def test_no_more_points_than_the_limit_and_a_fair_share_for_each_prompt() -> None:
    two = torch.cat([box(0, 0, 30), box(40, 40, 8)])[None]
    points = gather_points(two, torch.zeros_like(two), limit=40)
    assert points.places.shape[1] == 40
    assert 10 <= int((points.owner == 1).sum()) <= 30


def test_a_prompt_gets_the_same_points_whoever_is_beside_it() -> None:
    big, other = box(0, 0, 30), box(20, 20, 40)
    empty = NOTHING[None]
    alone = gather_points(other[None], empty, limit=16)
    beside = gather_points(torch.stack([big, other]), empty.expand(2, -1, -1, -1), limit=16)
    assert torch.equal(beside.places[1:], alone.places)


def test_pooled_is_the_mean_under_positive_points() -> None:
    torch.manual_seed(0)
    sampler = VisualSampler(8, empty=-1.0)
    flat = torch.ones(1, 8, 4, 4)
    mask = torch.arange(16.0).view(1, 1, 4, 4)
    two = torch.stack([box(8, 8)[0], NOTHING[0]])[None]
    points = gather_points(two, torch.stack([NOTHING, box(0, 0)], dim=1), limit=99)
    tokens = sampler(points, (flat, flat, flat), mask)
    read = sample(mask, points.places[:, points.positive[0]], align_corners=True)
    torch.testing.assert_close(tokens.pooled[0, 0], read.mean(2)[0])
    assert tokens.pooled[0, 1].item() == -1  # the second prompt has no positive point
    assert tokens.levels[0].shape == (1, 128, 8)


def test_positive_and_negative_marks_are_told_apart() -> None:
    torch.manual_seed(0)
    sampler = VisualSampler(8)
    level, mask = torch.randn(1, 8, 4, 4), torch.randn(1, 8, 4, 4)

    def tokens(positive, negative):
        points = gather_points(positive[None], negative[None], limit=99)
        return sampler(points, (level,) * 3, mask)

    yes, no = tokens(box(8, 8), NOTHING), tokens(NOTHING, box(8, 8))
    difference = sampler.sign_embed.weight[0] - sampler.sign_embed.weight[1]
    torch.testing.assert_close(
        yes.levels[0] - no.levels[0], difference.expand_as(yes.levels[0]), atol=1e-5, rtol=1e-5
    )
    assert not no.pooled.any()


def test_sampling_reads_pixel_centres() -> None:
    grid = torch.arange(4.0).view(1, 1, 1, 4).expand(1, 1, 4, 4)
    centres = torch.tensor([[[0.125, 0.5], [0.875, 0.5]]])
    torch.testing.assert_close(
        sample(grid, centres, align_corners=False)[0, 0], torch.tensor([0.0, 3.0])
    )


@pytest.mark.parametrize("place", [(0, 0), (63, 63), (5, 40), (31, 32)])
def test_centred_points_read_the_feature_where_the_pixel_lies(place: tuple[int, int]) -> None:
    sampler = VisualSampler(8, centred=True)
    middle = (torch.arange(16.0) + 0.5) * 4  # of each cell, in pixels
    ramp = torch.stack([middle[:, None].expand(16, 16), middle.expand(16, 16)])[None]
    clicked = NOTHING.clone()
    clicked[0, place[0], place[1]] = True
    points = gather_points(clicked[None], NOTHING[None], limit=4)
    wanted = torch.tensor(place).float().add(0.5).clamp(2, 62)  # no cell has its centre beyond
    torch.testing.assert_close(sampler.pool(points, ramp)[0, 0], wanted)


def test_uncertain_points_are_near_the_edge_and_repeat_for_a_seed() -> None:
    logits = torch.linspace(-9, 9, 32).expand(2, 1, 32, 32)

    def draw():
        return uncertain_points(
            logits, count=40, oversample=3.0, importance=0.75,
            generator=torch.Generator().manual_seed(0),
        )  # fmt: skip

    points = draw()
    assert points.shape == (2, 40, 2)
    assert torch.equal(points, draw())
    chosen = sample(logits, points, align_corners=False)[:, 0].abs()
    assert chosen[:, :30].max() < 3  # the 30 most certain of 90 candidates are not among them
    assert chosen[:, 30:].max() > 3  # ten are uniform


@pytest.fixture(scope="module")
def dense() -> DensePrompt:
    torch.manual_seed(0)
    return DensePrompt(16, 16, TINY.dense).eval().requires_grad_(False)


def fused(dense: DensePrompt, prompts: PromptMaps) -> tuple:
    sizes = (2, 4, 8)
    levels = tuple(torch.zeros(1, 16, s, s) for s in sizes)
    return dense(torch.zeros(1, 16, 16, 16), levels, prompts)


def test_dense_prompts_keep_the_shapes(dense: DensePrompt) -> None:
    mask, levels = fused(dense, maps(box(20, 20)))
    assert mask.shape == (1, 16, 16, 16)
    assert [tuple(x.shape) for x in levels] == [(1, 16, s, s) for s in (2, 4, 8)]


def test_a_click_acts_most_where_it_was_made(dense: DensePrompt) -> None:
    nothing, _ = fused(dense, maps(NOTHING))
    for row, col in ((2, 2), (30, 50), (60, 61)):
        mask, _ = fused(dense, maps(box(row, col, 3)))
        change = (mask - nothing).abs().sum(1)[0]
        place = divmod(int(change.argmax()), 16)
        assert abs(place[0] - row // 4) <= 2
        assert abs(place[1] - col // 4) <= 2


@pytest.mark.parametrize(("row", "col"), [(0, 0), (1, 62), (31, 17), (63, 63)])
def test_a_mark_grows_by_two_pixels_to_each_side(
    dense: DensePrompt, row: int, col: int
) -> None:  # fmt: skip
    grown = box(row, col, 1)
    grown[:, max(0, row - 2) : row + 3, max(0, col - 2) : col + 3] = True
    shown = F.pixel_shuffle(dense._maps(maps(box(row, col, 1)))[:, :48], 4)[0]
    assert torch.equal(shown, torch.stack([grown[0], NOTHING[0], NOTHING[0]]).float())


def test_an_empty_memory_is_not_no_memory(dense: DensePrompt) -> None:
    without, _ = fused(dense, maps(box(20, 20)))
    rejected, _ = fused(dense, maps(box(20, 20), memory=torch.full((1, 16, 16), -20.0)))
    assert not torch.allclose(without, rejected, atol=1e-4)

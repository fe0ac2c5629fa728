"""Losses against their definitions on small tensors."""

from itertools import permutations

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from seem_model.loss_config import LossConfig, TaskWeights
from seem_model.losses import (
    ObjectTargets,
    PhraseTargets,
    added,
    choice_losses,
    layers,
    mask_losses,
    object_losses,
    phrase_losses,
    total,
)
from seem_model.matching import bce, dice, match, pair_costs
from seem_model.modeling.decoded import Decoded, Queries

CONFIG = LossConfig(points=512)
# Importance sampling looks for edges, where a truth is neither 0 nor 1: off where 0 is expected.
EVENLY = LossConfig(points=512, importance=0.0)


def seeded(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def halves(side: int = 16) -> torch.Tensor:
    """(4, side, side) bool: top, bottom, left and right half."""
    masks = torch.zeros(4, side, side, dtype=torch.bool)
    half = side // 2
    masks[0, :half], masks[1, half:], masks[2, :, :half], masks[3, :, half:] = (True,) * 4
    return masks


def logits_of(masks: torch.Tensor, sure: float = 30.0) -> torch.Tensor:
    return torch.where(masks, sure, -sure)


def test_dice_and_bce_are_the_formulas() -> None:
    x = torch.randn(3, 20, generator=seeded())
    t = (torch.rand(3, 20, generator=seeded(1)) < 0.5).float()
    p = x.sigmoid()
    for row in range(3):
        inter = sum(float(a * b) for a, b in zip(p[row], t[row], strict=True))
        wanted = 1 - (2 * inter + 1) / (float(p[row].sum()) + float(t[row].sum()) + 1)
        assert dice(x, t)[row].item() == pytest.approx(wanted, abs=1e-5)
        entropy = -(t[row] * p[row].log() + (1 - t[row]) * (1 - p[row]).log()).mean()
        assert bce(x, t)[row].item() == pytest.approx(entropy.item(), abs=1e-5)


def test_pair_costs_are_the_losses_of_every_pair() -> None:
    x = torch.randn(4, 30, generator=seeded())
    t = (torch.rand(3, 30, generator=seeded(1)) < 0.5).float()
    cost_bce, cost_dice = pair_costs(x, t)
    for q in range(4):
        for g in range(3):
            assert cost_bce[q, g] == pytest.approx(bce(x[q : q + 1], t[g : g + 1]).item(), abs=1e-5)
            one = dice(x[q : q + 1], t[g : g + 1]).item()
            assert cost_dice[q, g] == pytest.approx(one, abs=1e-5)


def test_matching_finds_each_truth_its_query() -> None:
    truth = halves()
    order = torch.tensor([2, 0, 3, 1])
    rows, columns = match(
        logits_of(truth[order]), truth, torch.zeros(4, 4), config=CONFIG, generator=seeded()
    )
    assert torch.equal(order[rows], columns)


def test_matching_is_optimal() -> None:
    truth = halves(8)[:3]
    masks = torch.randn(5, 8, 8, generator=seeded(3))
    class_cost = torch.randn(5, 3, generator=seeded(4))
    rows, columns = match(masks, truth, class_cost, config=CONFIG, generator=seeded(9))
    points = torch.rand(1, CONFIG.points, 2, generator=seeded(9)) * 2 - 1

    def read(x):
        found = F.grid_sample(x[None], points[:, :, None], align_corners=False)
        return found[0, :, :, 0]

    cost_bce, cost_dice = pair_costs(read(masks), read(truth.float()))
    cost = class_cost + 5 * cost_bce + 5 * cost_dice
    best = min(sum(cost[q, g] for g, q in enumerate(p)) for p in permutations(range(5), 3))
    assert cost[rows, columns].sum().item() == pytest.approx(float(best), abs=1e-4)


def test_matching_survives_numbers_that_are_none() -> None:
    masks = torch.full((4, 8, 8), torch.nan)
    rows, _ = match(masks, halves(8)[:2], torch.zeros(4, 2), config=CONFIG, generator=seeded())
    assert len(rows) == 2


def test_a_perfect_mask_costs_nothing_and_a_wrong_one_much() -> None:
    truth = halves(64)
    right, wrong = logits_of(truth), logits_of(~truth)
    for logits, low, high in ((right, 0, 0.02), (wrong, 0.9, 99)):
        loss_bce, loss_dice = mask_losses(logits, truth, config=EVENLY, generator=seeded(), count=4)
        assert low <= loss_dice <= high
        assert loss_bce <= (0.4 if high < 1 else 99)


def test_losses_are_divided_by_the_count() -> None:
    x, truth = torch.randn(2, 8, 8, generator=seeded()), halves(8)[:2]
    ones = mask_losses(x, truth, config=CONFIG, generator=seeded(), count=1)
    twos = mask_losses(x, truth, config=CONFIG, generator=seeded(), count=2)
    for a, b in zip(ones, twos, strict=True):
        assert a.item() == pytest.approx(2 * b.item())


def test_coarse_masks_meet_fine_truths_without_a_shift() -> None:
    """Stride-4 logits of an aligned square cost less than the same moved by one cell."""
    truth = torch.zeros(1, 64, 64, dtype=torch.bool)
    truth[0, 16:48, 16:48] = True
    coarse = F.avg_pool2d(logits_of(truth)[None], 4)[0]
    costs = []
    for shift in (-1, 0, 1):
        moved = coarse.roll(shift, dims=2)
        costs.append(
            float(mask_losses(moved, truth, config=CONFIG, generator=seeded(), count=1)[1])
        )
    assert costs[1] < min(costs[0], costs[2])
    assert costs[0] == pytest.approx(costs[2], rel=0.35)


def targets(classes: list[int]) -> ObjectTargets:
    return ObjectTargets(halves(64)[: len(classes)], torch.tensor(classes), torch.eye(4))


def test_object_losses_of_a_perfect_answer_vanish() -> None:
    masks = logits_of(torch.cat([halves(64)[:2], torch.zeros(3, 64, 64, dtype=torch.bool)]))
    queries = Queries(torch.zeros(1, 5, 2), torch.zeros(1, 5, 2), masks[None])
    classes = torch.full((5, 4), -30.0)
    classes[0, 1] = classes[1, 2] = classes[2:, 3] = 30
    losses = object_losses(queries, [classes], [targets([1, 2])], config=EVENLY, generator=seeded())
    assert losses["objects_ce"] < 1e-4
    assert losses["objects_dice"] < 0.1
    worse = object_losses(
        queries, [classes.roll(1, 1)], [targets([1, 2])], config=CONFIG, generator=seeded()
    )
    assert worse["objects_ce"] > 10


def test_queries_without_object_weigh_a_tenth() -> None:
    queries = Queries(
        torch.zeros(1, 3, 2), torch.zeros(1, 3, 2),
        logits_of(torch.cat([halves(64)[:1], torch.zeros(2, 64, 64, dtype=torch.bool)]))[None],
    )  # fmt: skip
    classes = torch.randn(3, 4, generator=seeded())
    got = object_losses(queries, [classes], [targets([1])], config=CONFIG, generator=seeded())
    nll = -classes.log_softmax(1)
    wanted = (nll[0, 1] + 0.1 * (nll[1, 3] + nll[2, 3])) / 1.2
    assert got["objects_ce"].item() == pytest.approx(2 * wanted.item(), rel=1e-5)


def test_choosing_takes_the_best_mask_and_teaches_the_likeness() -> None:
    truth = halves(64)[:2]
    masks = torch.stack([logits_of(halves(64)), logits_of(halves(64)[[1, 0, 2, 3]])])
    masks[1, 0], masks[1, 1] = logits_of(halves(64)[0]), logits_of(halves(64)[1])
    likeness = torch.randn(2, 4, generator=seeded())
    losses, index = choice_losses(
        masks, likeness, truth, weights=TaskWeights(0.4, 1.0, 1.0), name="clicks",
        config=EVENLY, generator=seeded(),
    )  # fmt: skip
    assert index.tolist() == [0, 1]
    wanted = 0.4 * F.cross_entropy(likeness, torch.tensor([0, 1]))
    assert losses["clicks_ce"].item() == pytest.approx(wanted.item())
    assert losses["clicks_dice"] < 0.05


def test_a_phrase_that_nothing_fits_teaches_an_empty_mask() -> None:
    truth = torch.stack([halves(64)[0], torch.zeros(64, 64, dtype=torch.bool)])
    target = PhraseTargets(truth, ("the left dog", "the red dog"), True)

    def losses(second: torch.Tensor) -> dict[str, torch.Tensor]:
        masks = torch.stack([logits_of(truth[0]), second, logits_of(halves(64)[2])])[None]
        queries = Queries(torch.zeros(1, 3, 4), torch.zeros(1, 3, 4), masks)
        similar = torch.tensor([[9.0, 0.0], [0.0, 9.0], [0.0, 0.0]])
        return phrase_losses(queries, [similar], [target], config=EVENLY, generator=seeded())

    empty, full = losses(logits_of(truth[1])), losses(logits_of(halves(64)[1]))
    assert empty["phrases_ce"] < 0.01
    assert empty["phrases_dice"] < 0.05
    assert full["phrases_dice"] > 0.3
    assert full["phrases_bce"] > empty["phrases_bce"] + 1


def test_sums_of_layers() -> None:
    one, two = torch.tensor(1.0), torch.tensor(2.0)
    both = added({"a": one}, {"a": two, "b": two})
    assert {k: float(v) for k, v in both.items()} == {"a": 3, "b": 2}
    assert float(total(both)) == 5
    early, late = Decoded(), Decoded()
    assert layers(late.with_aux((early,)))[0] is early


def test_gradients_reach_every_matched_mask() -> None:
    x = torch.zeros(2, 8, 8, requires_grad=True)
    sum(mask_losses(x, halves(8)[:2], config=CONFIG, generator=seeded(), count=2)).backward()
    assert np.isfinite(x.grad.numpy()).all()
    assert (x.grad.abs().sum((1, 2)) > 0).all()

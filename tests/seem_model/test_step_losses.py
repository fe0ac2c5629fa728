"""A training step of small official layouts against losses written out by brute force.

The full-size twin is ``test_official_losses.py``; this one needs nothing but the package.
"""

from dataclasses import dataclass, replace
from itertools import permutations

import pytest
import torch
import torch.nn.functional as F

from even_points import spread
from seem_model.config import DecoderConfig
from seem_model.loss_config import LossConfig
from seem_model.losses import (
    ObjectTargets,
    PhraseTargets,
    click_losses,
    layers,
    object_losses,
    phrase_losses,
    total,
)
from seem_model.modeling.attention import group
from seem_model.modeling.decoded import Decoded, Features, Request
from seem_model.modeling.decoder import Decoder
from seem_model.modeling.visual_sampler import gather_points

CONFIG = LossConfig(points=96)
LAYOUTS = ("separate_v0", "separate_v1")
SIDE, WIDTH, QUERIES = 64, 16, 6
SCALE = 5.0


@pytest.fixture(autouse=True)
def _even_points(monkeypatch) -> None:
    monkeypatch.setattr(torch, "rand", spread)


def normal(*shape: int, seed: int) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def rectangle(top: int, left: int, bottom: int, right: int) -> torch.Tensor:
    mask = torch.zeros(SIDE, SIDE, dtype=torch.bool)
    mask[top:bottom, left:right] = True
    return mask


MASKS = (
    torch.stack([rectangle(4, 4, 30, 40), rectangle(36, 20, 60, 60), rectangle(0, 44, 34, 64)]),
    torch.stack([rectangle(10, 10, 50, 50), rectangle(52, 0, 64, 64)]),
)
CLASSES = (torch.tensor([1, 0, 3]), torch.tensor([2, 2]))
PHRASES = (("a dog", "cat", "cat"), ("a car",))
SENTENCE = (True, False)


@dataclass(frozen=True)
class Scene:
    """A decoded batch of two images and what is right."""

    decoder: Decoder
    decoded: Decoded
    truth: torch.Tensor  # (2, n, H, W) bool, what is clicked at
    names: torch.Tensor  # (K + 1, D), the last is "background"
    phrases: tuple[torch.Tensor, torch.Tensor]  # (P, D) each


def scene(layout: str) -> Scene:
    """v1: two prompts in the first image and one in the second; v0: one in each."""
    n = 2 if layout == "separate_v1" else 1
    config = DecoderConfig(
        width=WIDTH, concept=WIDTH, queries=QUERIES, heads=2, ffn=32, layers=3, memory=4,
        prompting=layout, spatial_source="draw" if n == 2 else "all", max_points=64,
    )  # fmt: skip
    torch.manual_seed(5)
    decoder = Decoder(config, level_width=WIDTH, mask_width=WIDTH).eval()
    torch.nn.init.normal_(decoder.class_embed, std=WIDTH**-0.5)
    sides = (SIDE // 32, SIDE // 16, SIDE // 8)
    features = Features(
        normal(2, WIDTH, SIDE // 4, SIDE // 4, seed=1),
        tuple(normal(2, WIDTH, s, s, seed=s) for s in sides),
    )
    truth = torch.zeros(2, n, SIDE, SIDE, dtype=torch.bool)
    truth[0], truth[1, 0] = MASKS[0][:n], MASKS[1][0]
    dots = truth & (normal(*truth.shape, seed=2) > 2)
    points = gather_points(dots, torch.zeros_like(dots), limit=64)
    padding = torch.tensor([[False] * 3, [False, False, True]])
    tokens = normal(2, 3, WIDTH, seed=3)
    request = Request(
        objects=True, grounding=True, spatial=True, points=points,
        text=group("text", tokens, tokens, padding=padding),
        memory=normal(2, n, SIDE // 4, SIDE // 4, seed=4),
    )  # fmt: skip
    decoded = decoder(features, request, every_layer=True)
    # The vectors of equal phrases may differ: a class name goes through one of many templates.
    one, two = F.normalize(normal(4, WIDTH, seed=6), dim=1).split([3, 1])
    names = F.normalize(normal(5, WIDTH, seed=7), dim=1)
    return Scene(decoder, decoded, truth, names, (one, two))


def likeness(concepts: torch.Tensor, vectors: torch.Tensor) -> torch.Tensor:
    return SCALE * F.normalize(concepts, dim=-1) @ vectors.T


def ours(s: Scene, layer: Decoded) -> dict[str, torch.Tensor]:
    objects = [ObjectTargets(m, c, s.names) for m, c in zip(MASKS, CLASSES, strict=True)]
    phrases = [
        PhraseTargets(m[: len(p)], p, sentence)
        for m, p, sentence in zip(MASKS, PHRASES, SENTENCE, strict=True)
    ]
    logits = [likeness(c, s.names) for c in layer.objects.concepts]
    similar = [
        likeness(c, v) for c, v in zip(layer.grounding.concepts, s.phrases, strict=True)
    ]  # fmt: skip
    settings = {"config": CONFIG, "generator": None}
    return (
        object_losses(layer.objects, logits, objects, **settings)
        | click_losses(layer.spatial, s.decoded.pooled, s.truth, **settings)[0]
        | phrase_losses(layer.grounding, similar, phrases, **settings)
    )


# ------------------------------------------------------------------ the same, written out
def at(mask: torch.Tensor, points: torch.Tensor) -> torch.Tensor:
    grid = (points * 2 - 1)[None, None]
    return F.grid_sample(mask[None, None].float(), grid, align_corners=False)[0, 0, 0]


def apart(logits: torch.Tensor, wanted: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """BCE and Dice of values at points."""
    p = logits.sigmoid()
    entropy = -(wanted * F.logsigmoid(logits) + (1 - wanted) * F.logsigmoid(-logits)).mean()
    return entropy, 1 - (2 * (p * wanted).sum() + 1) / (p.sum() + wanted.sum() + 1)


def cost(mask: torch.Tensor, truth: torch.Tensor) -> float:
    points = spread(CONFIG.points, 2)
    entropy, dice = apart(at(mask.detach(), points), at(truth, points))
    return float(5 * entropy + 5 * dice)


def learned(pairs: list[tuple[torch.Tensor, torch.Tensor]]) -> tuple[torch.Tensor, torch.Tensor]:
    """Mean BCE and Dice of matched masks: three quarters of the points where least is certain."""
    terms = []
    for mask, truth in pairs:
        candidates = spread(int(CONFIG.points * 3), 2)
        by_doubt = at(mask, candidates).detach().abs().argsort()
        sure = int(CONFIG.points * 0.75)
        points = torch.cat([candidates[by_doubt[:sure]], spread(CONFIG.points - sure, 2)])
        terms.append(apart(at(mask, points), at(truth, points)))
    entropies, dices = zip(*terms, strict=True)
    return sum(entropies) / len(pairs), sum(dices) / len(pairs)


def best(costs: list[list[float]]) -> tuple[int, ...]:
    """The query of each truth, of all ways to give each a different one."""
    ways = permutations(range(QUERIES), len(costs))
    return min(ways, key=lambda way: sum(costs[g][q] for g, q in enumerate(way)))


def written_objects(s: Scene, layer: Decoded) -> dict[str, torch.Tensor]:
    pairs, entropy, weight = [], 0.0, 0.0
    for b, (masks, classes) in enumerate(zip(MASKS, CLASSES, strict=True)):
        logits = likeness(layer.objects.concepts[b], s.names)
        p, found = logits.softmax(1), layer.objects.logits[b]
        costs = [
            [cost(found[q], m) - 2 * p[q, c].item() for q in range(QUERIES)]
            for m, c in zip(masks, classes, strict=True)
        ]
        way = best(costs)
        pairs += [(found[q], masks[g]) for g, q in enumerate(way)]
        for q in range(QUERIES):
            label = int(classes[way.index(q)]) if q in way else 4
            share = 1.0 if q in way else 0.1
            entropy -= share * p[q, label].log()
            weight += share
    bce, dice = learned(pairs)
    return {"objects_ce": 2 * entropy / weight, "objects_bce": 5 * bce, "objects_dice": 5 * dice}


def written_clicks(s: Scene, layer: Decoded) -> dict[str, torch.Tensor]:
    pairs, entropies = [], []
    spatial, n = layer.spatial, s.truth.shape[1]
    for b in range(2):
        for k in range(n):
            if not s.truth[b, k].any():
                continue
            own = range(3 * k, 3 * k + 3) if n == 2 else range(QUERIES)
            similar = spatial.embeds[b] @ s.decoded.pooled[b, k]
            share = similar[own.start : own.stop].softmax(0)
            costs = {
                q: cost(spatial.logits[b, q], s.truth[b, k]) - 2 * share[q - own.start].item()
                for q in own
            }
            q = min(costs, key=costs.get)
            pairs.append((spatial.logits[b, q], s.truth[b, k]))
            entropies.append(-similar.log_softmax(0)[q])
    bce, dice = learned(pairs)
    ce = 0.4 * sum(entropies) / len(entropies)
    return {"clicks_ce": ce, "clicks_bce": bce, "clicks_dice": dice}


def written_phrases(s: Scene, layer: Decoded) -> dict[str, torch.Tensor]:
    pairs, entropies = [], []
    for b, (phrases, vectors) in enumerate(zip(PHRASES, s.phrases, strict=True)):
        logits = likeness(layer.grounding.concepts[b], vectors)
        p, found, masks = logits.softmax(0), layer.grounding.logits[b], MASKS[b]
        costs = [
            [cost(found[q], masks[g]) - 2 * p[q, g].item() for q in range(QUERIES)]
            for g in range(len(phrases))
        ]
        way = best(costs)
        pairs += [(found[q], masks[g]) for g, q in enumerate(way)]
        each = []
        for g, phrase in enumerate(phrases):
            alike = [way[h] for h, other in enumerate(phrases) if other == phrase]
            each.append(-sum(p[q, g].log() for q in alike) / len(alike))
        entropies.append((2.0 if SENTENCE[b] else 0.5) * sum(each) / len(each))
    bce, dice = learned(pairs)
    return {"phrases_ce": 0.4 * sum(entropies) / 2, "phrases_bce": bce, "phrases_dice": dice}


WRITTEN = (written_objects, written_clicks, written_phrases)


@pytest.mark.parametrize("layout", LAYOUTS)
def test_every_loss_of_every_layer_is_the_written_one(layout: str) -> None:
    s = scene(layout)
    assert len(layers(s.decoded)) == 4
    for layer in layers(s.decoded):
        wanted = {k: v for written in WRITTEN for k, v in written(s, layer).items()}
        got = ours(s, layer)
        assert got.keys() == wanted.keys()
        for name, value in got.items():
            assert value.item() == pytest.approx(wanted[name].item(), rel=1e-4), name


def gradient_norms(decoder: Decoder, loss: torch.Tensor) -> dict[str, float]:
    decoder.zero_grad()
    loss.backward(retain_graph=True)
    return {name: float(p.grad.norm()) for name, p in decoder.named_parameters()}


@pytest.mark.parametrize("layout", LAYOUTS)
def test_every_parameter_learns_as_the_written_losses_teach(layout: str) -> None:
    s = scene(layout)
    mine = sum(total(ours(s, layer)) for layer in layers(s.decoded))
    theirs = sum(sum(w(s, layer).values()) for layer in layers(s.decoded) for w in WRITTEN)
    wanted = gradient_norms(s.decoder, theirs)
    assert all(norm > 0 for norm in wanted.values())
    assert gradient_norms(s.decoder, mine) == pytest.approx(wanted, rel=1e-3)


def test_a_prompt_without_truth_teaches_nothing() -> None:
    s = scene("separate_v1")
    got, index = click_losses(
        s.decoded.spatial,
        s.decoded.pooled,
        torch.zeros_like(s.truth),
        config=CONFIG,
        generator=None,
    )
    assert not got
    assert not len(index)


def test_only_a_prompts_own_queries_are_matched() -> None:
    """The best mask of all belongs to the other prompt: it is no answer to this one."""
    s = scene("separate_v1")
    perfect = torch.where(F.avg_pool2d(s.truth[:1, :1].float(), 4) > 0.5, 9.0, -9.0)[0, 0]
    masks = s.decoded.spatial.logits.detach().clone()
    masks[0, 5] = perfect
    queries = replace(s.decoded.spatial, masks=masks)
    truth = s.truth.clone()
    truth[0, 1] = truth[1, 0] = False
    settings = {"config": CONFIG, "generator": None}
    _, index = click_losses(queries, s.decoded.pooled, truth, **settings)
    assert index.item() < 3
    shared = replace(queries, owner=None)
    assert click_losses(shared, s.decoded.pooled, truth, **settings)[1].item() == 5

"""Everything like an example or a phrase: the choice among candidates, and the shipped model."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest

import seem_model
from examples import SHAPE, example, official
from seem_model import Exemplar, PromptError, Prompts
from seem_model import similar as likeness
from seem_model.candidates import candidates
from seem_model.choosing import INSIDE
from seem_model.similar import LEAST
from seem_model.values import ALIKE
from tiny_model import photo, predictor


@cache
def lite() -> seem_model.Predictor:
    return seem_model.load("lite", device="cpu")


@pytest.fixture
def everything_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Random weights find nothing that is like anything."""
    monkeypatch.setattr(likeness, "LEAST", 0.0)


def check(found, shape, label="") -> None:
    scores = [one.score for one in found]
    assert scores == sorted(scores, reverse=True)
    assert all(0 <= score <= 1 for score in scores)
    assert all(one.mask.shape == shape and one.mask.dtype == bool for one in found)
    assert all(one.mask.any() and one.label == label for one in found)
    for k, one in enumerate(found):
        for other in found[:k]:
            smaller = min(one.mask.sum(), other.mask.sum())
            assert (one.mask & other.mask).sum() <= INSIDE * smaller


@pytest.mark.usefixtures("everything_counts")
@pytest.mark.parametrize("model", [predictor, official], ids=["clicks", "queries"])
def test_found_things_are_sorted_and_apart(model) -> None:
    features = model().features(photo(*SHAPE))
    similar = model().similar(features, [example()])
    assert similar
    check(similar, SHAPE)
    both = model().similar(features, [example(), example(photo(90, 70))])
    check(both, SHAPE)
    check(model().named(features, " a dog "), SHAPE, "a dog")


@pytest.mark.usefixtures("everything_counts")
@pytest.mark.parametrize("model", [predictor, official], ids=["clicks", "queries"])
def test_the_image_is_searched_once(model) -> None:
    features = model().features(photo(*SHAPE))
    told: list[float] = []
    first = model().similar(features, [example()], watch=told.append)
    assert told
    assert told[-1] == 1.0
    assert told == sorted(told)
    told.clear()
    model().named(features, "dog", watch=told.append)
    model().similar(features, [example(photo(90, 70))], watch=told.append)
    assert not told
    again = model().similar(features, [example()])
    assert [one.score for one in again] == [one.score for one in first]


@pytest.mark.usefixtures("everything_counts")
def test_a_cancelled_search_leaves_nothing_half_done() -> None:
    class Stop(Exception):
        pass

    def stop(share: float) -> None:
        raise Stop

    features = predictor().features(photo(*SHAPE))
    with pytest.raises(Stop):
        predictor().similar(features, [example()], watch=stop)
    assert not features.found
    assert predictor().similar(features, [example()])


def test_without_an_example_or_a_phrase_there_is_advice() -> None:
    features = predictor().features(photo(*SHAPE))
    with pytest.raises(PromptError, match="Mark at least one example"):
        predictor().similar(features, [])
    with pytest.raises(PromptError, match="Type what"):
        predictor().named(features, "  ")
    with pytest.raises(PromptError, match="too long"):
        predictor().named(features, "very " * 40 + "long")


def test_an_example_alone_is_answered_by_a_candidate() -> None:
    features = predictor().features(photo(*SHAPE))
    prompts = Prompts.empty(SHAPE).with_example(example())
    mask = predictor().step(features, prompts).mask
    found = candidates(predictor().model, features)
    assert any(np.array_equal(mask, one.within(SHAPE)) for one in found)


def discs() -> tuple[np.ndarray, list[np.ndarray]]:
    """Six bright discs on dark noise, as nuclei look, and their masks."""
    rng = np.random.default_rng(0)
    grey = rng.normal(20, 4, (128, 160))
    rows, cols = np.mgrid[:128, :160]
    masks = []
    for row, col in ((25, 30), (30, 80), (24, 130), (90, 25), (95, 85), (88, 135)):
        radius = rng.uniform(11, 14)
        mask = (rows - row) ** 2 + (cols - col) ** 2 < radius**2
        grey[mask] = rng.normal(150, 10, mask.sum())
        masks.append(mask)
    image = np.repeat(grey.clip(0, 255).astype(np.uint8)[..., None], 3, axis=2)
    return image, masks


def iou(a: np.ndarray, b: np.ndarray) -> float:
    return float((a & b).sum() / (a | b).sum())


def test_the_shipped_model_finds_all_like_one() -> None:
    image, masks = discs()
    features = lite().features(image)
    marked = Exemplar(image=image, mask=masks[0])
    found = [one for one in lite().similar(features, [marked]) if one.score >= ALIKE]
    assert len(found) == len(masks)
    assert all(max(iou(one.mask, mask) for one in found) > 0.7 for mask in masks)
    assert all(one.score >= LEAST for one in lite().similar(features, [marked]))
    assert sum(one.score > ALIKE for one in lite().named(features, "nucleus")) == len(masks)


def test_the_shipped_model_refines_a_mask_of_another_tool() -> None:
    image, masks = discs()
    features, truth = lite().features(image), masks[4]
    shifted = np.roll(truth, (5, 5), axis=(0, 1))
    memory = lite().memory_of(features, shifted)
    prompts = Prompts.empty(truth.shape)
    prompts.negative[104:107, 94:97] = True  # in the mask, not in the disc
    assert shifted[105, 95]
    assert not truth[105, 95]
    better = lite().step(features, prompts, memory)
    assert iou(better.mask, truth) > iou(shifted, truth) + 0.1
    kept = Prompts.empty(truth.shape)
    kept.positive[94:97, 84:87] = True
    same = lite().step(features, kept, lite().memory_of(features, truth))
    assert iou(same.mask, truth) > 0.9

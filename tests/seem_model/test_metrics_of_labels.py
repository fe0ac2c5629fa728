"""Panoptic, instance and semantic measures against their definitions and the field's rulers."""

from __future__ import annotations

import contextlib
import io
import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seem_model.metrics.detection import KEYS, Detections, detections
from seem_model.metrics.matching import THRESHOLDS, MatchTally, matches, overlaps
from seem_model.metrics.panoptic import ClassCount, PanopticTally, panoptic
from seem_model.metrics.referring import PhraseTally
from seem_model.metrics.semantic import SemanticTally, semantic

SEEDS = st.integers(0, 2**32 - 1)


def labels(rng: np.random.Generator, count: int, side: int = 8) -> np.ndarray:
    """(side, side) int32 label map of overlapping rectangles 1 to ``count``; 0 remains."""
    found = np.zeros((side, side), np.int32)
    for n in range(1, count + 1):
        h, w = rng.integers(1, side // 2 + 2, 2)
        r, c = rng.integers(0, side - h + 1), rng.integers(0, side - w + 1)
        found[r : r + h, c : c + w] = n
    return found


def there(found: np.ndarray, names: dict[int, str]) -> dict[int, str]:
    return {k: v for k, v in names.items() if (found == k).any()}


# ---------------------------------------------------------------------- panoptic quality
def brute_panoptic(truth, names, found, found_names, crowds, void) -> dict[str, list[float]]:
    """Counts by the words of the definition: [summed IoU, TP, FP, FN] of each class."""
    labelled = np.isin(truth, [*names, *crowds]) & ~void
    counts: dict[str, list[float]] = {}
    used = set()
    for t, name in names.items():
        mine = (truth == t) & labelled
        if not mine.any():
            continue
        row = counts.setdefault(name, [0.0, 0, 0, 0])
        for f, other in found_names.items():
            its = found == f
            iou = (mine & its).sum() / (mine | (its & labelled)).sum()
            if other == name and iou > 0.5:
                row[0], row[1] = row[0] + iou, row[1] + 1
                used.add(f)
                break
        else:
            row[3] += 1
    for f, name in found_names.items():
        its = found == f
        group = np.isin(truth, [g for g, n in crowds.items() if n == name]) & labelled
        if f not in used and (its & (~labelled | group)).sum() / its.sum() <= 0.5:
            counts.setdefault(name, [0.0, 0, 0, 0])[2] += 1
    return counts


@given(SEEDS)
def test_panoptic_counts_are_the_definition(seed: int) -> None:
    rng = np.random.default_rng(seed)
    truth, found = labels(rng, 5), labels(rng, 4)
    if rng.random() < 0.5:  # alike, so that something matches
        found = np.where(rng.random(truth.shape) < 0.85, truth, 0)
    kinds = {k: str(rng.choice(["cat", "dog"])) for k in range(1, 6)}
    crowds = there(truth, {5: kinds[5]}) if rng.random() < 0.5 else {}
    names = there(truth, {k: v for k, v in kinds.items() if k not in crowds})
    found_names = there(found, kinds)
    void = rng.random(truth.shape) < 0.1
    tally = panoptic(truth, names, found, found_names, crowds=crowds, void=void)
    wanted = brute_panoptic(truth, names, found, found_names, crowds, void)
    assert {n: c for n, c in tally.classes.items() if c.counts} == {
        n: ClassCount(pytest.approx(row[0]), *row[1:]) for n, row in wanted.items() if any(row[1:])
    }


@given(SEEDS)
def test_panoptic_quality_of_the_truth_is_one(seed: int) -> None:
    truth = labels(np.random.default_rng(seed), 4)
    names = there(truth, {1: "cat", 2: "dog", 3: "cat", 4: "sky"})
    assert panoptic(truth, names, truth, names).quality() == (1.0, 1.0, 1.0)


def test_a_missed_object_costs_even_where_the_prediction_says_nothing() -> None:
    # what panopticapi gives for these arrays: 0.5 (two classes, one missed)
    truth, found = np.array([[1, 1, 2, 2]], np.int32), np.array([[1, 1, 0, 0]], np.int32)
    tally = panoptic(truth, {1: "cat", 2: "dog"}, found, {1: "cat"})
    assert tally.quality()[0] == 0.5
    assert tally.quality(["cat"])[0] == 1.0


def test_quality_is_segmentation_times_recognition() -> None:
    count = ClassCount(iou=1.4, matched=2, false=1, missed=3)
    pq, sq, rq = count.quality
    assert (sq, rq) == (0.7, 0.5)
    assert pq == pytest.approx(1.4 / (2 + 0.5 + 1.5))


def test_predictions_on_unlabelled_pixels_or_crowds_do_not_count() -> None:
    truth = np.array([[0, 0, 0, 3, 3, 3]], np.int32)
    found = np.array([[1, 1, 1, 2, 2, 2]], np.int32)
    tally = panoptic(truth, {}, found, {1: "cat", 2: "cat"}, crowds={3: "cat"})
    assert tally == PanopticTally()
    other = panoptic(truth, {}, found, {1: "cat", 2: "dog"}, crowds={3: "cat"})
    assert other.classes == {"dog": ClassCount(false=1)}


def test_panoptic_refuses_what_does_not_fit() -> None:
    one = np.ones((2, 2), np.int32)
    with pytest.raises(ValueError, match="do not compare"):
        panoptic(one, {1: "a"}, np.ones((2, 3), np.int32), {1: "a"})
    with pytest.raises(ValueError, match="no class"):
        panoptic(one, {1: "a"}, one, {})


def test_nothing_at_all_is_not_a_number() -> None:
    assert np.isnan(PanopticTally().quality()).all()
    assert np.isnan(SemanticTally().mean_iou)
    assert np.isnan(MatchTally().precision(0.5))
    assert np.isnan(PhraseTally().mean_iou)
    assert np.isnan(list(Detections().precision.values())).all()


# ---------------------------------------------------------------------- label maps, StarDist
@given(SEEDS)
def test_matches_are_as_many_as_possible(seed: int) -> None:
    rng = np.random.default_rng(seed)
    truth = labels(rng, 3)
    found = labels(rng, 3) if rng.random() < 0.3 else np.roll(truth, 1, axis=rng.integers(2))
    tally, iou = matches(truth, found), overlaps(truth, found)
    small, large = sorted(iou.shape)
    pairs = iou if iou.shape[0] == small else iou.T
    for t, matched in zip(THRESHOLDS, tally.matched, strict=True):
        ways = itertools.permutations(range(large), small)
        assert matched == max(
            (sum(pairs[i, j] >= t for i, j in enumerate(way)) for way in ways), default=0
        )
        either = tally.true + tally.found - matched
        assert tally.precision(t) == pytest.approx(matched / either)
        assert tally.f1(t) == pytest.approx(2 * matched / (tally.true + tally.found))


@given(SEEDS)
def test_overlaps_are_those_of_masks(seed: int) -> None:
    rng = np.random.default_rng(seed)
    truth, found = labels(rng, 4), labels(rng, 3)
    a, b = ([k for k in np.unique(x) if k] for x in (truth, found))
    wanted = [
        [((truth == i) & (found == j)).sum() / ((truth == i) | (found == j)).sum() for j in b]
        for i in a
    ]
    np.testing.assert_allclose(overlaps(truth, found), np.reshape(wanted, (len(a), len(b))))


@pytest.mark.parametrize("empty", ["truth", "found", "both"])
def test_empty_label_maps(empty: str) -> None:
    some, none = labels(np.random.default_rng(0), 3), np.zeros((8, 8), np.int32)
    truth, found = {"truth": (none, some), "found": (some, none), "both": (none, none)}[empty]
    tally = matches(truth, found)
    assert sum(tally.matched) == 0
    assert tally.true + tally.found == (0 if empty == "both" else len(np.unique(some)) - 1)


# ---------------------------------------------------------------------- COCO's AP
def random_detections(seed: int, images: int = 4) -> Detections:
    rng = np.random.default_rng(seed)
    parts = []
    for _ in range(images):
        truth = labels(rng, int(rng.integers(0, 6)), 120)
        true = [
            (truth == k, int(rng.integers(1, 4)), bool(rng.random() < 0.15))
            for k in np.unique(truth[truth > 0])
        ]
        found = [
            (np.roll(mask, rng.integers(-3, 4), 0), label, float(rng.random()))
            for mask, label, _ in true
            if rng.random() < 0.8
        ]
        other = labels(rng, 2, 120)
        found += [(other == k, int(rng.integers(1, 4)), float(rng.random())) for k in (1, 2)]
        parts.append(detections(true, found, truth.shape))
    return sum(parts, Detections())


@pytest.mark.parametrize("seed", range(12))
def test_precision_is_that_of_pycocotools(seed: int) -> None:
    coco = pytest.importorskip("pycocotools.coco")
    evaluator = pytest.importorskip("pycocotools.cocoeval")
    run = random_detections(seed)
    if not run.true:
        return
    with contextlib.redirect_stdout(io.StringIO()):
        truth = coco.COCO()
        truth.dataset = {
            "images": [{"id": n, "height": h, "width": w} for n, (h, w) in enumerate(run.sizes)],
            "annotations": [{**row, "id": n} for n, row in enumerate(run.true, start=1)],
            "categories": [{"id": k, "name": str(k)} for k in (1, 2, 3)],
        }
        truth.createIndex()
        oracle = evaluator.COCOeval(truth, truth.loadRes([dict(r) for r in run.found]), "segm")
        oracle.evaluate()
        oracle.accumulate()
        oracle.summarize()
    wanted = [v if v >= 0 else np.nan for v in oracle.stats[: len(KEYS)]]
    np.testing.assert_allclose(list(run.precision.values()), wanted, atol=1e-9)


def test_no_prediction_has_no_precision() -> None:
    mask = np.ones((4, 4), bool)
    assert detections([(mask, 1, False)], [], (4, 4)).precision["ap"] == 0.0


# ---------------------------------------------------------------------- classes and phrases
@given(SEEDS)
def test_class_iou_is_the_definition(seed: int) -> None:
    rng = np.random.default_rng(seed)
    truth, found = rng.integers(0, 4, (2, 6, 7))
    void = rng.random((6, 7)) < 0.2
    tally = semantic(truth, found, void)
    t, f = truth[~void], found[~void]
    wanted = {k: ((t == k) & (f == k)).sum() / ((t == k) | (f == k)).sum() for k in np.unique(t)}
    assert tally.iou == pytest.approx(wanted)
    assert tally.mean_iou == pytest.approx(np.mean(list(wanted.values())))
    assert tally.accuracy == pytest.approx((t == f).mean())


def test_phrase_measures_by_hand() -> None:
    tally = PhraseTally(((8, 10), (1, 10), (55, 100)))
    assert tally.mean_iou == pytest.approx((0.8 + 0.1 + 0.55) / 3)
    assert tally.cumulative_iou == pytest.approx(64 / 120)
    assert tally.precision(0.5) == pytest.approx(2 / 3)
    assert tally.precision(0.8) == 0.0


@given(SEEDS)
def test_tallies_add_in_any_order(seed: int) -> None:
    rng = np.random.default_rng(seed)
    maps = [(labels(rng, 3), labels(rng, 3)) for _ in range(3)]
    names = dict.fromkeys(range(1, 4), "cat")
    kinds = [
        [panoptic(t, there(t, names), f, there(f, names)) for t, f in maps],
        [matches(t, f) for t, f in maps],
        [semantic(t, f) for t, f in maps],
        [PhraseTally(((int(t.sum()), 99),)) for t, _ in maps],
    ]
    for a, b, c in kinds:
        left, right = sum([a, b, c]), c + (b + a)
        if isinstance(left, MatchTally):
            assert left.matched == right.matched
            assert left.iou == pytest.approx(right.iou)
        elif isinstance(left, PanopticTally):
            assert left.quality() == pytest.approx(right.quality(), nan_ok=True)
        else:
            assert left == right

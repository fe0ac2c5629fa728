"""Examples: everything else of its kind in the same image, and the same kind in another image."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING
from zlib import crc32

import numpy as np

from seem_model.errors import DataError
from seem_model.evaluation.findings import Findings, interval
from seem_model.evaluation.running import Choice, Clock
from seem_model.metrics.matching import MatchTally, matches
from seem_model.metrics.overlap import iou
from seem_model.reporting import over_seeds
from seem_model.values import ALIKE, Exemplar, Prompts

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from seem_model.data.dataset import DataSet
    from seem_model.data.sample import Sample, SegmentInfo
    from seem_model.predictor import Predictor
    from seem_model.reporting import Value
    from seem_model.values import Instance, Mask

LEAST_SHARE = 0.01  # of its image: smaller things are neither examples nor looked for elsewhere


def similar(predictor: Predictor, data: DataSet, choice: Choice) -> Findings:
    """Find all like this: one random object of an image is marked, the rest of its class found.

    What scores ``values.ALIKE`` or more counts. F1 at an IoU of 0.5, averaged over images; what
    lies mostly on the example, on crowds or on void is not counted. Images in which nothing is left
    to find are ``skipped``.

    Parameters
    ----------
    predictor : Predictor
    data : DataSet
    choice : Choice
        With several seeds, each marks another object of every image.

    Raises
    ------
    DataError
        If no image has two objects of a class, or data are broken.
    """
    clocks = {name: Clock() for name in ("encode", "search", "similar")}
    tallies: dict[int, list[MatchTally]] = {seed: [] for seed in choice.all_seeds}
    rows: list[dict[str, Value]] = []
    skipped = 0
    for sample in choice.samples(data):
        groups = [g for g in _classes(sample).values() if len(g) > 1]
        if not groups:
            skipped += 1
            continue
        with clocks["encode"]:
            features = predictor.features(sample.image)
        with clocks["search"]:
            predictor.ranked(features)
        for seed in choice.all_seeds:
            rng = _random(seed, sample)
            group = groups[int(rng.integers(len(groups)))]
            marked = group[int(rng.integers(len(group)))]
            exemplar = Exemplar(image=sample.image, mask=sample.mask(marked.id))
            with clocks["similar"]:
                found = predictor.similar(features, [exemplar])
            truth, labels = _rest(sample, group, marked, found)
            tally = matches(truth, labels)
            tallies[seed].append(tally)
            row: dict[str, Value] = {
                "image": sample.id, "seed": seed, "example": marked.id, "class": marked.name,
                "objects": tally.true, "found": tally.found, "f1@50": tally.f1(0.5),
            }  # fmt: skip
            rows.append(row)
            if seed == choice.all_seeds[0]:
                choice.show(sample, truth, labels, score=tally.f1(0.5))
    if not rows:
        raise DataError(f"No image of {data.name} ({choice.split}) has two objects of a class.")
    numbers = _over_seeds([_matched(tallies[seed], choice.seed) for seed in choice.all_seeds])
    numbers |= {f"{name}_seconds": clock.median for name, clock in clocks.items()}
    about = choice.about(predictor, data, len(tallies[choice.all_seeds[0]]))
    about |= {"skipped": skipped, "threshold": ALIKE, "seeds": _said(choice)}
    return Findings(task="similar", about=about, numbers=numbers, rows=rows)


def example(predictor: Predictor, data: DataSet, choice: Choice) -> Findings:
    """One thing marked in an image, the same class asked for in another by that alone.

    Every image is asked once for each seed: a class of its things, drawn at random, and a random
    object of that class in another image of the split. ``miou`` is the mean IoU of the answer with
    the object of the class that it fits best, ``union_miou`` with all of them together; void pixels
    are left out. Things smaller than 1 % of their image are no examples, and not looked for.

    Parameters and errors are those of :func:`similar`.
    """
    clocks = {name: Clock() for name in ("encode", "answer")}
    asked: dict[int, list[_Answer]] = {seed: [] for seed in choice.all_seeds}
    rows: list[dict[str, Value]] = []
    places = _places(data, choice)
    skipped = 0
    for sample in choice.samples(data):
        groups = {
            name: group
            for name, group in _classes(sample, least=LEAST_SHARE).items()
            if any(image != sample.id for image, _ in places[name])
        }
        if not groups:
            skipped += 1
            continue
        with clocks["encode"]:
            features = predictor.features(sample.image)
        for seed in choice.all_seeds:
            rng = _random(seed, sample)
            name = sorted(groups)[int(rng.integers(len(groups)))]
            elsewhere = [place for place in places[name] if place[0] != sample.id]
            image, marked = elsewhere[int(rng.integers(len(elsewhere)))]
            other = data.read(image)
            exemplar = Exemplar(image=other.image, mask=other.mask(marked))
            prompts = Prompts.empty(features.shape).with_example(exemplar)
            with clocks["answer"]:
                mask = predictor.step(features, prompts).mask
            answer = _Answer.of(name, sample, groups[name], mask)
            asked[seed].append(answer)
            row: dict[str, Value] = {
                "image": sample.id, "seed": seed, "class": name, "from": image, "example": marked,
                "iou": answer.best, "union_iou": answer.union,
            }  # fmt: skip
            rows.append(row)
            if seed == choice.all_seeds[0]:
                truth = np.isin(sample.instances, [s.id for s in groups[name]])
                choice.show(
                    sample, truth.astype(int), mask.astype(int), score=answer.best, caption=name
                )
    if not rows:
        raise DataError(f"No class of {data.name} ({choice.split}) is in two images.")
    numbers = _over_seeds([_fitted(asked[seed], choice.seed) for seed in choice.all_seeds])
    numbers |= _by_class([a for some in asked.values() for a in some])
    numbers |= {f"{name}_seconds": clock.median for name, clock in clocks.items()}
    about = choice.about(predictor, data, len(asked[choice.all_seeds[0]]))
    about |= {"skipped": skipped, "least_share": LEAST_SHARE, "seeds": _said(choice)}
    return Findings(task="example", about=about, numbers=numbers, rows=rows)


@dataclass(frozen=True)
class _Answer:
    """IoU of one answer with the object it fits best, and with all of the class."""

    name: str
    best: float
    union: float

    @classmethod
    def of(cls, name: str, sample: Sample, group: list[SegmentInfo], mask: Mask) -> _Answer:
        masks = [sample.mask(s.id) for s in group]
        together = np.logical_or.reduce(masks)
        best = max(iou(m, mask, sample.void) for m in masks)
        return cls(name, best, iou(together, mask, sample.void))


def _classes(sample: Sample, *, least: float = 0.0) -> dict[str, list[SegmentInfo]]:
    """Visible things of each class, none smaller than a share of the image."""
    groups: dict[str, list[SegmentInfo]] = defaultdict(list)
    pixels = sample.instances.size
    for s in sample.segments:
        if s.is_thing and not s.crowd and s.area >= least * pixels and sample.mask(s.id).any():
            groups[s.name].append(s)
    return groups


def _places(data: DataSet, choice: Choice) -> dict[str, list[tuple[str, int]]]:
    """Images and segments of each class that may be examples; reads annotations only."""
    places: dict[str, list[tuple[str, int]]] = defaultdict(list)
    for image in data.ids(choice.split):
        height, width = data.size(image)
        for s in data.segments(image):
            if s.is_thing and not s.crowd and s.area >= max(1, LEAST_SHARE * height * width):
                places[s.name].append((image, s.id))
    return places


def _rest(
    sample: Sample, group: list[SegmentInfo], marked: SegmentInfo, found: Sequence[Instance]
) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """Labels of what is to be found and of what was, without what lies mostly on neither."""
    crowds = [s.id for s in sample.segments if s.crowd]
    aside = np.isin(sample.instances, crowds) | sample.void | sample.mask(marked.id)
    wanted = [s.id for s in group if s.id != marked.id]
    truth = np.where(np.isin(sample.instances, wanted) & ~aside, sample.instances, 0)
    labels = np.zeros(truth.shape, np.int32)
    for number, one in enumerate(found, start=1):
        if one.score >= ALIKE and aside[one.mask].mean() <= 0.5:
            labels[one.mask & (labels == 0)] = number
    labels[aside] = 0
    return truth, labels


def _random(seed: int, sample: Sample) -> np.random.Generator:
    """Draws for one image, the same whatever else is asked."""
    return np.random.default_rng((seed, crc32(sample.id.encode())))


def _matched(tallies: Sequence[MatchTally], seed: int) -> dict[str, Value]:
    low, high = interval(tallies, _mean_f1, seed=seed)
    joined = sum(tallies, MatchTally())
    return {
        "f1@50": _mean_f1(tallies), "f1@50_low": low, "f1@50_high": high,
        "f1@50_pooled": joined.f1(0.5), "objects": joined.true, "found": joined.found,
    }  # fmt: skip


def _mean_f1(tallies: Sequence[MatchTally]) -> float:
    return float(np.nanmean([tally.f1(0.5) for tally in tallies]))


def _fitted(answers: Sequence[_Answer], seed: int) -> dict[str, Value]:
    numbers: dict[str, Value] = {}
    for key, measure in (("miou", _mean_best), ("union_miou", _mean_union)):
        low, high = interval(answers, measure, seed=seed)
        numbers |= {key: measure(answers), f"{key}_low": low, f"{key}_high": high}
    return numbers


def _mean_best(answers: Sequence[_Answer]) -> float:
    return float(np.mean([a.best for a in answers]))


def _mean_union(answers: Sequence[_Answer]) -> float:
    return float(np.mean([a.union for a in answers]))


def _by_class(answers: Sequence[_Answer]) -> dict[str, Value]:
    names = sorted({a.name for a in answers})
    return {f"miou:{name}": _mean_best([a for a in answers if a.name == name]) for name in names}


def _over_seeds(measures: Sequence[dict[str, Value]]) -> dict[str, Value]:
    return measures[0] | (over_seeds(measures) if len(measures) > 1 else {})


def _said(choice: Choice) -> str:
    return " ".join(str(seed) for seed in choice.all_seeds)

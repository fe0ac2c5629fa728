"""Whole images without prompts: panoptic quality, instances and classes."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from seem_model.errors import DataError
from seem_model.evaluation.findings import Findings, interval
from seem_model.evaluation.running import Choice, Clock, named_for
from seem_model.metrics.detection import Detections, detections
from seem_model.metrics.matching import THRESHOLDS, MatchTally, matches
from seem_model.metrics.panoptic import PanopticTally
from seem_model.metrics.panoptic import panoptic as compare_panoptic
from seem_model.metrics.semantic import SemanticTally
from seem_model.metrics.semantic import semantic as compare_classes
from seem_model.modeling.names import BACKGROUND

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from seem_model.data.dataset import DataSet
    from seem_model.data.sample import Sample
    from seem_model.encoded import ImageFeatures
    from seem_model.predictor import Predictor
    from seem_model.reporting import Value
    from seem_model.values import Instance, Segmentation

KINDS = ("all", "things", "stuff")
_NO_CLASS = -1


def panoptic(predictor: Predictor, data: DataSet, choice: Choice) -> Findings:
    """Panoptic quality (PQ, SQ, RQ) over all classes, things and stuff.

    Images whose classes are not all labelled are left out and counted in ``skipped``.

    Parameters
    ----------
    predictor : Predictor
        Asked with the data set's class names.
    data : DataSet
    choice : Choice

    Raises
    ------
    DataError
        If no image can be scored, or data are broken.
    """
    model, clocks, groups = named_for(predictor, data), (Clock(), Clock()), _groups(data)
    tallies: list[PanopticTally] = []
    rows: list[dict[str, Value]] = []
    skipped = 0
    for sample in choice.samples(data):
        if sample.semantic_complete is False:
            skipped += 1
            continue
        found = _answer(model, sample, clocks, "panoptic")
        tally = compare_panoptic(
            *_truth(sample), found.labels, {s.id: s.label for s in found.segments},
            crowds=_names(sample, crowd=True), void=sample.void,
        )  # fmt: skip
        tallies.append(tally)
        score = tally.quality(groups["all"])[0]
        rows.append({"image": sample.id, "pq": score})
        choice.show(sample, sample.instances, found.labels, score=score)
    _some(tallies, data, choice)
    numbers: dict[str, Value] = {}
    for kind in KINDS:
        end = "" if kind == "all" else f"_{kind}"
        quality = sum(tallies, PanopticTally()).quality(groups[kind])
        numbers |= {f"{k}{end}": v for k, v in zip(("pq", "sq", "rq"), quality, strict=True)}
        low, high = interval(tallies, partial(_quality, groups[kind]), seed=choice.seed)
        numbers |= {f"pq{end}_low": low, f"pq{end}_high": high}
    about = choice.about(predictor, data, len(tallies)) | {"skipped": skipped}
    return Findings(task="panoptic", about=about, numbers=numbers | _seconds(clocks), rows=rows)


def instance(predictor: Predictor, data: DataSet, choice: Choice) -> Findings:
    """Instances: COCO's AP, and AP and F1 of label maps as StarDist defines them.

    The second kind ignores classes and scores; its keys are ``match_ap@50`` to ``match_ap@95``
    and ``f1@50`` to ``f1@95``.

    Parameters and errors are those of :func:`panoptic`; SeemError if ``faster-coco-eval`` is
    missing.
    """
    model, clocks = named_for(predictor, data), (Clock(), Clock())
    ids = {c.name: c.id for c in data.classes}
    tallies: list[MatchTally] = []
    boxes: list[Detections] = []
    rows: list[dict[str, Value]] = []
    for sample in choice.samples(data):
        features = _encoded(model, sample, clocks)
        with clocks[1]:
            found = model.instances(features)
        truth, labels = _countable(sample, found)
        tally = matches(truth, labels)
        choice.show(sample, truth, labels, score=tally.f1(0.5))
        tallies.append(tally)
        boxes.append(_detections(sample, model.ranked(features), ids))
        rows.append(
            {
                "image": sample.id, "objects": tally.true, "found": tally.found,
                "match_ap@50": tally.precision(0.5), "f1@50": tally.f1(0.5),
            }
        )  # fmt: skip
    _some(tallies, data, choice)
    joined = sum(tallies, MatchTally())
    numbers: dict[str, Value] = {"objects": joined.true, "found": joined.found}
    numbers |= sum(boxes, Detections()).precision
    for t in THRESHOLDS:
        numbers[f"match_ap@{100 * t:.0f}"] = joined.precision(t)
        numbers[f"f1@{100 * t:.0f}"] = joined.f1(t)
    for key, measure in (("match_ap@50", MatchTally.precision), ("f1@50", MatchTally.f1)):
        low, high = interval(tallies, partial(_matched, measure), seed=choice.seed)
        numbers |= {f"{key}_low": low, f"{key}_high": high}
    about = choice.about(predictor, data, len(tallies))
    return Findings(task="instance", about=about, numbers=numbers | _seconds(clocks), rows=rows)


def semantic(predictor: Predictor, data: DataSet, choice: Choice) -> Findings:
    """Classes of pixels: mean IoU over the classes that the truth has, and pixel accuracy.

    Where a data set has a background, that is a class too: what nothing was found on.

    Parameters and errors are those of :func:`panoptic`.
    """
    model, clocks = named_for(predictor, data), (Clock(), Clock())
    tallies: list[SemanticTally] = []
    rows: list[dict[str, Value]] = []
    skipped = 0
    for sample in choice.samples(data):
        if sample.semantic is None or sample.semantic_complete is False:
            skipped += 1
            continue
        found = _answer(model, sample, clocks, "semantic")
        unlabelled = (sample.semantic == 0) & (sample.semantic_complete is True)
        truth, classes = sample.semantic.astype(np.int32), _classes(found, data)
        tally = compare_classes(truth, classes, sample.void | unlabelled)
        choice.show(sample, truth * ~sample.void, classes, score=tally.mean_iou)
        tallies.append(tally)
        rows.append({"image": sample.id, "miou": tally.mean_iou, "accuracy": tally.accuracy})
    _some(tallies, data, choice)
    joined = sum(tallies, SemanticTally())
    low, high = interval(
        tallies, lambda some: sum(some, SemanticTally()).mean_iou, seed=choice.seed
    )
    numbers: dict[str, Value] = {
        "miou": joined.mean_iou, "miou_low": low, "miou_high": high,
        "accuracy": joined.accuracy, "classes": len(joined.iou),
    }  # fmt: skip
    names = {c.id: c.name for c in data.classes} | {0: "background"}
    numbers |= {f"iou:{names.get(k, k)}": v for k, v in sorted(joined.iou.items())}
    about = choice.about(predictor, data, len(tallies)) | {"skipped": skipped}
    return Findings(task="semantic", about=about, numbers=numbers | _seconds(clocks), rows=rows)


def _quality(names: list[str], tallies: Sequence[PanopticTally]) -> float:
    return sum(tallies, PanopticTally()).quality(names)[0]


def _matched(measure: Callable[[MatchTally, float], float], tallies: Sequence[MatchTally]) -> float:
    return measure(sum(tallies, MatchTally()), 0.5)


def _answer(
    model: Predictor, sample: Sample, clocks: tuple[Clock, Clock], kind: str
) -> Segmentation:
    features = _encoded(model, sample, clocks)
    read = {"panoptic": model.panoptic, "semantic": model.semantic}
    with clocks[1]:
        return read[kind](features)


def _encoded(model: Predictor, sample: Sample, clocks: tuple[Clock, Clock]) -> ImageFeatures:
    with clocks[0]:
        return model.features(sample.image)


def _truth(sample: Sample) -> tuple[NDArray[np.int32], dict[int, str]]:
    """Segment ids and their classes; a known background is a segment that nobody can find.

    Only so is something found on it false; on pixels that nobody labelled it would not count.
    """
    labels, names = sample.instances, _names(sample, crowd=False)
    if sample.semantic_complete is not None:
        return labels, names
    rest = int(labels.max()) + 1
    return np.where(labels == 0, rest, labels), names | {rest: BACKGROUND}


def _names(sample: Sample, *, crowd: bool) -> dict[int, str]:
    return {s.id: s.name for s in sample.segments if s.crowd == crowd}


def _groups(data: DataSet) -> dict[str, list[str]]:
    things = [c.name for c in data.classes if c.is_thing]
    stuff = [c.name for c in data.classes if not c.is_thing]
    return {"all": [*things, *stuff], "things": things, "stuff": stuff}


def _countable(sample: Sample, found: Segmentation) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """Labels of things, true and found, without what lies mostly on crowds and void."""
    things = [s.id for s in sample.segments if s.is_thing and not s.crowd]
    crowds = [s.id for s in sample.segments if s.crowd]
    aside = np.isin(sample.instances, crowds) | sample.void
    truth = np.where(np.isin(sample.instances, things) & ~aside, sample.instances, 0)
    labels = found.labels.copy()
    for s in found.segments:
        mask = found.labels == s.id
        if not s.is_thing or aside[mask].mean() > 0.5:
            labels[mask] = 0
    labels[aside] = 0
    return truth, labels


def _detections(sample: Sample, found: tuple[Instance, ...], ids: dict[str, int]) -> Detections:
    true = [
        (sample.mask(s.id), s.category_id, s.crowd)
        for s in sample.segments
        if s.is_thing and sample.mask(s.id).any()
    ]
    # what has no sure name is of no class, and neither right nor wrong there
    guesses = [(i.mask, ids[i.label], i.score) for i in found if i.label in ids]
    height, width = sample.instances.shape
    return detections(true, guesses, (height, width))


def _classes(found: Segmentation, data: DataSet) -> NDArray[np.int32]:
    ids = {c.name: c.id for c in data.classes}
    table = np.zeros(int(found.labels.max(initial=0)) + 1, np.int32)
    for s in found.segments:
        table[s.id] = ids.get(s.label, _NO_CLASS)
    return np.asarray(table[found.labels])


def _some(tallies: Sequence[object], data: DataSet, choice: Choice) -> None:
    if not tallies:
        raise DataError(
            f'No image in the split "{choice.split}" of {data.name} has all its classes labelled.'
        )


def _seconds(clocks: tuple[Clock, Clock]) -> dict[str, Value]:
    return {"encode_seconds": clocks[0].median, "answer_seconds": clocks[1].median}

"""Phrases: the mask of what words name, alone and together with a click."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from seem_model.clicks import add_click, next_click
from seem_model.errors import DataError
from seem_model.evaluation.findings import Findings, interval
from seem_model.evaluation.running import Choice, Clock
from seem_model.metrics.overlap import overlap
from seem_model.metrics.referring import PRECISION, PhraseTally
from seem_model.values import Prompts

if TYPE_CHECKING:
    from collections.abc import Sequence

    from seem_model.data.dataset import DataSet
    from seem_model.predictor import Predictor
    from seem_model.reporting import Value
    from seem_model.values import Mask

ASKED = ("text", "click", "text_click")


def referring(predictor: Predictor, data: DataSet, choice: Choice) -> Findings:
    """Cumulative IoU, mean IoU and precision of phrases.

    Each phrase is asked alone; with the first click of the click simulator; and the click is asked
    without the phrase, so that the gain of words beside a click can be read. Keys without a
    prefix are those of the phrase alone; the others start with ``click_`` and ``text_click_``.

    Parameters
    ----------
    predictor : Predictor
    data : DataSet
        With phrases.
    choice : Choice

    Raises
    ------
    DataError
        If no image has phrases, or data are broken.
    """
    clocks = {"encode": Clock(), "text": Clock()}
    tallies: dict[str, list[PhraseTally]] = {kind: [] for kind in ASKED}
    rows: list[dict[str, Value]] = []
    for sample in choice.samples(data):
        asked = [(p, np.isin(sample.instances, p.segment_ids)) for p in sample.phrases]
        asked = [(p, truth) for p, truth in asked if (truth & ~sample.void).any()]
        if not asked:
            continue
        with clocks["encode"]:
            features = predictor.features(sample.image)
        found: dict[str, list[tuple[int, int]]] = {kind: [] for kind in ASKED}
        for phrase, truth in asked:
            row: dict[str, Value] = {"image": sample.id, "phrase": phrase.text, "kind": phrase.kind}
            for kind, prompts in _prompts(phrase.text, truth, sample.void).items():
                with clocks["text"] if kind == "text" else Clock():
                    mask = predictor.step(features, prompts).mask
                pixels = overlap(truth, mask, sample.void)
                found[kind].append(pixels)
                score = pixels[0] / pixels[1] if pixels[1] else 1.0
                row[f"{kind}_iou"] = score
                if kind == "text":
                    choice.show(
                        sample, truth.astype(int), mask.astype(int), score=score,
                        caption=f'"{phrase.text}"',
                    )  # fmt: skip
            rows.append(row)
        for kind in ASKED:
            tallies[kind].append(PhraseTally(tuple(found[kind])))
    if not rows:
        raise DataError(f'No image in the split "{choice.split}" of {data.name} has phrases.')
    numbers: dict[str, Value] = {"phrases": len(rows)}
    for kind in ASKED:
        numbers |= _numbers("" if kind == "text" else f"{kind}_", tallies[kind], choice.seed)
    numbers |= _by_kind(rows)
    numbers |= {"encode_seconds": clocks["encode"].median, "text_seconds": clocks["text"].median}
    about = choice.about(predictor, data, len(tallies["text"]))
    return Findings(task="referring", about=about, numbers=numbers, rows=rows)


def _prompts(text: str, truth: Mask, void: Mask) -> dict[str, Prompts]:
    empty = Prompts.empty((truth.shape[0], truth.shape[1]))
    click = next_click(truth, empty.positive, void=void)
    clicked = empty if click is None else add_click(empty, click)
    return {"text": empty.with_text(text), "click": clicked, "text_click": clicked.with_text(text)}


def _numbers(start: str, tallies: list[PhraseTally], seed: int) -> dict[str, Value]:
    joined = sum(tallies, PhraseTally())
    numbers: dict[str, Value] = {}
    for name, measure in (("ciou", _cumulative), ("miou", _mean)):
        low, high = interval(tallies, measure, seed=seed)
        numbers |= {
            f"{start}{name}": measure(tallies),
            f"{start}{name}_low": low, f"{start}{name}_high": high,
        }  # fmt: skip
    return numbers | {f"{start}pr@{100 * t:.0f}": joined.precision(t) for t in PRECISION}


def _cumulative(tallies: Sequence[PhraseTally]) -> float:
    return sum(tallies, PhraseTally()).cumulative_iou


def _mean(tallies: Sequence[PhraseTally]) -> float:
    return sum(tallies, PhraseTally()).mean_iou


def _by_kind(rows: list[dict[str, Value]]) -> dict[str, Value]:
    """Mean IoU of the phrase alone for each kind of phrase."""
    kinds = sorted({str(row["kind"]) for row in rows if row["kind"]})
    return {
        f"miou:{kind}": _average([row["text_iou"] for row in rows if row["kind"] == kind])
        for kind in kinds
    }


def _average(values: Sequence[Value]) -> float:
    return float(np.mean([v for v in values if isinstance(v, float)]))

"""Measure a checkpoint on a data folder, with the simulated user that training has, too."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING
from zlib import crc32

import numpy as np

from seem_model.data.opening import open_dataset
from seem_model.drawing import SHAPES, draw
from seem_model.errors import DataError
from seem_model.evaluation.choosing import choose_objects
from seem_model.evaluation.gallery import Gallery
from seem_model.metrics.interactive import ClickRecord, ClickTally
from seem_model.metrics.overlap import iou
from seem_model.report import Report
from seem_model.session import Session
from seem_model.simulated_user import SimulatedUser, rollout

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from seem_model.clicks import Protocol
    from seem_model.data.dataset import DataSet
    from seem_model.data.sample import Sample
    from seem_model.predictor import Predictor
    from seem_model.values import Mask, Prompts, Round

# The official SEEM evaluation stops a sample above this IoU and repeats it.
SEEM_STOP = 0.9
NAMED_AFTER = (1, 5)
SHOWN_AFTER = 3


def interactive(
    predictor: Predictor,
    folder: DataSet | str | Path,
    *,
    split: str = "val",
    protocol: Protocol = "ritm",
    max_clicks: int = 20,
    limit: int | None = None,
    min_area: float | None = None,
    seed: int = 0,
    shapes: bool = False,
    gallery: Gallery | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Report:
    """Let a simulated user click every object of a split until it is right.

    Each image is encoded once. Clicking an object stops when nothing is left to correct; its last
    IoU then counts for the remaining clicks, so that one curve gives every threshold. Void pixels
    are neither scored nor clicked, crowds are left out.

    Parameters
    ----------
    predictor : Predictor
        The model.
    folder : DataSet or path
        Data in any layout of :mod:`seem_model.data.opening`.
    split : str
        One of the folder's splits.
    protocol : {"ritm", "seem"}
        See :func:`seem_model.clicks.next_click`.
    max_clicks : int
        Cap for each object.
    limit : int, optional
        Click only so many objects: a seeded choice spread over as many images as possible.
    min_area : float, optional
        Smallest object: below 1 a share of its image, else pixels.
    seed : int
        Of that choice, of the drawings and of the bootstrap.
    shapes : bool
        Also mark every object once with each hand-drawn shape instead of clicks (1-IoU).
    gallery : Gallery, optional
        Is shown every object with its answer after three clicks.
    progress : callable, optional
        Called as ``progress(done, total)`` with numbers of objects.

    Returns
    -------
    Report

    Raises
    ------
    DataError
        If the folder or one of its files is broken, or no object is left to click.
    """
    if max_clicks < 1 or (limit is not None and limit < 1):
        raise DataError("At least one click and one object are needed to evaluate.")
    data = open_dataset(folder) if isinstance(folder, str | Path) else folder
    chosen = choose_objects(data, split, limit=limit, min_area=min_area, seed=seed)
    total, run = sum(len(ids) for _, ids in chosen), _Run(shapes=shapes, seed=seed, gallery=gallery)
    user = partial(SimulatedUser, protocol=protocol, max_clicks=max_clicks)
    for image_id, segment_ids in chosen:
        for record in _clicked_image(predictor, data.read(image_id), segment_ids, user, run):
            run.add(record)
            if progress is not None:
                progress(len(run.records) + run.skipped, total)
    if not run.records:
        raise DataError(f"No object in {data.name} ({split}) has a visible, labelled pixel.")
    return Report(
        protocol=protocol,
        data=data.name,
        split=split,
        checkpoint=predictor.name,
        tally=ClickTally(tuple(run.records)),
        images=len(chosen),
        max_clicks=max_clicks,
        seed=seed,
        encode_seconds=float(np.median(run.encode)),
        click_seconds=float(np.median(run.click)),
        device=predictor.device,
        data_hash=data.fingerprint,
        skipped=run.skipped,
        limit=limit,
        min_area=min_area,
    )


@dataclass
class _Run:
    """What piles up while objects are clicked; times in seconds."""

    shapes: bool = False
    seed: int = 0
    gallery: Gallery | None = None
    records: list[ClickRecord] = field(default_factory=list)
    encode: list[float] = field(default_factory=list)
    click: list[float] = field(default_factory=list)
    skipped: int = 0

    def add(self, record: ClickRecord | None) -> None:
        if record is None:
            self.skipped += 1
        else:
            self.records.append(record)


def _clicked_image(
    predictor: Predictor,
    sample: Sample,
    segment_ids: tuple[int, ...],
    new_user: Callable[[Mask, Mask], SimulatedUser],
    run: _Run,
) -> Iterator[ClickRecord | None]:
    """Record each object of one image, None for one without a visible, labelled pixel."""
    start = perf_counter()
    session = Session(predictor, sample.image)
    run.encode.append(perf_counter() - start)
    for segment_id in segment_ids:
        truth = sample.mask(segment_id)
        if not (truth & ~sample.void).any():
            yield None
            continue
        name = sample.names.get(segment_id, "")
        record = _clicked(session, new_user(truth, sample.void), name, run.click)
        record = replace(record, where=f"{sample.id}/{segment_id}", name=name)
        if run.gallery is not None:
            _show(run.gallery, sample, truth, record, session.rounds)
        session.next_object()
        if run.shapes:
            rng = np.random.default_rng((run.seed, crc32(sample.id.encode()), segment_id))
            drawn = _drawn(session, truth, sample.void, rng)
            record = replace(record, beside=record.beside | drawn)
        yield record


def _show(
    gallery: Gallery, sample: Sample, truth: Mask, record: ClickRecord, rounds: tuple[Round, ...]
) -> None:
    """The answer after ``SHOWN_AFTER`` clicks, or the last before."""
    clicks = min(SHOWN_AFTER, len(rounds))
    gallery.show(
        sample.image, truth.astype(int), rounds[clicks - 1].mask.astype(int),
        score=record.ious[clicks - 1], caption=f"{record.where} {record.name}, {clicks} clicks",
    )  # fmt: skip


def _drawn(
    session: Session, truth: Mask, void: Mask, rng: np.random.Generator
) -> frozenset[tuple[str, float]]:
    """IoU after one hand-drawn shape of each kind."""
    found = {}
    for shape in SHAPES:
        answer = session.step(draw(shape, truth & ~void, rng))
        found[f"iou@1:{shape}"] = iou(truth, answer.mask, void)
        session.next_object()
    return frozenset(found.items())


def _clicked(session: Session, user: SimulatedUser, name: str, seconds: list[float]) -> ClickRecord:
    """Play one object to its end and record it; ``seconds`` grows by one a click."""

    def step(prompts: Prompts) -> Round:
        start = perf_counter()
        answer = session.step(prompts)
        seconds.append(perf_counter() - start)
        return answer

    ious: list[float] = []
    names: list[str] = []
    clicks = inside = avoided = positives = 0
    for answer in rollout(step, user, user.max_clicks):
        ious.append(iou(user.truth, answer.mask, user.void))
        names.append(answer.label)
        kept, left, asked = _obeyed(answer.mask, user)
        inside, avoided = inside + kept, avoided + left
        positives, clicks = positives + asked, clicks + len(user.clicks)
        if user.protocol == "seem" and ious[-1] > SEEM_STOP:
            break
    counts = ClickRecord(
        (0.0,),
        positive_clicks=positives,
        positive_inside=inside,
        negative_clicks=clicks - positives,
        negative_outside=avoided,
        beside=_named(names, name) if name in session.predictor.vocabulary else frozenset(),
    )
    return ClickRecord.of(ious, user.max_clicks, counts)


def _named(said: list[str], name: str) -> frozenset[tuple[str, float]]:
    """Whether the answer after the first and after the fifth click (or the last) has its name."""
    return frozenset((f"name@{k}", float(said[min(k, len(said)) - 1] == name)) for k in NAMED_AFTER)


def _obeyed(mask: Mask, user: SimulatedUser) -> tuple[int, int, int]:
    """Count (positive clicks inside, negative clicks outside, positive clicks) of all so far."""
    positive = [bool(mask[c.row, c.col]) for c in user.clicks if c.positive]
    negative = [bool(mask[c.row, c.col]) for c in user.clicks if not c.positive]
    return sum(positive), len(negative) - sum(negative), len(positive)

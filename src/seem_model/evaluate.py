"""Measure a checkpoint on a data folder, with the simulated user that training has, too."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Literal
from zlib import crc32

import numpy as np

from seem_model.clicks import Protocol
from seem_model.data.opening import open_dataset
from seem_model.drawing import SHAPES, draw
from seem_model.errors import DataError
from seem_model.evaluation.choosing import choose_objects
from seem_model.evaluation.clicking import TOGETHER, Conversation, play_alone, play_together
from seem_model.evaluation.gallery import Gallery
from seem_model.metrics.interactive import ClickRecord, ClickTally
from seem_model.metrics.overlap import iou
from seem_model.official_prompts import FirstShape, clicked_truth, first_prompt
from seem_model.report import Report
from seem_model.session import Session
from seem_model.simulated_user import SimulatedUser

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from seem_model.data.dataset import DataSet
    from seem_model.data.sample import Sample
    from seem_model.predictor import Predictor
    from seem_model.values import Mask

Sampler = Literal["best", "best_random"]
SHOWN_AFTER = 3


def interactive(
    predictor: Predictor,
    folder: DataSet | str | Path,
    *,
    split: str = "val",
    protocol: Protocol = "ritm",
    first: FirstShape = "point",
    sampler: Sampler = "best",
    max_clicks: int = 20,
    limit: int | None = None,
    min_area: float | None = None,
    things: bool = False,
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
        See :func:`seem_model.clicks.next_click`. With "seem" up to five objects of an image are
        asked for together: they stop when all are above an IoU of 0.9, until then one that is
        good enough is asked for again without a new click.
    first : {"point", "circle", "scribble", "polygon", "box"}
        What marks each object first, see :func:`seem_model.official_prompts.first_prompt`; other
        shapes than a point belong to "seem".
    sampler : {"best", "best_random"}
        Clicks at the centre of the chosen error, or at a random pixel of it.
    max_clicks : int
        Cap for each object; the first mark counts as one.
    limit : int, optional
        Click only so many objects: a seeded choice spread over as many images as possible.
    min_area : float, optional
        Smallest object: below 1 a share of its image, else pixels.
    things : bool
        Leave out stuff, such as sky.
    seed : int
        Of that choice, of the drawings, of random clicks and of the bootstrap.
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
        If the folder or one of its files is broken, no object is left to click, or the first
        mark does not belong to the protocol.
    """
    if protocol != "seem" and first != "point":
        raise DataError(f'A first {first} belongs to the protocol "seem", not to "{protocol}".')
    if max_clicks < 1 or (limit is not None and limit < 1):
        raise DataError("At least one click and one object are needed to evaluate.")
    data = open_dataset(folder) if isinstance(folder, str | Path) else folder
    chosen = choose_objects(
        data, split, limit=limit, min_area=min_area, things=things, seed=seed
    )  # fmt: skip
    total = sum(len(ids) for _, ids in chosen)
    run = _Run(
        protocol=protocol, first=first, sampler=sampler, cap=max_clicks, shapes=shapes, seed=seed,
        gallery=gallery,
    )  # fmt: skip
    for image_id, segment_ids in chosen:
        for record in _clicked_image(predictor, data.read(image_id), segment_ids, run):
            run.add(record)
            if progress is not None:
                progress(len(run.records) + run.skipped, total)
    if not run.records:
        raise DataError(f"No object in {data.name} ({split}) has a visible, labelled pixel.")
    return Report(
        protocol=protocol, first=first, sampler=sampler, data=data.name, split=split,
        checkpoint=predictor.name, tally=ClickTally(tuple(run.records)), images=len(chosen),
        max_clicks=max_clicks, seed=seed, device=predictor.device, data_hash=data.fingerprint,
        encode_seconds=float(np.median(run.encode)), click_seconds=float(np.median(run.click)),
        skipped=run.skipped, limit=limit, min_area=min_area, things=things,
    )  # fmt: skip


@dataclass(kw_only=True)
class _Run:
    """How objects are clicked, and what piles up meanwhile; times in seconds."""

    protocol: Protocol
    first: FirstShape
    sampler: Sampler
    cap: int
    shapes: bool
    seed: int
    gallery: Gallery | None
    records: list[ClickRecord] = field(default_factory=list)
    encode: list[float] = field(default_factory=list)
    click: list[float] = field(default_factory=list)
    skipped: int = 0

    def add(self, record: ClickRecord | None) -> None:
        if record is None:
            self.skipped += 1
        else:
            self.records.append(record)

    @property
    def together(self) -> int:
        """How many objects of an image are asked for at once."""
        return TOGETHER if self.protocol == "seem" else 1

    def random(self, sample: Sample, segment_id: int) -> np.random.Generator:
        """Draws for one object, the same whatever else is clicked."""
        return np.random.default_rng((self.seed, crc32(sample.id.encode()), segment_id))


def _clicked_image(
    predictor: Predictor, sample: Sample, segment_ids: tuple[int, ...], run: _Run
) -> Iterator[ClickRecord | None]:
    """Record each object of one image, None for one without a visible, labelled pixel."""
    start = perf_counter()
    session = Session(predictor, sample.image)
    run.encode.append(perf_counter() - start)
    visible = [n for n in segment_ids if (sample.mask(n) & ~sample.void).any()]
    yield from [None] * (len(segment_ids) - len(visible))
    for begin in range(0, len(visible), run.together):
        ids = visible[begin : begin + run.together]
        group = [_conversation(session.beside(), sample, n, run) for n in ids]
        if run.protocol == "seem":
            play_together(group, run.cap)
        else:
            play_alone(group[0], run.cap)
        for one, segment_id in zip(group, ids, strict=True):
            run.click.extend(one.seconds)
            record = one.record(run.cap)
            if run.gallery is not None:
                _show(run.gallery, sample, one, record)
            if run.shapes:
                drawn = _drawn(session, one.truth, sample.void, run.random(sample, segment_id))
                record = replace(record, beside=record.beside | drawn)
            yield record


def _conversation(session: Session, sample: Sample, segment_id: int, run: _Run) -> Conversation:
    truth, rng = sample.mask(segment_id), run.random(sample, segment_id).spawn(1)[0]
    visible, random = truth & ~sample.void, run.sampler == "best_random"
    # SEEM's first point is central even where its later clicks are random.
    marked = run.first != "point" or (random and run.protocol == "seem")
    user = SimulatedUser(
        clicked_truth(run.first, visible),
        sample.void,
        protocol=run.protocol,
        max_clicks=run.cap,
        start=first_prompt(run.first, visible, rng) if marked else None,
        rng=rng if random else None,
    )
    name = sample.names.get(segment_id, "")
    return Conversation(session, user, truth, where=f"{sample.id}/{segment_id}", name=name)


def _show(gallery: Gallery, sample: Sample, one: Conversation, record: ClickRecord) -> None:
    """The answer after ``SHOWN_AFTER`` clicks, or the last before."""
    rounds = one.session.rounds
    clicks = min(SHOWN_AFTER, len(rounds))
    gallery.show(
        sample.image, one.truth.astype(int), rounds[clicks - 1].mask.astype(int),
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

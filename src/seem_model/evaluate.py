"""Measure a checkpoint on a data folder, with the simulated user that training has, too."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial
from time import perf_counter
from typing import TYPE_CHECKING

import numpy as np

from seem_model.data.folder import Folder
from seem_model.errors import DataError
from seem_model.metrics.interactive import ClickRecord, ClickTally
from seem_model.metrics.overlap import iou
from seem_model.report import Report
from seem_model.session import Session
from seem_model.simulated_user import SimulatedUser, rollout

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from seem_model.clicks import Protocol
    from seem_model.data.sample import Sample
    from seem_model.predictor import Predictor
    from seem_model.values import Mask, Prompts, Round

# The official SEEM evaluation stops a sample above this IoU and repeats it.
SEEM_STOP = 0.9


def interactive(
    predictor: Predictor,
    folder: Folder | str | Path,
    *,
    split: str = "val",
    protocol: Protocol = "ritm",
    max_clicks: int = 20,
    limit: int | None = None,
    min_area: float | None = None,
    seed: int = 0,
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
    folder : Folder or path
        Data in the project's layout.
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
        Of that choice and of the bootstrap.
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
    data = folder if isinstance(folder, Folder) else Folder.open(folder)
    chosen = choose_objects(data, split, limit=limit, min_area=min_area, seed=seed)
    total, run = sum(len(ids) for _, ids in chosen), _Run()
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
        yield _clicked(session, new_user(truth, sample.void), run.click)
        session.next_object()


def _clicked(session: Session, user: SimulatedUser, seconds: list[float]) -> ClickRecord:
    """Play one object to its end and record it; ``seconds`` grows by one a click."""

    def step(prompts: Prompts) -> Round:
        start = perf_counter()
        answer = session.step(prompts)
        seconds.append(perf_counter() - start)
        return answer

    ious: list[float] = []
    clicks = inside = avoided = positives = 0
    for answer in rollout(step, user, user.max_clicks):
        ious.append(iou(user.truth, answer.mask, user.void))
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
    )
    return ClickRecord.of(ious, user.max_clicks, counts)


def _obeyed(mask: Mask, user: SimulatedUser) -> tuple[int, int, int]:
    """Count (positive clicks inside, negative clicks outside, positive clicks) of all so far."""
    positive = [bool(mask[c.row, c.col]) for c in user.clicks if c.positive]
    negative = [bool(mask[c.row, c.col]) for c in user.clicks if not c.positive]
    return sum(positive), len(negative) - sum(negative), len(positive)


def choose_objects(
    folder: Folder,
    split: str,
    *,
    limit: int | None = None,
    min_area: float | None = None,
    seed: int = 0,
) -> tuple[tuple[str, tuple[int, ...]], ...]:
    """Pick the objects to click; reads annotations only.

    Parameters
    ----------
    folder, split
        Where from.
    limit : int, optional
        The most objects. Images take turns in random order, each giving a random object, so the
        choice is spread over as many images as possible.
    min_area : float, optional
        Smallest object: below 1 a share of its image, else pixels.
    seed : int
        Of the choice.

    Returns
    -------
    tuple of (image id, segment ids)
        In the order of the split.

    Raises
    ------
    DataError
        If nothing is left.
    """
    eligible = {}
    for image_id in folder.ids(split):
        height, width = folder.size(image_id)
        least = (min_area or 0) * (height * width if (min_area or 0) < 1 else 1)
        found = [s.id for s in folder.segments(image_id) if not s.crowd and s.area >= least]
        if found:
            eligible[image_id] = found
    if not eligible:
        size = f" of area {min_area:g} or more" if min_area else ""
        raise DataError(f"The split {split} of {folder.name} has no object{size}.")
    if limit is not None and limit < sum(len(ids) for ids in eligible.values()):
        eligible = _spread(eligible, limit, np.random.default_rng(seed))
    return tuple((image_id, tuple(ids)) for image_id, ids in eligible.items())


def _spread(
    eligible: dict[str, list[int]], limit: int, rng: np.random.Generator
) -> dict[str, list[int]]:
    turns = {image_id: rng.permutation(ids).tolist() for image_id, ids in eligible.items()}
    order = rng.permutation(list(eligible)).tolist()
    deepest = max(len(ids) for ids in turns.values())
    queue = [(i, turns[i][turn]) for turn in range(deepest) for i in order if turn < len(turns[i])]
    taken: dict[str, list[int]] = {image_id: [] for image_id in eligible}
    for image_id, segment_id in queue[:limit]:
        taken[image_id].append(segment_id)
    return {image_id: sorted(ids) for image_id, ids in taken.items() if ids}

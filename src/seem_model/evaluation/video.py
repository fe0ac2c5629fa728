"""Video object segmentation: the first mask of each object is given, the others are found."""

from __future__ import annotations

from time import perf_counter
from typing import TYPE_CHECKING, cast

import numpy as np

from seem_model.errors import DataError
from seem_model.evaluation.findings import Findings, interval
from seem_model.metrics.video import Track, VideoTally, track
from seem_model.propagation import propagate

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from seem_model.data.dataset import DataSet, VideoSet
    from seem_model.data.sample import Sample, Video
    from seem_model.evaluation.running import Choice
    from seem_model.predictor import Predictor
    from seem_model.reporting import Value
    from seem_model.values import RGB, Mask


def video(predictor: Predictor, data: DataSet, choice: Choice) -> Findings:
    """J, F and J&F of every object of every sequence, started from its first mask.

    Means over objects, as DAVIS 2017 counts for semi-supervised methods: neither the frame whose
    mask is given nor the last annotated one is scored. An object that appears later starts in the
    first frame that shows it. Where the data set tells seen from unseen classes (YouTube-VOS),
    ``g`` and its four parts are added, nan unless the class of every object is known.
    ``choice.limit`` is a number of sequences.

    Parameters
    ----------
    predictor : Predictor
    data : DataSet
        With sequences.
    choice : Choice

    Raises
    ------
    DataError
        If the data set has no sequences, or none with frames to score.
    """
    if not hasattr(data, "sequences"):
        raise DataError(f"{data.name} has no sequences: a data set of videos is needed.")
    data = cast("VideoSet", data)
    videos = _chosen(data.sequences(choice.split), choice)
    seconds: list[float] = []
    tallies: list[VideoTally] = []
    for done, one in enumerate(videos, start=1):
        tallies.append(VideoTally(tuple(_tracks(predictor, data, one, seconds))))
        if choice.progress is not None:
            choice.progress(done, len(videos))
    joined = sum(tallies, VideoTally())
    if not joined.tracks:
        raise DataError(f'The split "{choice.split}" of {data.name} has no frames to score.')
    low, high = interval(tallies, _overall, seed=choice.seed)
    numbers: dict[str, Value] = {"objects": len(joined.tracks), **joined.numbers()}
    numbers |= {"j&f_low": low, "j&f_high": high}
    if data.seen is not None:
        numbers |= _youtube(joined, tallies, choice.seed)
    numbers["frame_seconds"] = float(np.median(seconds))
    about = choice.about(predictor, data, len(videos))
    rows = [_row(t) for t in joined.tracks]
    return Findings(task="video", about=about, numbers=numbers, rows=rows)


def _row(one: Track) -> dict[str, Value]:
    seen: dict[str, Value] = {} if one.seen is None else {"seen": one.seen}
    means = {"j": float(np.mean(one.regions)), "f": float(np.mean(one.boundaries))}
    return {"object": one.name, **seen, "frames": len(one.regions), **means}


def _overall(tallies: Sequence[VideoTally]) -> float:
    return sum(tallies, VideoTally()).numbers()["j&f"]


def _global(tallies: Sequence[VideoTally]) -> float:
    return sum(tallies, VideoTally()).youtube()["g"]


def _youtube(
    joined: VideoTally, tallies: Sequence[VideoTally], seed: int
) -> dict[str, float]:  # fmt: skip
    if any(t.seen is None for t in joined.tracks):
        return dict.fromkeys(joined.youtube(), float("nan"))
    low, high = interval(tallies, _global, seed=seed)
    return joined.youtube() | {"g_low": low, "g_high": high}


def _chosen(videos: tuple[Video, ...], choice: Choice) -> tuple[Video, ...]:
    if choice.limit is None or choice.limit >= len(videos):
        return videos
    rng = np.random.default_rng(choice.seed)
    picked = np.sort(rng.choice(len(videos), choice.limit, replace=False))
    return tuple(videos[int(i)] for i in picked)


def _tracks(
    predictor: Predictor, data: VideoSet, one: Video, seconds: list[float]
) -> Iterator[Track]:
    """Score the objects of a sequence; those that start in the same frame go together."""
    started: set[int] = set()
    for start, frame in enumerate(one.frames):
        if frame not in one.annotated:
            continue
        first = data.read(frame)
        ids = [s.id for s in first.segments if s.id not in started and first.mask(s.id).any()]
        started.update(ids)
        later = one.frames[start + 1 :]
        scored = [f for f in later if f in one.annotated]
        scored = scored[:-1] if len(scored) > 1 else scored
        if ids and scored:
            later = later[: later.index(scored[-1]) + 1]
            found = _followed(predictor, data, (first, ids, later), frozenset(scored), seconds)
            for id, (truth, masks) in zip(ids, found, strict=True):
                seen = None if data.seen is None else data.seen.get(first.names[id])
                yield track(f"{one.name}/{id}", truth, masks, seen=seen)


def _followed(
    predictor: Predictor, data: DataSet, asked: tuple[Sample, list[int], tuple[str, ...]],
    scored: frozenset[str], seconds: list[float],
) -> list[tuple[list[Mask], list[Mask]]]:  # fmt: skip
    """True and found masks of each object in the frames that are scored."""
    first, ids, later = asked
    masks: list[tuple[list[Mask], list[Mask]]] = [([], []) for _ in ids]
    shown: list[Sample] = []

    def images() -> Iterator[RGB]:
        for frame in later:
            shown[:] = [data.read(frame)]
            yield shown[0].image

    begin = perf_counter()
    rounds = propagate(predictor, first.image, [first.mask(i) for i in ids], images())
    for frame, answers in zip(later, rounds, strict=True):
        seconds.append(perf_counter() - begin)
        if frame in scored:
            for id, answer, (truth, found) in zip(ids, answers, masks, strict=True):
                truth.append(shown[0].mask(id))
                found.append(answer.mask)
        begin = perf_counter()
    return masks

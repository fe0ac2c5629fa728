"""How long a person waits: encode, first mask, next click, everything; and how much memory."""

from __future__ import annotations

import statistics
import sys
from functools import partial
from time import perf_counter
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image

from seem_model import samples
from seem_model.evaluation.findings import Findings
from seem_model.session import Session
from seem_model.values import Prompts

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from seem_model.predictor import Predictor
    from seem_model.reporting import Value

SIZES = (512, 1024, 2048)
SAMPLE = "astronaut"
_CLICKS = 5


def speed(
    predictor: Predictor, *, sizes: Sequence[int] = SIZES, repeats: int = 5, seed: int = 0,
    progress: Callable[[int, int], None] | None = None,
) -> Findings:  # fmt: skip
    """Time a checkpoint on one sample image at several sizes.

    Keys are ``encode@512``, ``encode@512_spread`` and so on: median and half the range between
    the 5 and 95 percentiles, in seconds, of ``encode``, ``first_mask``, ``next_click``, ``undo``
    and ``panoptic``; ``peak_megabytes`` of the whole process (nan where the system does not
    tell), and ``parameters:PART``.

    Parameters
    ----------
    predictor : Predictor
    sizes : sequence of int
        Sides of the square image, pixels.
    repeats : int
        Runs of everything, after one to warm up.
    seed : int
        Of the places that are clicked.
    progress : callable, optional
        Called as ``progress(done, total)`` with numbers of runs.
    """
    numbers: dict[str, Value] = {}
    rows: list[dict[str, Value]] = []
    total = len(sizes) * (repeats + 1)
    for k, size in enumerate(sizes):
        image = np.asarray(Image.fromarray(samples.load(SAMPLE)).resize((size, size)))
        times: dict[str, list[float]] = {}
        for repeat in range(repeats + 1):
            run = _run(predictor, image, seed + repeat)
            if repeat:
                for name, values in run.items():
                    times.setdefault(name, []).extend(values)
            if progress is not None:
                progress(k * (repeats + 1) + repeat + 1, total)
        for name, values in times.items():
            low, high = np.percentile(values, [5, 95])
            numbers[f"{name}@{size}"] = statistics.median(values)
            numbers[f"{name}@{size}_spread"] = float(high - low) / 2
            rows += [{"size": size, "what": name, "seconds": v} for v in values]
    numbers["peak_megabytes"] = peak_megabytes()
    numbers |= {f"parameters:{part}": n for part, n in parameters(predictor).items()}
    about: dict[str, Value] = {
        "data": SAMPLE, "split": "", "checkpoint": predictor.name, "device": predictor.device,
        "seed": seed, "repeats": repeats,
    }  # fmt: skip
    return Findings(task="speed", about=about, numbers=numbers, rows=rows)


def parameters(predictor: Predictor) -> dict[str, int]:
    """Number of parameters of each part of the model, and ``total``."""
    parts: dict[str, int] = {}
    for name, value in predictor.model.named_parameters():
        part = name.split(".")[0] if "." in name else "other"
        parts[part] = parts.get(part, 0) + value.numel()
    return parts | {"total": sum(parts.values())}


def peak_megabytes() -> float:
    """Largest resident set of this process so far; nan on Windows."""
    try:
        import resource
    except ImportError:
        return float("nan")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    # kilobytes on Linux, bytes on macOS
    return float(peak) / (1e6 if sys.platform == "darwin" else 1e3)


def _run(predictor: Predictor, image: Any, seed: int) -> dict[str, list[float]]:
    start = perf_counter()
    session = Session(predictor, image)
    encode = perf_counter() - start
    steps = [_seconds(partial(session.step, p)) for p in _clicks(session.shape, seed)]
    undo = [_seconds(session.undo) for _ in range(_CLICKS - 1)]
    everything = _seconds(partial(predictor.panoptic, session.features))
    return {
        "encode": [encode], "first_mask": steps[:1], "next_click": steps[1:], "undo": undo,
        "panoptic": [everything],
    }  # fmt: skip


def _seconds(act: Callable[[], object]) -> float:
    start = perf_counter()
    act()
    return perf_counter() - start


def _clicks(shape: tuple[int, int], seed: int) -> list[Prompts]:
    """Prompts of a person who adds one click after the other, every third one negative."""
    rng = np.random.default_rng(seed)
    asked = [Prompts.empty(shape)]
    for k in range(_CLICKS):
        row, col = (rng.uniform(0.3, 0.7, 2) * shape).astype(int)
        new = Prompts.empty(shape)
        (new.negative if k % 3 == 2 else new.positive)[row, col] = True
        asked.append(asked[-1] | new)
    return asked[1:]

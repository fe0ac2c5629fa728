"""Time one image size in a process of its own: encode, first mask, next clicks, undo, memory."""

from __future__ import annotations

import argparse
import json
import resource
import statistics
import sys
import time
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image

from seem_model import Prompts, Session, load, samples

if TYPE_CHECKING:
    from collections.abc import Callable


def seconds(act: Callable[[], Any]) -> float:
    """Wall-clock time of one call."""
    start = time.perf_counter()
    act()
    return time.perf_counter() - start


def peak_megabytes() -> float:
    """Largest resident set of this process so far (kilobytes on Linux, bytes on macOS)."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (1e6 if sys.platform == "darwin" else 1e3)


def clicks(shape: tuple[int, int], *, count: int, seed: int) -> list[Prompts]:
    """Prompts of a person who adds one click after the other, every third one negative."""
    rng = np.random.default_rng(seed)
    asked = [Prompts.empty(shape)]
    for k in range(count):
        row, col = (rng.uniform(0.3, 0.7, 2) * shape).astype(int)
        new = Prompts.empty(shape)
        (new.negative if k % 3 == 2 else new.positive)[row, col] = True
        asked.append(asked[-1] | new)
    return asked[1:]


def measure(checkpoint: str, *, size: int, repeats: int, seed: int) -> dict[str, float]:
    """All numbers of one size, medians over ``repeats``; a report, in seconds and megabytes."""
    start = time.perf_counter()
    predictor = load(checkpoint, device="cpu")
    loading = time.perf_counter() - start
    picture = Image.fromarray(samples.load("astronaut")).resize((size, size))
    image = np.asarray(picture)
    idle = peak_megabytes()
    encode, first, following, undo = [], [], [], []
    Session(predictor, image)  # warm up
    for repeat in range(repeats):
        start = time.perf_counter()
        session = Session(predictor, image)
        encode.append(time.perf_counter() - start)
        asked = clicks(session.shape, count=5, seed=seed + repeat)
        times = [seconds(partial(session.step, prompts)) for prompts in asked]
        first.append(times[0])
        following += times[1:]
        undo += [seconds(session.undo) for _ in range(4)]
    return {
        "size": size,
        "load_seconds": loading,
        "encode_seconds": statistics.median(encode),
        "first_mask_seconds": statistics.median(first),
        "next_click_seconds": statistics.median(following),
        "next_click_seconds_max": max(following),
        "undo_seconds": statistics.median(undo),
        "idle_megabytes": idle,
        "peak_megabytes": peak_megabytes(),
    }


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--checkpoint", default="lite")
    parser.add_argument("--size", type=int, default=512)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    report = measure(
        options.checkpoint, size=options.size, repeats=options.repeats, seed=options.seed
    )
    print(json.dumps(report))

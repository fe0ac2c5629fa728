"""Time one image size in a process of its own: encode, first mask, next clicks, undo, memory."""

from __future__ import annotations

import argparse
import json
import statistics
import time
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from seem_model import Predictor, load
from seem_model.evaluation.speed import peak_megabytes, speed
from seem_model.feature_store import FeatureStore


def disk(predictor: Predictor, *, size: int, repeats: int, seed: int) -> dict[str, float]:
    """Features of a picture of noise written to and read from disk: medians and megabytes."""
    picture = np.random.default_rng(seed).integers(0, 256, (size, size, 3), np.uint8)
    features = predictor.features(picture)
    keeping, reading = [], []
    with TemporaryDirectory() as folder:
        store = FeatureStore(Path(folder))
        for _ in range(repeats + 1):  # the first also takes the fingerprint of the model
            start = time.perf_counter()
            store.keep(predictor, features, seconds=1e9)
            kept = time.perf_counter()
            store.read(predictor, picture)
            keeping.append(kept - start)
            reading.append(time.perf_counter() - kept)
        megabytes = store.path(predictor, picture).stat().st_size / 1e6
    return {
        "features_keep_seconds": statistics.median(keeping[1:]),
        "features_read_seconds": statistics.median(reading[1:]),
        "features_megabytes": megabytes,
    }


def measure(checkpoint: str, *, size: int, repeats: int, seed: int) -> dict[str, float]:
    """All numbers of one size, medians over ``repeats``; a report, in seconds and megabytes."""
    start = time.perf_counter()
    predictor = load(checkpoint, device="cpu")
    loading, idle = time.perf_counter() - start, peak_megabytes()
    found = speed(predictor, sizes=(size,), repeats=repeats, seed=seed)
    numbers = {k: float(v) for k, v in found.numbers.items() if isinstance(v, (int, float))}
    clicks = [r["seconds"] for r in found.rows if r["what"] == "next_click"]
    return {
        "size": size,
        "load_seconds": loading,
        "encode_seconds": numbers[f"encode@{size}"],
        "first_mask_seconds": numbers[f"first_mask@{size}"],
        "next_click_seconds": numbers[f"next_click@{size}"],
        "next_click_seconds_max": max(float(s) for s in clicks if isinstance(s, float)),
        "undo_seconds": numbers[f"undo@{size}"],
        "panoptic_seconds": numbers[f"panoptic@{size}"],
        "idle_megabytes": idle,
        "peak_megabytes": peak_megabytes(),
        **disk(predictor, size=size, repeats=repeats, seed=seed),
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

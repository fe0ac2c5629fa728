"""What many objects and rounds cost in memory: the real model, the controller, no window.

``python benchmarks/memory.py [--size 1024] [--objects 200] [--rounds 500]`` clicks, corrects,
takes back, does again and commits. ``growth`` is the slope over the rounds after the first fifth,
in bytes for each round: of the process (``rss``, after free memory was given back), of what Python
and numpy hold (``traced``), and of torch tensors (``tensor``).
"""

from __future__ import annotations

import argparse
import contextlib
import ctypes
import gc
import json
import time
import tracemalloc
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch
from napari.components import ViewerModel

import seem_model
from napari_seem.annotator import Annotator
from napari_seem.commit_rules import CommitRules, Overlap
from napari_seem.target import Tool
from napari_seem.worker import inline
from seem_model import samples

if TYPE_CHECKING:
    from numpy.typing import NDArray


def picture(size: int) -> NDArray[np.uint8]:
    """A photo, mirrored until it is (size, size, 3)."""
    photo = samples.load("coffee")
    pad = [(0, max(0, size - n)) for n in photo.shape[:2]]
    return np.ascontiguousarray(np.pad(photo, [*pad, (0, 0)], mode="symmetric")[:size, :size])


def resident() -> int:
    """Bytes of this process in memory."""
    pages = Path("/proc/self/statm").read_text().split()[1]
    return int(pages) * 4096


def tensor_bytes() -> int:
    """Bytes of all tensors that are alive; what several share counts once."""
    storages = {}
    for thing in gc.get_objects():
        if type(thing) is torch.Tensor:
            storage = thing.untyped_storage()
            storages[storage.data_ptr()] = storage.nbytes()
    return sum(storages.values())


def trimmed() -> int:
    """Bytes in memory once the C library has given back what is free; as it is without glibc."""
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL("libc.so.6").malloc_trim(0)
    return resident()


def slope(rounds: list[int], values: list[int]) -> float:
    """Growth for each round after the first fifth, by least squares."""
    late = len(rounds) // 5
    return float(np.polyfit(rounds[late:], values[late:], 1)[0])


def places(objects: int, size: int) -> NDArray[np.float64]:
    """(objects, 2) middles of the cells of a grid, (row, col)."""
    side = int(np.ceil(np.sqrt(objects)))
    cells = np.stack(np.divmod(np.arange(objects), side), axis=1)
    return np.asarray((cells + 0.5) * size / side)


def measure(options: argparse.Namespace) -> dict[str, float | None]:
    """Work, and watch."""
    viewer = ViewerModel()
    viewer.add_image(picture(options.size))
    annotator = Annotator(viewer, load=seem_model.load, run=inline)
    annotator.engine.choose(options.checkpoint, "cpu")
    annotator.open()
    annotator.use(Tool.CLICK)
    target = annotator.focus.target
    if target is None or target.prompts.points is None:
        raise SystemExit("benchmark: there is nothing to click on")
    annotator.shelf.rules = CommitRules(overlap=Overlap.OVERWRITE)
    rng = np.random.default_rng(options.seed)
    if options.trace:
        tracemalloc.start()
    rounds, rss, traced, tensors, done = [], [], [], [], 0
    start = time.perf_counter()
    for number, place in enumerate(places(options.objects, options.size), start=1):
        for k in range(round(number * options.rounds / options.objects) - done):
            annotator.set_positive(k == 0 or bool(rng.random() < 0.5))
            target.prompts.points.add(place + rng.uniform(-1, 1, 2) * k * options.size / 40)
            done += 1
        annotator.undo()
        annotator.redo()
        annotator.commit()
        gc.collect()
        rounds.append(done)
        rss.append(trimmed())
        tensors.append(tensor_bytes())
        traced.append(tracemalloc.get_traced_memory()[0] if options.trace else 0)
    seconds = time.perf_counter() - start
    annotator.close()
    return {
        "size": options.size,
        "objects": len(annotator.page.things) - 1,
        "rounds": done,
        "seconds": round(seconds, 1),
        "rss_start_megabytes": round(rss[0] / 1e6, 1),
        "rss_end_megabytes": round(rss[-1] / 1e6, 1),
        "rss_growth_bytes_per_round": round(slope(rounds, rss)),
        "tensor_growth_bytes_per_round": round(slope(rounds, tensors)),
        "traced_growth_bytes_per_round": round(slope(rounds, traced)) if options.trace else None,
    }


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--checkpoint", default="lite")
    parser.add_argument("--size", type=int, default=1024)
    parser.add_argument("--objects", type=int, default=200)
    parser.add_argument("--rounds", type=int, default=500)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--no-trace", dest="trace", action="store_false")
    print(json.dumps(measure(parser.parse_args())))

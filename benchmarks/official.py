"""Official layouts, ours beside the plain way: ``python benchmarks/official.py``.

Focal-T with random weights (what is computed does not depend on them) on a 512 x 683 image. Both
ways take turns, so that a busy machine disturbs them alike; what counts are the ratios. Peak
memory is that of a process that segments everything and answers three clicks in one way. Prints
a table and writes ``benchmarks/results/official-<date>-<commit>.json``.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch
from plain import Plain, convolved_peak
from run import child, git

from seem_model.automatic import segment
from seem_model.depth import deepest_by_shells
from seem_model.encoded import Encoded, ImageFeatures
from seem_model.everything import Thresholds
from seem_model.frame import Box, Frame
from seem_model.modeling.decoded import Request
from seem_model.modeling.seem import Seem
from seem_model.modeling.text_config import ClipTextConfig
from seem_model.modeling.visual_sampler import Points, gather_points
from seem_model.modeling.winograd import quicken
from seem_model.presets import OFFICIAL
from seem_model.readout import by_prompts
from seem_model.vocabulary import Vocabulary

if TYPE_CHECKING:
    from collections.abc import Callable

    from seem_model.automatic import Kind
    from seem_model.modeling.decoded import Features

HEIGHT, WIDTH = 512, 704  # padded
KINDS: tuple[Kind, ...] = ("panoptic", "semantic", "instances")
TARGETS = {
    "encode": 0.9, "v1 first click": 0.12, "v1 click with memory": 0.12, "v0 first click": 0.3,
    "v0 click with memory": 0.3, "click / demo request": 0.05, "next click": 0.1,
    "peak memory": 0.8,
}  # fmt: skip


def model(version: str) -> Seem:
    """Seeded random weights; queries differ enough to find something."""
    torch.manual_seed(0)
    config = OFFICIAL[f"focal-tiny-{version}"]
    text = ClipTextConfig(layers=1, vocabulary=100, start=98, end=99)  # not measured
    small = replace(config, text=text)
    built = Seem(small).eval().requires_grad_(False)
    torch.nn.init.normal_(built.decoder.class_embed, std=512**-0.5)
    return built


def marks(*places: tuple[int, int], apart: bool = False) -> Points:
    """One prompt of 3 x 3 clicks, or (``apart``) one for each click in a batch."""
    positive = torch.zeros(len(places) if apart else 1, 1, HEIGHT, WIDTH, dtype=torch.bool)
    for n, (row, col) in enumerate(places):
        positive[n if apart else 0, :, row - 1 : row + 2, col - 1 : col + 2] = True
    return gather_points(positive, torch.zeros_like(positive), limit=512)


def pixels() -> torch.Tensor:
    """A padded image of noise."""
    image = torch.randn(1, 3, HEIGHT, WIDTH, generator=torch.Generator().manual_seed(1))
    image[..., 683:] = 0
    return image


def timed(**ways: Callable[[], object]) -> dict[str, list[float]]:
    """Seconds of each way, in turns, after a first time that does not count."""
    seconds: dict[str, list[float]] = {name: [] for name in ways}
    for n in range(REPEATS + 1):
        for name, way in ways.items():
            start = time.perf_counter()
            way()
            if n:
                seconds[name].append(time.perf_counter() - start)
    return seconds


def ours(
    asked: Seem, features: Features, points: Points, memory: torch.Tensor | None
) -> torch.Tensor:
    """The same answer by the product's path."""
    joint = asked.config.decoder.prompting == "joint"
    request = Request(objects=joint, spatial=not joint, points=points, memory=memory)
    return by_prompts(asked.decoder(features, request)).logits[0]


def layout(version: str, quick: Seem, rows: dict[str, dict[str, list[float]]]) -> float:
    """Time the clicks of one layout; the least agreement (IoU) of the two ways' masks."""
    asked = model(version)
    names = torch.nn.functional.normalize(torch.randn(134, 512), dim=1)
    plain = Plain(asked, names)
    image = pixels()
    bare = plain.encode(image)
    features = quick.decoder.prepared(quick.encode_image(image))
    first, second = marks((170, 176)), marks((170, 176), (130, 240))
    memory = None if version == "demo" else plain.click(bare, first, None)[None]
    rounds = {"first click": (first, None), "click with memory": (second, memory)}
    if version == "demo":
        rounds = {"stroke, features at hand": (first, None)}
    agreement = 1.0
    for name, (points, before) in rounds.items():
        rows[f"{version} {name}"] = timed(
            plain=partial(plain.click, bare, points, before),
            ours=partial(ours, asked, features, points, before),
        )
        a, b = plain.click(bare, points, before) > 0, ours(asked, features, points, before) > 0
        agreement = min(agreement, float((a & b).sum() / (a | b).sum().clamp(min=1)))
    if version != "demo":
        places = [(100 + 60 * k, 120 + 90 * k) for k in range(5)]
        each = [marks(place) for place in places]
        five = features.rows(torch.zeros(5, dtype=torch.int64))
        rows[f"{version} five objects"] = timed(
            plain=lambda: [plain.click(bare, points, None) for points in each],
            ours=partial(ours, asked, five, marks(*places, apart=True), None),
        )
    if version == "demo":
        rows["demo stroke / demo request"] = timed(
            plain=lambda: plain.click(plain.encode(image), first, None),
            ours=lambda: ours(asked, features, first, None),
        )
    return agreement


def peak(way: str) -> None:
    """Print the peak memory, in MB, of everything in an image and three clicks on it."""
    asked, shape = model("v1"), (HEIGHT, 683)
    words = Vocabulary(tuple(map(str, range(133))), (True,) * 133, torch.randn(134, 512))
    points, memory = marks((170, 176)), None
    with torch.inference_mode():
        if way == "plain":
            plain = Plain(asked, words.embeddings)
            bare = plain.encode(pixels())
            plain.everything(bare, shape)
            for _ in range(3):
                memory = plain.click(bare, points, memory)[None]
        else:
            quicken(asked)
            features = asked.prepared(asked.encode_image(pixels()))
            frame = Frame(Box(0, 0, *shape), *shape, (HEIGHT, WIDTH))
            found = ImageFeatures(np.zeros((*shape, 3), np.uint8), Encoded(frame, features))
            for kind in KINDS:
                segment(asked, found, words, kind, thresholds=Thresholds(score=0.0))
            for _ in range(3):
                memory = ours(asked, features, points, memory)[None]
    # Unlike getrusage's, this figure starts anew with each program.
    status = Path("/proc/self/status").read_text(encoding="utf-8").splitlines()
    print(int(next(line for line in status if line.startswith("VmHWM")).split()[1]) / 1024)


def measure() -> dict[str, object]:
    """All rows: medians of both ways, their ratio, and the target."""
    rows: dict[str, dict[str, list[float]]] = {}
    slow, quick, image = model("v1"), model("v1"), pixels()
    quicken(quick)
    rows["encode"] = timed(
        plain=lambda: slow.encode_image(image),
        ours=lambda: quick.prepared(quick.encode_image(image)),
    )
    agreement = {version: layout(version, quick, rows) for version in ("v1", "v0", "demo")}
    grid = np.ogrid[:HEIGHT, :WIDTH]
    region = ((grid[0] - 250) / 200) ** 2 + ((grid[1] - 350) / 260) ** 2 < 1
    rows["next click"] = timed(
        plain=lambda: convolved_peak(torch.from_numpy(region)),
        ours=lambda: deepest_by_shells(region),
    )
    table = {
        name: {way: float(np.median(s)) for way, s in row.items()} for name, row in rows.items()
    }
    table["peak memory"] = {
        way: float(child(sys.executable, __file__, "--peak", way)) for way in ("plain", "ours")
    }
    spread = {n: {w: [min(s), max(s)] for w, s in row.items()} for n, row in rows.items()}
    table["click / demo request"] = {  # v1: what people click with
        "plain": table["demo stroke / demo request"]["plain"],
        "ours": table["v1 click with memory"]["ours"],
    }
    for row in table.values():
        row["ratio"] = row["ours"] / row["plain"]
    return {"medians": table, "spread": spread, "mask_iou": agreement}


REPEATS = 5


def main() -> None:
    """Measure, print, write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--peak", choices=("plain", "ours"))
    parser.add_argument("--threads", type=int, default=0)
    args = parser.parse_args()
    if args.threads:
        torch.set_num_threads(args.threads)
    if args.peak:
        peak(args.peak)
        return
    with torch.inference_mode():
        found = measure()
    print("| part | plain | ours | ratio | target |\n|---|--:|--:|--:|--:|")
    for name, row in found["medians"].items():  # type: ignore[attr-defined]
        target = TARGETS.get(name, "")
        print(
            f"| {name} | {row['plain']:.3f} | {row['ours']:.3f} | {row['ratio']:.3f} | {target} |"
        )
    print(f"least IoU of the masks: {found['mask_iou']}")
    found |= {"commit": git("rev-parse", "--short", "HEAD"), "threads": torch.get_num_threads()}
    found |= {"torch": torch.__version__, "size": [HEIGHT, WIDTH], "repeats": REPEATS}
    date = datetime.now(UTC).date().isoformat()
    path = Path(__file__).parent / "results" / f"official-{date}-{found['commit']}.json"
    path.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()

"""Photograph the real app for the README: open a sample, click on it with the mouse, shoot.

``python scripts/screenshot.py [--out docs/images/app.png]`` starts its own X server (Xvfb).
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from real_input import click, own_x_server, photograph, until

OUT = Path(__file__).parents[1] / "docs/images/app.png"
SAMPLE = "coffee"
CLICKS = ((170, 320), (262, 212))  # row, column: the coffee; the handle of the cup


def shoot(out: Path, *, checkpoint: str) -> None:
    """Open, click, save the window as an image."""
    from napari_seem._launch import open_app
    from napari_seem.annotator import annotator_for
    from napari_seem.settings import tour_was_seen
    from seem_model import samples

    tour_was_seen()
    viewer = open_app(samples.load(SAMPLE), name=SAMPLE, checkpoint=checkpoint, device="cpu")
    viewer.window.resize(1440, 860)
    annotator = annotator_for(viewer)
    until(lambda: annotator.engine.state == "ready", what="loading the model")
    viewer.reset_view()
    for number, place in enumerate(CLICKS, start=1):
        click(viewer, place)
        until(
            lambda: annotator.page.current.at >= number and not annotator.waiting,  # noqa: B023
            what="an answer",
        )
    if annotator.answer is None or not annotator.answer.packed.any:
        raise SystemExit("screenshot: the clicks gave no mask")
    height, width = photograph(viewer, out)
    print(f"{out}: {width} x {height}, mask of {int(annotator.answer.mask.sum())} pixels")
    viewer.close()


def main() -> int:
    """Run with an X server and settings of its own."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=OUT)
    parser.add_argument("--checkpoint", default="lite")
    options = parser.parse_args()
    with own_x_server():
        shoot(options.out, checkpoint=options.checkpoint)
    return 0


if __name__ == "__main__":
    sys.exit(main())

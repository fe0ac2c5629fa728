"""Walk through the real app with mouse and keys, and photograph every step.

``python scripts/walkthrough.py [--out docs/images/walkthrough]`` starts its own X server (Xvfb);
``--docs`` renews the pictures that the pages in ``docs`` show.
A step that does not do what it should ends the walk with exit status 1. New steps are functions of
the :class:`Stage` in ``walk_object.py`` or ``walk_docks.py``, listed in :data:`STEPS`.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import real_input as hand
import walk_docks as docks
import walk_object as obj
from walk_stage import WINDOW, Stage

OUT = Path(__file__).parents[1] / "docs/images/walkthrough"


@dataclass(frozen=True)
class Step:
    """One picture of the walk.

    Parameters
    ----------
    name : str
        Of the picture.
    act : callable
        Does the step; ends the walk if it does not do what it should.
    """

    name: str
    act: Callable[[Stage], None]


STEPS = (
    Step("tour", obj.toured_and_skipped),
    Step("click", obj.clicked),
    Step("correct", obj.corrected),
    Step("undo-redo", obj.undone_and_redone),
    Step("rounds", obj.back_to_a_round),
    Step("commit", obj.committed),
    Step("prompts", obj.listed),
    Step("classes", obj.classed),
    Step("rules", obj.ruled),
    Step("box", obj.boxed),
    Step("polygon", obj.outlined),
    Step("stroke", obj.stroked),
    Step("paint", obj.painted),
    Step("words", obj.named),
    Step("negative-words", obj.not_named),
    Step("mask-as-prompt", obj.started_from_a_mask),
    Step("next", obj.next_one),
    Step("speech", docks.spoken),
    Step("python", docks.copied),
    Step("objects", docks.tabled),
    Step("everything", docks.everything),
    Step("example", docks.sampled),
    Step("alike", docks.alike),
    Step("of-a-name", docks.all_named),
    Step("teach", docks.taught),
)
"""Done one after the other in one window; each finds what the ones before have left."""
DOCS = ("prompts", "rounds", "objects", "alike", "everything")
"""Pictures that the pages in ``docs`` show."""
AFTERWARDS = (Step("resume", docks.resumed),)
"""Done in a second window, on the same image."""


def open_stage(checkpoint: str) -> Stage:
    """The app in a small window, with the model loaded."""
    from napari_seem._launch import open_app
    from napari_seem.annotator import annotator_for
    from napari_seem.widgets.seem import SeemWidget
    from seem_model import samples

    viewer = open_app(samples.load("coffee"), name="coffee", checkpoint=checkpoint, device="cpu")
    viewer.window.resize(*WINDOW)
    annotator = annotator_for(viewer)
    dock = viewer.window._qt_window.findChild(SeemWidget)
    hand.until(
        lambda: annotator.engine.state == "ready" and annotator.tool is not None,
        what="loading the model",
    )
    viewer.reset_view()
    return Stage(viewer, annotator, dock, Path())


def walk(out: Path, *, checkpoint: str) -> None:
    """Open the app, do the steps, save pictures; once more for what a second window shows."""
    number = 0
    for steps in (STEPS, AFTERWARDS):
        stage = open_stage(checkpoint)
        try:
            for step in steps:
                number += 1
                do(step, replace(stage, picture=out / f"{number:02d}-{step.name}.png"))
        finally:
            stage.viewer.close()
            hand.drain()


def do(step: Step, stage: Stage) -> None:
    """Do a step and photograph the end of it, unless it took its picture itself."""
    start = time.monotonic()
    stage.picture.unlink(missing_ok=True)
    try:
        step.act(stage)
    except BaseException:
        hand.photograph(stage.viewer, stage.picture)
        raise
    if not stage.picture.exists():
        hand.photograph(stage.viewer, stage.picture)
    seconds = time.monotonic() - start
    print(f"{stage.picture.name}: {step.act.__doc__} ({seconds:.1f} s)", flush=True)


def keep_for_docs(out: Path) -> None:
    """Save the pictures of :data:`DOCS` small, without what napari shows around canvas and dock."""
    from PIL import Image

    for name in DOCS:
        [shot] = out.glob(f"??-{name}.png")
        with Image.open(shot) as opened:
            picture = opened.convert("RGB").crop((326, 20, WINDOW[0], WINDOW[1] - 24))
        file = OUT.parent / f"{name}.png"
        picture.quantize(255, dither=Image.Dither.NONE).save(file, optimize=True)
        print(f"{file}: {file.stat().st_size // 1000} kB")


def main() -> int:
    """Run with an X server and settings of its own."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=OUT)
    parser.add_argument("--checkpoint", default="lite")
    parser.add_argument("--docs", action="store_true", help="renew the pictures of the docs too")
    options = parser.parse_args()
    with hand.own_x_server():
        walk(options.out, checkpoint=options.checkpoint)
    if options.docs:
        keep_for_docs(options.out)
    return 0


if __name__ == "__main__":
    sys.exit(main())

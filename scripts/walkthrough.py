"""Walk through the real app with mouse and keys, and photograph every step.

``python scripts/walkthrough.py [--out docs/images/walkthrough]`` starts its own X server (Xvfb).
A step that does not do what it should ends the walk with exit status 1. New steps go into
:data:`STEPS`: a name for the picture, and a function of the :class:`Stage`.
"""

from __future__ import annotations

import argparse
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import real_input as hand

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np
    from numpy.typing import NDArray

OUT = Path(__file__).parents[1] / "docs/images/walkthrough"
COFFEE, HANDLE, TABLE = (170, 320), (262, 212), (187, 505)  # (row, column)


@dataclass(frozen=True, eq=False)
class Stage:
    """The app, opened on the sample “coffee”.

    Parameters
    ----------
    viewer : napari.Viewer
    annotator : Annotator
    dock : SeemWidget
    """

    viewer: Any
    annotator: Any
    dock: Any

    def click(self, place: hand.Place) -> None:
        """Click on the image and wait for the answer."""
        hand.click(self.viewer, place)
        self.answered()

    def draw(self, tool: Any, path: list[hand.Place]) -> None:
        """Take a tool by its button, draw, and wait for the answer."""
        hand.press(self.dock.prompts.tools[tool])
        hand.drag(self.viewer, path)
        self.answered()

    def key(self, letter: str, *, ctrl: bool = False, shift: bool = False) -> None:
        """Press a key over the image."""
        hand.key(self.viewer, letter, ctrl=ctrl, shift=shift)
        self.answered()

    def answered(self) -> None:
        """Wait until nothing is computed any more."""
        a = self.annotator
        hand.until(lambda: a.engine.state == "ready" and not a.waiting, what="an answer", turns=5)

    @property
    def mask(self) -> NDArray[np.bool_]:
        """(H, W) bool, what the window shows as the answer."""
        import numpy as np

        layer = self.annotator.focus.target.result
        return np.zeros((400, 600), bool) if layer is None else np.asarray(layer.data) > 0

    @property
    def prompts(self) -> int:
        """How many prompts the list shows."""
        return int(self.dock.tabs.entries.topLevelItemCount())


def expect(true: object, what: str) -> None:
    """End the walk if something is not as it should be."""
    if not true:
        raise SystemExit(f"walkthrough: {what}")


def opened(stage: Stage) -> None:
    """The app is ready for the first click."""
    expect(stage.annotator.engine.state == "ready", "the model is not ready")


def clicked(stage: Stage) -> None:
    """One click gives a mask."""
    stage.click(COFFEE)
    expect(stage.mask[COFFEE], "the click is not in the mask")


def corrected(stage: Stage) -> None:
    """A second click adds what is missing, one with the other sign takes away."""
    stage.click(HANDLE)
    expect(stage.mask[HANDLE], "the handle was not added")
    stage.key("T")
    stage.click(TABLE)
    expect(not stage.mask[TABLE], "the table was not left out")
    expect(stage.prompts == 3, "the list does not show three prompts")


def undone_and_redone(stage: Stage) -> None:
    """Undo takes back, redo does again."""
    before = stage.mask.copy()
    stage.key("Z", ctrl=True)
    stage.key("Z", ctrl=True)
    expect(stage.prompts == 1, "undo did not take two clicks back")
    stage.key("Z", ctrl=True, shift=True)
    stage.key("Z", ctrl=True, shift=True)
    expect((stage.mask == before).all(), "redo did not bring the mask back")
    stage.key("T")


def back_to_a_round(stage: Stage) -> None:
    """A click on a round goes back to it, and forth again."""
    tabs, rounds = stage.dock.tabs, stage.dock.tabs.rounds
    bar = tabs.tabBar()
    hand.press(bar, bar.tabRect(1).center())
    expect(rounds.count() == 4, "the list does not show three rounds")
    for row in (1, 3, 1):
        hand.press(rounds.viewport(), rounds.visualItemRect(rounds.item(row)).center())
        stage.answered()
        expect(stage.annotator.page.current.at == row, "the round was not gone to")
    expect(stage.mask.any(), "there is no mask")


def committed(stage: Stage) -> None:
    """Commit writes the object and starts the next."""
    rounds = stage.dock.tabs.rounds
    hand.press(rounds.viewport(), rounds.visualItemRect(rounds.item(3)).center())
    stage.answered()
    size = int(stage.mask.sum())
    stage.key("K")
    bar = stage.dock.tabs.tabBar()
    hand.press(bar, bar.tabRect(0).center())
    objects = stage.annotator.focus.target.objects
    expect(objects is not None and (objects.data == 1).sum() == size, "object 1 is not there")
    expect(not stage.mask.any() and not stage.prompts, "the next object has not started")


def boxed(stage: Stage) -> None:
    """A box around the object."""
    from napari_seem.target import Tool

    stage.key("N")
    stage.draw(Tool.BOX, [(130, 465), (160, 500), (230, 560)])
    expect(stage.mask.any(), "the box gave no mask")


def outlined(stage: Stage) -> None:
    """A polygon drawn by hand."""
    from napari_seem.target import Tool

    stage.key("N")
    around = [(150, 260), (130, 320), (150, 380), (190, 390), (215, 320), (190, 255), (155, 262)]
    stage.draw(Tool.POLYGON, around)
    expect(stage.mask[COFFEE], "what is inside does not belong to the mask")


def stroked(stage: Stage) -> None:
    """A line along the object."""
    from napari_seem.target import Tool

    stage.key("N")
    stage.draw(Tool.STROKE, [(285, 300), (300, 330), (308, 360), (310, 390)])
    expect(stage.mask.any(), "the stroke gave no mask")


def painted(stage: Stage) -> None:
    """Paint on the object with the brush."""
    from napari_seem.target import Tool

    stage.key("N")
    stage.draw(Tool.PAINT, [(160, 290), (175, 310), (170, 340)])
    expect(stage.mask[170, 320], "the paint is not in the mask")


def named(stage: Stage) -> None:
    """Words alone find the thing."""
    stage.key("N")
    hand.write(stage.dock.prompts.text, "cup")
    stage.answered()
    expect(stage.prompts == 1, "the words are not in the list")
    expect(stage.mask.any(), "the words found nothing")


def not_named(stage: Stage) -> None:
    """The sign of words is turned in the list: it is not that."""
    from napari_seem.target import Tool

    entries = stage.dock.tabs.entries
    hand.press(stage.dock.prompts.tools[Tool.CLICK])
    stage.click(COFFEE)
    words = entries.topLevelItem(1)
    place = entries.visualItemRect(words).center()
    place.setX(entries.columnViewportPosition(0) + entries.columnWidth(0) // 2)
    hand.press(entries.viewport(), place)
    stage.answered()
    said = stage.annotator.page.current.current.marks.words
    expect(said and not said[0].positive, "the words were not turned")
    expect(stage.mask[COFFEE], "the click does not count any more")


def started_from_a_mask(stage: Stage) -> None:
    """A committed object is where the next one starts from."""
    stage.key("N")
    hand.choose(stage.dock.sources.masks, "SEEM objects: label 1", "start from it")
    stage.answered()
    objects = stage.annotator.focus.target.objects
    expect((stage.mask == (objects.data == 1)).all(), "the mask of object 1 is not shown")
    expect(stage.prompts == 1, "the mask is not in the list")


def next_one(stage: Stage) -> None:
    """Next leaves the object without committing it."""
    hand.press(stage.dock.object.next)
    stage.answered()
    expect(not stage.prompts and not stage.mask.any(), "the next object has not started")
    objects = stage.annotator.focus.target.objects
    expect(set(objects.data.ravel().tolist()) == {0, 1}, "other objects were committed")


STEPS: tuple[tuple[str, Callable[[Stage], None]], ...] = (
    ("open", opened),
    ("click", clicked),
    ("correct", corrected),
    ("undo-redo", undone_and_redone),
    ("rounds", back_to_a_round),
    ("commit", committed),
    ("box", boxed),
    ("polygon", outlined),
    ("stroke", stroked),
    ("paint", painted),
    ("words", named),
    ("negative-words", not_named),
    ("mask-as-prompt", started_from_a_mask),
    ("next", next_one),
)
"""Done one after the other in one window; each finds what the ones before have left."""


def walk(out: Path, *, checkpoint: str) -> None:
    """Open the app, do the steps, save pictures."""
    from napari_seem._launch import open_app
    from napari_seem.annotator import annotator_for
    from napari_seem.widgets.seem import SeemWidget
    from seem_model import samples

    viewer = open_app(samples.load("coffee"), name="coffee", checkpoint=checkpoint, device="cpu")
    viewer.window.resize(1280, 800)
    annotator = annotator_for(viewer)
    dock = viewer.window._qt_window.findChild(SeemWidget)
    hand.until(
        lambda: annotator.engine.state == "ready" and annotator.tool is not None,
        what="loading the model",
    )
    viewer.reset_view()
    stage = Stage(viewer, annotator, dock)
    for number, (name, step) in enumerate(STEPS, start=1):
        start = time.monotonic()
        picture = out / f"{number:02d}-{name}.png"
        try:
            step(stage)
        finally:
            hand.photograph(viewer, picture)
        print(f"{picture.name}: {step.__doc__} ({time.monotonic() - start:.1f} s)", flush=True)
    viewer.close()


def main() -> int:
    """Run with an X server and settings of its own."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=OUT)
    parser.add_argument("--checkpoint", default="lite")
    options = parser.parse_args()
    with hand.own_x_server():
        walk(options.out, checkpoint=options.checkpoint)
    return 0


if __name__ == "__main__":
    sys.exit(main())

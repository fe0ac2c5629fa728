"""How long each thing a person does keeps the GUI thread, with a model that answers at once.

``python benchmarks/interactions.py [--sizes 512 2048]`` prints a table and writes
``benchmarks/results/interactions-<date>-<commit>.json``. ``code`` is our code alone, on a viewer
without a window; ``window`` is the same call in a real one (its own Xvfb), views included. Both are
processor time of the GUI thread, which other programs on the machine do not change; the file has
what passed on the clock (``clock``) beside it. Budget: ``BUDGET`` milliseconds for each at the
largest size.
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import numpy as np
from napari.components import ViewerModel
from run import HERE, child, git, machine

import seem_model
from gui import NullPredictor, Shape, turn, until
from napari_seem.annotator import Annotator, annotator_for
from napari_seem.commit_rules import CommitRules, Overlap
from napari_seem.proposals import Proposals
from napari_seem.settings import NO_CACHE
from napari_seem.target import Tool
from napari_seem.worker import inline
from seem_model.packed import bounds
from seem_model.values import Instance, Prompts, Round

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray

Times = dict[str, float]
"""Milliseconds of each deed."""
BUDGET = 50.0
PROPOSED = 200


class Square(NullPredictor):
    """A square around whatever was marked."""

    def step(self, features: Shape, prompts: Prompts, memory: Any = None, **watch: Any) -> Round:
        """About a tenth of the image."""
        asked = prompts.positive if prompts.region is None else prompts.region | prompts.positive
        top, left, bottom, right = bounds(asked)
        row, col, reach = (top + bottom) // 2, (left + right) // 2, features.shape[0] // 6
        mask = np.zeros(features.shape, bool)
        mask[max(0, row - reach) : row + reach, max(0, col - reach) : col + reach] = True
        return self.answer(features, prompts, mask)


def found(size: int) -> list[Instance]:
    """As many small objects as are proposed, side by side."""
    side = int(np.ceil(np.sqrt(PROPOSED)))
    cell = size // side
    instances = []
    for k in range(PROPOSED):
        row, col = divmod(k, side)
        mask = np.zeros((size, size), bool)
        mask[row * cell : (row + 1) * cell - 2, col * cell : (col + 1) * cell - 2] = True
        instances.append(Instance(mask=mask, label="thing", score=0.5 + k / 1000))
    return instances


class Person:
    """Does each thing once, in an order in which all are possible.

    Parameters
    ----------
    annotator : Annotator
    viewer : ViewerModel or Viewer
    size : int
    """

    def __init__(self, annotator: Annotator, viewer: Any, size: int) -> None:
        self.annotator, self.viewer, self.size = annotator, viewer, size
        self.rng = np.random.default_rng(0)
        self.instances = found(size)

    def place(self) -> NDArray[np.float64]:
        """Somewhere in the middle, (row, col)."""
        return self.rng.uniform(self.size * 0.3, self.size * 0.6, 2)

    def deeds(self) -> Iterator[tuple[str, Callable[[], object]]]:
        """Names and deeds; the caller times each before it asks for the next."""
        a = self.annotator
        target, plane = a.focus.target, a.focus.plane
        if target is None or plane is None or target.prompts.points is None:
            raise SystemExit("benchmark: there is nothing to click on")
        points = target.prompts.points
        yield "click", lambda: points.add(plane.lift(self.place()[None]))
        yield "click again", lambda: points.add(plane.lift(self.place()[None]))
        a.use(Tool.BOX)
        shapes = target.prompts.shapes
        corners = np.array([[0, 0], [0, 1], [1, 1], [1, 0]]) * self.size / 5 + self.place()
        yield "box", lambda: shapes and shapes.add([plane.lift(corners)], shape_type="rectangle")
        line = self.place() + self.rng.uniform(0, self.size / 10, (20, 2))
        yield "stroke", lambda: shapes and shapes.add([plane.lift(line)], shape_type="path")
        a.use(Tool.PAINT)
        paint = target.prompts.scribble
        yield "paint", lambda: paint and paint.paint(plane.lift(self.place()[None])[0], 1)
        yield "flip entry", lambda: a.asking.flip(a.asking.entries[1])
        yield "hide entry", lambda: a.asking.hide(a.asking.entries[1])
        yield "delete entry", lambda: a.asking.delete(a.asking.entries[1])
        yield "undo", a.undo
        yield "redo", a.redo
        yield "goto", lambda: a.goto(1)
        yield "commit", a.commit
        label = max(t.label for t in a.page.things)
        yield "undo commit", a.undo
        yield "redo commit", a.redo
        yield "refine", lambda: a.shelf.refine(label)
        yield "next object", a.next_object
        yield "rename", lambda: a.revisions.rename([label], f"cell {label}")
        proposals = Proposals.of(self.instances, title="all", threshold=0.0)
        yield "offer 200 proposals", lambda: a.suggestions.offer([(target, plane, proposals)])
        yield "accept proposal", a.suggestions.accept
        yield "reject proposal", a.suggestions.reject
        yield "accept all proposals", a.suggestions.accept_all
        yield "undo accept all", a.undo
        yield "redo accept all", a.redo
        yield "switch slice", lambda: self.viewer.dims.set_current_step(0, 1)
        yield "switch back", lambda: self.viewer.dims.set_current_step(0, 0)


def timed(person: Person, settle: Callable[[], None], repeats: int) -> dict[str, Times]:
    """Median milliseconds of each deed, of processor and clock; the first time warms up."""
    busy: dict[str, list[float]] = {}
    clock: dict[str, list[float]] = {}
    for _ in range(repeats + 1):
        person.annotator.use(Tool.CLICK)
        for name, act in person.deeds():
            start, began = time.perf_counter(), time.thread_time()
            act()
            busy.setdefault(name, []).append(1e3 * (time.thread_time() - began))
            clock.setdefault(name, []).append(1e3 * (time.perf_counter() - start))
            settle()
        person.annotator.next_object()
    return {
        what: {name: statistics.median(all_[1:]) for name, all_ in times.items()}
        for what, times in (("processor", busy), ("clock", clock))
    }


def stack(size: int) -> NDArray[np.uint8]:
    """(2, size, size, 3) picture."""
    return np.random.default_rng(0).integers(0, 255, (2, size, size, 3), np.uint8)


def without_window(size: int, repeats: int) -> dict[str, Times]:
    """Our code alone."""
    viewer = ViewerModel()
    viewer.add_image(stack(size))
    annotator = Annotator(viewer, load=lambda *_, **__: Square(), run=inline)
    annotator.shelf.rules = CommitRules(overlap=Overlap.OVERWRITE)
    annotator.open()
    numbers = timed(Person(annotator, viewer, size), lambda: None, repeats)
    annotator.close()
    return numbers


def in_window(size: int, repeats: int) -> dict[str, Times]:
    """The same with napari's and our views."""
    import napari

    seem_model.load = lambda *_, **__: Square()
    viewer = napari.Viewer()
    viewer.add_image(stack(size))
    annotator = annotator_for(viewer)
    annotator.engine.encoding.cache = NO_CACHE  # the null predictor has nothing for a file
    annotator.shelf.rules = CommitRules(overlap=Overlap.OVERWRITE)
    viewer.window.add_plugin_dock_widget("napari-seem", "SEEM")
    until(lambda: annotator.engine.state == "ready" and annotator.tool is not None)

    def settle() -> None:
        until(lambda: annotator.engine.state == "ready" and not annotator.waiting)
        turn(0.1)

    numbers = timed(Person(annotator, viewer, size), settle, repeats)
    viewer.close()
    return numbers


def table(sizes: list[dict[str, Any]]) -> str:
    """Milliseconds for people, in Markdown."""
    heads = [f"{what} {row['size']}" for row in sizes for what in ("code", "window")]
    lines = [f"| | {' | '.join(heads)} |", "|---" * (len(heads) + 1) + "|"]
    for name in sizes[0]["code"]:
        cells = [f"{row[what].get(name, float('nan')):.1f}" for row in sizes
                 for what in ("code", "window")]  # fmt: skip
        lines.append(f"| {name} | {' | '.join(cells)} |")
    over = [f"{name} ({what})" for what in ("code", "window")
            for name, ms in sizes[-1][what].items() if ms > BUDGET]  # fmt: skip
    lines.append(f"over {BUDGET:g} ms at {sizes[-1]['size']}: {', '.join(over) or 'none'}")
    return "\n".join(lines)


def main() -> None:
    """Measure; a window of each size in a process of its own."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", type=int, nargs="+", default=[512, 2048])
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--no-gui", action="store_true")
    parser.add_argument("--window", type=int, help="only this size, in a window; prints JSON")
    options = parser.parse_args()
    if options.window:
        print(json.dumps(in_window(options.window, options.repeats)))
        return
    sizes = []
    for size in options.sizes:
        code = without_window(size, options.repeats)
        window: dict[str, Times] = {"processor": {}, "clock": {}}
        if not options.no_gui:
            again = ("python", str(HERE / "interactions.py"), "--window", str(size))
            asked = (*again, "--repeats", str(options.repeats))
            window = child("xvfb-run", "-a", "-s", "-screen 0 1600x1000x24", *asked)
        clock = {"code": code["clock"], "window": window["clock"]}
        row = {"code": code["processor"], "window": window["processor"], "clock": clock}
        sizes.append({"size": size, **row})
    print(table(sizes))
    if not options.no_gui:
        name = f"interactions-{datetime.now(UTC):%Y-%m-%d}-{git('rev-parse', '--short', 'HEAD')}"
        report = {"machine": machine(), "budget": BUDGET, "sizes": sizes}
        (HERE / "results" / f"{name}.json").write_text(json.dumps(report, indent=2) + "\n")


if __name__ == "__main__":
    main()

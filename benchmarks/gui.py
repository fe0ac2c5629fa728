"""Time what the plugin adds to a click, with a model that answers at once; needs an X server.

A real window; each click is one point more in the prompt layer, as napari adds it. ``baseline`` is
the same without the plugin: a plain Points layer. The longest block is the longest time the GUI
thread did not come back to its event loop; drawing is most of it where there is no graphics card,
so ``our_code`` is the same click on a viewer without a window.
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import napari
import numpy as np
from napari.components import ViewerModel
from napari.layers import Points
from qtpy.QtCore import QTimer
from qtpy.QtWidgets import QApplication

import seem_model
from napari_seem.annotator import Annotator, annotator_for
from napari_seem.settings import NO_CACHE
from napari_seem.target import Tool
from napari_seem.worker import inline
from seem_model.values import Prompts, Round

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class Shape:
    """Features of the null predictor."""

    shape: tuple[int, int]


class NullPredictor:
    """Answers at once: a square around the last click, so that the result really changes."""

    name, device, vocabulary, has_text = "null", "cpu", ("thing",), True

    def features(self, image: NDArray[Any], **watch: Any) -> Shape:
        """Nothing but the size."""
        return Shape((image.shape[0], image.shape[1]))

    def step(self, features: Shape, prompts: Prompts, memory: Any = None, **watch: Any) -> Round:
        """A mask of about a tenth of the image."""
        mask = np.zeros(features.shape, bool)
        row = int(np.flatnonzero(prompts.positive.any(axis=1))[-1])
        col = int(np.flatnonzero(prompts.positive[row])[-1])
        side = features.shape[0] // 3
        mask[max(0, row - side // 2) : row + side // 2, max(0, col - side // 2) : col + side] = True
        return self.answer(features, prompts, mask)

    def answer(self, features: Shape, prompts: Prompts, mask: NDArray[np.bool_]) -> Round:
        """A round that is remembered, as those of every model are."""
        return Round(
            prompts=prompts, mask=mask, score=0.5, label="thing", label_score=0.5, memory=features
        )

    def memory_of(self, features: Shape, mask: NDArray[np.bool_]) -> Shape:
        """Of a mask from elsewhere."""
        return features


class Heartbeat:
    """Longest time between two turns of Qt's event loop."""

    def __init__(self) -> None:
        self.longest, self._last = 0.0, time.perf_counter()
        self._timer = QTimer()
        self._timer.timeout.connect(self._beat)
        self._timer.start(0)

    def restart(self) -> None:
        """Forget what was."""
        self.longest, self._last = 0.0, time.perf_counter()

    def stop(self) -> None:
        """No more beats."""
        self._timer.stop()

    def _beat(self) -> None:
        now = time.perf_counter()
        self.longest, self._last = max(self.longest, now - self._last), now


def turn(seconds: float) -> None:
    """Let Qt work for a while."""
    end = time.perf_counter() + seconds
    while time.perf_counter() < end:
        QApplication.processEvents()


def until(true: Any) -> None:
    """Let Qt work until a condition holds, at most 30 s."""
    end = time.perf_counter() + 30
    while not true():
        QApplication.processEvents()
        if time.perf_counter() > end:
            raise SystemExit("benchmark: the plugin does not answer")


def positions(size: int, count: int) -> list[NDArray[np.float64]]:
    """Where to click, (row, col)."""
    rng = np.random.default_rng(0)
    return list(rng.integers(size // 4, 3 * size // 4, (count, 2)).astype(float))


def baseline(size: int, count: int) -> tuple[float, float]:
    """Median time of adding a point, and longest block, without the plugin."""
    viewer = napari.Viewer()
    viewer.add_image(np.zeros((size, size, 3), np.uint8))
    viewer.add_labels(np.zeros((size, size), np.uint8))
    layer = viewer.add_points(ndim=2, size=10)
    turn(1.5)
    beat, times, blocks = Heartbeat(), [], []
    for position in positions(size, count):
        turn(0.1)
        beat.restart()
        start = time.perf_counter()
        layer.add(position)
        times.append(time.perf_counter() - start)
        turn(0.2)
        blocks.append(beat.longest)
    beat.stop()
    viewer.close()
    return statistics.median(times), max(blocks)


def prompt_layers(viewer: ViewerModel) -> list[Points]:
    """Layers that take clicks: the plugin makes one."""
    return [layer for layer in viewer.layers if isinstance(layer, Points)]


def plugin(size: int, count: int) -> tuple[float, float, float]:
    """Median time of adding a point, longest block and median time to the mask, with the plugin."""
    viewer = napari.Viewer()
    viewer.add_image(np.zeros((size, size, 3), np.uint8))
    annotator = annotator_for(viewer)
    annotator.engine.encoding.cache = NO_CACHE  # the null predictor has nothing for a file
    viewer.window.add_plugin_dock_widget("napari-seem", "SEEM")
    until(lambda: annotator.engine.state == "ready" and prompt_layers(viewer))
    [points] = prompt_layers(viewer)
    turn(1.5)
    beat, times, blocks, answers = Heartbeat(), [], [], []
    for number, position in enumerate(positions(size, count), start=1):
        turn(0.1)
        beat.restart()
        start = time.perf_counter()
        points.add(position)
        times.append(time.perf_counter() - start)
        until(lambda: annotator.page.current.at >= number and not annotator.waiting)  # noqa: B023
        answers.append(time.perf_counter() - start)
        turn(0.2)
        blocks.append(beat.longest)
    beat.stop()
    viewer.close()
    return statistics.median(times[1:]), max(blocks[1:]), statistics.median(answers[1:])


def without_window(size: int, count: int) -> tuple[float, float]:
    """Median and longest time of a whole click (read, ask, write) without drawing: our code."""
    viewer = ViewerModel()
    viewer.add_image(np.zeros((size, size, 3), np.uint8))
    annotator = Annotator(viewer, load=lambda *_, **__: NullPredictor(), run=inline)  # type: ignore[arg-type]
    annotator.open()
    annotator.use(Tool.CLICK)
    [points] = prompt_layers(viewer)
    times = []
    for position in positions(size, count):
        start = time.perf_counter()
        points.add(position)
        times.append(time.perf_counter() - start)
    annotator.close()
    return statistics.median(times[1:]), max(times[1:])


def measure(size: int, count: int) -> dict[str, float]:
    """Numbers of one size, in milliseconds."""
    QApplication.instance() or QApplication([])
    seem_model.load = lambda *_, **__: NullPredictor()  # type: ignore[assignment]
    plain, plain_block = baseline(size, count)
    ours, block, answer = plugin(size, count)
    click, longest = without_window(size, count)
    return {
        "size": size,
        "our_code_per_click_ms": 1e3 * click,
        "our_code_longest_ms": 1e3 * longest,
        "gui_add_point_ms": 1e3 * ours,
        "gui_add_point_baseline_ms": 1e3 * plain,
        "gui_overhead_per_click_ms": 1e3 * (ours - plain),
        "gui_click_to_mask_ms": 1e3 * answer,
        "gui_longest_block_ms": 1e3 * block,
        "gui_longest_block_baseline_ms": 1e3 * plain_block,
    }


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--size", type=int, default=512)
    parser.add_argument("--count", type=int, default=15)
    options = parser.parse_args()
    print(json.dumps(measure(options.size, options.count)))

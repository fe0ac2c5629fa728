"""Photograph the real app for the README: open a sample, click on it with the mouse, shoot.

``python scripts/screenshot.py [--out docs/images/app.png]`` starts its own X server (Xvfb).
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

OUT = Path(__file__).parents[1] / "docs/images/app.png"
SAMPLE = "coffee"
CLICKS = ((170, 320), (262, 212))  # row, column: the coffee; the handle of the cup
SECONDS = 180


def start_x_server() -> subprocess.Popen[bytes]:
    """Start an Xvfb on a free number and point $DISPLAY to it."""
    read, write = os.pipe()
    screen = ["-screen", "0", "1600x1000x24"]
    server = subprocess.Popen(
        ["Xvfb", "-displayfd", str(write), *screen], pass_fds=[write], stderr=subprocess.DEVNULL
    )
    os.close(write)
    with os.fdopen(read) as pipe:
        os.environ["DISPLAY"] = f":{pipe.readline().strip()}"
    return server


def until(true: Callable[[], Any], *, what: str) -> None:
    """Let Qt work until a condition holds, and a moment longer for the last frame."""
    from qtpy.QtWidgets import QApplication

    end = time.monotonic() + SECONDS
    settled = 0
    while settled < 25:
        QApplication.processEvents()
        time.sleep(0.02)
        settled = settled + 1 if true() else 0
        if time.monotonic() > end:
            raise SystemExit(f"screenshot: {what} did not happen within {SECONDS} s")


def click(viewer: Any, row: int, col: int) -> None:
    """Press the left button over a pixel of the image."""
    from qtpy.QtCore import QPoint, Qt
    from qtpy.QtTest import QTest

    canvas = viewer.window._qt_viewer.canvas
    x, y = (canvas.view.transform * canvas.view.scene.transform).map([col, row])[:2]
    spot = QPoint(round(x), round(y))
    mouse: Any = QTest  # its stubs forget that these are static
    mouse.mouseMove(canvas.native, spot)
    until(lambda: True, what="the mouse arriving")
    none = Qt.KeyboardModifier.NoModifier
    mouse.mouseClick(canvas.native, Qt.MouseButton.LeftButton, none, spot)


def shoot(out: Path, *, checkpoint: str) -> None:
    """Open, click, save the window as an image."""
    import numpy as np
    from PIL import Image

    from napari_seem._launch import open_app
    from napari_seem.annotator import annotator_for
    from seem_model import samples

    viewer = open_app(samples.load(SAMPLE), name=SAMPLE, checkpoint=checkpoint, device="cpu")
    viewer.window.resize(1440, 860)
    annotator = annotator_for(viewer)
    until(lambda: annotator.engine.state == "ready", what="loading the model")
    viewer.reset_view()
    for number, (row, col) in enumerate(CLICKS, start=1):
        click(viewer, row, col)
        rounds = annotator.page.current
        until(lambda: rounds.at >= number and not annotator.waiting, what="an answer")  # noqa: B023
    if annotator.answer is None or not annotator.answer.mask.any():
        raise SystemExit("screenshot: the clicks gave no mask")
    picture = np.asarray(viewer.screenshot(canvas_only=False, flash=False))
    if picture[..., :3].std() < 20:
        raise SystemExit("screenshot: the window is blank")
    out.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(picture[..., :3]).save(out, optimize=True)
    pixels = int(annotator.answer.mask.sum())
    print(f"{out}: {picture.shape[1]} x {picture.shape[0]}, mask of {pixels} pixels")
    viewer.close()


def main() -> int:
    """Run with an X server and settings of its own."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=OUT)
    parser.add_argument("--checkpoint", default="lite")
    options = parser.parse_args()
    server = start_x_server()
    with tempfile.TemporaryDirectory() as folder:
        os.environ["NAPARI_CONFIG"] = str(Path(folder) / "settings.yaml")
        try:
            shoot(options.out, checkpoint=options.checkpoint)
        finally:
            server.terminate()
            server.wait()
    return 0


if __name__ == "__main__":
    sys.exit(main())

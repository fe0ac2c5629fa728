"""Eyes for the end-to-end test: Python imports this by itself when its folder is on PYTHONPATH.

The app under test is the command that a user types and has no door for tests. A thread in its
process asks the GUI thread five times a second what a user could see, and writes it to the file
$SEEM_E2E_REPORT. It presses and changes nothing.
"""

from __future__ import annotations

import json
import os
import sys
import threading
import time
from pathlib import Path


def look() -> dict | None:
    """What is on the screen; runs in the GUI thread."""
    import napari
    from qtpy.QtCore import QPoint

    viewer = napari.current_viewer()
    if viewer is None or not viewer.window._qt_window.isVisible():
        return None
    canvas = viewer.window._qt_viewer.canvas
    corner = canvas.native.mapToGlobal(QPoint(0, 0))
    to_canvas = canvas.view.transform * canvas.view.scene.transform
    corners = [to_canvas.map(point)[:2].tolist() for point in ([0, 0], [1, 0], [0, 1])]
    return {
        "canvas": [corner.x(), corner.y(), canvas.native.width(), canvas.native.height()],
        "ratio": canvas.native.devicePixelRatioF(),
        "origin_x_y": corners,  # canvas positions of world (row, col) = (0, 0), (0, 1), (1, 0)
        "docks": list(viewer.window.dock_widgets),
        "hint": bool(viewer.canvas.overlays.text.visible),
        "layers": {
            layer.name: [type(layer).__name__, int((layer.data != 0).sum())]
            for layer in viewer.layers
            if hasattr(layer.data, "sum")
        },
    }


def watch(report: Path) -> None:
    while "napari._qt.qt_event_loop" not in sys.modules or "napari.viewer" not in sys.modules:
        time.sleep(0.1)
    from qtpy.QtWidgets import QApplication
    from superqt.utils import ensure_main_thread

    seen = ensure_main_thread(await_return=True, timeout=60_000)(look)
    while True:
        time.sleep(0.2)
        if QApplication.instance() is not None and (state := seen()) is not None:
            part = report.with_suffix(".part")
            part.write_text(json.dumps(state))
            part.replace(report)


if "SEEM_E2E_REPORT" in os.environ and Path(sys.argv[0] if sys.argv else "").name == "napari-seem":
    threading.Thread(target=watch, args=[Path(os.environ["SEEM_E2E_REPORT"])], daemon=True).start()

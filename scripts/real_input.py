"""An X server of its own, and real mouse and keys for the app; for the scripts beside this one."""

from __future__ import annotations

import os
import subprocess
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from qtpy.QtCore import QPoint

    Place = tuple[float, float]

SECONDS = 180


def _start_x_server() -> tuple[subprocess.Popen[bytes], str]:
    """The server, and the number of its display; "" if another took the number meanwhile."""
    read, write = os.pipe()
    screen = ["-screen", "0", "1600x1000x24"]
    server = subprocess.Popen(
        ["Xvfb", "-displayfd", str(write), *screen], pass_fds=[write], stderr=subprocess.DEVNULL
    )
    os.close(write)
    with os.fdopen(read) as pipe:
        return server, pipe.readline().strip()


@contextmanager
def own_x_server() -> Iterator[None]:
    """Within it, $DISPLAY is an Xvfb on a free number, and napari's settings are untouched."""
    for _ in range(5):
        server, number = _start_x_server()
        if number:
            break
        server.wait()
    else:
        raise SystemExit("Xvfb does not start: is it installed?")
    os.environ["DISPLAY"] = f":{number}"
    with tempfile.TemporaryDirectory() as folder:
        os.environ["NAPARI_CONFIG"] = str(Path(folder) / "settings.yaml")
        try:
            yield
        finally:
            server.terminate()
            server.wait()


def until(true: Callable[[], Any], *, what: str, turns: int = 25) -> None:
    """Let Qt work until a condition has held for some turns, for the last frame to be drawn."""
    from qtpy.QtWidgets import QApplication

    end = time.monotonic() + SECONDS
    settled = 0
    while settled < turns:
        QApplication.processEvents()
        time.sleep(0.02)
        settled = settled + 1 if true() else 0
        if time.monotonic() > end:
            raise SystemExit(f"{what} did not happen within {SECONDS} s")


def rest(turns: int = 3) -> None:
    """Let Qt work for a moment."""
    until(lambda: True, what="a moment", turns=turns)


def spot(viewer: Any, place: Place) -> QPoint:
    """Where a pixel (row, col) of the image is on the canvas."""
    from qtpy.QtCore import QPoint

    canvas = viewer.window._qt_viewer.canvas
    x, y = (canvas.view.transform * canvas.view.scene.transform).map([place[1], place[0]])[:2]
    return QPoint(round(x), round(y))


def click(viewer: Any, place: Place) -> None:
    """Press the left button over a pixel (row, col) of the image."""
    from qtpy.QtCore import Qt
    from qtpy.QtTest import QTest

    native = viewer.window._qt_viewer.canvas.native
    mouse: Any = QTest  # its stubs forget that these are static
    mouse.mouseMove(native, spot(viewer, place))
    rest()
    none = Qt.KeyboardModifier.NoModifier
    mouse.mouseClick(native, Qt.MouseButton.LeftButton, none, spot(viewer, place))
    rest()


def drag(viewer: Any, path: Sequence[Place]) -> None:
    """Draw with the left button held along pixels (row, col) of the image."""
    from qtpy.QtCore import QEvent, QPointF, Qt
    from qtpy.QtGui import QMouseEvent
    from qtpy.QtTest import QTest
    from qtpy.QtWidgets import QApplication

    native = viewer.window._qt_viewer.canvas.native
    left, none = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    spots = [spot(viewer, place) for place in path]
    mouse: Any = QTest
    mouse.mouseMove(native, spots[0])
    rest()
    mouse.mousePress(native, left, none, spots[0])
    for there in spots[1:]:
        rest(1)
        # QTest's own moves carry no button
        kind, moved = QEvent.Type.MouseMove, Qt.MouseButton.NoButton
        seen = QPointF(native.mapToGlobal(there))
        QApplication.sendEvent(native, QMouseEvent(kind, QPointF(there), seen, moved, left, none))
    rest(1)
    mouse.mouseRelease(native, left, none, spots[-1])
    rest()


def key(viewer: Any, letter: str, *, ctrl: bool = False, shift: bool = False) -> None:
    """Press a key over the canvas."""
    from qtpy.QtCore import Qt
    from qtpy.QtTest import QTest

    held = Qt.KeyboardModifier.NoModifier
    if ctrl:
        held |= Qt.KeyboardModifier.ControlModifier
    if shift:
        held |= Qt.KeyboardModifier.ShiftModifier
    keys: Any = QTest
    keys.keyClick(viewer.window._qt_viewer.canvas.native, getattr(Qt.Key, f"Key_{letter}"), held)
    rest()


def press(widget: Any, place: QPoint | None = None) -> None:
    """Press the left button over a widget, in its middle or at a point of it."""
    from qtpy.QtCore import Qt
    from qtpy.QtTest import QTest

    mouse: Any = QTest
    there = widget.rect().center() if place is None else place
    mouse.mouseClick(widget, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, there)
    rest()


def write(line: Any, text: str) -> None:
    """Replace what is in a line edit, and press Enter."""
    from qtpy.QtCore import Qt
    from qtpy.QtTest import QTest

    keys: Any = QTest
    line.setFocus()
    line.selectAll()
    keys.keyClicks(line, text)
    keys.keyClick(line, Qt.Key.Key_Return)
    rest()


def choose(button: Any, *words: str) -> None:
    """Open the menu of a button and go through it to an action, by parts of their texts."""
    from qtpy.QtCore import QTimer

    def walk() -> None:
        menu = button.menu()
        for number, part in enumerate(words, start=1):
            action = next((a for a in menu.actions() if part in a.text()), None)
            if action is None:
                button.menu().close()
                raise SystemExit(f"there is no “{part}” in the menu")
            press(menu, menu.actionGeometry(action).center())
            if number < len(words):
                menu = action.menu()

    QTimer.singleShot(200, walk)  # a menu has an event loop of its own
    press(button)


def photograph(viewer: Any, out: Path) -> tuple[int, int]:
    """Save the window as a picture; returns its height and width."""
    import numpy as np
    from PIL import Image

    picture = np.asarray(viewer.screenshot(canvas_only=False, flash=False))[..., :3]
    if picture.std() < 20:
        raise SystemExit(f"the window is blank, see {out}")
    out.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(picture).save(out, optimize=True)
    return int(picture.shape[0]), int(picture.shape[1])

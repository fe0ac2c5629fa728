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
    """Within it, $DISPLAY is an Xvfb on a free number; settings, sessions, models are temporary."""
    for _ in range(5):
        server, number = _start_x_server()
        if number:
            break
        server.wait()
    else:
        raise SystemExit("Xvfb does not start: is it installed?")
    os.environ["DISPLAY"] = f":{number}"
    # a thread may still be writing a session when the window is gone
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        os.environ["NAPARI_CONFIG"] = str(Path(folder) / "settings.yaml")
        os.environ["SEEM_SESSIONS"] = str(Path(folder) / "sessions")
        os.environ["SEEM_MODELS"] = str(Path(folder) / "models")
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
    drag_over(viewer.window._qt_viewer.canvas.native, [spot(viewer, place) for place in path])


def drag_over(widget: Any, spots: Sequence[QPoint]) -> None:
    """Move the mouse along points of a widget with the left button held."""
    from qtpy.QtCore import QEvent, QPointF, Qt
    from qtpy.QtGui import QMouseEvent
    from qtpy.QtTest import QTest
    from qtpy.QtWidgets import QApplication

    left, none = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    mouse: Any = QTest
    mouse.mouseMove(widget, spots[0])
    rest()
    mouse.mousePress(widget, left, none, spots[0])
    for there in spots[1:]:
        rest(1)
        # QTest's own moves carry no button
        kind, moved = QEvent.Type.MouseMove, Qt.MouseButton.NoButton
        seen = QPointF(widget.mapToGlobal(there))
        QApplication.sendEvent(widget, QMouseEvent(kind, QPointF(there), seen, moved, left, none))
    rest(1)
    mouse.mouseRelease(widget, left, none, spots[-1])
    rest()


def key(
    viewer: Any, letter: str, *, ctrl: bool = False, shift: bool = False, alt: bool = False
) -> None:
    """Press a key over the canvas."""
    from qtpy.QtCore import Qt
    from qtpy.QtTest import QTest

    held = Qt.KeyboardModifier.NoModifier
    if ctrl:
        held |= Qt.KeyboardModifier.ControlModifier
    if shift:
        held |= Qt.KeyboardModifier.ShiftModifier
    if alt:
        held |= Qt.KeyboardModifier.AltModifier
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


def double_press(widget: Any, place: QPoint) -> None:
    """Double click on a point of a widget."""
    from qtpy.QtCore import Qt
    from qtpy.QtTest import QTest

    mouse: Any = QTest
    left, none = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    mouse.mouseClick(widget, left, none, place)
    mouse.mouseDClick(widget, left, none, place)
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

    done: list[bool] = []

    def walk() -> None:
        menu = button.menu()
        for number, part in enumerate(words, start=1):
            until(menu.isVisible, what="opening a menu", turns=3)
            action = next((a for a in menu.actions() if part in a.text()), None)
            if action is None:
                button.menu().close()
                raise SystemExit(f"there is no “{part}” in the menu")
            press(menu, menu.actionGeometry(action).center())
            if number < len(words):
                menu = action.menu()
        done.append(True)

    # whether pressing returns before or after the menu has closed depends on the version of Qt
    QTimer.singleShot(200, walk)
    press(button)
    until(lambda: done, what="choosing from the menu", turns=3)


def slide(slider: Any, part: float) -> None:
    """Drag the handle of a horizontal slider to a part of its length, 0 to 1."""
    from qtpy.QtCore import QPoint

    wide, middle = slider.width(), slider.height() // 2
    value = slider.value() / slider.maximum()
    slide_from = QPoint(round(6 + value * (wide - 12)), middle)
    drag_over(slider, [slide_from, QPoint(round(6 + part * (wide - 12)), middle)])


def drain(turns: int = 25) -> None:
    """Let threads and events of a window that was closed come to their ends."""
    rest(turns)


def pick(combo: Any, text: str) -> None:
    """Open a combo box and choose the entry with a text by the keyboard."""
    from qtpy.QtCore import Qt
    from qtpy.QtTest import QTest

    row = combo.findText(text, Qt.MatchFlag.MatchContains)
    if row < 0:
        raise SystemExit(f"there is no “{text}” in the list")
    combo.showPopup()
    rest()
    view = combo.view()
    view.setCurrentIndex(combo.model().index(row, 0))
    keys: Any = QTest
    keys.keyClick(view, Qt.Key.Key_Return)
    rest()


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

"""The installed command, from outside: start it, click with the X server's mouse, get a mask.

Nothing of the app runs in this process. Events go through the X server (XTEST), as a mouse's do;
what is seen comes from the screen and from ``eyes/sitecustomize.py``.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from PIL import Image

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

pytestmark = [
    pytest.mark.gui,
    pytest.mark.skipif(not sys.platform.startswith("linux"), reason="drives an X server"),
]
COMMAND = Path(sys.executable).with_name("napari-seem")


class Screen:
    """Mouse and picture of the X server; positions in screen pixels."""

    def __init__(self) -> None:
        from Xlib import display

        self._display = display.Display()
        self._root = self._display.screen().root

    def click(self, x: int, y: int) -> None:
        from Xlib import X
        from Xlib.ext.xtest import fake_input

        for dx in (-3, 0):  # a hand arrives from somewhere
            fake_input(self._display, X.MotionNotify, x=x + dx, y=y)
            self._display.sync()
            time.sleep(0.1)
        for event in (X.ButtonPress, X.ButtonRelease):
            fake_input(self._display, event, 1)
            self._display.sync()
            time.sleep(0.05)

    def press(self, key: str) -> None:
        from Xlib import XK, X
        from Xlib.ext.xtest import fake_input

        code = self._display.keysym_to_keycode(XK.string_to_keysym(key))
        for event in (X.KeyPress, X.KeyRelease):
            fake_input(self._display, event, code)
            self._display.sync()
            time.sleep(0.05)

    def picture(self) -> np.ndarray:
        from Xlib import X

        size = self._root.get_geometry()
        raw = self._root.get_image(0, 0, size.width, size.height, X.ZPixmap, 0xFFFFFFFF)
        bgrx = np.frombuffer(raw.data, np.uint8).reshape(size.height, size.width, 4)
        return bgrx[..., 2::-1]


class App:
    """A running ``napari-seem`` and what can be seen of it."""

    def __init__(self, folder: Path, *arguments: str) -> None:
        self._report, self.log = folder / "seen.json", folder / "app.log"
        eyes = str(Path(__file__).with_name("eyes"))
        paths = [eyes, *filter(None, [os.environ.get("PYTHONPATH")])]
        env = {
            **os.environ,
            "PYTHONPATH": os.pathsep.join(paths),
            "SEEM_E2E_REPORT": str(self._report),
            "NAPARI_CONFIG": str(folder / "settings.yaml"),
        }
        with self.log.open("w") as log:
            self.process = subprocess.Popen(
                [str(COMMAND), *arguments], env=env, cwd=folder, stdout=log, stderr=log
            )

    def until(self, true: Callable[[dict[str, Any]], bool], *, what: str) -> dict[str, Any]:
        """What is seen as soon as it fulfils a condition; fails after two minutes."""
        deadline = time.monotonic() + 120
        seen: dict[str, Any] = {}
        while time.monotonic() < deadline and self.process.poll() is None:
            if self._report.exists():
                seen = json.loads(self._report.read_text())
                if true(seen):
                    return seen
            time.sleep(0.1)
        pytest.fail(f"{what}: not seen. Last seen: {seen}\n{self.log.read_text()[-3000:]}")


def screen_position(seen: dict[str, Any], row: float, col: float) -> tuple[int, int]:
    zero, right, down = np.array(seen["origin_x_y"])
    x, y = zero + (right - zero) * col + (down - zero) * row
    left, top = seen["canvas"][:2]
    return round((left + x) * seen["ratio"]), round((top + y) * seen["ratio"])


def canvas_of(picture: np.ndarray, seen: dict[str, Any]) -> np.ndarray:
    x, y, width, height = (np.array(seen["canvas"]) * seen["ratio"]).astype(int)
    return picture[y : y + height, x : x + width]


def drawn(app: App, screen: Screen) -> tuple[dict[str, Any], np.ndarray]:
    """What is seen, and the canvas, when the image is on the screen and nothing moves any more."""
    deadline = time.monotonic() + 60
    before, still = np.zeros(0), 0
    while time.monotonic() < deadline:
        seen = app.until(lambda _: True, what="window")
        now = canvas_of(screen.picture(), seen)
        still = still + 1 if np.array_equal(now, before) and now.std() > 10 else 0
        if still == 3:
            return seen, now
        before = now
        time.sleep(0.5)
    pytest.fail("the canvas stayed blank or never came to rest")


def label_pixels(seen: dict[str, Any]) -> int:
    return sum(count for kind, count in seen["layers"].values() if kind == "Labels")


def labels_layers(seen: dict[str, Any]) -> int:
    return sum(kind == "Labels" for kind, _ in seen["layers"].values())


def points(seen: dict[str, Any]) -> int:
    return sum(count > 0 for kind, count in seen["layers"].values() if kind == "Points")


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., App]]:
    if not COMMAND.exists():
        pytest.skip(f"{COMMAND} is not installed (pip install -e .)")
    apps: list[App] = []

    def start(*arguments: str) -> App:
        apps.append(App(tmp_path, *arguments))
        return apps[-1]

    yield start
    for app in apps:
        app.process.terminate()
        app.process.wait(20)


@pytest.mark.timeout(400)
def test_click_see_the_mask_and_keep_it(start: Callable[..., App], tmp_path: Path) -> None:
    app, screen = start(), Screen()
    ready = app.until(
        lambda seen: "Points" in [kind for kind, _ in seen["layers"].values()] and seen["docks"],
        what="window with the sample, the dock and the click tool",
    )
    assert ready["hint"]
    assert not label_pixels(ready)
    ready, before = drawn(app, screen)

    screen.click(*screen_position(ready, 170, 320))  # the coffee in the cup

    done = app.until(lambda seen: label_pixels(seen) > 0, what="Labels layer with a mask")
    assert points(done) == 1
    assert not done["hint"]
    time.sleep(1)  # let the last frame be drawn before it is looked at
    shown = screen.picture()
    Image.fromarray(shown).save(tmp_path / "app.png")
    after = canvas_of(shown, done)
    assert after.shape == before.shape
    assert (np.abs(after.astype(int) - before).sum(axis=2) > 60).mean() > 0.01

    screen.press("k")  # the mouse is still over the canvas

    kept = app.until(lambda seen: labels_layers(seen) == 2, what="Labels layer of kept objects")
    assert label_pixels(kept) > 0
    assert points(kept) == 0, "the clicks of a kept object are gone"
    assert "Traceback" not in app.log.read_text()
    if folder := os.environ.get("SEEM_ARTIFACTS"):
        shutil.copy(tmp_path / "app.png", Path(folder) / "e2e.png")


def run(*arguments: str, **environ: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "napari_seem._launch", *arguments]
    return subprocess.run(
        command, env={**os.environ, **environ}, capture_output=True, text=True, timeout=60
    )


def test_without_a_display_it_says_so_and_names_the_other_command() -> None:
    answer = run(DISPLAY="", WAYLAND_DISPLAY="")
    assert answer.returncode == 1
    assert "no display" in answer.stderr
    assert "seem segment" in answer.stderr
    assert "Traceback" not in answer.stderr


def test_a_dead_display_is_noticed() -> None:
    answer = run(DISPLAY=":4711", WAYLAND_DISPLAY="")
    assert answer.returncode == 1
    assert "DISPLAY=:4711" in answer.stderr


def test_an_image_that_cannot_be_read_is_refused_with_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_text("not a picture")
    for path in (tmp_path / "a.png", tmp_path / "missing.png"):
        answer = run("--image", str(path))
        assert answer.returncode == 2
        assert path.name in answer.stderr
        assert "Traceback" not in answer.stderr

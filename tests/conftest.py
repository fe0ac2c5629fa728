"""Shared fixtures: viewers without Qt, real viewers with a robot that clicks, fake predictors."""

from __future__ import annotations

import gc
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import settings

# test modules are imported by path (importlib mode); the doubles in fakes.py by name
sys.path.insert(0, str(Path(__file__).parent))

from fakes import Deferred, FakeLoad, blobs

# How long an example takes says more about the machine than about the code.
settings.register_profile("any machine", deadline=None)
settings.load_profile("any machine")


@pytest.fixture(scope="session", autouse=True)
def _own_folder(tmp_path_factory):
    """Models, features, examples and class lists are kept in a folder of the tests."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SEEM_MODELS", str(tmp_path_factory.mktemp("library")))
        yield


@pytest.fixture
def fake_load(monkeypatch) -> FakeLoad:
    import napari_seem.annotator
    from napari_seem.settings import NO_CACHE

    # its features are no model's, so they cannot be kept on disk
    monkeypatch.setattr(napari_seem.annotator, "cache", lambda: NO_CACHE)
    return FakeLoad()


@pytest.fixture
def deferred() -> Deferred:
    return Deferred()


@pytest.fixture
def told(monkeypatch):
    """Notifications that a person would have seen, as text."""
    from napari.utils.notifications import notification_manager

    notification_manager.records.clear()

    class Told(list):
        @property
        def text(self) -> str:
            return "\n".join(r.message for r in notification_manager.records)

    yield Told()
    notification_manager.records.clear()


@pytest.fixture
def model_viewer():
    from napari.components import ViewerModel

    return ViewerModel()


@pytest.fixture
def make_model_viewer():
    """Makes viewers that live as long as the test; an annotator does not keep its viewer alive."""
    from napari.components import ViewerModel

    alive = []

    def make() -> ViewerModel:
        alive.append(ViewerModel())
        return alive[-1]

    return make


@pytest.fixture
def annotator(model_viewer, fake_load):
    """Annotator with the click tool in hand on the blobs image, every job run at once."""
    from napari_seem.annotator import Annotator
    from napari_seem.target import Tool

    model_viewer.add_image(blobs(), name="blobs")
    annotator = Annotator(model_viewer, load=fake_load)
    annotator.open()
    annotator.use(Tool.CLICK)
    yield annotator
    annotator.close()


@pytest.fixture
def _collected():
    # napari checks that no former viewer is left, but collects young garbage only
    gc.collect()


@pytest.fixture
def make_napari_viewer(_collected, make_napari_viewer, qtbot):
    """napari's own fixture, plus: workers end before the viewer is torn down."""
    yield make_napari_viewer
    from superqt.utils import WorkerBase

    WorkerBase.await_workers(5000)
    qtbot.wait(10)


class CanvasRobot:
    """Real Qt mouse and keyboard events on the napari canvas, in world coordinates."""

    def __init__(self, viewer, qtbot) -> None:
        self.viewer, self.qtbot = viewer, qtbot
        self.canvas = viewer.window._qt_viewer.canvas
        self.native = self.canvas.native

    def pos(self, yx):
        from qtpy.QtCore import QPoint

        transform = self.canvas.view.transform * self.canvas.view.scene.transform
        x, y = transform.map([yx[1], yx[0]])[:2]
        return QPoint(round(x), round(y))

    def click(self, yx) -> None:
        from qtpy.QtCore import Qt
        from qtpy.QtTest import QTest

        p = self.pos(yx)
        QTest.mouseMove(self.native, p)
        self.qtbot.wait(20)
        none = Qt.KeyboardModifier.NoModifier
        QTest.mouseClick(self.native, Qt.MouseButton.LeftButton, none, p, 10)
        self.qtbot.wait(20)

    def drag(self, path) -> None:
        from qtpy.QtCore import QEvent, QPointF, Qt
        from qtpy.QtGui import QMouseEvent
        from qtpy.QtTest import QTest
        from qtpy.QtWidgets import QApplication

        left, none = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
        points = [self.pos(p) for p in path]
        QTest.mouseMove(self.native, points[0])
        self.qtbot.wait(20)
        QTest.mousePress(self.native, left, none, points[0])
        for p in points[1:]:
            self.qtbot.wait(15)
            # QTest.mouseMove carries no buttons, so the event is made by hand
            there = QPointF(self.native.mapToGlobal(p))
            kind = QEvent.Type.MouseMove
            no_button = Qt.MouseButton.NoButton
            QApplication.sendEvent(
                self.native, QMouseEvent(kind, QPointF(p), there, no_button, left, none)
            )
            self.qtbot.wait(15)
        QTest.mouseRelease(self.native, left, none, points[-1])
        self.qtbot.wait(20)

    def key(self, key, modifier=None) -> None:
        from qtpy.QtCore import Qt
        from qtpy.QtTest import QTest

        none = Qt.KeyboardModifier.NoModifier
        QTest.keyClick(self.native, key, none if modifier is None else modifier)
        self.qtbot.wait(20)


@pytest.fixture
def make_robot(make_napari_viewer, qtbot):
    """Opens a shown viewer on an image and returns a robot for it."""

    def make(image: np.ndarray | None = None, **kwargs) -> CanvasRobot:
        viewer = make_napari_viewer(show=True)
        viewer.window.resize(1280, 800)
        if image is not None:
            viewer.add_image(image, **kwargs)
        qtbot.wait(50)
        return CanvasRobot(viewer, qtbot)

    return make


@pytest.fixture
def robot(make_robot) -> CanvasRobot:
    return make_robot(blobs(), name="blobs")


@pytest.fixture(autouse=True)
def _own_sessions_folder(tmp_path_factory, monkeypatch):
    # no test writes into the folder of the person who runs it
    monkeypatch.setenv("SEEM_SESSIONS", str(tmp_path_factory.getbasetemp() / "sessions"))

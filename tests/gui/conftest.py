"""The SEEM dock in a real window, with a fake model."""

from __future__ import annotations

import pytest

import napari_seem.annotator
import napari_seem.widgets.tour
from napari_seem.widgets.seem import SeemWidget


@pytest.fixture
def fake_model(monkeypatch, fake_load):
    monkeypatch.setattr(napari_seem.annotator, "_load", fake_load)
    monkeypatch.setattr(napari_seem.widgets.tour, "tour_is_new", lambda: False)


@pytest.fixture
def open_dock(fake_model, qtbot):
    """Docks the widget in a robot's viewer and waits until the model is ready."""

    def make(robot) -> SeemWidget:
        widget = SeemWidget(robot.viewer)
        robot.viewer.window.add_dock_widget(widget, name="SEEM", area="right")
        if widget.annotator.focus.image is not None:
            qtbot.waitUntil(lambda: widget.annotator.engine.state == "ready", timeout=10000)
            qtbot.waitUntil(lambda: widget.annotator.tool is not None, timeout=3000)
        qtbot.wait(100)
        return widget

    return make


@pytest.fixture
def own_library(monkeypatch, tmp_path):
    """Examples and class lists of this test only."""
    monkeypatch.setenv("SEEM_MODELS", str(tmp_path))

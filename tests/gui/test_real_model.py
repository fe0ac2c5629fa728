"""The docks as napari opens them from the manifest, with a real (tiny, random) model behind."""

from __future__ import annotations

import sys

import numpy as np
import pytest
from napari._app_model import get_app_model

import seem_model
from fakes import blobs
from napari_seem.annotator import annotator_for
from napari_seem.ink import prompts_of

pytestmark = pytest.mark.gui


@pytest.fixture
def ready(make_robot, qtbot):
    robot = make_robot(blobs((96, 128)))
    annotator_for(robot.viewer).engine.choose("tiny", "cpu")
    _, widget = robot.viewer.window.add_plugin_dock_widget("napari-seem", "SEEM")
    qtbot.waitUntil(lambda: widget.annotator.engine.state == "ready", timeout=60000)
    qtbot.waitUntil(lambda: widget.annotator.tool is not None, timeout=3000)
    qtbot.wait(100)
    return robot, widget


def test_click_text_everything_and_commands(ready, qtbot):
    robot, widget = ready
    a = widget.annotator
    robot.click((20, 20))
    qtbot.waitUntil(lambda: a.answer is not None, timeout=20000)
    first = a.answer
    np.testing.assert_array_equal(a.focus.target.result.data > 0, first.mask)
    widget.prompts.text.setText("a blob")
    widget.prompts.text.returnPressed.emit()
    qtbot.waitUntil(lambda: a.answer is not None and a.answer is not first, timeout=20000)
    commands = get_app_model().commands
    commands.execute_command("napari-seem.undo").result()
    assert a.answer is first
    commands.execute_command("napari-seem.toggle_sign").result()
    assert not a.positive
    commands.execute_command("napari-seem.reset").result()
    assert len(a.focus.target.prompts.points.data) == 0
    _, everything = robot.viewer.window.add_plugin_dock_widget("napari-seem", "Everything")
    everything.start.click()
    qtbot.waitUntil(lambda: a.engine.state == "ready" and a.engine.wish is None, timeout=30000)
    assert a.engine.problem == ""
    assert "SEEM panoptic" in [x.name for x in robot.viewer.layers]


def test_commands_without_a_dock_say_what_to_do(make_robot, told):
    make_robot(blobs())
    get_app_model().commands.execute_command("napari-seem.commit").result()
    assert "Open the SEEM dock" in told.text


def test_same_answer_as_without_a_window(ready, qtbot):
    robot, widget = ready
    robot.click((20, 20))
    qtbot.waitUntil(lambda: widget.annotator.answer is not None, timeout=20000)
    asked = prompts_of(widget.annotator.page.current.current.marks, (96, 128))
    session = seem_model.Session(seem_model.load("tiny"), blobs((96, 128)))
    np.testing.assert_array_equal(session.step(asked).mask, widget.annotator.answer.mask)


def test_import_is_light():
    import subprocess

    code = (
        "import time; t = time.perf_counter(); import napari_seem; s = time.perf_counter() - t\n"
        "import sys; assert 'torch' not in sys.modules; assert s < 0.15, s\n"
        "import napari_seem.annotator; assert 'torch' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)

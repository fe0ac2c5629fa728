"""Masks, examples and spoken words as prompts: by real mouse and keys, with a fake model."""

from __future__ import annotations

import numpy as np
import pytest
from qtpy.QtCore import Qt
from qtpy.QtTest import QTest

import napari_seem.keys
import napari_seem.widgets.speech
import seem_model.speech.choosing
from fake_speech import FakeMicrophone, FakeRecogniser
from fakes import blobs
from napari_seem.target import Tool
from napari_seem.widgets.objects import ObjectsWidget
from person import FIRST, SECOND, mask
from window import LEFT, asked, choose, rows, say, settle

pytestmark = [pytest.mark.gui, pytest.mark.usefixtures("own_library")]
ALT, CTRL = Qt.KeyboardModifier.AltModifier, Qt.KeyboardModifier.ControlModifier
BOTH = blobs() > 0


@pytest.fixture
def dock(open_dock, robot):
    return open_dock(robot)


def test_mask_prompts_by_the_menu(robot, dock, qtbot, fake_load):
    a = dock.annotator
    assert "Open or paint a Labels layer first." in choose(dock.sources.masks)
    corner = np.zeros(FIRST.shape, np.uint8)
    corner[12:16, 12:16] = 3
    layer = robot.viewer.add_labels(corner, name="nuclei")
    layer.selected_label = 3
    dock.prompts.tools[Tool.CLICK].click()
    offered = choose(dock.sources.masks, "nuclei: label 3", "belongs to the object")
    assert offered == ["nuclei: label 3", "nuclei: all labels"]
    settle(qtbot, a)
    np.testing.assert_array_equal(mask(a), FIRST)
    np.testing.assert_array_equal(asked(fake_load).positive, corner > 0)
    robot.key(Qt.Key.Key_Z, CTRL)
    assert not mask(a).any()
    choose(dock.sources.masks, "nuclei: all labels", "start from it")
    settle(qtbot, a)
    np.testing.assert_array_equal(mask(a), corner > 0)
    robot.click((45, 50))
    settle(qtbot, a)
    np.testing.assert_array_equal(mask(a), SECOND | (corner > 0))
    robot.key(Qt.Key.Key_N)
    robot.click((20, 20))
    settle(qtbot, a)
    choose(dock.sources.masks, "nuclei: label 3", "does not belong")
    settle(qtbot, a)
    assert rows(dock.tabs.entries)[1] == ("−", "Mask 3 of nuclei", "●")
    assert not mask(a)[12:16, 12:16].any()
    assert mask(a)[25, 25]


def test_an_example_of_one_image_is_used_in_another(robot, dock, qtbot, fake_load, told):
    a = dock.annotator
    choose(dock.sources.examples, "Take this object")
    assert "There is no example yet" in told.text
    robot.click((20, 20))
    settle(qtbot, a)
    choose(dock.sources.examples, "Take this object")
    robot.viewer.add_image(blobs()[::-1].copy(), name="other")
    qtbot.waitUntil(lambda: dock.image.count() == 2, timeout=3000)
    dock.image.setFocus()
    dock.image.setCurrentText("blobs")
    QTest.keyClick(dock.image, Qt.Key.Key_Down)
    assert a.focus.image.name == "other"
    settle(qtbot, a)
    offered = choose(dock.sources.examples, "blob in blobs", "find what is like it")
    assert offered == ["Take this object as an example", "", "blob in blobs"]
    settle(qtbot, a)
    np.testing.assert_array_equal(mask(a), FIRST[::-1])
    assert asked(fake_load).exemplar.mask.sum() == FIRST.sum()
    assert rows(dock.tabs.entries) == [("+", "Like blob in blobs", "●")]
    choose(dock.sources.examples, "blob in blobs", "delete this example")
    assert "blob in blobs" not in choose(dock.sources.examples)


def test_an_example_of_another_slice_of_a_stack(make_robot, open_dock, qtbot):
    robot = make_robot(np.stack([blobs(), blobs()[::-1]]), name="stack")
    dock = open_dock(robot)
    a = dock.annotator
    robot.viewer.dims.set_current_step(0, 0)
    settle(qtbot, a)
    robot.click((20, 20))
    settle(qtbot, a)
    choose(dock.sources.examples, "Take this object")
    robot.viewer.dims.set_current_step(0, 1)
    settle(qtbot, a)
    choose(dock.sources.examples, "blob in stack", "find what is like it")
    settle(qtbot, a)
    np.testing.assert_array_equal(mask(a), FIRST[::-1])
    say(dock, qtbot, "blob")
    np.testing.assert_array_equal(mask(a), BOTH[::-1])
    choose(dock.sources.examples, "blob in stack", "not what is like it")
    settle(qtbot, a)
    np.testing.assert_array_equal(mask(a), SECOND[::-1])


@pytest.fixture
def speaking(monkeypatch):
    """A fake microphone and recogniser in the dock, and F7 to talk."""
    monkeypatch.setattr(napari_seem.widgets.speech, "QtMicrophone", FakeMicrophone)
    monkeypatch.setattr(
        seem_model.speech.choosing, "recogniser", lambda names, whisper: FakeRecogniser()
    )
    texts = {"talk": "F7"}
    monkeypatch.setattr("napari_seem.actions.key_texts", lambda: texts)


def test_spoken_words_by_key_and_by_button(speaking, robot, open_dock, qtbot, fake_load):
    dock = open_dock(robot)
    a, speech = dock.annotator, dock.tabs.speech
    robot.click((30, 60))
    settle(qtbot, a)
    assert not speech.isVisible()
    QTest.keyPress(robot.native, Qt.Key.Key_F7)
    qtbot.wait(30)
    assert speech.isVisible()
    assert "Listening" in speech.hint.text()
    QTest.keyRelease(robot.native, Qt.Key.Key_F7)
    qtbot.waitUntil(lambda: speech.text.text() == "the red car", timeout=5000)
    assert rows(dock.tabs.entries)[1:] == [], "nothing is used before Enter"
    speech.text.selectAll()
    QTest.keyClicks(speech.text, "blob")
    QTest.keyClick(speech.text, Qt.Key.Key_Return)
    settle(qtbot, a)
    assert asked(fake_load).text == "blob"
    np.testing.assert_array_equal(mask(a), BOTH)
    assert dock.prompts.text.text() == "blob"
    QTest.mouseClick(speech.cancel, LEFT)
    QTest.mousePress(speech.talk, LEFT)
    assert "Listening" in speech.hint.text()
    QTest.mouseRelease(speech.talk, LEFT)
    qtbot.waitUntil(lambda: speech.text.text() == "the red car", timeout=5000)
    QTest.mouseClick(speech.cancel, LEFT)
    objects = ObjectsWidget(robot.viewer)
    robot.viewer.window.add_dock_widget(objects, name="SEEM objects", area="right")
    qtbot.waitUntil(lambda: speech.visibleRegion().isEmpty(), timeout=3000)
    napari_seem.keys.talk(robot.viewer)
    qtbot.waitUntil(lambda: not speech.visibleRegion().isEmpty(), timeout=3000)
    assert "Listening" in speech.hint.text()
    napari_seem.keys.talk(robot.viewer)  # from the palette nothing is held: again is the end
    qtbot.waitUntil(lambda: speech.text.text() == "the red car", timeout=5000)

"""Push to talk, transcript and correction, with a real mouse and a fake microphone."""

from __future__ import annotations

import numpy as np
import pytest
from qtpy.QtCore import Qt
from qtpy.QtTest import QTest

from fake_speech import FakeMicrophone, FakeRecogniser
from napari_seem.widgets.microphone import Level, QtMicrophone, share
from napari_seem.widgets.speech import SpeechView
from napari_seem.worker import on_worker
from seem_model.speech.sound import write_wav

pytestmark = pytest.mark.gui
LEFT = Qt.MouseButton.LeftButton


class Fixture:
    def __init__(self, qtbot, microphone) -> None:
        self.used: list[str] = []
        self.microphone = microphone
        self.view = SpeechView(
            lambda: ["car"],
            self.used.append,
            on_worker,
            microphone=microphone,
            recogniser=lambda names, whisper: FakeRecogniser(),
        )
        qtbot.addWidget(self.view)
        self.view.show()
        qtbot.waitExposed(self.view)
        qtbot.wait(30)


@pytest.fixture
def make(qtbot):
    from superqt.utils import WorkerBase

    yield lambda microphone: Fixture(qtbot, microphone)
    WorkerBase.await_workers(5000)
    qtbot.wait(10)


def test_hold_speak_release_correct_use(make, qtbot):
    f = make(FakeMicrophone())
    assert f.view.talk.isEnabled()
    assert not f.view.use.isEnabled()
    QTest.mousePress(f.view.talk, LEFT)
    assert "release" in f.view.hint.text()
    assert not f.view.open.isEnabled()
    before = f.view.meter.grab().toImage()
    f.microphone.told(Level(0.1, 0.3, 0.5))
    assert f.view.meter.grab().toImage() != before, "the meter moves"
    QTest.mouseRelease(f.view.talk, LEFT)
    qtbot.waitUntil(lambda: f.view.text.text() == "the red car", timeout=5000)
    assert f.view.meter.grab().toImage() == before, "and falls"
    assert "the red cup" in f.view.text.toolTip()
    assert f.used == []
    QTest.keyClicks(f.view.text, "t")
    QTest.keyClick(f.view.text, Qt.Key.Key_Return)
    assert f.used == ["the red cart"]
    QTest.mouseClick(f.view.cancel, LEFT)
    assert f.view.text.text() == ""
    QTest.keyClick(f.view.text, Qt.Key.Key_Return)
    assert f.used == ["the red cart"]


def test_recording_ends_by_itself_or_by_cancel_or_when_hidden(make, qtbot):
    f = make(FakeMicrophone())
    QTest.mousePress(f.view.talk, LEFT)
    f.microphone.told(Level(0.1, 0.3, 20.0))
    qtbot.waitUntil(lambda: f.view.text.text() == "the red car", timeout=5000)
    QTest.mouseRelease(f.view.talk, LEFT)
    assert f.microphone.stops == 1
    QTest.mousePress(f.view.talk, LEFT)
    QTest.mouseClick(f.view.cancel, LEFT)
    QTest.mouseRelease(f.view.talk, LEFT)
    assert f.view.text.text() == ""
    QTest.mousePress(f.view.talk, LEFT)
    f.view.hide()
    assert f.microphone.stops == 3
    assert f.microphone.told is None
    f.view.show()
    qtbot.wait(30)
    assert f.view.text.text() == ""
    assert f.view.talk.isEnabled()


def test_without_a_microphone_a_file_works(make, qtbot, tmp_path):
    f = make(FakeMicrophone("No microphone was found."))
    assert not f.view.talk.isEnabled()
    assert f.view.hint.text() == f.view.talk.toolTip() == "No microphone was found."
    write_wav(tmp_path / "a.wav", np.full(8000, 0.1, np.float32), 16000)
    f.view.open_file(str(tmp_path / "a.wav"))
    qtbot.waitUntil(lambda: f.view.text.text() == "the red car", timeout=5000)
    QTest.mouseClick(f.view.use, LEFT)
    assert f.used == ["the red car"]
    f.view.open_file(str(tmp_path / "none.wav"))
    qtbot.waitUntil(lambda: "none.wav" in f.view.hint.text(), timeout=5000)
    assert f.view.text.text() == ""


def test_why_there_is_no_microphone_is_told(monkeypatch):
    import sys

    monkeypatch.setitem(sys.modules, "qtpy.QtMultimedia", None)
    assert "libpulse0" in QtMicrophone().trouble()


def test_the_meter_is_in_decibels():
    assert [share(x) for x in (0.0, 0.001, 10**-1.5, 1.0, 2.0)] == pytest.approx([0, 0, 0.5, 1, 1])

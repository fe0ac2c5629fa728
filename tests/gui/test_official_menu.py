"""The model menu in a real window: an official file is chosen, named, converted and used."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest
from qtpy.QtCore import Qt
from qtpy.QtTest import QTest
from qtpy.QtWidgets import QFileDialog

from fakes import blobs
from napari_seem.annotator import annotator_for
from napari_seem.widgets.model import Other
from napari_seem.widgets.seem import SeemWidget
from napari_seem.widgets.variant import VariantDialog
from official_twin import NAME, install, official_file
from seem_model import convert as conversion
from seem_model.library import kept
from seem_model.releases import RELEASES

pytestmark = pytest.mark.gui


@pytest.fixture
def library(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    install(monkeypatch, tmp_path / "library")
    return tmp_path / "library"


@pytest.fixture
def dock(make_robot, qtbot, library) -> SeemWidget:
    robot = make_robot(blobs((96, 128)))
    annotator_for(robot.viewer).engine.choose("tiny", "cpu")
    widget = SeemWidget(robot.viewer)
    robot.viewer.window.add_dock_widget(widget, name="SEEM", area="right")
    qtbot.waitUntil(lambda: widget.annotator.engine.state == "ready", timeout=60000)
    qtbot.waitUntil(lambda: widget.annotator.tool is not None, timeout=3000)
    widget.robot = robot
    return widget


@pytest.fixture
def choose(dock, monkeypatch, qtbot):
    """Takes a file by way of the menu and gives the dialog that asks which variant it is."""

    def take(file: str) -> VariantDialog:
        monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *args: (file, ""))
        menu = dock.model.checkpoint
        menu.showPopup()
        photograph(menu.view().window(), "menu")
        menu.hidePopup()
        menu.activated.emit(menu.findText(Other.OFFICIAL.value))
        qtbot.waitUntil(lambda: bool(dock.findChildren(VariantDialog)), timeout=3000)
        return dock.findChildren(VariantDialog)[-1]

    return take


def photograph(widget, name: str) -> None:
    folder = os.environ.get("SEEM_ARTIFACTS")
    if folder:
        widget.grab().save(f"{folder}/{name}.png")


def say(dialog: VariantDialog, name: str) -> None:
    dialog.variants.setCurrentRow(list(RELEASES).index(name))
    QTest.mouseClick(dialog.start, Qt.MouseButton.LeftButton)


def entries(dock: SeemWidget) -> list[str]:
    menu = dock.model.checkpoint
    return [menu.itemText(k) for k in range(menu.count())]


def test_a_file_is_converted_and_used(dock, choose, qtbot, tmp_path) -> None:
    a = dock.annotator
    before = a.engine.predictor
    dialog = choose(str(official_file(tmp_path / "seem_focalt_v1.pt")))
    assert not dialog.start.isEnabled()
    photograph(dialog, "variant")
    said = " ".join(label.text() for label in dialog.findChildren(type(dock.hint)))
    assert "seem_focalt_v1.pt" in said
    assert "does not tell" in said
    say(dialog, NAME)
    qtbot.waitUntil(lambda: a.engine.checkpoint == NAME, timeout=60000)
    qtbot.waitUntil(lambda: a.engine.state == "ready", timeout=60000)
    assert a.engine.predictor is not before
    assert a.engine.predictor.name == NAME
    assert kept() == (NAME,)
    assert not dock.model.cancel.isVisible()
    assert dock.model.checkpoint.currentText() == NAME
    assert entries(dock) == ["lite", NAME, "Folder…", "Official SEEM file…"]
    dock.robot.click((20, 20))
    qtbot.waitUntil(lambda: a.answer is not None, timeout=20000)
    assert a.engine.problem == ""


def test_cancel_stops_and_the_former_model_stays(dock, choose, qtbot, tmp_path, monkeypatch):
    a = dock.annotator
    before = a.engine.predictor

    def endless(*args, watch, **more):
        for k in range(10_000):
            time.sleep(0.01)
            watch(k / 10_000)

    monkeypatch.setattr(conversion, "official_summaries", endless)
    say(choose(str(official_file(tmp_path / "x.pt"))), NAME)

    def under_way() -> bool:
        progress = a.engine.progress
        return progress is not None and progress.share > 0.05

    qtbot.waitUntil(under_way, timeout=20000)
    assert "converting" in dock.model.state.text()
    assert "Converting" in dock.hint.text()
    assert dock.model.cancel.isVisible()
    photograph(dock, "converting")
    start = time.perf_counter()
    QTest.mouseClick(dock.model.cancel, Qt.MouseButton.LeftButton)
    assert not dock.model.cancel.isVisible()
    qtbot.waitUntil(lambda: a.engine.state == "ready", timeout=5000)
    assert time.perf_counter() - start < 2
    assert a.engine.predictor is before
    assert a.engine.problem == ""
    assert not kept()
    dock.robot.click((20, 20))
    qtbot.waitUntil(lambda: a.answer is not None, timeout=20000)


def test_a_damaged_file_is_told_and_the_former_model_stays(dock, choose, qtbot, tmp_path, told):
    a = dock.annotator
    before = a.engine.predictor
    file = official_file(tmp_path / "x.pt")
    file.write_bytes(file.read_bytes()[:5000])
    say(choose(str(file)), NAME)
    qtbot.waitUntil(lambda: bool(a.engine.problem), timeout=20000)
    assert "stops at 5,000 bytes" in told.text
    assert "stops at 5,000 bytes" in dock.hint.text()
    assert "error" in dock.model.state.text()
    assert a.engine.predictor is before
    assert a.engine.conversion is None
    dock.robot.click((20, 20))
    qtbot.waitUntil(lambda: a.answer is not None, timeout=20000)
    assert a.engine.state == "ready"


def test_nothing_happens_without_a_file_or_an_answer(dock, choose, qtbot, monkeypatch, tmp_path):
    dialog = choose(str(official_file(tmp_path / "x.pt")))
    QTest.mouseClick(dialog.cancel, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: not dock.findChildren(VariantDialog), timeout=3000)
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *args: ("", ""))
    menu = dock.model.checkpoint
    menu.activated.emit(menu.findText(Other.OFFICIAL.value))
    qtbot.wait(50)
    assert not dock.findChildren(VariantDialog)
    assert dock.annotator.engine.conversion is None
    assert menu.currentText() == "tiny"


def test_a_model_converted_elsewhere_appears_in_the_menu(dock, library, tmp_path) -> None:
    assert NAME not in entries(dock)
    conversion.convert(official_file(tmp_path / "x.pt"), NAME)
    dock.model.checkpoint.opening.emit()
    assert NAME in entries(dock)

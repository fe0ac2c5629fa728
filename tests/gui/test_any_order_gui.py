"""A person who does anything in a real window: nothing raises, committed objects stay."""

from __future__ import annotations

import random

import numpy as np
import pytest
from qtpy.QtCore import Qt
from qtpy.QtTest import QTest

import napari_seem.annotator
from any_order import Objects
from napari_seem.annotator import annotator_for
from napari_seem.target import Tool
from napari_seem.widgets.seem import SeemWidget

pytestmark = pytest.mark.gui
CTRL, SHIFT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier
DEEDS = 25


class Anybody:
    """Draws deeds at random and does them with mouse and keys."""

    def __init__(self, robot, qtbot, seed: int) -> None:
        self.robot, self.qtbot, self.dice = robot, qtbot, random.Random(seed)
        self.dock = SeemWidget(robot.viewer)
        robot.viewer.window.add_dock_widget(self.dock, name="SEEM", area="right")
        self.annotator = annotator_for(robot.viewer)
        qtbot.waitUntil(lambda: self.annotator.tool is not None, timeout=10000)
        self.settle()
        self.known = Objects(self.annotator)

    def settle(self) -> None:
        a = self.annotator
        self.qtbot.waitUntil(
            lambda: a.engine.state in ("ready", "error") and not a.waiting, timeout=5000
        )

    def anything(self) -> str:
        """Does one deed; returns its name."""
        deeds = [
            self.click, self.click, self.draw, self.draw, self.commit, self.commit, self.next,
            self.back, self.back, self.forth, self.sign, self.words, self.entry, self.round,
        ]  # fmt: skip
        deed = self.dice.choice(deeds)
        with self.known.committing():
            deed()
            self.settle()
        return deed.__name__

    def place(self) -> tuple[int, int]:
        return self.dice.choice([(20, 20), (45, 50), (13, 25), (52, 60), (35, 10), (2, 70)])

    def click(self) -> None:
        self.dock.prompts.tools[Tool.CLICK].click()
        self.robot.click(self.place())

    def draw(self) -> None:
        self.dock.prompts.tools[self.dice.choice(list(Tool)[1:])].click()
        row, col = self.place()
        path = [(0, 0), (0, 6), (6, 8), (8, 3), (3, 1)]
        self.robot.drag([(row + r, min(col + c, 78)) for r, c in path])

    def commit(self) -> None:
        self.robot.key(Qt.Key.Key_K)

    def next(self) -> None:
        self.robot.key(Qt.Key.Key_N)

    def sign(self) -> None:
        self.robot.key(Qt.Key.Key_T)

    def back(self) -> None:
        with self.known.moving():
            self.robot.key(Qt.Key.Key_Z, CTRL)

    def forth(self) -> None:
        with self.known.moving():
            self.robot.key(Qt.Key.Key_Z, CTRL | SHIFT)

    def words(self) -> None:
        self.dock.prompts.text.setText(self.dice.choice(["blob", "", "thing"]))
        QTest.keyClick(self.dock.prompts.text, Qt.Key.Key_Return)

    def entry(self) -> None:
        entries = self.dock.tabs.entries
        if not entries.topLevelItemCount():
            return
        entries.setFocus()
        entries.topLevelItem(0).setSelected(True)
        QTest.keyClick(entries, self.dice.choice([Qt.Key.Key_F, Qt.Key.Key_H, Qt.Key.Key_Delete]))

    def round(self) -> None:
        row = self.dice.randrange(self.dock.tabs.rounds.count())
        self.dock.tabs.rounds.setCurrentRow(row)
        self.dock.tabs.rounds.itemClicked.emit(self.dock.tabs.rounds.item(row))


@pytest.mark.parametrize("seed", [1, 2])
def test_any_order_in_a_window(robot, qtbot, fake_load, monkeypatch, seed):
    monkeypatch.setattr(napari_seem.annotator, "_load", fake_load)
    anybody = Anybody(robot, qtbot, seed)
    done = [anybody.anything() for _ in range(DEEDS)]
    assert len(set(done)) > 5
    assert "unexpected" not in anybody.annotator.engine.problem
    target = anybody.annotator.focus.target
    assert target.objects is not None
    n = len(target.journal.done)
    pixels = target.objects.data.copy()
    with anybody.known.moving():
        for act in (anybody.annotator.undo, anybody.annotator.redo):
            for _ in range(n):
                act()
            anybody.settle()
    np.testing.assert_array_equal(target.objects.data, pixels)

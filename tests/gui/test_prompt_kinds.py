"""Every kind of prompt by real mouse and keys on the real canvas, with a fake model."""

from __future__ import annotations

import numpy as np
import pytest
from qtpy.QtCore import Qt
from qtpy.QtTest import QTest

from fakes import blobs, many_blobs
from napari_seem.target import Tool
from napari_seem.widgets.entries import DELETE, SHOWN, SIGN
from napari_seem.widgets.objects import ObjectsWidget
from person import FIRST, SECOND, mask
from seem_model.class_list_files import built_in
from window import LEFT, PLAIN, asked, choose, press_cell, rows, say, settle

pytestmark = [pytest.mark.gui, pytest.mark.usefixtures("own_library")]
ALT, CTRL = Qt.KeyboardModifier.AltModifier, Qt.KeyboardModifier.ControlModifier
BOTH = blobs() > 0


@pytest.fixture
def dock(open_dock, robot):
    return open_dock(robot)


@pytest.mark.parametrize(
    ("tool", "words"), [(Tool.CLICK, "Click"), (Tool.BOX, "Box"), (Tool.POLYGON, "Polygon")]
)
def test_negative_marks_are_kept_out_of_the_answer(robot, dock, qtbot, fake_load, tool, words):
    a = dock.annotator
    robot.click((20, 20))
    settle(qtbot, a)
    robot.key(Qt.Key.Key_T)
    dock.prompts.tools[tool].click()
    qtbot.wait(30)
    if tool is Tool.CLICK:
        robot.click((13, 13))
    elif tool is Tool.BOX:
        robot.drag([(8, 8), (10, 10), (15, 15)])
    else:
        robot.drag([(8, 8), (8, 12), (8, 16), (12, 16), (16, 16), (16, 12), (16, 8), (12, 8)])
    settle(qtbot, a)
    prompts = asked(fake_load)
    assert prompts.negative[13, 13]
    assert not prompts.negative[20, 20]
    assert prompts.region is None
    assert prompts.positive[20, 20], "the click before counts still"
    assert not mask(a)[13, 13]
    assert mask(a)[25, 25]
    assert {(sign, text.split()[0]) for sign, text, _ in rows(dock.tabs.entries)} == {
        ("+", "Click"), ("−", words),
    }  # fmt: skip


def test_negative_words(robot, dock, qtbot, fake_load):
    a = dock.annotator
    say(dock, qtbot, "blob")
    np.testing.assert_array_equal(mask(a), BOTH)
    QTest.mouseClick(dock.prompts.sign, LEFT)
    say(dock, qtbot, "right")
    assert rows(dock.tabs.entries) == [("+", "“blob”", "●"), ("−", "“right”", "●")]
    assert asked(fake_load).unlike == ("right",)
    np.testing.assert_array_equal(mask(a), FIRST)
    assert dock.prompts.text.text() == "blob", "the line is for what is wanted"
    robot.key(Qt.Key.Key_Z, CTRL)
    np.testing.assert_array_equal(mask(a), BOTH)


def test_the_list_of_prompts_by_mouse_and_keys(robot, dock, qtbot):
    a, entries = dock.annotator, dock.tabs.entries
    for place in ((20, 20), (45, 50)):
        robot.click(place)
        settle(qtbot, a)
    np.testing.assert_array_equal(mask(a), BOTH)

    def shows(expected) -> None:
        settle(qtbot, a)
        np.testing.assert_array_equal(mask(a), expected)

    press_cell(entries, 1, SHOWN)
    shows(FIRST)
    assert [shown for _, _, shown in rows(entries)] == ["●", "○"]
    press_cell(entries, 1, SHOWN)
    shows(BOTH)
    press_cell(entries, 1, SIGN)
    shows(FIRST)
    assert [sign for sign, _, _ in rows(entries)] == ["+", "−"]
    press_cell(entries, 1, DELETE)
    shows(FIRST)
    assert len(rows(entries)) == 1
    robot.key(Qt.Key.Key_Z, CTRL)
    robot.key(Qt.Key.Key_Z, CTRL)
    shows(BOTH)
    entries.setFocus()
    press_cell(entries, 0, 1)
    QTest.keyClick(entries, Qt.Key.Key_H)
    shows(SECOND)
    QTest.keyClick(entries, Qt.Key.Key_H)
    shows(BOTH)
    QTest.keyClick(entries, Qt.Key.Key_F)
    shows(SECOND)
    QTest.keyClick(entries, Qt.Key.Key_Delete)
    shows(SECOND)
    assert len(rows(entries)) == 1
    QTest.keyClick(entries, Qt.Key.Key_Delete)
    assert rows(entries) == [], "the next one was selected"


def test_an_object_for_each_mark_accepted_and_rejected_over_the_canvas(
    make_robot, open_dock, qtbot
):
    robot = make_robot(many_blobs())
    dock = open_dock(robot)
    a = dock.annotator
    for place in ((8, 8), (8, 20), (8, 32)):
        robot.click(place)
        settle(qtbot, a)
    robot.key(Qt.Key.Key_G)
    qtbot.waitUntil(lambda: a.suggestions.current is not None, timeout=5000)
    proposals = a.suggestions.current
    assert len(proposals.open) == 3
    robot.key(Qt.Key.Key_J)
    assert a.suggestions.current.focus == 1
    robot.key(Qt.Key.Key_Q)
    np.testing.assert_array_equal(a.shelf.pixels() > 0, proposals.all[1].mask.array)
    robot.key(Qt.Key.Key_W)
    assert a.suggestions.current.open == (0,)
    robot.key(Qt.Key.Key_Q)
    assert a.suggestions.current is None
    expected = proposals.all[0].mask.array | proposals.all[1].mask.array
    np.testing.assert_array_equal(a.shelf.pixels() > 0, expected)
    robot.key(Qt.Key.Key_Z, CTRL)
    assert a.suggestions.current.open == (0,)


def test_a_class_of_the_list_by_its_number(robot, dock, qtbot):
    a = dock.annotator
    classes = built_in()[1]
    menu = dock.tabs.classes.choice.menu
    dock.tabs.setCurrentWidget(dock.tabs.classes)
    menu.setFocus()
    QTest.keyClick(menu, Qt.Key.Key_Home)
    QTest.keyClick(menu, Qt.Key.Key_Down)
    settle(qtbot, a)
    assert a.engine.naming.classes == classes
    robot.click((20, 20))
    settle(qtbot, a)
    robot.key(Qt.Key.Key_2, ALT)
    assert dock.object.name.text() == classes.names[1]
    robot.key(Qt.Key.Key_1, ALT)
    assert dock.object.name.text() == classes.names[0]
    robot.key(Qt.Key.Key_K)
    assert list(a.shelf.layer.features["class"])[-1] == classes.names[0]


def test_all_kinds_together_and_back_again(robot, dock, qtbot, fake_load):
    a = dock.annotator
    robot.click((45, 50))
    settle(qtbot, a)
    choose(dock.sources.examples, "Take this object")
    robot.key(Qt.Key.Key_N)
    robot.click((20, 20))
    settle(qtbot, a)
    robot.key(Qt.Key.Key_T)
    dock.prompts.tools[Tool.BOX].click()
    robot.drag([(8, 8), (10, 10), (15, 15)])
    settle(qtbot, a)
    robot.key(Qt.Key.Key_T)
    say(dock, qtbot, "blob")
    choose(dock.sources.examples, "blob in blobs", "find what is like it")
    settle(qtbot, a)
    prompts, listed = asked(fake_load), rows(dock.tabs.entries)
    assert prompts.positive[20, 20]
    assert prompts.negative[13, 13]
    assert prompts.text == "blob"
    assert prompts.exemplar.mask.sum() == SECOND.sum()
    assert len(listed) == 4
    answer = mask(a)
    robot.key(Qt.Key.Key_K)
    assert rows(dock.tabs.entries) == []
    assert dock.prompts.text.text() == ""
    objects = ObjectsWidget(robot.viewer)
    robot.viewer.window.add_dock_widget(objects, name="SEEM objects", area="right")
    qtbot.waitUntil(lambda: objects.table.shown.rowCount() > 0, timeout=3000)
    qtbot.wait(50)
    place = objects.table.visualRect(objects.table.shown.index(0, 1)).center()
    QTest.mouseClick(objects.table.viewport(), LEFT, PLAIN, place)
    QTest.mouseDClick(objects.table.viewport(), LEFT, PLAIN, place)
    settle(qtbot, a)
    assert a.page.current.label == 1
    assert rows(dock.tabs.entries) == listed
    assert dock.prompts.text.text() == "blob"
    np.testing.assert_array_equal(mask(a), answer)

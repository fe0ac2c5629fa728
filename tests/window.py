"""What a person does in a real window besides the canvas, and waiting for the answer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import Qt
from qtpy.QtTest import QTest

if TYPE_CHECKING:
    from qtpy.QtWidgets import QMenu, QPushButton, QTreeWidget

    from fakes import FakeLoad
    from napari_seem.annotator import Annotator
    from napari_seem.widgets.seem import SeemWidget
    from seem_model.values import Prompts

LEFT, PLAIN = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier


def settle(qtbot, annotator: Annotator) -> None:
    """Wait until the newest edit is answered."""
    qtbot.wait(20)

    def settled() -> bool:
        state = annotator.engine.state
        return state == "error" or (state == "ready" and not annotator.waiting)

    qtbot.waitUntil(settled, timeout=5000)


def choose(button: QPushButton, *path: str) -> list[str]:
    """Press a button with a menu and click through the menu; returns what the menu offers.

    Each of ``path`` is part of the text of an entry; none closes the menu again.
    """
    QTest.mouseClick(button, LEFT)
    menus = [button.menu()]
    _wait_for(menus[0])
    offered = [action.text() for action in menus[0].actions()]
    try:
        for words in path:
            menu = menus[-1]
            action = next(a for a in menu.actions() if words in a.text())
            QTest.mouseClick(menu, LEFT, PLAIN, menu.actionGeometry(action).center())
            if action.menu() is not None:
                menus.append(action.menu())
                _wait_for(menus[-1])
    finally:
        for menu in reversed(menus):
            menu.close()
    QTest.qWait(20)
    return offered


def _wait_for(menu: QMenu) -> None:
    for _ in range(50):
        QTest.qWait(20)
        if menu.isVisible():
            return
    raise AssertionError("The menu did not open.")


def press_cell(tree: QTreeWidget, row: int, column: int) -> None:
    """Click into a row of a list."""
    item = tree.topLevelItem(row)
    place = tree.visualItemRect(item).center()
    place.setX(tree.columnViewportPosition(column) + tree.columnWidth(column) // 2)
    QTest.mouseClick(tree.viewport(), LEFT, PLAIN, place)


def rows(tree: QTreeWidget) -> list[tuple[str, str, str]]:
    """Sign, words and whether it is shown, of every prompt in the list."""
    items = [tree.topLevelItem(k) for k in range(tree.topLevelItemCount())]
    return [(i.text(0), i.text(1), i.text(2)) for i in items]


def say(dock: SeemWidget, qtbot, words: str) -> None:
    """Types words and Enter."""
    dock.prompts.text.selectAll()
    QTest.keyClicks(dock.prompts.text, words)
    QTest.keyClick(dock.prompts.text, Qt.Key.Key_Return)
    settle(qtbot, dock.annotator)


def asked(fake_load: FakeLoad) -> Prompts:
    """The prompts that the model got last."""
    return fake_load.last.steps[-1][0]

"""The form of the commit rules, by mouse and keyboard."""

from __future__ import annotations

import pytest
from qtpy.QtCore import Qt
from qtpy.QtTest import QTest
from qtpy.QtWidgets import QWidget

from napari_seem.commit_rules import CommitRules, Overlap
from napari_seem.widgets.commit_rules import RulesView

pytestmark = pytest.mark.gui
OTHER = CommitRules(Overlap.MERGE, True, True, 12, 300, 2.5)


@pytest.fixture
def view(qtbot) -> RulesView:
    view = RulesView()
    qtbot.addWidget(view)
    view.show()
    return view


def test_what_is_shown_is_what_it_says_and_nothing_is_told(view: RulesView, qtbot) -> None:
    assert view.rules == CommitRules()
    with qtbot.assertNotEmitted(view.changed):
        view.show_rules(OTHER)
    assert view.rules == OTHER
    view.show_rules(CommitRules())
    assert view.rules == CommitRules()


def test_each_control_tells_the_rules(view: RulesView, qtbot) -> None:
    def click(check):
        spot = check.rect().center()
        spot.setX(8)
        none = Qt.KeyboardModifier.NoModifier
        QTest.mouseClick(check, Qt.MouseButton.LeftButton, none, spot)

    def type_in(box, text):
        box.selectAll()
        QTest.keyClicks(box, text)
        QTest.keyClick(box, Qt.Key.Key_Return)

    steps = [
        (lambda: QTest.keyClick(view.overlap, Qt.Key.Key_End), {"overlap": Overlap.MERGE}),
        (lambda: click(view.split), {"split": True}),
        (lambda: click(view.fill_holes), {"fill_holes": True}),
        (lambda: type_in(view.drop_specks, "12"), {"drop_specks": 12}),
        (lambda: type_in(view.smallest, "300"), {"smallest": 300}),
        (lambda: type_in(view.smooth, "2.5"), {"smooth": 2.5}),
    ]
    expected: dict = {}
    for act, change in steps:
        expected |= change
        with qtbot.waitSignal(view.changed, timeout=1000) as told:
            act()
        assert told.args == [CommitRules(**expected)]
    assert view.rules == OTHER


def test_every_control_has_a_tooltip_and_pixels_a_unit(view: RulesView) -> None:
    controls = (view.overlap, view.split, view.fill_holes, view.drop_specks, view.smallest)
    assert all(c.toolTip() for c in (*controls, view.smooth))
    assert all(c.toolTip() for c in view.findChildren(QWidget, options=Qt.FindDirectChildrenOnly))
    for number in (view.drop_specks, view.smallest, view.smooth):
        assert number.suffix() == " px"
    assert view.minimumSizeHint().width() < 330

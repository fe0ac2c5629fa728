"""Steps of the walk through the other docks, other images, speech, scripts and sessions."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import real_input as hand
from walk_stage import expect

if TYPE_CHECKING:
    from walk_stage import Stage

WAV = Path(__file__).parents[1] / "tests/data/the_red_car_on_the_left.wav"
GLAND = (400, 327)  # (row, column)


def spoken(stage: Stage) -> None:
    """A recording becomes words in the line; without a recogniser the tab says what to install."""
    speech = stage.dock.tabs.speech
    stage.tab(speech)
    speech.open_file(str(WAV))
    hand.until(lambda: speech.dictation.state.value == "idle", what="recognising", turns=5)
    if find_spec("pocketsphinx") is None:
        expect("pip install" in speech.hint.text(), "what is missing is not told")
        stage.photograph()
    else:
        expect(speech.text.text(), "nothing was understood")
        stage.photograph()
        hand.press(speech.use)
        stage.answered()
        expect(stage.prompts == 1, "the words are not in the list")
        stage.key("N")
    stage.tab(stage.dock.tabs.entries)


def copied(stage: Stage) -> None:
    """The object is put on the clipboard as a Python program."""
    from napari._app_model import get_app_model
    from napari._qt.dialogs.qt_notification import NapariQtNotification
    from qtpy.QtWidgets import QApplication

    stage.click((170, 320))
    get_app_model().commands.execute_command("napari-seem.copy_as_python").result()
    clipboard = QApplication.clipboard()
    text = "" if clipboard is None else clipboard.text()
    expect("seem_model" in text and "320" in text, "there is no program on the clipboard")
    compile(text, "clipboard", "exec")
    stage.photograph()
    for news in stage.viewer.window._qt_window.findChildren(NapariQtNotification):
        news.close()  # it would stay in the pictures that follow
    stage.key("N")


def tabled(stage: Stage) -> None:
    """The dock “Objects” lists the objects; one is renamed, one refined by a double click."""
    objects = stage.dock_of("Objects")
    table = objects.table
    labels = {item.label for item in table.source.items if item.label}
    expect(labels == set(range(1, int(stage.objects.max()) + 1)), "the table lacks objects")
    _cell(table, 1)
    hand.press(_button(objects.deeds, "Rename"))
    hand.write(_editor(table), "cup")
    expect(table.names().count("cup") == 1, "the object has no class")
    stage.photograph()
    _cell(table, 1, twice=True)
    stage.answered()
    expect(stage.mask.any() and stage.prompts == 3, "the object did not come back with its marks")
    stage.key("K")
    expect(stage.objects[170, 320] == 1, "object 1 was not committed again")


def everything(stage: Stage) -> None:
    """What is in view is segmented without a prompt."""
    dock = stage.dock_of("Everything")
    stage.annotator.focus.target.objects.visible = False
    hand.pick(dock.region.native, "view")
    hand.press(dock.start)
    stage.answered()
    expect(dock.table.rowCount() > 0, "nothing was segmented")


def sampled(stage: Stage) -> None:
    """A sample is opened; an object of it is kept as an example, which finds it again."""
    from napari_seem.target import Tool

    stage.viewer.open_sample("napari-seem", "tissue")
    hand.until(lambda: stage.annotator.engine.state == "ready", what="opening the sample")
    hand.pick(stage.dock.image, "tissue")
    for layer in stage.viewer.layers:
        layer.visible = layer.name == "tissue"
    stage.front(stage.dock)
    tabs = stage.dock.tabs
    stage.tab(tabs.classes)
    hand.pick(tabs.classes.choice.menu, "Cells and tissue")
    stage.tab(tabs.entries)
    hand.press(stage.dock.prompts.tools[Tool.CLICK])
    stage.click(GLAND)
    expect(stage.mask.any(), "the click on the gland gave no mask")
    hand.write(stage.dock.object.name, "gland")
    expect(stage.annotator.name == "gland", "the class was not taken")
    hand.choose(stage.dock.sources.examples, "Take this object")
    stage.key("K")
    hand.choose(stage.dock.sources.examples, "gland in tissue", "find what is like it")
    stage.answered()
    expect(stage.prompts == 1, "the example is not in the list")
    expect(stage.mask.any(), "the example found nothing")
    stage.photograph()
    stage.key("N")


def alike(stage: Stage) -> None:
    """All like one object are proposed; keys accept and reject them."""
    dock = stage.dock_of("Objects")
    stage.front(stage.dock)
    hand.pick(stage.dock.image, "coffee")
    for layer in stage.viewer.layers:
        layer.visible = layer.name in ("coffee", "SEEM objects", "SEEM proposals")
    stage.front(dock)
    stage.answered()
    view, suggestions = dock.proposals, stage.annotator.suggestions
    _cell(dock.table, 1)
    hand.press(dock.finder.like)
    stage.answered()
    expect(suggestions.current is not None, "nothing is proposed")
    hand.slide(view.threshold, 0.0)
    waiting = len(suggestions.current.open)
    expect(waiting == len(suggestions.current.all), "the threshold did not follow the mouse")
    expect(waiting >= 2, f"only {waiting} are proposed")
    stage.photograph()
    count = int(stage.objects.max())
    stage.key("Q")
    expect(int(stage.objects.max()) == count + 1, "Q did not accept one")
    stage.key("W")
    left = 0 if suggestions.current is None else len(suggestions.current.open)
    expect(left == waiting - 2 and int(stage.objects.max()) == count + 1, "W did not reject one")


def all_named(stage: Stage) -> None:
    """All of a name are proposed, and accepted at once."""
    dock = stage.dock_of("Objects")
    hand.write(dock.finder.text, "spoon")
    stage.answered()
    found = stage.annotator.suggestions.current
    expect(found is not None and found.all, "nothing of that name is proposed")
    hand.slide(dock.proposals.threshold, 0.0)
    stage.photograph()
    count = int(stage.objects.max())
    hand.press(dock.proposals.accept_all)
    expect(int(stage.objects.max()) > count, "the proposals were not accepted")


def taught(stage: Stage) -> None:
    """The model begins to learn from the objects; Cancel leaves all as it was."""
    from qtpy.QtCore import Qt

    from napari_seem.widgets.lesson_table import COUNT, IMAGE

    dock, before = stage.dock_of("Fine-tune"), stage.annotator.engine.checkpoint

    def counted() -> bool:
        row = dock.lessons.topLevelItem(0)
        return row is not None and row.text(COUNT).isdigit()

    hand.until(counted, what="counting the objects")
    row = dock.lessons.topLevelItem(0)
    row.setCheckState(IMAGE, Qt.CheckState.Checked)
    hand.press(dock.buttons.start)

    def learning() -> bool:
        return dock.tutor.attempt is None or len(dock.tutor.attempt.steps) > 1

    hand.until(learning, what="the first steps", turns=1)
    expect(dock.tutor.attempt is not None, f"training ended: {dock.words.text()}")
    stage.photograph()
    hand.press(dock.buttons.cancel)
    hand.until(lambda: dock.tutor.attempt is None, what="cancelling", turns=5)
    expect(stage.annotator.engine.checkpoint == before, "another model is in use")
    stage.front(stage.dock)


def resumed(stage: Stage) -> None:
    """The session of the window before is offered, and comes back with its objects."""
    banner = stage.dock.resume
    hand.until(banner.isVisible, what="offering the earlier session", turns=5)
    stage.photograph()
    hand.press(banner.resume)
    hand.until(lambda: not banner.isVisible(), what="resuming", turns=5)
    stage.answered()
    expect(stage.objects[170, 320] == 1, "object 1 did not come back")


def _cell(table: Any, label: int, *, twice: bool = False) -> None:
    """Press on the row of an object."""
    rows = range(table.shown.rowCount())
    row = next(r for r in rows if table.shown.item(table.shown.index(r, 0)).label == label)
    table.scrollTo(table.shown.index(row, 0))
    place = table.visualRect(table.shown.index(row, 0)).center()
    (hand.double_press if twice else hand.press)(table.viewport(), place)


def _button(view: Any, text: str) -> Any:
    from qtpy.QtWidgets import QPushButton

    return next(b for b in view.findChildren(QPushButton) if b.text() == text)


def _editor(table: Any) -> Any:
    from qtpy.QtWidgets import QLineEdit

    return table.viewport().findChild(QLineEdit)

"""Steps of the walk that make one object: marks of every kind, rounds, prompts, rules, classes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import real_input as hand
from walk_stage import expect

if TYPE_CHECKING:
    from walk_stage import Stage

COFFEE, HANDLE, TABLE = (170, 320), (262, 212), (187, 505)  # (row, column)


def toured_and_skipped(stage: Stage) -> None:
    """The tour is offered the first time, and does not come again once it is skipped."""
    from napari_seem.settings import tour_is_new

    card = stage.dock.tour
    expect(card.isVisible() and card.title.text(), "the tour is not offered")
    stage.photograph()
    hand.press(card.skip)
    expect(not card.isVisible() and not tour_is_new(), "the tour was not skipped")


def clicked(stage: Stage) -> None:
    """One click gives a mask."""
    stage.click(COFFEE)
    expect(stage.mask[COFFEE], "the click is not in the mask")


def corrected(stage: Stage) -> None:
    """A second click adds what is missing, one with the other sign takes away."""
    stage.click(HANDLE)
    expect(stage.mask[HANDLE], "the handle was not added")
    stage.key("T")
    stage.click(TABLE)
    expect(not stage.mask[TABLE], "the table was not left out")
    expect(stage.prompts == 3, "the list does not show three prompts")


def undone_and_redone(stage: Stage) -> None:
    """Undo takes back, redo does again."""
    before = stage.mask.copy()
    stage.key("Z", ctrl=True)
    stage.key("Z", ctrl=True)
    expect(stage.prompts == 1, "undo did not take two clicks back")
    stage.key("Z", ctrl=True, shift=True)
    stage.key("Z", ctrl=True, shift=True)
    expect((stage.mask == before).all(), "redo did not bring the mask back")
    stage.key("T")


def back_to_a_round(stage: Stage) -> None:
    """A click on a round goes back to it, and forth again."""
    rounds = stage.dock.tabs.rounds
    stage.tab(rounds)
    expect(rounds.count() == 4, "the list does not show three rounds")
    for row in (1, 3, 1):
        hand.press(rounds.viewport(), rounds.visualItemRect(rounds.item(row)).center())
        stage.answered()
        expect(stage.annotator.page.current.at == row, "the round was not gone to")
    expect(stage.mask.any(), "there is no mask")


def committed(stage: Stage) -> None:
    """Commit writes the object and starts the next."""
    rounds = stage.dock.tabs.rounds
    hand.press(rounds.viewport(), rounds.visualItemRect(rounds.item(3)).center())
    stage.answered()
    size = int(stage.mask.sum())
    stage.key("K")
    stage.tab(stage.dock.tabs.entries)
    expect((stage.objects == 1).sum() == size, "object 1 is not there")
    expect(not stage.mask.any() and not stage.prompts, "the next object has not started")


def listed(stage: Stage) -> None:
    """In the list of prompts one is put aside, turned and deleted by the mouse."""
    from napari_seem.widgets.entries import DELETE, SHOWN, SIGN

    for place in (COFFEE, HANDLE, TABLE):
        stage.click(place)
    wide = stage.mask.copy()
    stage.cell(2, SIGN)
    expect(not stage.mask[TABLE], "the click on the table was not turned")
    stage.cell(1, SHOWN)
    expect(len(stage.annotator.asking.entries) == 3, "what is put aside is not kept in the list")
    expect(not stage.annotator.asking.entries[1].shown, "the handle was not put aside")
    stage.photograph()
    stage.cell(1, SHOWN)
    stage.cell(2, DELETE)
    expect(stage.prompts == 2 and stage.mask[HANDLE], "the click on the table was not deleted")
    expect((stage.mask != wide).any(), "the answer did not follow")


def classed(stage: Stage) -> None:
    """A list of classes is chosen; Alt+1 gives the object the first of them."""
    classes = stage.dock.tabs.classes
    stage.tab(classes)
    hand.pick(classes.choice.menu, "COCO")
    expect(len(classes.class_list.entries) == 133, "the list is not COCO's")
    stage.key("1", alt=True)
    first = classes.class_list.entries[0].name
    expect(stage.annotator.name == first, "Alt+1 did not give the first class")


def ruled(stage: Stage) -> None:
    """With the rule “take their pixels” an object takes pixels from the one before."""
    rules = stage.dock.tabs.rules
    stage.tab(rules)
    hand.pick(rules.overlap, "Take their pixels")
    mask = stage.mask.copy()
    expect((mask & (stage.objects == 1)).any(), "the answer does not cover object 1")
    stage.key("K")
    expect((stage.objects[mask] == 2).all(), "object 1 kept its pixels")
    stage.key("Z", ctrl=True)
    hand.pick(rules.overlap, "Keep")
    stage.key("N")
    stage.click(TABLE)
    stage.key("K")
    expect((stage.objects == 2).any() and stage.objects[COFFEE] == 1, "object 1 was taken from")
    stage.tab(stage.dock.tabs.entries)


def boxed(stage: Stage) -> None:
    """A box around the object."""
    from napari_seem.target import Tool

    stage.key("N")
    stage.draw(Tool.BOX, [(130, 465), (160, 500), (230, 560)])
    expect(stage.mask.any(), "the box gave no mask")


def outlined(stage: Stage) -> None:
    """A polygon drawn by hand."""
    from napari_seem.target import Tool

    stage.key("N")
    around = [(150, 260), (130, 320), (150, 380), (190, 390), (215, 320), (190, 255), (155, 262)]
    stage.draw(Tool.POLYGON, around)
    expect(stage.mask[COFFEE], "what is inside does not belong to the mask")


def stroked(stage: Stage) -> None:
    """A line along the object."""
    from napari_seem.target import Tool

    stage.key("N")
    stage.draw(Tool.STROKE, [(285, 300), (300, 330), (308, 360), (310, 390)])
    expect(stage.mask.any(), "the stroke gave no mask")


def painted(stage: Stage) -> None:
    """Paint on the object with the brush."""
    from napari_seem.target import Tool

    stage.key("N")
    stage.draw(Tool.PAINT, [(160, 290), (175, 310), (170, 340)])
    expect(stage.mask[170, 320], "the paint is not in the mask")


def named(stage: Stage) -> None:
    """Words alone find the thing."""
    stage.key("N")
    hand.write(stage.dock.prompts.text, "cup")
    stage.answered()
    expect(stage.prompts == 1, "the words are not in the list")
    expect(stage.mask.any(), "the words found nothing")


def not_named(stage: Stage) -> None:
    """The sign of words is turned in the list: it is not that."""
    from napari_seem.target import Tool
    from napari_seem.widgets.entries import SIGN

    hand.press(stage.dock.prompts.tools[Tool.CLICK])
    stage.click(COFFEE)
    stage.cell(1, SIGN)
    said = stage.annotator.page.current.current.marks.words
    expect(said and not said[0].positive, "the words were not turned")
    expect(stage.mask[COFFEE], "the click does not count any more")


def started_from_a_mask(stage: Stage) -> None:
    """A committed object is where the next one starts from."""
    stage.key("N")
    hand.choose(stage.dock.sources.masks, "SEEM objects: label 1", "start from it")
    stage.answered()
    expect((stage.mask == (stage.objects == 1)).all(), "the mask of object 1 is not shown")
    expect(stage.prompts == 1, "the mask is not in the list")


def next_one(stage: Stage) -> None:
    """Next leaves the object without committing it."""
    hand.press(stage.dock.object.next)
    stage.answered()
    expect(not stage.prompts and not stage.mask.any(), "the next object has not started")
    expect(set(stage.objects.ravel().tolist()) == {0, 1, 2}, "other objects were committed")

"""A person who works on two blobs, and a clock that the test winds."""

from __future__ import annotations

import numpy as np
from napari.layers._source import layer_source

from fakes import FakeLoad, blobs
from napari_seem.annotator import Annotator
from napari_seem.session_settings import SessionPreferences
from napari_seem.target import Tool
from session_values import assert_same_page

BLOBS = [(20.0, 20.0), (45.0, 50.0)]


class Clock:
    """A clock that the test winds."""

    def __init__(self) -> None:
        self.waiting = []

    def __call__(self, seconds, act) -> None:
        self.waiting.append(act)

    def tick(self) -> None:
        waiting, self.waiting = self.waiting, []
        for act in waiting:
            act()


def click(annotator, place) -> None:
    points = annotator.focus.target.prompts.points
    points.add([place] if len(annotator.focus.plane.index) == 2 else [[*lead(annotator), *place]])


def lead(annotator):
    return annotator.focus.plane.index[:-2]


def work(annotator) -> None:
    """One object committed, another clicked."""
    click(annotator, BLOBS[0])
    annotator.commit()
    click(annotator, BLOBS[1])


def opened(viewer, image=None, *, clock=None, wish=None, path=None) -> Annotator:
    with layer_source(path=None if path is None else str(path)):
        viewer.add_image(blobs() if image is None else image, name="blobs")
    annotator = Annotator(viewer, load=FakeLoad())
    if clock is not None:
        annotator.sessions.start(wish or SessionPreferences(), later=clock)
    annotator.open()
    annotator.use(Tool.CLICK)
    return annotator


def state(annotator):
    target = annotator.focus.target
    labels = None if target.objects is None else np.array(target.objects.data)
    pages = target.journal.pages.items()
    worked_on = {plane: page for plane, page in pages if not page.current.is_blank}
    return worked_on, labels, annotator.shelf.rules


def assert_same_state(one, other) -> None:
    (pages, labels, rules), (pages_2, labels_2, rules_2) = one, other
    assert pages.keys() == pages_2.keys()
    for plane in pages:
        assert_same_page(pages[plane], pages_2[plane])
    np.testing.assert_array_equal(labels, labels_2)
    assert rules == rules_2

"""All objects of the slice in focus, committed and open, as lines of a table."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_seem import objects
from napari_seem.painted import counts

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from napari.layers import Labels
    from numpy.typing import NDArray

    from napari_seem.document import Page
    from napari_seem.loop import Loop

MOST_EXAMPLES = 16
"""Masks that a search takes as examples; of more, these are spread over all."""
_NAMED = 3
NOTHING = float("nan")
"""One object, so that two equal lists of objects are equal."""


@dataclass(frozen=True)
class Item:
    """One object.

    Parameters
    ----------
    label : int
        Its value in the objects layer; 0 for one that is not committed.
    key : int
        Of the object on its page; 0 for one that was never worked on here.
    name : str
        Class.
    score : float
        NaN where there is none.
    area : int
        Pixels on this slice.
    rounds : int
        Edits that led to it.
    current : bool
        Whether it is being worked on.
    """

    label: int
    key: int
    name: str
    score: float
    area: int
    rounds: int
    current: bool


def listed(page: Page, layer: Labels | None, pixels: NDArray[np.integer]) -> tuple[Item, ...]:
    """Committed objects by label, then open ones in the order in which they were started.

    Parameters
    ----------
    page : Page
    layer : Labels or None
        With the table of classes.
    pixels : (H, W) integers
        Its slice.
    """
    rows = {} if layer is None else {r.label: r for r in objects.table(layer)}
    known = {t.label: t for t in page.things if t.label}
    items = []
    for label, area in sorted(counts(pixels)):
        row, thing = rows.get(label), known.get(label)
        items.append(
            Item(
                label=label,
                key=0 if thing is None else thing.key,
                name="" if row is None else row.name,
                score=NOTHING if row is None else row.score,
                area=area,
                rounds=0 if thing is None else len(thing.steps),
                current=thing is not None and thing.key == page.key,
            )
        )
    for thing in page.things:
        if thing.label or thing.is_blank:
            continue
        answer = thing.current.answer
        items.append(
            Item(
                label=0,
                key=thing.key,
                name=thing.class_name,
                score=NOTHING if answer is None else answer.score,
                area=0 if answer is None else int(np.count_nonzero(answer.packed.crop)),
                rounds=len(thing.steps),
                current=thing.key == page.key,
            )
        )
    return tuple(items)


def counted(items: Iterable[Item]) -> str:
    """How many there are, such as "37 × nucleus, 2 open, 39 objects"."""
    items = list(items)
    if not items:
        return "No objects on this slice yet."
    classes = Counter(i.name for i in items if i.label and i.name)
    parts = [f"{n} × {name}" for name, n in classes.most_common(_NAMED)]
    rest = classes.most_common()[_NAMED:]
    if rest:
        parts.append(f"{sum(n for _, n in rest)} of {len(rest)} other classes")
    started = sum(not i.label for i in items)
    if started:
        parts.append(f"{started} open")
    return ", ".join([*parts, f"{len(items)} object" + "s" * (len(items) != 1)])


class Inventory:
    """The list of the moment, made anew only when something has changed.

    Parameters
    ----------
    loop : Loop
    """

    def __init__(self, loop: Loop) -> None:
        self._loop = loop
        self._items: tuple[Item, ...] = ()
        self._seen: tuple[Any, ...] = ()

    @property
    def items(self) -> tuple[Item, ...]:
        """Objects of the slice in focus; the same tuple as long as nothing has changed."""
        target, plane, journal = self._loop.focus.target, self._loop.focus.plane, self._loop.journal
        layer = None if target is None else target.objects
        # by identity: a threshold that moves is no change, a stroke of the brush is one
        features, data = (None, None) if layer is None else (layer.features, layer.data)
        state = (target, layer, features, data, self._loop.page.things)
        numbers = (plane, self._loop.page.key, len(journal.done), len(journal.undone))
        same = len(self._seen) == len(state) + 1 and all(
            a is b for a, b in zip(state, self._seen[1:], strict=True)
        )
        if not same or numbers != self._seen[0]:
            self._seen = (numbers, *state)
            self._items = listed(self._loop.page, layer, self.pixels())
        return self._items

    def stale(self) -> None:
        """Somebody changed the layer in another way: look again."""
        self._seen = ()

    def pixels(self) -> NDArray[np.integer]:
        """(H, W) labels of the slice in focus; none where there is no layer."""
        target, plane = self._loop.focus.target, self._loop.focus.plane
        if target is None or plane is None or target.objects is None:
            return np.zeros((0, 0), np.int32)
        return np.asarray(target.objects.data[plane.indexer])

    def masks(self, items: Sequence[Item]) -> list[NDArray[np.bool_]]:
        """(H, W) bool of objects to be taken as examples, at most ``MOST_EXAMPLES``."""
        pixels, page, found = self.pixels(), self._loop.page, []
        step = max(1, -(-len(items) // MOST_EXAMPLES))
        for item in items[::step]:
            answer = None if item.label else page.thing(item.key).current.answer
            if item.label:
                found.append(np.asarray(pixels == item.label))
            elif answer is not None:
                found.append(answer.mask)
        return found

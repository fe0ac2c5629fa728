"""Changes of objects that are there already: class, removal, merging, splitting, tidying."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
from napari.utils.notifications import show_warning

from napari_seem import object_edits, objects
from napari_seem.committing import edges, from_mask, shelved
from napari_seem.painted import Painted
from seem_model.errors import SeemError
from seem_model.packed import Packed

if TYPE_CHECKING:
    from napari.layers import Labels
    from numpy.typing import NDArray

    from napari_seem.document import Page
    from napari_seem.loop import Loop
    from napari_seem.objects import Deed
    from napari_seem.plane import Plane

Change = Callable[["NDArray[np.integer]"], Painted]
"""What to make of the labels (H, W) of a slice."""
NONE_YET = "There are no committed objects here yet."


class Revisions:
    """Edits objects of the slice in focus; each edit, of however many objects, is undone at once.

    Parameters
    ----------
    loop : Loop
    """

    def __init__(self, loop: Loop) -> None:
        self._loop = loop

    def rename(self, labels: Collection[int], name: str, *, keys: Collection[int] = ()) -> None:
        """Give committed objects, and open ones by their keys, a class."""
        place = self._place(labels)
        name = self._loop.engine.naming.resolve(" ".join(name.split()))
        if place is None:
            return
        plane, layer = place
        page, wanted = self._loop.page, set(labels)
        deeds = []
        if wanted and layer is not None:
            deed = objects.reclassed(layer, plane, wanted, name=name)
            deeds += [deed] if deed.rows_after else []
        for thing in page.things:
            if thing.label in wanted or thing.key in keys:
                page = page.having(replace(thing, name=name))
        self._keep(f"class {name}".strip(), plane, page, deeds)

    def remove(self, labels: Collection[int], *, keys: Collection[int] = ()) -> None:
        """Take committed objects, and open ones by their keys, away from this slice."""
        place = self._place(labels)
        if place is None:
            return
        plane, layer = place
        page, gone = self._loop.page, set(labels)
        deeds = []
        if gone and layer is not None:
            deed = objects.erased(layer, plane, gone)
            deeds += [deed] if deed.before.any else []
        for thing in page.things:
            if thing.label in gone or thing.key in keys:
                page = page.without(thing.key)
        self._keep("remove objects", plane, page, deeds)

    def merge(self, labels: Sequence[int]) -> None:
        """Make several objects one, that of the first label."""
        into = [
            (labels[0], partial(object_edits.merge, keep=labels[0], other=other))
            for other in labels[1:]
        ]
        self._edit(into, words="merge objects")

    def split(self, labels: Collection[int]) -> None:
        """Make each connected part of objects one of its own; those in one part stay."""
        self._edit([(label, partial(self._split, label)) for label in labels], words="split object")

    def fill(self, labels: Collection[int]) -> None:
        """Fill the holes of objects."""
        edits = [(label, partial(object_edits.fill, label=label)) for label in labels]
        self._edit(edits, words="fill holes")

    def drop(self, labels: Collection[int], smaller: int) -> None:
        """Take away parts of objects with fewer pixels than ``smaller``."""
        edits = [(x, partial(object_edits.drop, label=x, smaller=smaller)) for x in labels]
        self._edit(edits, words="drop specks")

    def smooth(self, labels: Collection[int], radius: float) -> None:
        """Round the outlines of objects; ``radius`` in pixels."""
        edits = [(x, partial(object_edits.smooth, label=x, radius=radius)) for x in labels]
        self._edit(edits, words="smooth")

    def _split(self, label: int, pixels: NDArray[np.integer]) -> Painted:
        target, plane = self._loop.focus.target, self._loop.focus.plane
        if target is None or plane is None or target.objects is None:
            raise SeemError(NONE_YET)
        first = objects.next_label(target.objects, plane)
        return object_edits.split(pixels, label, first=first)

    def _edit(self, edits: Sequence[tuple[int, Change]], *, words: str) -> None:
        place = self._place([label for label, _ in edits])
        if place is None:
            return
        plane, layer = place
        if layer is None:
            return
        page, deeds = self._loop.page, []
        trouble = ""
        for label, change in edits:
            try:
                painted = change(np.asarray(layer.data[plane.indexer]))
            except SeemError as error:  # the others are changed all the same
                trouble = trouble or str(error)
                continue
            if painted.after.size:
                row = next((r for r in objects.table(layer) if r.label == label), None)
                kept = objects.Row(label, "", float("nan")) if row is None else row
                deeds.append(_written(layer, plane, painted, kept))
                page = _followed(page, np.asarray(layer.data[plane.indexer]), painted, kept)
        if trouble and not deeds:
            show_warning(trouble)
        elif not deeds:
            self._loop.say(f"Nothing to change: {words}.")
        self._keep(words, plane, page, deeds)

    def _place(self, labels: Collection[int]) -> tuple[Plane, Labels | None] | None:
        target, plane = self._loop.focus.target, self._loop.focus.plane
        if target is None or plane is None or (labels and target.objects is None):
            show_warning(NONE_YET)
            return None
        self._loop.keep_pending()
        return plane, target.objects

    def _keep(self, words: str, plane: Plane, page: Page, deeds: list[Deed]) -> None:
        if deeds or page is not self._loop.page:
            self._loop.journal.wrote(words, plane, page, tuple(deeds))
        self._loop.show_current()


def _written(layer: Labels, plane: Plane, painted: Painted, row: objects.Row) -> Deed:
    fresh = [objects.Row(new, row.name, row.score) for new in painted.added]
    box = edges(painted.box)
    return objects.rewrite(layer, plane, box, painted.after, rows=fresh, gone=painted.vanished)


def _followed(
    page: Page, pixels: NDArray[np.integer], painted: Painted, row: objects.Row
) -> Page:  # fmt: skip
    """The page after an object was changed, with what became of it in place of its prompts."""
    for gone in painted.vanished:
        thing = page.of_label(gone)
        page = page if thing is None else page.without(thing.key)
    thing = page.of_label(row.label)
    if thing is not None:
        mask = Packed.of(pixels == row.label)
        page = page.having(from_mask(thing, mask, name=thing.name, label=row.label))
    return shelved(page, [(Packed.of(pixels == new), row.name, new) for new in painted.added])

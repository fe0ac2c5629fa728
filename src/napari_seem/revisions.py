"""Changes of objects that are committed already: class, removal, merging, splitting, tidying."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
from napari.utils.notifications import show_warning

from napari_seem import object_edits, objects
from napari_seem.committing import edges, from_mask, shelved
from seem_model.errors import SeemError
from seem_model.packed import Packed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from napari.layers import Labels
    from numpy.typing import NDArray

    from napari_seem.document import Page
    from napari_seem.loop import Loop
    from napari_seem.objects import Deed
    from napari_seem.painted import Painted
    from napari_seem.plane import Plane


class Revisions:
    """Edits committed objects of the slice in focus; each edit can be undone.

    Parameters
    ----------
    loop : Loop
    """

    def __init__(self, loop: Loop) -> None:
        self._loop = loop

    def rename(self, labels: Iterable[int], name: str) -> None:
        """Give objects a class."""
        place, name = self._place(), " ".join(name.split())
        if place is None:
            return
        plane, layer = place
        page, labels = self._loop.page, set(labels)
        deed = objects.reclassed(layer, plane, labels, name=name)
        for thing in page.things:
            page = page.having(replace(thing, name=name)) if thing.label in labels else page
        words = f"class {name}".strip()
        self._keep(words, plane, page, [deed] if deed.rows_after else [])

    def remove(self, labels: Iterable[int]) -> None:
        """Take objects away from this slice."""
        place = self._place()
        if place is None:
            return
        plane, layer = place
        page, labels = self._loop.page, set(labels)
        deed = objects.erased(layer, plane, labels)
        for thing in page.things:
            page = page.without(thing.key) if thing.label in labels else page
        self._keep("remove objects", plane, page, [deed] if deed.before.any else [])

    def merge(self, labels: Sequence[int]) -> None:
        """Make several objects one, that of the first label."""
        for other in labels[1:]:
            into = partial(object_edits.merge, keep=labels[0], other=other)
            self._edit(labels[0], into, words="merge objects")

    def split(self, label: int) -> None:
        """Make each connected part of an object one of its own."""
        place = self._place()
        if place is None:
            return
        try:
            first = objects.next_label(place[1], place[0])
        except SeemError as error:
            show_warning(str(error))
            return
        self._edit(
            label, lambda pixels: object_edits.split(pixels, label, first=first),
            words="split object",
        )  # fmt: skip

    def fill(self, label: int) -> None:
        """Fill the holes of an object."""
        self._edit(label, lambda pixels: object_edits.fill(pixels, label), words="fill holes")

    def drop(self, label: int, smaller: int) -> None:
        """Take away parts of an object with fewer pixels than ``smaller``."""
        self._edit(
            label, lambda pixels: object_edits.drop(pixels, label, smaller=smaller),
            words="drop specks",
        )  # fmt: skip

    def smooth(self, label: int, radius: float) -> None:
        """Round the outline of an object; ``radius`` in pixels."""
        self._edit(
            label, lambda pixels: object_edits.smooth(pixels, label, radius=radius), words="smooth"
        )

    def _edit(
        self, label: int, change: Callable[[NDArray[np.integer]], Painted], *, words: str
    ) -> None:
        place = self._place()
        if place is None:
            return
        plane, layer = place
        try:
            painted = change(np.asarray(layer.data[plane.indexer]))
        except SeemError as error:
            show_warning(str(error))
            return
        row = next((r for r in objects.table(layer) if r.label == label), None)
        name, score = ("", float("nan")) if row is None else (row.name, row.score)
        fresh = [objects.Row(new, name, score) for new in painted.added]
        deed = objects.rewrite(
            layer, plane, edges(painted.box), painted.after, rows=fresh, gone=painted.vanished
        )
        page = self._loop.page
        for gone in painted.vanished:
            thing = page.of_label(gone)
            page = page if thing is None else page.without(thing.key)
        pixels = np.asarray(layer.data[plane.indexer])
        thing = page.of_label(label)
        if thing is not None:
            page = page.having(
                from_mask(thing, Packed.of(pixels == label), name=thing.name, label=label)
            )
        page = shelved(page, [(Packed.of(pixels == new), name, new) for new in painted.added])
        self._keep(words, plane, page, [deed])

    def _place(self) -> tuple[Plane, Labels] | None:
        target, plane = self._loop.focus.target, self._loop.focus.plane
        if target is None or plane is None or target.objects is None:
            show_warning("There are no committed objects here yet.")
            return None
        self._loop.keep_pending()
        return plane, target.objects

    def _keep(self, words: str, plane: Plane, page: Page, deeds: list[Deed]) -> None:
        if deeds:
            self._loop.journal.wrote(words, plane, page, tuple(deeds))
            self._loop.show_current()

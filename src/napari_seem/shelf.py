"""Committed objects: put there, taken up again, renamed, merged, removed; each can be undone."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from napari.utils.notifications import show_warning

from napari_seem import commit_rules, objects
from napari_seem.commit_rules import CommitRules
from napari_seem.committing import all_shelved, from_mask, tidied, write
from napari_seem.objects import CommitError
from seem_model.packed import Packed

if TYPE_CHECKING:
    from collections.abc import Iterable

    from napari.layers import Labels
    from numpy.typing import NDArray

    from napari_seem.document import Page, Thing
    from napari_seem.loop import Loop
    from napari_seem.plane import Plane
    from napari_seem.target import Target


class Shelf:
    """The objects layer of the image in focus, and the objects of the slice.

    Parameters
    ----------
    loop : Loop
    """

    def __init__(self, loop: Loop) -> None:
        self._loop = loop
        self.rules = CommitRules()
        loop.focus.painted.connect(self._painted)

    # -- what is ---------------------------------------------------------------------------

    @property
    def layer(self) -> Labels | None:
        """Where objects are committed."""
        target = self._loop.focus.target
        return None if target is None else target.objects

    def pixels(self) -> NDArray[np.integer]:
        """(H, W) labels of the slice in focus; no pixels when there is no layer."""
        plane, layer = self._loop.focus.plane, self.layer
        if plane is None or layer is None:
            return np.zeros((0, 0), np.int32)
        return np.asarray(layer.data[plane.indexer])

    def covers(self) -> str:
        """What the answer on display covers of committed objects, in words; "" for nothing."""
        thing = self._loop.page.current
        answer, labels = thing.current.answer, self.pixels()
        if answer is None or labels.shape != answer.packed.shape:
            return ""
        return commit_rules.covering(
            commit_rules.conflicts(labels, answer.mask, thing.label or None)
        )

    # -- deeds -----------------------------------------------------------------------------

    def commit(self) -> None:
        """Write the current object by the rules, then start the next."""
        page = self._loop.page
        thing = page.current
        try:
            answer = thing.current.answer
            if answer is None or not answer.packed.any:
                raise CommitError(objects.NO_MASK)
            target, plane = self._place()
            masks = tidied(answer.packed, self.rules)
            if not masks:
                raise CommitError(commit_rules.reason(answer.mask, self.rules))
            name = self._loop.engine.naming.resolve(thing.class_name)
            found = [(m, name, answer.score) for m in masks]
            batch = write(target, plane, found, rules=self.rules, own=thing.label)
        except CommitError as error:
            show_warning(str(error))
            return
        first = next(iter(batch.made), 0)
        after = page.having(replace(thing, label=first, name=name if first else thing.name))
        after = all_shelved(after, batch)
        self._loop.journal.wrote("commit", plane, after.onward(), batch.deeds)
        self._loop.show_current(news=self._told(list(batch.made), name))

    def commit_masks(
        self, words: str, found: Iterable[tuple[Packed, str, float]], after: Page
    ) -> int:
        """Write several masks (H, W) bool with class and score by the rules; returns how many.

        Those that are covered wholly by earlier objects are left out. ``after`` is the page
        without the new objects.
        """
        try:
            target, plane = self._place()
            resolve = self._loop.engine.naming.resolve
            named = ((mask, resolve(name), score) for mask, name, score in found)
            tidy = ((m, name, s) for mask, name, s in named for m in tidied(mask, self.rules))
            batch = write(target, plane, tidy, rules=self.rules, lenient=True)
        except CommitError as error:
            show_warning(str(error))
            return 0
        self._loop.journal.wrote(words, plane, all_shelved(after, batch), batch.deeds)
        return len(batch.made)

    def refine(self, label: int) -> None:
        """Take a committed object up again, with its prompts; committing writes it anew."""
        plane, layer = self._loop.focus.plane, self.layer
        if plane is None or layer is None:
            return
        self._loop.keep_pending()
        page = self._loop.page
        thing = page.of_label(label)
        if thing is None:
            # painted by hand or opened from a file: its pixels are where to start from
            mask = Packed.of(self.pixels() == label)
            if not mask.any:
                show_warning(f"There is nothing of object {label} on this slice.")
                self._loop.show_current()
                return
            name = next((r.name for r in objects.table(layer) if r.label == label), "")
            thing = from_mask(page.fresh(), mask, name=name, label=label)
        self.work_on(thing)

    def work_on(self, thing: Thing) -> None:
        """Make this the current object."""
        plane = self._loop.focus.plane
        if plane is None:
            return
        self._loop.keep_pending()
        self._loop.journal.turn("switch object", plane, self._loop.page.turned_to(thing))
        self._loop.show_current()

    def adopt(self, layer: Labels) -> None:
        """Work on the objects of a Labels layer that was opened or made elsewhere; can be undone.

        Raises
        ------
        CommitError
            If it cannot hold objects of this image.
        """
        target, plane = self._place()
        if layer.multiscale or tuple(layer.data.shape) != target.grid.shape:
            raise CommitError(
                f"The layer “{layer.name}” has another size, {tuple(layer.data.shape)}, than the "
                f"image, {target.grid.shape}, so its objects cannot be worked on here."
            )
        if not isinstance(layer.data, np.ndarray) or not layer.data.flags.writeable:
            raise CommitError(
                f"The layer “{layer.name}” cannot be written. Duplicate it in memory first: right "
                "click on it, “Duplicate”, or save and open it as a TIFF."
            )
        if layer is target.objects:
            return
        _number(layer)
        objects.complete(layer)
        target.grid.place(layer)  # a file tells no scale: over the image is where it belongs
        self._loop.keep_pending()
        former = target.objects
        target.adopt(layer)
        target.journal.adopted(plane, former, layer)
        self._loop.show_current()
        self._loop.say(f"Objects are committed into “{layer.name}” now.")

    def start_layer(self) -> None:
        """Commit into a new layer from now on; the former stays as it is. Can be undone."""
        try:
            target, plane = self._place()
        except CommitError as error:
            show_warning(str(error))
            return
        self._loop.keep_pending()
        former = target.objects
        target.adopt(None)
        layer = target.ensure_objects()
        target.journal.adopted(plane, former, layer)
        self._loop.show_current()
        self._loop.say(f"Objects are committed into “{layer.name}” now.")

    def candidates(self) -> list[Labels]:
        """Labels layers of the viewer that can hold the objects, by their shape."""
        target = self._loop.focus.target
        if target is None:
            return []
        ours = (*target.prompts.all, target.result, target.proposed)
        return [
            layer
            for layer in self._loop.focus.labels
            if not any(layer is x for x in ours)
            and not layer.multiscale
            and tuple(layer.data.shape) == target.grid.shape
        ]

    # -- how -------------------------------------------------------------------------------

    def _place(self) -> tuple[Target, Plane]:
        target, plane = self._loop.focus.target, self._loop.focus.plane
        if target is None or plane is None:
            raise CommitError(self._loop.focus.trouble)
        return target, plane

    def _told(self, made: list[int], name: str) -> str:
        if not made:
            return "Done by the rule for overlaps: no new object."
        labels = f"label {made[0]}" if len(made) == 1 else f"labels {made[0]} to {made[-1]}"
        return f"Committed as {labels}" + (f": {name}." if name else ".")

    def _painted(self, target: Target) -> None:
        if target is self._loop.focus.target:
            self._loop.changed.emit()


def _number(layer: Labels) -> None:
    """Write the labels into a table without them: napari has one line a label, from 0 on."""
    features = layer.features
    if len(features) and "index" not in features:
        layer.features = features.assign(index=range(len(features)))

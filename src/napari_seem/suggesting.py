"""Proposals of the slice in focus: accepted, rejected, thinned out by a threshold."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from napari_seem.commit_rules import Overlap

if TYPE_CHECKING:
    from collections.abc import Sequence

    from napari_seem.document import Page
    from napari_seem.loop import Loop
    from napari_seem.plane import Plane
    from napari_seem.proposals import Proposals
    from napari_seem.shelf import Shelf
    from napari_seem.target import Target


class Suggestions:
    """What a person does with proposals.

    Parameters
    ----------
    loop : Loop
    shelf : Shelf
        Where accepted ones go.
    """

    def __init__(self, loop: Loop, shelf: Shelf) -> None:
        self._loop = loop
        self._shelf = shelf

    @property
    def current(self) -> Proposals | None:
        """Those of the slice in focus."""
        return self._loop.page.proposals

    def offer(
        self, found: Sequence[tuple[Target, Plane, Proposals]], *, after: Page | None = None
    ) -> None:
        """Put proposals up for decision on their slices, in place of former ones; can be undone.

        Names are those of classes, whatever the model or a person called them. Where earlier
        objects keep their pixels, what is mostly theirs is not proposed again. ``after`` is the
        page that they are added to, if it is not the one that is known.
        """
        places, count = 0, 0
        for target, plane, proposals in found:
            fresh = proposals.classed(self._loop.engine.naming.resolve)
            if self._shelf.rules.overlap is Overlap.KEEP and target.objects is not None:
                fresh = proposals.beside(np.asarray(target.objects.data[plane.indexer]))
            if not fresh.open and not self._in_focus(target, plane):
                continue
            page = target.journal.page(plane) if after is None else after
            shown = fresh if fresh.all else None
            if shown is not None or page.proposals is not None:
                target.journal.turn("proposals", plane, replace(page, proposals=shown))
            places, count = places + bool(fresh.open), count + len(fresh.open)
        if after is None:
            self._loop.show_proposals()
        elif any(self._in_focus(target, plane) for target, plane, _ in found):
            self._loop.show_current()
        title = found[0][2].title if found else "this"
        beyond = f" on {places} slices or images" if places > 1 else ""
        unsure = any(proposals.all for _, _, proposals in found)
        nothing = "Nothing sure found for {}: a lower threshold shows what is less sure."
        self._loop.say(
            f"{count} proposed for {title}{beyond}."
            if count
            else (nothing if unsure else "Nothing new found for {}.").format(title)
        )

    def elsewhere(self) -> list[tuple[Target, Plane, int]]:
        """Other slices and images where proposals wait, and how many."""
        focus = self._loop.focus
        targets = [t for t in (focus.target_of(image) for image in focus.images) if t is not None]
        return [
            (target, plane, len(page.proposals.open))
            for target in targets
            for plane, page in sorted(target.journal.pages.items(), key=lambda row: row[0].index)
            if page.proposals is not None
            and page.proposals.open
            and not self._in_focus(target, plane)
        ]

    def go(self) -> None:
        """Show the next slice or image where proposals wait."""
        waiting, focus = self.elsewhere(), self._loop.focus
        if not waiting or focus.plane is None:
            return
        here = focus.plane.index
        onward = [p for p in waiting if p[0] is focus.target and p[1].index > here]
        target, plane, _ = (onward or waiting)[0]
        focus.choose(target.image)
        focus.show(plane)

    def set_threshold(self, threshold: float) -> None:
        """Offer only those with this score or more."""
        if self.current is not None:
            self._amend(self.current.above(threshold))

    def move(self, by: int) -> None:
        """Put the focus on the next (or an earlier) one."""
        if self.current is not None:
            self._amend(self.current.moved(by))

    def pick(self, row: float, col: float) -> None:
        """Put the focus on the one that covers a pixel."""
        if self.current is not None:
            self._amend(self.current.picked(row, col))

    def accept(self) -> None:
        """Commit the one in focus; can be undone."""
        if self.current is not None and self.current.focus is not None:
            self._accept([self.current.focus], "accept proposal")

    def accept_all(self) -> None:
        """Commit all that are offered; can be undone at once."""
        if self.current is not None and self.current.open:
            self._accept(self.current.open, "accept all proposals")

    def reject(self) -> None:
        """Take the one in focus off the list; can be undone."""
        if self.current is not None and self.current.focus is not None:
            left = self.current.decide([self.current.focus])
            self._turn("reject proposal", left if left.open else None)

    def close(self) -> None:
        """Reject all that are left; can be undone."""
        if self.current is not None:
            self._turn("close proposals", None)

    def _accept(self, positions: Sequence[int], words: str) -> None:
        proposals = self.current
        if proposals is None:
            return
        found = ((p.mask, p.name, round(p.score, 4)) for p in (proposals.all[k] for k in positions))
        left = proposals.decide(positions)
        after = replace(self._loop.page, proposals=left if left.open else None)
        made = self._shelf.commit_masks(words, found, after)
        skipped = len(positions) - made
        self._loop.show_proposals()
        self._loop.say(
            f"{made} committed." + (f" {skipped} lay on earlier objects." if skipped > 0 else "")
        )

    def _in_focus(self, target: Target, plane: Plane) -> bool:
        return target is self._loop.focus.target and plane == self._loop.focus.plane

    def _amend(self, proposals: Proposals) -> None:
        plane = self._loop.focus.plane
        if plane is not None:
            self._loop.journal.amend(plane, replace(self._loop.page, proposals=proposals))
            self._loop.show_proposals()
            self._loop.changed.emit()

    def _turn(self, words: str, proposals: Proposals | None) -> None:
        plane = self._loop.focus.plane
        if plane is not None:
            self._loop.journal.turn(words, plane, replace(self._loop.page, proposals=proposals))
            self._loop.show_proposals()
            self._loop.changed.emit()

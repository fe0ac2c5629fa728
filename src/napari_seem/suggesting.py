"""Proposals of the slice in focus: accepted, rejected, thinned out by a threshold."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

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
        self, target: Target, plane: Plane, proposals: Proposals, *, page: Page | None = None
    ) -> None:
        """Put proposals up for decision, in place of former ones; can be undone.

        Parameters
        ----------
        target, plane
            Where.
        proposals : Proposals
        page : Page or None
            The objects of the slice from now on; None: as they are.
        """
        here = target is self._loop.focus.target and plane == self._loop.focus.plane
        if here:
            self._loop.keep_pending()
        page = target.journal.page(plane) if page is None else page
        target.journal.turn("proposals", plane, replace(page, proposals=proposals))
        if here:
            self._loop.show_current()
        n = len(proposals.open)
        self._loop.say(
            f"{n} proposed for {proposals.title}." if n else f"Nothing found for {proposals.title}."
        )

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
            self._turn("reject proposal", self.current.decide([self.current.focus]))

    def close(self) -> None:
        """Reject all that are left; can be undone."""
        if self.current is not None:
            self._turn("close proposals", None)

    def _accept(self, positions: Sequence[int], words: str) -> None:
        proposals = self.current
        if proposals is None:
            return
        found = [(p.mask, p.name, round(p.score, 4)) for p in (proposals.all[k] for k in positions)]
        left = proposals.decide(positions)
        after = replace(self._loop.page, proposals=left if left.open else None)
        made = self._shelf.commit_masks(words, found, after)
        skipped = len(found) - made
        self._loop.show_proposals()
        self._loop.say(
            f"{made} committed." + (f" {skipped} lay on earlier objects." if skipped > 0 else "")
        )

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

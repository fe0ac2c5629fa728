"""One history of an image: prompts, answers, commits, classes, hand edits; unlimited undo."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from napari.layers import Labels

from napari_seem.document import Page
from napari_seem.objects import Deed
from napari_seem.plane import Plane


@dataclass(frozen=True, eq=False, kw_only=True)
class Swap:
    """Everything known of an image replaced by something else, such as a session from a file.

    Parameters
    ----------
    before, after : mapping of Plane to Page
    former, layer : Labels or None
        The objects layer before and after.
    """

    before: Mapping[Plane, Page]
    after: Mapping[Plane, Page]
    former: Labels | None
    layer: Labels | None


@dataclass(frozen=True, eq=False, kw_only=True)
class Change:
    """One thing that was done.

    Parameters
    ----------
    words : str
        For people: "commit", "click".
    plane : Plane
        On which slice.
    before, after : Page
        What was known of it.
    deeds : tuple of Deed
        What it did to the objects layer.
    removed : Labels or None
        A layer of objects that left the viewer.
    swap : Swap or None
        Set when all slices were replaced at once.
    """

    words: str
    plane: Plane
    before: Page
    after: Page
    deeds: tuple[Deed, ...] = ()
    removed: Labels | None = None
    swap: Swap | None = None


@dataclass(eq=False)
class Journal:
    """Owner of all that is known of an image, slice by slice, and of what led to it."""

    pages: dict[Plane, Page] = field(default_factory=dict)
    done: list[Change] = field(default_factory=list)
    undone: list[Change] = field(default_factory=list)
    edition: int = 0
    """Grows with every change; tells whether something is to be saved."""

    def page(self, plane: Plane) -> Page:
        """What is known of a slice."""
        return self.pages.get(plane, _BLANK)

    def put(self, change: Change) -> None:
        """Take note of something that was done; what was undone before is gone."""
        self.pages[change.plane] = change.after
        self.done.append(change)
        self.undone.clear()
        self.edition += 1

    def turn(self, words: str, plane: Plane, after: Page, deeds: tuple[Deed, ...] = ()) -> Change:
        """Put a change of one slice from what it is to ``after``."""
        change = Change(words=words, plane=plane, before=self.page(plane), after=after, deeds=deeds)
        self.put(change)
        return change

    def lost(self, plane: Plane, layer: Labels) -> None:
        """A layer of objects left the viewer, while ``plane`` was on display."""
        page = self.page(plane)
        left = page.uncommitted()
        self.put(Change(words="delete layer", plane=plane, before=page, after=left, removed=layer))

    def relabel(self) -> None:
        """Forget which objects have which label: another layer holds the objects from now on.

        In all that can be undone too, so that a label never stands for an object of a former layer.
        """
        done: dict[int, Page] = {}

        def bare(page: Page) -> Page:
            return done.setdefault(id(page), page.uncommitted())

        self.pages = {plane: bare(page) for plane, page in self.pages.items()}
        for changes in (self.done, self.undone):
            changes[:] = [replace(c, before=bare(c.before), after=bare(c.after)) for c in changes]
        self.edition += 1

    def replace_all(
        self, words: str, plane: Plane, pages: Mapping[Plane, Page], *,
        former: Labels | None, layer: Labels | None,
    ) -> Swap:  # fmt: skip
        """Put other pages in place of all, as one change; ``plane`` is on display."""
        swap = Swap(before=dict(self.pages), after=dict(pages), former=former, layer=layer)
        before = self.page(plane)
        self.pages = dict(pages)
        self.put(Change(words=words, plane=plane, before=before, after=self.page(plane), swap=swap))
        return swap

    def amend(self, plane: Plane, page: Page) -> None:
        """Replace what is known of a slice without a step to undo: an answer came or is gone."""
        now = self.page(plane)
        if self.done and self.done[-1].after is now:
            self.done[-1] = replace(self.done[-1], after=page)
        if self.undone and self.undone[-1].before is now:
            self.undone[-1] = replace(self.undone[-1], before=page)
        self.pages[plane] = page
        self.edition += 1

    def undo(self) -> Change | None:
        """Take the last change back; the layers are the caller's."""
        if not self.done:
            return None
        change = self.done.pop()
        self.undone.append(change)
        if change.swap is not None:
            self.pages = dict(change.swap.before)
        self.pages[change.plane] = change.before
        self.edition += 1
        return change

    def redo(self) -> Change | None:
        """Do the last change again that was taken back."""
        if not self.undone:
            return None
        change = self.undone.pop()
        self.done.append(change)
        if change.swap is not None:
            self.pages = dict(change.swap.after)
        self.pages[change.plane] = change.after
        self.edition += 1
        return change


_BLANK = Page()

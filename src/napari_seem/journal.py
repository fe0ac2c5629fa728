"""One history of an image: prompts, answers, commits, classes, hand edits; unlimited undo."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from napari.layers import Labels

from napari_seem.conditions import Conditions
from napari_seem.document import Page, Thing
from napari_seem.objects import Deed
from napari_seem.plane import Plane

if TYPE_CHECKING:
    # not at run time: a target has a journal
    from napari_seem.target import Target  # noqa: TC004


@dataclass(frozen=True, eq=False, kw_only=True)
class Swap:
    """What came in place of all that was known, and what was there before.

    Parameters
    ----------
    former, layer : Labels or None
        The objects layer before and after.
    before, after : Conditions
    turned : (Target, Target) or None
        What is annotated before and after, where other channels make other slices of an image.
        The journals of both have this change.
    """

    former: Labels | None
    layer: Labels | None
    before: Conditions
    after: Conditions
    turned: tuple[Target, Target] | None = None


@dataclass(frozen=True)
class Switch:
    """The checkpoints in use before and after another model was chosen."""

    former: str
    model: str


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
    adopted : (Labels or None, Labels) or None
        The objects layer before and after, if another one was chosen.
    swap : Swap or None
        Set when all slices were replaced at once, such as by a session from a file.
    switch : Switch or None
        Set when another model was chosen.
    others : mapping of Plane to (Page, Page)
        Other slices of which something else is known now: before and after.
    """

    words: str
    plane: Plane
    before: Page
    after: Page
    deeds: tuple[Deed, ...] = ()
    removed: Labels | None = None
    adopted: tuple[Labels | None, Labels] | None = None
    swap: Swap | None = None
    switch: Switch | None = None
    others: Mapping[Plane, tuple[Page, Page]] = field(default_factory=dict)

    def amended(self, plane: Plane, now: Page, page: Page) -> Change:
        """The same with ``page`` wherever it says ``now`` of a slice."""
        if plane == self.plane:
            before = page if self.before is now else self.before
            return replace(self, before=before, after=page if self.after is now else self.after)
        before, after = (page if p is now else p for p in self.others[plane])
        return replace(self, others={**self.others, plane: (before, after)})


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
        self.done.append(change)
        self.undone.clear()
        self._after(change)

    def turn(self, words: str, plane: Plane, after: Page, deeds: tuple[Deed, ...] = ()) -> Change:
        """Put a change of one slice from what it is to ``after``."""
        change = Change(words=words, plane=plane, before=self.page(plane), after=after, deeds=deeds)
        self.put(change)
        return change

    def wrote(self, words: str, plane: Plane, after: Page, deeds: tuple[Deed, ...]) -> Change:
        """The objects layer was written, on the slice ``plane`` or on several.

        Objects whose label is not in the layer any more, here or on other slices, have no label
        from then on: the number may be given to another one.
        """
        gone: set[int] = set()
        for deed in deeds:
            gone |= {r.label for r in deed.rows_before}
            gone -= {r.label for r in deed.rows_after}
        return self._all(words, plane, after, lambda p: p.unlabelled(gone), deeds=deeds)

    def lost(self, plane: Plane, layer: Labels) -> Change:
        """The layer of objects left the viewer, while ``plane`` was on display."""
        page = self.page(plane)
        return self._all("delete layer", plane, page, Page.uncommitted, removed=layer)

    def adopted(self, plane: Plane, former: Labels | None, layer: Labels) -> Change:
        """Objects are those of another layer from now on; their labels mean other things."""
        both = (former, layer)
        page = self.page(plane)
        return self._all("choose objects layer", plane, page, Page.uncommitted, adopted=both)

    def switched(self, words: str, plane: Plane, switch: Switch) -> Change:
        """Another model is in use; answers stay, what the former remembers of them does not."""
        return self._all(words, plane, self.page(plane), without_memory, switch=switch)

    @property
    def has_work(self) -> bool:
        """Whether anything was done besides choosing models."""
        return any(change.switch is None for change in self.done)

    def replace_all(
        self, words: str, plane: Plane, pages: Mapping[Plane, Page], *, swap: Swap
    ) -> Change:  # fmt: skip
        """Put other pages in place of all, as one change; ``plane`` is on display."""
        others = {
            p: (self.page(p), pages.get(p, _BLANK)) for p in {*self.pages, *pages} if p != plane
        }
        change = Change(
            words=words, plane=plane, before=self.page(plane), after=pages.get(plane, _BLANK),
            swap=swap, others=others,
        )  # fmt: skip
        self.put(change)
        return change

    def _all(
        self, words: str, plane: Plane, after: Page, change: Callable[[Page], Page], **what: Any
    ) -> Change:
        """Put a change of one slice, and of all others as ``change`` tells."""
        turned = {p: (page, change(page)) for p, page in self.pages.items() if p != plane}
        others = {p: pair for p, pair in turned.items() if pair[0] is not pair[1]}
        done = Change(
            words=words, plane=plane, before=self.page(plane), after=change(after), others=others,
            **what,
        )  # fmt: skip
        self.put(done)
        return done

    def amend(self, plane: Plane, page: Page) -> None:
        """Replace what is known of a slice without a step to undo: an answer came or is gone."""
        now = self.page(plane)
        for k in _latest(self.done, plane):
            self.done[k] = self.done[k].amended(plane, now, page)
        for k in _latest(self.undone, plane):
            self.undone[k] = self.undone[k].amended(plane, now, page)
        self.pages[plane] = page
        self.edition += 1

    def undo(self) -> Change | None:
        """Take the last change back; the layers are the caller's."""
        if not self.done:
            return None
        change = self.done.pop()
        self.undone.append(change)
        self.pages[change.plane] = change.before
        self.pages.update({plane: before for plane, (before, _) in change.others.items()})
        self.edition += 1
        return change

    def redo(self) -> Change | None:
        """Do the last change again that was taken back."""
        if not self.undone:
            return None
        change = self.undone.pop()
        self.done.append(change)
        self._after(change)
        return change

    def _after(self, change: Change) -> None:
        self.pages[change.plane] = change.after
        self.pages.update({plane: after for plane, (_, after) in change.others.items()})
        self.edition += 1


def without_memory(page: Page) -> Page:
    """The same as another model goes on with it: from the masks, for memories are the former's."""
    # another page even where nothing is forgotten: answers that come later are the new model's only
    return replace(page, things=tuple(map(_forgetful, page.things)))


def _forgetful(thing: Thing) -> Thing:
    kept = [s.answer is not None and s.answer.memory is not None for s in thing.steps]
    if not any(kept):
        return thing
    steps = tuple(
        replace(s, answer=replace(s.answer, memory=None)) if remembers and s.answer else s
        for s, remembers in zip(thing.steps, kept, strict=True)
    )
    return replace(thing, steps=steps)


def _latest(changes: list[Change], plane: Plane) -> tuple[int, ...]:
    """Where the latest change of a slice is, if there is one."""
    for k in range(len(changes) - 1, -1, -1):
        if changes[k].plane == plane or plane in changes[k].others:
            return (k,)
    return ()


_BLANK = Page()

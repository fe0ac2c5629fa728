"""Saves the image in focus a moment after every change, without being asked and without waiting."""

from __future__ import annotations

import os
import weakref
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from napari.utils.notifications import show_warning
from psygnal import Signal

from napari_seem.saver import never
from napari_seem.session_data import ImageIdentity, SessionError
from napari_seem.session_file import write_session
from napari_seem.session_places import numbered, place_of
from napari_seem.session_settings import SessionPreferences
from napari_seem.shown import Shown
from napari_seem.snapshot import Watched
from seem_model.class_lists import ClassList

if TYPE_CHECKING:
    from collections.abc import Mapping

    from napari_seem.document import Page
    from napari_seem.loop import Loop
    from napari_seem.plane import Plane
    from napari_seem.saver import Later
    from napari_seem.session_data import SessionData
    from napari_seem.shelf import Shelf
    from napari_seem.snapshot import Snapshot
    from napari_seem.target import Target
    from napari_seem.worker import Run

DELAY = 2.0
"""Seconds between a change and saving; changes meanwhile are saved together."""


@dataclass(eq=False)
class Kept:
    """One image and its session file.

    Parameters
    ----------
    watched : Watched
    own : Path or None
        The file that holds this session; another file in its place is never written over. Only
        jobs read and set it, so that it follows the order of what is written.
    stamp : int
        When the own file was written, in nanoseconds; tells whether somebody else did since.
    image : ImageIdentity or None
        Whom the own file was written for.
    edition : int
        Of the journal, as saved last.
    unsaved : bool
        Whether something changed since.
    conditions : (Shown, ClassList or None) or None
        How the image was shown and the class list, when they were looked at last.
    """

    watched: Watched
    own: Path | None = None
    stamp: int = 0
    image: ImageIdentity | None = None
    edition: int = 0
    unsaved: bool = False
    conditions: tuple[Shown, ClassList | None] | None = None

    def belongs(self, path: Path | None, image: ImageIdentity | None = None) -> None:
        """From now on this is the own file, as it is now; None: there is none."""
        self.own, self.image = path, image
        self.stamp = 0 if path is None else path.stat().st_mtime_ns


@dataclass(frozen=True)
class Saved:
    """Where a session was saved, and the file that made room for it: from where, to where."""

    path: Path
    moved: tuple[Path, Path] | None = None


class Autosave:
    """Keeper of the session files of all images of a viewer.

    Parameters
    ----------
    loop : Loop
    shelf : Shelf
    run : Run
        Where files are written.
    """

    saved = Signal(object)
    """Emitted with a :class:`Saved`."""

    def __init__(self, loop: Loop, shelf: Shelf, *, run: Run) -> None:
        self._loop, self._shelf = loop, shelf
        self.run = run
        self.wish = SessionPreferences(autosave=False)
        self._later: Later = never
        self._all: weakref.WeakKeyDictionary[Target, Kept] = weakref.WeakKeyDictionary()
        self._waits = False
        self._writing = 0
        self._complained = False
        self._layers_go = False
        loop.changed.connect(self._look)
        loop.touched.connect(self._look)
        loop.focus.leaving.connect(self.flush)
        loop.focus.removing.connect(self._before_layers_go)

    def start(self, wish: SessionPreferences, *, later: Later) -> None:
        """Save from now on as a person prefers; ``later`` is the clock."""
        self.wish, self._later = wish, later
        self._look()

    def of(self, target: Target) -> Kept:
        """What is known of an image's file."""
        if target not in self._all:
            self._all[target] = Kept(Watched(target))
        return self._all[target]

    def snapshot(self, target: Target) -> Snapshot:
        """The moment, with an edit that has no answer yet."""
        return self.of(target).watched.take(
            self._pages(target), rules=self._shelf.rules, model=self._loop.engine.checkpoint,
            classes=self._loop.engine.naming.classes,
        )  # fmt: skip

    def flush(self) -> None:
        """Save what is not saved, now; on the other thread, without waiting for it."""
        target = self._loop.focus.target
        if not self.wish.autosave or target is None:
            return
        if not any(target.image is x for x in self._loop.focus.images):
            return  # saved before, and what remains now is no state of a session
        kept = self.of(target)
        if kept.unsaved or target.journal.edition != kept.edition:
            self._save(target)

    def _before_layers_go(self) -> None:
        # a window that closes removes all its layers: the moment before the first one counts
        if not self._layers_go:
            self.flush()
            self._layers_go = True
            self._later(DELAY, self._layers_gone)

    def _layers_gone(self) -> None:
        self._layers_go = False

    def _look(self) -> None:
        target, plane = self._loop.focus.target, self._loop.focus.plane
        if target is None or plane is None:
            return
        kept = self.of(target)
        kept.watched.touch(plane)
        conditions = (Shown.of(target.image, target.appearance), self._loop.engine.naming.classes)
        others = kept.conditions is not None and kept.conditions != conditions
        kept.conditions = conditions
        if target.journal.edition != kept.edition or self._loop.waiting or others:
            kept.unsaved = True
        if kept.unsaved and self.wish.autosave and not self._waits:
            self._waits = True
            self._later(DELAY, self._tick)

    def _tick(self) -> None:
        self._waits = False
        if self._writing:
            self._look()  # one at a time: a slow disk gets fewer files, not a queue
        else:
            self.flush()

    def _save(self, target: Target) -> None:
        kept = self.of(target)
        kept.unsaved, kept.edition = False, target.journal.edition
        self._writing += 1
        try:
            snapshot = self.snapshot(target)
        except Exception as error:  # whatever it is, the person's work goes on
            self._failed(kept, error)
            return
        self.run(
            partial(_write, snapshot, kept, self.wish),
            done=self._done,
            failed=partial(self._failed, kept),
        )

    def _done(self, saved: Saved | None) -> None:
        self._writing -= 1
        if saved is not None:
            self._complained = False
            self.saved.emit(saved)

    def _failed(self, kept: Kept, error: Exception) -> None:
        self._writing -= 1
        kept.watched.read_anew()
        if not self._complained:
            self._complained = True
            show_warning(f"{error} Your work is kept in this window; this is told only once.")

    def _pages(self, target: Target) -> Mapping[Plane, Page]:
        pages = dict(target.journal.pages)
        plane, page, marks = self._loop.focus.plane, self._loop.page, self._loop.marks
        if target is self._loop.focus.target and plane is not None and self._loop.waiting:
            thing = page.current
            if not thing.current.marks.same(marks):
                pages[plane] = page.having(thing.with_step(marks, None))
        return pages


def _write(snapshot: Snapshot, kept: Kept, wish: SessionPreferences) -> Saved | None:
    """Put a snapshot where it belongs; None when there is nothing to save."""
    data: SessionData = snapshot.data()
    if data.is_blank and kept.own is None:
        return None
    place, moved = _place(data.image, kept, wish), None
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        if place != kept.own and place.exists():
            moved = place, numbered(place)
            os.replace(*moved)
        elif place.exists() and place.stat().st_mtime_ns != kept.stamp:
            place = numbered(place)  # another window works on this image: a file for each
        write_session(place, data)
        kept.belongs(place, data.image)
    except OSError as error:
        raise SessionError(
            f"The session cannot be saved in {place.parent}: {error.strerror or error}. Choose "
            "another folder in the preferences of SEEM."
        ) from error
    return Saved(place, moved)


def _place(image: ImageIdentity, kept: Kept, wish: SessionPreferences) -> Path:
    if kept.own is not None and kept.image is not None and kept.image.is_same(image):
        return kept.own
    return place_of(image, wish.where, wish.folder)

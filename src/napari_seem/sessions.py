"""Sessions of the image in focus: saved, opened, found again."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from napari.utils.notifications import show_warning
from psygnal import Signal

from napari_seem import swapping
from napari_seem.autosave import Autosave, Saved
from napari_seem.jobs import sentence
from napari_seem.resuming import Found, make_room, search
from napari_seem.session_data import SessionData, SessionError
from napari_seem.session_file import read_session, write_session
from napari_seem.shown import Look
from napari_seem.worker import inline

if TYPE_CHECKING:
    from collections.abc import Sequence

    from napari.layers import Labels

    from napari_seem.loop import Loop
    from napari_seem.saver import Later
    from napari_seem.session_settings import SessionPreferences
    from napari_seem.shelf import Shelf
    from napari_seem.snapshot import Snapshot
    from napari_seem.target import Target
    from napari_seem.worker import Run
    from seem_model.class_lists import ClassList


class Sessions:
    """What a person does with session files.

    Parameters
    ----------
    loop : Loop
    shelf : Shelf
    run : Run
        Where files are read and written; not the model's thread.
    """

    found_changed = Signal()
    """A file from earlier was found, or :attr:`found` is over."""

    def __init__(self, loop: Loop, shelf: Shelf, *, run: Run = inline) -> None:
        self._loop, self._shelf, self._run = loop, shelf, run
        self.autosave = Autosave(loop, shelf, run=run)
        self.autosave.saved.connect(self._moved)
        self.found: Found | None = None
        self._looked: Target | None = None
        self._looks = False
        loop.focus.moved.connect(self._look)

    def start(self, wish: SessionPreferences, *, later: Later) -> None:
        """Save by itself from now on, and look for files from earlier."""
        self.autosave.start(wish, later=later)
        self._looks = True
        self._look()

    # -- what a person does --------------------------------------------------------------------

    def save(self, path: str | Path) -> None:
        """Save the session of the image in focus as a file; what went wrong is told."""
        target, path = self._loop.focus.target, Path(path)
        if target is None:
            show_warning(self._loop.focus.trouble)
            return
        snapshot = self.autosave.snapshot(target)
        self._run(
            partial(_save, path, snapshot),
            done=lambda _: self._loop.say(f"Session saved as {path.name}."),
            failed=_tell,
        )

    def open(self, path: str | Path) -> None:
        """Take a session from a file, in place of what is known of the image in focus.

        That is one change which can be undone; what was there before is saved first.
        """
        self._open(Path(path))

    def resume(self) -> None:
        """Go on with the session that was found."""
        if self.found is not None:
            self._open(self.found.path)

    def start_anew(self) -> None:
        """Leave the session that was found; its file gets a number and is kept."""
        found, target = self.found, self._loop.focus.target
        self._forget()
        if found is not None and target is not None:
            self._run(
                partial(make_room, found.path),
                done=lambda kept: self._loop.say(f"The earlier session is kept as {kept.name}."),
                failed=_tell,
            )

    # -- how -------------------------------------------------------------------------------

    def _open(self, path: Path) -> None:
        target = self._loop.focus.target
        if target is None:
            show_warning(self._loop.focus.trouble)
            return

        def done(read: tuple[SessionData, Any]) -> None:
            if target is not self._loop.focus.target:
                return  # another image meanwhile
            try:
                self._take(target, path, *read)
            except SessionError as error:
                show_warning(str(error))

        self._run(partial(_read, path), done=done, failed=_tell)

    def _take(self, target: Target, path: Path, data: SessionData, labels: Any) -> None:
        plane, journal = self._loop.focus.plane, target.journal
        if plane is None:
            raise SessionError(self._loop.focus.trouble)
        look, to = self._fit(target, path, data)
        self._loop.keep_pending()
        self.autosave.flush()
        worked = journal.has_work or bool(journal.undone) or _holds_something(target.objects)
        # a file that holds other work of this window makes room, it is not written over
        own = None if worked or self._is_elsewhere(path) else path
        known, listed = self.autosave.of(target).watched.identity, self._loop.engine.naming.classes
        looks, self._looks = self._looks, False  # no other file is looked for meanwhile
        try:
            swapping.take(self._loop, data, look, to=to, labels=labels)
        finally:
            self._looks, self._looked = looks, self._loop.focus.target
        self._shelf.rules = data.rules
        self._run(partial(self.autosave.of(to).belongs, own), done=lambda _: None, failed=_tell)
        self._forget()
        changed = known is not None and known.digest != data.image.digest
        self._loop.say(
            f"{counted(data.objects)} from {path.name}."
            + (" The pixels of the image are others than then." if changed else "")
            + _relisted(listed, self._loop.engine.naming.classes)
        )
        if look.missing:
            show_warning(_without(look.missing, path))

    def _fit(self, target: Target, path: Path, data: SessionData) -> tuple[Look, Target]:
        """How a session showed the image, and the target that this takes."""
        look, to = Look.of(target.image, target.appearance), None
        if len(data.image.shape) == target.image.ndim:
            to = target
            if data.shown is not None:
                look = data.shown.look(target.image, self._loop.focus.images)
            if look.appearance.channel_axis != target.appearance.channel_axis:
                to = self._loop.focus.targets.anew(target.image, look.appearance)
        if to is None or data.image.shape != to.grid.shape:
            raise SessionError(
                f"The session {path.name} belongs to another image: {data.image.name} is "
                f"{data.image.shape}, {target.image.name} is {target.grid.shape}. Choose the image "
                "it was made for."
            )
        return look, to

    def _is_elsewhere(self, path: Path) -> bool:
        return self.found is None or self.found.path != path

    def _look(self) -> None:
        target = self._loop.focus.target
        if not self._looks or target is self._looked:
            return
        self._looked = target
        self._forget()
        if target is None:
            return
        kept = self.autosave.of(target)

        def done(found: Found | None) -> None:
            if found is not None and target is self._loop.focus.target:
                self.found = found
                self.found_changed.emit()

        # nobody asked for it: an image that cannot be read will be told when it is encoded
        self._run(partial(search, kept, self.autosave.wish), done=done, failed=lambda _: None)

    def _moved(self, saved: Saved) -> None:
        if self.found is not None and saved.moved is not None:
            before, after = saved.moved
            if self.found.path == before:
                self.found = replace(self.found, path=after)

    def _forget(self) -> None:
        if self.found is not None:
            self.found = None
            self.found_changed.emit()


def counted(objects: int) -> str:
    """A number of objects in words."""
    return "1 object" if objects == 1 else f"{objects} objects"


def _save(path: Path, snapshot: Snapshot) -> None:
    write_session(path, snapshot.data())


def _read(path: Path) -> tuple[SessionData, Any]:
    data = read_session(path)
    return data, None if data.labels is None else data.labels.array


def _relisted(before: ClassList | None, now: ClassList | None) -> str:
    """What is told of a class list that came in place of another one; "" if none did."""
    if before is None or now is None or before == now or not before.entries:
        return ""
    return (
        f" Its class list “{now.title}” is in use in place of “{before.title}”; Undo brings that "
        "back."
    )


def _without(missing: Sequence[str], path: Path) -> str:
    """What is told of layers and channels that are not here."""
    named = missing[0] if len(missing) == 1 else f"{', '.join(missing[:-1])} and {missing[-1]}"
    verb, it = ("is", "it") if len(missing) == 1 else ("are", "them")
    return (
        f"In the session {path.name} the model also saw {named}, which {verb} not here: open {it} "
        f"over this image, then the session again. Until then the picture is without {it}; the "
        f"session keeps {it}."
    )


def _holds_something(layer: Labels | None) -> bool:
    return layer is not None and bool(np.any(layer.data))


def _tell(error: Exception) -> None:
    show_warning(sentence(error))

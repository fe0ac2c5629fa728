"""Back and forth in what was done on a slice: undo, redo, rounds, commit, next object."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari.utils.notifications import show_warning

from napari_seem import objects
from napari_seem.history import Finished
from napari_seem.marks import Marks

if TYPE_CHECKING:
    from napari_seem.history import SliceHistory, Step
    from napari_seem.loop import Loop


class Timeline:
    """Moves the history of the slice in focus and makes the layers show it.

    Parameters
    ----------
    loop : Loop
    """

    def __init__(self, loop: Loop) -> None:
        self._loop = loop

    @property
    def history(self) -> SliceHistory:
        """Of the slice in focus."""
        return self._loop.history

    def undo(self) -> None:
        """Take back the last edit, or else the last commit."""
        self._loop.keep_pending()
        history = self.history
        if not history.can_undo:
            self._say("Nothing to undo.")
        elif history.current.at:
            history.current.at -= 1
            self._loop.show_current()
        else:
            last = history.reopen()
            target = self._loop.focus.target
            if last.committed is not None and target is not None:
                if last.committed.layer is target.objects:
                    objects.erase(last.committed)
                self._say(f"Label {last.committed.label} is taken back.")
            self._loop.show_current()

    def redo(self) -> None:
        """Do again what was undone."""
        self._loop.keep_pending()
        history = self.history
        if not history.can_redo:
            self._say("Nothing to redo.")
        elif history.current.at < len(history.current.steps):
            history.current.at += 1
            self._loop.show_current()
        else:
            last = history.finish_again()
            if last.committed is not None:
                again = self._write(last.thing.current, last.committed.name)
                history.finished[-1] = Finished(last.thing, again)
            self._loop.show_current()

    def goto(self, at: int) -> None:
        """Go back (or forth) to after the ``at``-th edit of this object; 0 is its start."""
        self._loop.keep_pending()
        thing = self.history.current
        thing.at = min(max(at, 0), len(thing.steps))
        self._loop.show_current()

    def reset(self) -> None:
        """Clear all prompts of the current object; can be undone."""
        self._loop.keep_pending()
        if self.history.current.current.is_empty:
            self._say("Nothing to clear.")
            return
        self.history.add(Marks(), text="", round=None)
        self._loop.show_current()

    def next_object(self) -> None:
        """Leave the current object without committing it and start the next; can be undone."""
        self._loop.keep_pending()
        if self.history.current.current.is_empty:
            self._say("Ready for the next object.")
            return
        self.history.finish(None)
        self._say("Ready for the next object.")
        self._loop.show_current()

    def commit(self, name: str) -> None:
        """Write the current object into the objects layer, then start the next; can be undone."""
        done = self._write(self.history.current.current, name)
        if done is None:
            return
        self.history.finish(done)
        self._say(f"Committed as label {done.label}" + (f": {name}." if name else "."))
        self._loop.show_current()

    def _write(self, step: Step, name: str) -> objects.Committed | None:
        target, plane = self._loop.focus.target, self._loop.focus.plane
        if target is None or plane is None:
            show_warning(self._loop.focus.trouble)
            return None
        try:
            if step.round is None or not step.round.mask.any():
                raise objects.CommitError(objects.NO_MASK)
            return objects.commit(
                target.ensure_objects(),
                plane,
                mask=step.round.mask,
                name=name,
                score=step.round.score,
            )
        except objects.CommitError as error:
            show_warning(str(error))
            return None

    def _say(self, news: str) -> None:
        self._loop.say(news)

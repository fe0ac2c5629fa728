"""Back and forth in what was done to an image: undo, redo, rounds, next object."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from napari_seem import objects, swapping
from napari_seem.journal import Switch
from napari_seem.marks import Marks

if TYPE_CHECKING:
    from napari_seem.journal import Change
    from napari_seem.loop import Loop


class Timeline:
    """Moves the journal of the image in focus and makes the layers show it.

    Parameters
    ----------
    loop : Loop
    """

    def __init__(self, loop: Loop) -> None:
        self._loop = loop
        loop.engine.converted.connect(self._use_converted)

    @property
    def can_undo(self) -> bool:
        """Whether there is something to take back."""
        return bool(self._loop.journal.done) or self._loop.waiting

    @property
    def can_redo(self) -> bool:
        """Whether something was taken back."""
        return bool(self._loop.journal.undone)

    def undo(self) -> None:
        """Take back the last thing that was done to this image, on whichever slice it was."""
        self._loop.keep_pending()
        journal = self._loop.journal
        if not journal.done:
            self._stay("Nothing to undo.")
            return
        self._loop.focus.show(journal.done[-1].plane)
        change = journal.undo()
        if change is not None:
            self._show(change, back=True)

    def redo(self) -> None:
        """Do again what was undone."""
        self._loop.keep_pending()
        journal = self._loop.journal
        if not journal.undone:
            self._stay("Nothing to redo.")
            return
        self._loop.focus.show(journal.undone[-1].plane)
        change = journal.redo()
        if change is not None:
            self._show(change, back=False)

    def goto(self, at: int) -> None:
        """Go to the ``at``-th round of this object (0: its start); the next edit branches there."""
        self._loop.keep_pending()
        plane, page = self._loop.focus.plane, self._loop.page
        thing = page.current
        at = min(max(at, 0), len(thing.steps))
        if plane is None or at == thing.at:
            self._stay()
            return
        self._loop.journal.turn("go to round", plane, page.having(replace(thing, at=at)))
        self._loop.show_current()

    def reset(self) -> None:
        """Clear all prompts of the current object; can be undone."""
        self._loop.keep_pending()
        plane, page = self._loop.focus.plane, self._loop.page
        if plane is None or page.current.current.marks.is_empty:
            self._stay("Nothing to clear.")
            return
        cleared = page.having(page.current.with_step(Marks(), None))
        self._loop.journal.turn("clear", plane, cleared)
        self._loop.show_current()

    def next_object(self) -> None:
        """Leave the current object without committing it and start the next; can be undone."""
        self._loop.keep_pending()
        plane, page = self._loop.focus.plane, self._loop.page
        if plane is not None and not page.current.is_blank:
            self._loop.journal.turn("next object", plane, page.onward())
        self._loop.show_current(news="Ready for the next object.")

    def rename(self, name: str) -> None:
        """Class under which the current object is committed; "" for the model's."""
        plane, page = self._loop.focus.plane, self._loop.page
        name = self._loop.engine.naming.resolve(name.strip())
        if plane is None or page.current.name == name:
            return
        renamed = page.having(replace(page.current, name=name))
        self._loop.journal.turn("class", plane, renamed)
        self._loop.changed.emit()

    def use_model(self, checkpoint: str, device: str) -> None:
        """Answer with another model from now on; can be undone.

        Masks stay as they are and are refined from there. Another device alone is no change.
        """
        loop, plane = self._loop, self._loop.focus.plane
        former = loop.engine.checkpoint
        if plane is not None and checkpoint != former:
            loop.keep_pending()
            name = checkpoint.replace("\\", "/").rstrip("/").split("/")[-1]
            loop.journal.switched(f"use the model {name}", plane, Switch(former, checkpoint))
        loop.engine.choose(checkpoint, device)
        loop.changed.emit()

    def _use_converted(self, name: str) -> None:
        engine = self._loop.engine
        if name == engine.checkpoint:
            engine.checkpoint = ""  # what is in use under this name is an older one
            engine.choose(name, engine.device)
        else:
            self.use_model(name, engine.device)

    def _stay(self, words: str = "") -> None:
        """Nothing changes, so what waited for an answer is asked again."""
        self._loop.engine.wake()
        if words:
            self._loop.say(words)

    def _show(self, change: Change, *, back: bool) -> None:
        target = self._loop.focus.target
        if target is None:
            return
        (objects.revert if back else objects.apply)(change.deeds)
        if change.deeds and target.objects is not change.deeds[-1].layer:
            target.bring_back(change.deeds[-1].layer)
        if change.removed is not None and back:
            target.bring_back(change.removed)
        elif change.removed is not None:
            target.take_out(change.removed)
        if change.adopted is not None:
            layer = change.adopted[0 if back else 1]
            if layer is None:
                target.adopt(None)
            else:
                target.bring_back(layer)
        if change.swap is not None:
            swapping.show(self._loop, change, back=back)
        if change.switch is not None:
            switch, engine = change.switch, self._loop.engine
            engine.choose(switch.former if back else switch.model, engine.device)
        quiet = change.words in ("prompt", "go to round")
        news = f"{'Undone' if back else 'Done again'}: {change.words}."
        self._loop.show_current(news=None if quiet else news)

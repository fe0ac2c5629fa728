"""The controller between a viewer and the model; knows layers but no Qt, so tests need no window.

One edit of a prompt goes: layer event -> ``Loop.edited`` -> ``Latest`` asks ``Loop._question`` ->
worker: ``Predictor.step`` -> ``Loop._answered`` writes the mask -> ``changed``.
"""

from __future__ import annotations

import weakref
from typing import TYPE_CHECKING, Any

from napari.utils.notifications import show_warning
from psygnal import Signal

from napari_seem.asking import Asking
from napari_seem.colouring import Colouring
from napari_seem.each import one_object_each
from napari_seem.inventory import Inventory
from napari_seem.loop import Loop
from napari_seem.measuring import Measuring
from napari_seem.revisions import Revisions
from napari_seem.saver import Saver, on_timer
from napari_seem.search import Search
from napari_seem.session_settings import session_preferences
from napari_seem.sessions import Sessions
from napari_seem.settings import cache, preferences
from napari_seem.shelf import Shelf
from napari_seem.suggesting import Suggestions
from napari_seem.timeline import Timeline
from napari_seem.tutor import Tutor
from napari_seem.worker import Run, inline, on_worker

if TYPE_CHECKING:
    from collections.abc import Callable

    from napari.components import ViewerModel

    from napari_seem.document import Answer, Page
    from napari_seem.target import Tool
    from seem_model import Predictor


class Annotator:
    """Everything the plugin does in one viewer.

    Parameters
    ----------
    viewer : ViewerModel
        Kept by weak reference.
    load : callable
        ``load(checkpoint, device=...) -> Predictor``; runs on the worker.
    run : Run
        How jobs run: at once (``inline``) or on napari's worker thread.
    files : Run
        How session files are read and written.
    """

    changed = Signal()
    """Something a widget shows has changed."""

    def __init__(
        self, viewer: ViewerModel, *, load: Callable[..., Predictor], run: Run = inline,
        files: Run = inline,
    ) -> None:  # fmt: skip
        self._loop = Loop(viewer, load=load, run=run)
        self.focus, self.engine = self._loop.focus, self._loop.engine
        self._loop.changed.connect(self.changed.emit)
        self._loop.settled.connect(self._settled)
        self.focus.leaving.connect(self._forget_wait)
        self._loop.touched.connect(self._forget_wait)
        self.timeline = Timeline(self._loop)
        self.asking = Asking(self._loop)
        self.shelf = Shelf(self._loop)
        self.revisions = Revisions(self._loop)
        self.sessions = Sessions(self._loop, self.shelf, run=files)
        self.suggestions = Suggestions(self._loop, self.shelf)
        self.search = Search(self._loop, self.suggestions)
        self.inventory = Inventory(self._loop)
        self.colouring = Colouring(self._loop, self.inventory)
        self.measuring = Measuring(self._loop, self.inventory, run)
        self.tutor = Tutor(self._loop, self.timeline, run)
        self.tool: Tool | None = None
        self._commit_waits = False
        self._users = 0

    def open(self) -> None:
        """A dock widget shows this annotator: follow the viewer and use the model."""
        self._users += 1
        if self._users == 1:
            self.engine.awake = True
            self.focus.connect()
            self.engine.wake()

    def close(self) -> None:
        """A dock widget is gone; with the last one nothing is followed or computed any more.

        Layers and rounds stay, so that opening the dock again goes on where it was.
        """
        self._users = max(0, self._users - 1)
        if self._users == 0 and self.engine.awake:
            self.focus.disconnect()
            self.engine.sleep()
            self.tutor.close()

    @property
    def page(self) -> Page:
        """Objects and rounds of the slice in focus (an empty one when there is none)."""
        return self._loop.page

    @property
    def answer(self) -> Answer | None:
        """The answer on display."""
        return self.page.current.current.answer

    @property
    def name(self) -> str:
        """Class of the current object: what the person typed, else what the model says."""
        return self.page.current.class_name

    @property
    def is_open(self) -> bool:
        """Whether a dock widget shows it."""
        return self._users > 0

    @property
    def waiting(self) -> bool:
        """Whether an edit has no answer yet."""
        return self._loop.waiting

    @property
    def positive(self) -> bool:
        """Sign of the next marks."""
        return self._loop.positive

    @property
    def text(self) -> str:
        """The phrase of the current object."""
        return self.asking.text

    @property
    def news(self) -> str:
        """What happened last, for the status line."""
        return self._loop.news

    def use(self, tool: Tool) -> None:
        """Take a tool in hand; its layer is made if needed."""
        if self.focus.target is None or self.focus.plane is None:
            show_warning(self.focus.trouble)
            return
        self.tool = tool
        # now, because adding a layer takes napari longer than the first answer should take
        self.focus.target.ensure_result()
        self.focus.target.prompts.use(tool, self.positive)
        self.changed.emit()

    def set_positive(self, positive: bool) -> None:
        """Whether the next marks belong to the object."""
        self._loop.positive = positive
        if self.focus.target is not None:
            self.focus.target.prompts.set_sign(positive)
        self.changed.emit()

    def set_text(self, text: str) -> None:
        """Name the thing to find; "" takes the phrase back."""
        self.asking.name(text)

    def set_name(self, name: str) -> None:
        """Class under which the current object is committed; "" for the model's."""
        self.timeline.rename(name)

    def undo(self) -> None:
        """Take back the last edit, or else the last commit."""
        self.timeline.undo()

    def redo(self) -> None:
        """Do again what was undone."""
        self.timeline.redo()

    def goto(self, at: int) -> None:
        """Go back (or forth) to after the ``at``-th edit of this object; 0 is its start."""
        self.timeline.goto(at)

    def reset(self) -> None:
        """Clear all prompts of the current object; can be undone."""
        self.timeline.reset()

    def next_object(self) -> None:
        """Leave the current object without committing it and start the next; can be undone."""
        self.timeline.next_object()

    def commit(self) -> None:
        """Write the current object into the objects layer, then start the next; can be undone."""
        if self.waiting and not self.engine.problem:
            self._commit_waits = True
            self._loop.say("Will be committed as soon as the model has answered.")
            return
        self._commit_waits = False
        self.shelf.commit()

    def one_object_each(self) -> None:
        """Propose an object for each positive mark of the current one; can be undone."""
        one_object_each(self._loop, self.suggestions)

    def name_by_number(self, number: int) -> None:
        """Give the current object the ``number``-th class of the list, from 1."""
        name = self.engine.naming.name(number)
        if name:
            self.timeline.rename(name)
        else:
            self.say(f"The class list has no entry {number}: choose or edit one under “Classes”.")

    def say(self, news: str) -> None:
        """Show a line of news until the next edit."""
        self._loop.say(news)

    def _settled(self) -> None:
        if self._commit_waits:
            self.commit()

    def _forget_wait(self) -> None:
        self._commit_waits = False


_annotators: weakref.WeakKeyDictionary[Any, Annotator] = weakref.WeakKeyDictionary()


def annotator_for(viewer: ViewerModel) -> Annotator:
    """The annotator of a viewer, the same for all dock widgets of that viewer."""
    viewer = real_viewer(viewer)
    if viewer not in _annotators:
        annotator = _annotators[viewer] = Annotator(
            viewer, load=_load, run=on_worker, files=Saver(on_timer)
        )
        annotator.sessions.start(session_preferences(), later=on_timer)
        wanted = preferences()
        annotator.engine.choose(wanted.checkpoint, wanted.device)
        annotator.engine.encoding.cache = cache()
    return _annotators[viewer]


def real_viewer(viewer: Any) -> Any:
    """The viewer itself: napari hands plugins a proxy whose layers are proxies too, never `is`."""
    return getattr(viewer, "__wrapped__", viewer)


def _load(checkpoint: str, *, device: str) -> Predictor:
    # on the worker: importing torch takes seconds
    import seem_model

    return seem_model.load(checkpoint, device=device)

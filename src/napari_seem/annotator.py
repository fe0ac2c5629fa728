"""The controller between a viewer and the model; knows layers but no Qt, so tests need no window.

One edit of a prompt goes: layer event -> ``Loop.edited`` -> ``Latest`` asks ``Loop._question`` ->
worker: ``Predictor.step`` -> ``Loop._answered`` writes the mask -> ``changed``.
"""

from __future__ import annotations

import weakref
from typing import TYPE_CHECKING, Any

from napari.utils.notifications import show_warning
from psygnal import Signal

from napari_seem import objects
from napari_seem.everything import add_segmentation
from napari_seem.history import Finished
from napari_seem.jobs import Everything
from napari_seem.loop import Loop
from napari_seem.marks import Marks
from napari_seem.worker import Run, inline, on_worker

if TYPE_CHECKING:
    from collections.abc import Callable

    from napari.components import ViewerModel

    from napari_seem.history import SliceHistory, Step
    from napari_seem.target import Tool
    from seem_model import Predictor, Round, Segmentation


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
    """

    changed = Signal()
    """Something a widget shows has changed."""
    segmented = Signal(object)
    """Emitted with the new Labels layer of a segmentation without prompts."""

    def __init__(
        self, viewer: ViewerModel, *, load: Callable[..., Predictor], run: Run = inline
    ) -> None:
        self._loop = Loop(viewer, load=load, run=run)
        self.focus, self.engine = self._loop.focus, self._loop.engine
        self._loop.changed.connect(self.changed.emit)
        self._loop.settled.connect(self._settled)
        self.engine.segmented.connect(self._segmented)
        self.focus.leaving.connect(self._forget_wait)
        self.focus.edited.connect(self._forget_wait)
        self.tool: Tool | None = None
        self._commit_waits = False
        self._users = 0

    # -- life ------------------------------------------------------------------------------

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
            self.engine.awake = False

    # -- what is -----------------------------------------------------------------------------

    @property
    def history(self) -> SliceHistory:
        """Objects and rounds of the slice in focus (an empty one when there is none)."""
        return self._loop.history

    @property
    def round(self) -> Round | None:
        """The answer on display."""
        return self.history.current.current.round

    @property
    def name(self) -> str:
        """Class of the current object: what the person typed, else what the model says."""
        if self.history.current.name:
            return self.history.current.name
        return "" if self.round is None else self.round.label

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
        return self._loop.text

    @property
    def news(self) -> str:
        """What happened last, for the status line."""
        return self._loop.news

    # -- what a person does --------------------------------------------------------------------

    def use(self, tool: Tool) -> None:
        """Take a tool in hand; its layer is made if needed."""
        if self.focus.target is None or self.focus.plane is None:
            show_warning(self.focus.trouble)
            return
        self.tool = tool
        self.focus.target.use(tool, self.positive)
        self.changed.emit()

    def set_positive(self, positive: bool) -> None:
        """Whether the next marks belong to the object."""
        self._loop.positive = positive
        if self.focus.target is not None:
            self.focus.target.set_sign(positive)
        self.changed.emit()

    def set_text(self, text: str) -> None:
        """Name the thing to find; "" takes the phrase back."""
        if text.strip() == self.text:
            return
        if self.focus.plane is None:
            show_warning(self.focus.trouble)
            return
        self._loop.text = text.strip()
        self._forget_wait()
        self._loop.edited()

    def set_name(self, name: str) -> None:
        """Class under which the current object is committed; "" for the model's."""
        self.history.current.name = name.strip()
        self.changed.emit()

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
            target = self.focus.target
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

    def commit(self) -> None:
        """Write the current object into the objects layer, then start the next; can be undone."""
        if self.waiting and not self.engine.problem:
            self._commit_waits = True
            self._say("Will be committed as soon as the model has answered.")
            return
        self._commit_waits = False
        done = self._write(self.history.current.current, self.name)
        if done is None:
            return
        self.history.finish(done)
        self._say(f"Committed as label {done.label}" + (f": {done.name}." if done.name else "."))
        self._loop.show_current()

    def segment(self, read: Callable[[Predictor, Any], Segmentation], *, title: str) -> None:
        """Segment the slice in focus without prompts into a new layer called ``title``."""
        target, plane = self.focus.target, self.focus.plane
        if target is None or plane is None:
            show_warning(self.focus.trouble)
            return
        self.engine.wish_for(Everything(read=read, title=title, target=target, plane=plane))

    # -- what happens then ---------------------------------------------------------------------

    def _settled(self) -> None:
        if self._commit_waits:
            self.commit()

    def _forget_wait(self) -> None:
        self._commit_waits = False

    def _segmented(self, wish: Everything, segmentation: Segmentation) -> None:
        self.segmented.emit(
            add_segmentation(wish.target, wish.plane, segmentation=segmentation, title=wish.title)
        )

    def _write(self, step: Step, name: str) -> objects.Committed | None:
        target, plane = self.focus.target, self.focus.plane
        if target is None or plane is None:
            show_warning(self.focus.trouble)
            return None
        try:
            if step.round is None:
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
        self._loop.news = news
        self.changed.emit()


_annotators: weakref.WeakKeyDictionary[Any, Annotator] = weakref.WeakKeyDictionary()


def annotator_for(viewer: ViewerModel) -> Annotator:
    """The annotator of a viewer, the same for all dock widgets of that viewer."""
    # napari hands plugins a proxy whose layers are proxies too; `is` needs the real thing
    viewer = getattr(viewer, "__wrapped__", viewer)
    if viewer not in _annotators:
        _annotators[viewer] = Annotator(viewer, load=_load, run=on_worker)
    return _annotators[viewer]


def _load(checkpoint: str, *, device: str) -> Predictor:
    # on the worker: importing torch takes seconds
    import seem_model

    return seem_model.load(checkpoint, device=device)

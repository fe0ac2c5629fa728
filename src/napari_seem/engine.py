"""What the model should do next: convert, load, encode, answer the newest question, segment."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from napari.utils.notifications import show_error, show_warning
from psygnal import Signal

from napari_seem.encoding import Encoding
from napari_seem.jobs import Conversion, Encode, Progress, Question, Stopped, Wish, sentence
from napari_seem.naming import Naming
from napari_seem.worker import Job, Latest
from seem_model.errors import SeemError

if TYPE_CHECKING:
    from collections.abc import Callable

    from napari_seem.focus import Focus
    from napari_seem.target import Target
    from napari_seem.worker import Run
    from seem_model import Predictor

_AHEAD = "ahead"


class Engine:
    """Gives the worker one job at a time, always the most useful one.

    Parameters
    ----------
    focus : Focus
        Which slice to encode.
    load : callable
        ``load(checkpoint, device=...) -> Predictor``; runs on the worker.
    run : Run
    question : callable
        The newest question, or None; asked only when the worker is free.
    answered : callable
        Takes (Question, Round).
    """

    changed = Signal()
    converted = Signal(str)
    unanswered = Signal()
    """The question under way has failed."""

    def __init__(
        self,
        focus: Focus,
        *,
        load: Callable[..., Predictor],
        run: Run,
        question: Callable[[], Question | None],
        answered: Callable[[Question, Any], None],
    ) -> None:
        self._focus = focus
        self._load = load
        self._question = question
        self._answered = answered
        self._worker = Latest(run, self._next_job)
        self.checkpoint, self.device = "lite", "auto"
        self.predictor: Predictor | None = None
        self.problem = ""
        self.asked: Question | None = None
        self.wish: Wish | None = None
        self.conversion: Conversion | None = None
        self.encoding = Encoding(focus)
        self.naming = Naming()
        self.naming.changed.connect(self.retry)
        self.awake = False
        self._stuck = False

    @property
    def state(self) -> str:
        """One of: not loaded, the name of a job ("loading", see ``hints.STATES``), error, ready."""
        if self._worker.running not in ("", _AHEAD):  # that gives way to anything
            return self._worker.running
        if self.problem:
            return "error"
        return "not loaded" if self.predictor is None else "ready"

    def choose(self, checkpoint: str, device: str) -> None:
        """Use another model; answers of the former that are under way are dropped."""
        if (checkpoint, device) != (self.checkpoint, self.device):
            self.checkpoint, self.device = checkpoint, device
            self.predictor = None
            self._focus.targets.forget_pixels()
            self.drop_question()
        self.retry()

    def retry(self) -> None:
        """Forget the last failure and go on."""
        self.problem, self._stuck = "", False
        self.wake()

    def wake(self) -> None:
        """Start the most useful job unless one is running; work ahead of time gives way."""
        self.encoding.give_way()
        if self.awake:
            self._worker.wake()
        self.changed.emit()

    def sleep(self) -> None:
        """Start nothing any more and stop long work; :attr:`awake` ends it."""
        self.awake = False
        self.encoding.give_way()
        self.naming.forget()
        for work in (self.wish, self.conversion):
            if work is not None:
                work.progress.stop()
        self.wish = self.conversion = None

    def drop_question(self) -> None:
        """The answer under way is not wanted any more."""
        if self.asked is not None:
            self.asked.progress.stop()
        self.asked = None

    @property
    def progress(self) -> Progress | None:
        """How far the work under way is; None where that is not known."""
        works: dict[str, Any] = {"segmenting": self.wish, "thinking": self.asked}
        work = (works | {"converting": self.conversion, "naming": self.naming}).get(self.state)
        return None if work is None else work.progress

    def wish_for(self, wish: Wish | None) -> None:
        """Do long work; None takes a wish back and stops it."""
        if self.wish is not None:
            self.wish.progress.stop()
        self.wish = wish
        self.retry()

    def convert(self, conversion: Conversion | None) -> None:
        """Convert an official file (``converted`` follows); None takes it back and stops it."""
        if self.conversion is not None:
            self.conversion.progress.stop()
        self.conversion = conversion
        self.retry()

    def report(self, error: Exception) -> None:
        """Tell the person about an error, in words; the one place where this is done."""
        self.problem = sentence(error)
        (show_warning if isinstance(error, SeemError) else show_error)(self.problem)
        self.changed.emit()

    def _next_job(self) -> Job | None:
        if self._stuck or not self.awake:
            return None
        if self.conversion is not None:
            return self._converting(self.conversion)
        target, plane = self._focus.target, self._focus.plane
        if target is None or plane is None:
            return None
        if self.predictor is None:
            return self._loading()
        try:
            named = self.naming.needed()
            if named is not None:
                return self._job("naming", named, done=self._take)
            encode = self.encoding.needed(self.predictor, target, plane=plane)
            if encode is not None:
                return self._encoding("encoding", target, encode)
            if self.wish is not None:
                return self._segmenting(self.predictor, self.wish)
            question = self._question()
            if question is not None:
                return self._thinking(self.predictor, question)
            ahead = self.encoding.next_ahead(self.predictor)
        except Exception as error:  # reading marks or layers must not break the viewer
            self._failed(None, error)
            return None
        return None if ahead is None else self._encoding(_AHEAD, *ahead)

    def _converting(self, conversion: Conversion) -> Job:
        def done(name: str) -> None:
            if self.conversion is conversion:  # else cancelled
                self.conversion = None
                self.converted.emit(name)

        return self._job("converting", conversion, done=done, wish=conversion)

    def _loading(self) -> Job:
        wanted = (self.checkpoint, self.device)

        def done(predictor: Predictor) -> None:
            if wanted == (self.checkpoint, self.device):
                self.naming.loaded(predictor)
                self._take(predictor)

        work = partial(self._load, self.checkpoint, device=self.device)
        return self._job("loading", work, done=done)

    def _take(self, predictor: Predictor) -> None:
        self.predictor = predictor

    def _encoding(self, name: str, target: Target, encode: Encode) -> Job:
        return self._job(name, encode, done=self.encoding.begin(target, encode))

    def _thinking(self, predictor: Predictor, question: Question) -> Job:
        features = question.target.features[question.target.sight(question.plane)].features
        self.asked = question

        def done(round: Any) -> None:
            if self.asked is question:  # else undone, committed or on another slice meanwhile
                self.asked = None
                self._answered(question, round)

        work = partial(question.answer, predictor, features)
        return self._job("thinking", work, done=done)

    def _segmenting(self, predictor: Predictor, wish: Wish) -> Job:
        def done(result: Any) -> None:
            if self.wish is wish:  # else cancelled
                self.wish = None
                wish.done(result)

        work = partial(wish.work, predictor, wish.progress.watch)
        return self._job("segmenting", work, done=done, wish=wish)

    def _job(
        self, name: str, work: Callable[[], Any], *, done: Callable[[Any], None],
        wish: Wish | Conversion | None = None,
    ) -> Job:  # fmt: skip
        def finished(result: Any) -> None:
            self.encoding.end()
            if self.awake:
                done(result)
            else:
                self.drop_question()

        def failed(error: Exception) -> None:
            if not self.encoding.end(error) and not isinstance(error, Stopped):
                self._failed(wish, error)

        return Job(name=name, work=work, done=finished, failed=failed, told=self.changed.emit)

    def _failed(self, wish: Wish | Conversion | None, error: Exception) -> None:
        # nothing is tried again by itself: the next edit, model or image choice does
        self._stuck = True
        if self.asked is not None:
            self.asked = None
            self.unanswered.emit()
        if wish is not None:
            self.wish = None if self.wish is wish else self.wish
            self.conversion = None if self.conversion is wish else self.conversion
            self._stuck = False
        if self.awake:
            self.report(error)

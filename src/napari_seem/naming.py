"""The class list that objects are named from, and the model that knows its names."""

from __future__ import annotations

from typing import TYPE_CHECKING

from psygnal import Signal

from napari_seem.jobs import Progress

if TYPE_CHECKING:
    from collections.abc import Callable

    from seem_model import Predictor
    from seem_model.class_lists import ClassList


class Naming:
    """Owner of the class list of one viewer; None stands for the model's own names."""

    changed = Signal()

    def __init__(self) -> None:
        self.classes: ClassList | None = None
        self.progress = Progress()
        self._own: Predictor | None = None
        self._done: ClassList | None = None

    def use(self, classes: ClassList | None) -> None:
        """Name objects from this list from now on."""
        if self.put(classes):
            self.changed.emit()

    def put(self, classes: ClassList | None) -> bool:
        """The same without telling anybody yet; whether it is another list."""
        if classes == self.classes:
            return False
        self.progress.stop()
        self.classes = classes
        return True

    def resolve(self, name: str) -> str:
        """The class that a name of the model stands for, itself if there is no such class."""
        entry = None if self.classes is None else self.classes.find(name)
        return name if entry is None else entry.name

    def name(self, number: int) -> str:
        """The ``number``-th class of the list, from 1; "" where there is none."""
        names = () if self.classes is None else self.classes.names
        return names[number - 1] if 1 <= number <= len(names) else ""

    def loaded(self, predictor: Predictor) -> None:
        """Another model is there, with its own names."""
        self._own, self._done = predictor, None

    def forget(self) -> None:
        """Stop reading names; they are read again when they are next needed."""
        self.progress.stop()
        self._done = None

    def needed(self) -> Callable[[], Predictor] | None:
        """Work that makes the model know the names of the list; None if it does."""
        own, wanted = self._own, self.classes
        if own is None or wanted is self._done:
            return None
        # done or not, it is not tried again until the list or the model changes
        self._done, self.progress = wanted, Progress()
        if wanted is None or not wanted.entries:
            return lambda: own
        names, things = wanted.for_model()
        watch = self.progress.watch
        return lambda: own.with_vocabulary(names, things=things, watch=watch)

"""The first-run tour: what to do step by step, and how to know that it was done."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

from psygnal import Signal

from napari_seem.actions import ACTIONS, key_text

if TYPE_CHECKING:
    from napari_seem.annotator import Annotator

SAMPLE = "coffee"
"""Sample image on which the tour is written; the phrase of one step fits it."""


class Place(Enum):
    """A part of the window that a step points at."""

    IMAGE = "choice of the image"
    CANVAS = "canvas"
    SIGN = "sign of the next marks"
    UNDO = "undo"
    COMMIT = "commit"
    TEXT = "text field"
    EVERYTHING = "way to segment everything"
    HELP = "list of keys"


@dataclass(frozen=True)
class Doing:
    """What a person has done so far, as far as the tour looks at it.

    Parameters
    ----------
    image, mask : bool
        Whether an image is ready for clicks; whether the object has a mask.
    negative : int
        Clicks that say what does not belong to the object.
    undone : bool
        Whether something can be done again.
    committed : int
        Rows of the layer of objects.
    text : str
        The phrase of the object.
    segmentations : int
        Segmentations of everything that were asked for while the tour ran.
    """

    image: bool = False
    mask: bool = False
    negative: int = 0
    undone: bool = False
    committed: int = 0
    text: str = ""
    segmentations: int = 0

    @classmethod
    def of(cls, annotator: Annotator, segmentations: int) -> Doing:
        """Look at an annotator."""
        target, answer = annotator.focus.target, annotator.answer
        objects = None if target is None else target.objects
        return cls(
            image=annotator.focus.plane is not None,
            mask=answer is not None and answer.packed.any,
            negative=int((~annotator.page.current.current.marks.signs).sum()),
            undone=annotator.timeline.can_redo,
            committed=0 if objects is None else len(objects.features),
            text=annotator.text,
            segmentations=segmentations,
        )


@dataclass(frozen=True)
class Step:
    """One step.

    Parameters
    ----------
    title, text : str
        In the text, ``{commit}`` and other names of actions stand for their keys.
    place : Place
        What to point at.
    is_done : callable
        ``is_done(before, now)``: whether the step was done since it began.
    """

    title: str
    text: str
    place: Place
    is_done: Callable[[Doing, Doing], bool]

    def words(self, annotator: Annotator) -> str:
        """The text with the keys that are bound at this moment."""
        keys = {a.id: key_text(annotator, a.id) or f"the command “{a.title}”" for a in ACTIONS}
        return self.text.format_map(keys)


STEPS = (
    Step(
        "Open an image",
        "Any image will do; the next steps are written for the sample: File → Open Sample → SEEM → "
        "Photo: cup of coffee.",
        Place.IMAGE,
        lambda before, now: now.image,
    ),
    Step(
        "Click on an object",
        "Click on the cup. It gets a mask as soon as the model is loaded.",
        Place.CANVAS,
        lambda before, now: now.mask,
    ),
    Step(
        "Say what is too much",
        "Press {toggle_sign}: the next mark takes away. Then click on a part of the mask, say the "
        "rim of the cup.",
        Place.SIGN,
        lambda before, now: now.negative > before.negative,
    ),
    Step(
        "Take it back",
        "Press {undo}. Every mark can be undone; a click in the list of rounds goes back further. "
        "Then {toggle_sign} again, so that marks add.",
        Place.UNDO,
        lambda before, now: now.undone and not before.undone,
    ),
    Step(
        "Keep the object",
        "Press {commit}. The object goes into the layer “SEEM objects” under its class, and the "
        "next one begins.",
        Place.COMMIT,
        lambda before, now: now.committed > before.committed,
    ),
    Step(
        "Name a thing",
        "Or say it: type “spoon” into the text field and press Enter. Words and clicks work "
        "together.",
        Place.TEXT,
        lambda before, now: bool(now.text) and now.mask,
    ),
    Step(
        "Everything at once",
        "Plugins → SEEM → Everything, then “Segment everything”: each thing becomes a label.",
        Place.EVERYTHING,
        lambda before, now: now.segmentations > before.segmentations,
    ),
    Step(
        "That was it",
        "{show_keys} lists all keys. The tour is in the command palette (Ctrl+Shift+P): “SEEM: "
        "take the tour”.",
        Place.HELP,
        lambda before, now: False,
    ),
)


class Tour:
    """Where a person is in :data:`STEPS`; goes on by itself when a step was done.

    Parameters
    ----------
    annotator : Annotator
    """

    moved = Signal()
    """Another step is current, or the current one was done, or the tour began or ended."""

    def __init__(self, annotator: Annotator) -> None:
        self._annotator = annotator
        self._before = Doing()
        self._segmentations = 0
        self.at: int | None = None
        self.is_done = False

    @property
    def step(self) -> Step | None:
        """The current step, None while the tour does not run."""
        return None if self.at is None else STEPS[self.at]

    def start(self) -> None:
        """Begin, after an image was opened with the second step."""
        if self.at is None:
            self._annotator.changed.connect(self._look)
            self._annotator.search.segmented.connect(self._segmented)
        self._go(1 if self._now().image else 0)

    def stop(self) -> None:
        """End the tour; once is enough, more does no harm."""
        if self.at is not None:
            self._annotator.changed.disconnect(self._look)
            self._annotator.search.segmented.disconnect(self._segmented)
            self.at = None
            self.moved.emit()

    def back(self) -> None:
        """Show the step before, which does not undo anything."""
        if self.at:
            self._go(self.at - 1)

    def forward(self) -> None:
        """Show the next step, whether this one was done or not; after the last the tour ends."""
        if self.at is not None and self.at + 1 < len(STEPS):
            self._go(self.at + 1)
        else:
            self.stop()

    def _go(self, at: int) -> None:
        self.at, self._before = at, self._now()
        # done before it began (after Back, or on an image with a mask): the person presses Next
        self.is_done = STEPS[at].is_done(self._before, self._before)
        self.moved.emit()

    def _look(self) -> None:
        step = self.step
        if step is not None and not self.is_done and step.is_done(self._before, self._now()):
            self.forward()

    def _segmented(self, layer: object) -> None:
        self._segmentations += 1
        self._look()

    def _now(self) -> Doing:
        return Doing.of(self._annotator, self._segmentations)

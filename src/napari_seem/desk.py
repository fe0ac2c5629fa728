"""What keys and the palette ask of whichever dock shows an annotator, and the keys it has."""

from __future__ import annotations

import weakref
from enum import Enum
from typing import TYPE_CHECKING

from psygnal import Signal

from napari_seem.conflicts import Plan

if TYPE_CHECKING:
    from napari_seem.annotator import Annotator


class Request(Enum):
    """Something that only a dock can do."""

    SHOW_KEYS = "list the keys"
    TAKE_TOUR = "start the tour"
    TYPE_WORDS = "put the cursor into the text field"
    TALK = "record what is said; a second time: stop"
    STOP_TALKING = "stop recording"
    TEACH = "open the dock Fine-tune"


class Desk:
    """The docks of one annotator, as far as the rest of the plugin knows them.

    Attributes
    ----------
    plan : Plan
        The keys that are bound; nothing is before a dock was opened.
    """

    asked = Signal(Request)
    """Emitted with a :class:`Request`; a dock connects what it can do."""

    def __init__(self) -> None:
        self.plan = Plan(())


_desks: weakref.WeakKeyDictionary[Annotator, Desk] = weakref.WeakKeyDictionary()


def desk_for(annotator: Annotator) -> Desk:
    """The desk of an annotator, always the same."""
    return _desks.setdefault(annotator, Desk())

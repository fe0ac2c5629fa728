"""What keys and the palette ask of whichever dock shows an annotator."""

from __future__ import annotations

import weakref
from enum import Enum
from typing import TYPE_CHECKING

from psygnal import Signal

if TYPE_CHECKING:
    from napari_seem.annotator import Annotator


class Request(Enum):
    """Something that only a dock can do."""

    SHOW_KEYS = "list the keys"
    TAKE_TOUR = "start the tour"
    TYPE_WORDS = "put the cursor into the text field"


class Desk:
    """The docks of one annotator, as far as the rest of the plugin knows them."""

    asked = Signal(Request)
    """Emitted with a :class:`Request`; a dock connects what it can do."""


_desks: weakref.WeakKeyDictionary[Annotator, Desk] = weakref.WeakKeyDictionary()


def desk_for(annotator: Annotator) -> Desk:
    """The desk of an annotator, always the same."""
    return _desks.setdefault(annotator, Desk())

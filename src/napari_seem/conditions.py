"""Under which conditions objects are made: how the image is shown, and the class list."""

from __future__ import annotations

from dataclasses import dataclass

from napari_seem.shown import Look
from seem_model.class_lists import ClassList


@dataclass(frozen=True, eq=False, kw_only=True)
class Conditions:
    """What a session from a file brings besides objects, and what it takes the place of.

    Parameters
    ----------
    look : Look
    classes : ClassList or None
        None stands for the model's own names.
    """

    look: Look
    classes: ClassList | None

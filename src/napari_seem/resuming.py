"""Session files from earlier: found where they would be saved, moved where they are kept."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from napari_seem.session_data import SessionError
from napari_seem.session_file import former, read_session
from napari_seem.session_places import numbered, place_of

if TYPE_CHECKING:
    from napari_seem.autosave import Kept
    from napari_seem.session_settings import SessionPreferences


@dataclass(frozen=True)
class Found:
    """A session file of the image in focus, from earlier.

    Parameters
    ----------
    path : Path
    saved : str
        When, ISO 8601.
    objects : int
        How many it holds.
    """

    path: Path
    saved: str
    objects: int


def make_room(path: Path) -> Path:
    """Give an earlier file a number; one that has made room already keeps its name."""
    if re.search(r"\.\d+\.seem$", path.name):
        return path
    free = numbered(path)
    try:
        os.replace(path, free)
    except OSError as error:
        raise SessionError(f"{path} cannot be renamed: {error.strerror or error}.") from error
    return free


def search(kept: Kept, wish: SessionPreferences) -> Found | None:
    """Look where the session of an image would be; reads files and pixels."""
    if kept.own is not None:
        return None  # ours, from before another image was chosen
    image = kept.watched.identify()()
    path = place_of(image, wish.where, wish.folder)
    for file in (path, former(path)):
        try:
            data = read_session(file)
        except SessionError:
            continue  # not there, or cut off: the one before it may do
        if data.image.is_same(image) and not data.is_blank:
            return Found(path=file, saved=data.saved, objects=data.objects)
    return None

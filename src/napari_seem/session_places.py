"""Where the session file of an image is, and where a file goes that must not be written over."""

from __future__ import annotations

import os
import re
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING

from napari_seem.session_file import SUFFIX, image_of
from seem_model.errors import SeemError

if TYPE_CHECKING:
    from napari_seem.session_data import ImageIdentity

LONGEST_NAME = 60


class Where(Enum):
    """Which folder session files are saved to by themselves; the value is that of the setting."""

    BESIDE = "beside the image"
    """Next to the image's file; images without one: the user's folder."""
    FOLDER = "in a folder"
    """In one chosen folder."""
    USER = "in the user folder"
    """In :func:`sessions_folder`."""


def sessions_folder() -> Path:
    """``$SEEM_SESSIONS``, else ``napari-seem/sessions`` in the folder for data of programs.

    That is ``$XDG_DATA_HOME`` or ``~/.local/share``; not a cache, for it is somebody's work.
    """
    named = os.environ.get("SEEM_SESSIONS", "").strip()
    if named:
        return Path(named).expanduser()
    data = os.environ.get("XDG_DATA_HOME", "").strip()
    root = Path(data).expanduser() if data else Path.home() / ".local" / "share"
    return root / "napari-seem" / "sessions"


def place_of(image: ImageIdentity, where: Where, folder: str = "") -> Path:
    """The session file of an image, whether it is there or not.

    Parameters
    ----------
    image : ImageIdentity
    where : Where
    folder : str
        For :attr:`Where.FOLDER`; "" for the user's.
    """
    beside = Path(image.path) if image.path else None
    if where is Where.BESIDE and beside is not None and _has_room(beside):
        plain = beside.with_name(beside.name + SUFFIX)
        # several layers may come from one file, such as its channels
        return plain if _is_free(plain, image) else beside.with_name(_unique(beside.name, image))
    chosen = Path(folder).expanduser() if where is Where.FOLDER and folder else sessions_folder()
    name = beside.name if beside is not None else image.name
    plain_name = re.sub(r"[^\w.-]+", "_", name).strip("._")[:LONGEST_NAME]
    return chosen / _unique(plain_name or "image", image)


def numbered(path: Path) -> Path:
    """A name like ``cells.tif.1.seem`` that is free, for a file that makes room for another."""
    number = 1
    while (free := path.with_name(f"{path.stem}.{number}{SUFFIX}")).exists():
        number += 1
    return free


def _has_room(image: Path) -> bool:
    return image.is_file() and os.access(image.parent, os.W_OK)


def _unique(name: str, image: ImageIdentity) -> str:
    return f"{name}-{image.digest.removeprefix('sha256:')[:8]}{SUFFIX}"


def _is_free(path: Path, image: ImageIdentity) -> bool:
    if not path.exists():
        return True
    try:
        return image_of(path).is_same(image)
    except SeemError:
        return False

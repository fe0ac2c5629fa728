"""Where models that a person has trained are kept; nothing here loads one.

Not in the cache of converted checkpoints: these are somebody's work and cannot be made again at
the press of a button.
"""

from __future__ import annotations

import os
import re
import shutil
from pathlib import Path

from seem_model.errors import CheckpointError
from seem_model.library import CONFIG, WEIGHTS
from seem_model.releases import RELEASES

LONGEST_NAME = 60
_RESERVED = ("lite", "tiny", *RELEASES)


def own_models_folder() -> Path:
    """``$SEEM_MODELS/own``, else ``napari-seem/models`` in the folder for data of programs.

    That is ``$XDG_DATA_HOME`` or ``~/.local/share``.
    """
    named = os.environ.get("SEEM_MODELS", "").strip()
    if named:
        return Path(named).expanduser() / "own"
    data = os.environ.get("XDG_DATA_HOME", "").strip()
    root = Path(data).expanduser() if data else Path.home() / ".local" / "share"
    return root / "napari-seem" / "models"


def own_models() -> tuple[Path, ...]:
    """Folders of the models that are there, in alphabetical order."""
    root = own_models_folder()
    folders = sorted(root.iterdir()) if root.is_dir() else []
    return tuple(
        folder
        for folder in folders
        if not folder.name.startswith(".")
        and all((folder / file).is_file() for file in (CONFIG, WEIGHTS))
    )


def room_for(name: str, root: Path | None = None) -> Path:
    """The folder that a new model of this name goes to; nothing is made.

    Parameters
    ----------
    name : str
        As a person typed it.
    root : Path or None
        Folder to put it in; None for :func:`own_models_folder`.

    Raises
    ------
    CheckpointError
        If the name is empty, cannot be that of a folder, or is taken: nothing is written over.
    """
    plain = " ".join(name.split())
    if not plain:
        raise CheckpointError("Give the new model a name.")
    if not re.fullmatch(r"\w[\w .+-]*", plain) or plain.endswith(".") or len(plain) > LONGEST_NAME:
        raise CheckpointError(
            f"“{plain}” cannot be the name of a model: use up to {LONGEST_NAME} letters, digits, "
            "spaces, dots, dashes and underscores, a letter or digit first."
        )
    place = (own_models_folder() if root is None else root) / plain
    if plain.lower() in _RESERVED or place.exists():
        raise CheckpointError(f"There is a model called “{plain}” already: choose another name.")
    return place


def free_name(stem: str) -> str:
    """A name that is free: the stem, or the stem with a number."""
    plain = re.sub(r"[^\w.+-]+", "-", stem).strip("-._ ")[: LONGEST_NAME - 5] or "model"
    names, number = {folder.name.lower() for folder in own_models()} | set(_RESERVED), 1
    while (name := plain if number == 1 else f"{plain}-{number}").lower() in names:
        number += 1
    return name


def keep(made: Path, place: Path) -> Path:
    """Move a finished checkpoint folder to ``place``; returns it.

    Raises
    ------
    CheckpointError
        If something is there by now, or the folder cannot be written.
    """
    if place.exists():
        raise CheckpointError(f"There is a folder {place} already: choose another name.")
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.move(made, place)
    except OSError as error:
        raise CheckpointError(f"The model cannot be written to {place}: {error}.") from error
    return place

"""Where official checkpoints are kept once they were converted; nothing here touches a network."""

from __future__ import annotations

import os
from pathlib import Path

from seem_model.releases import RELEASES

CONFIG, WEIGHTS = "config.json", "model.safetensors"


def library_folder() -> Path:
    """``$SEEM_MODELS``, else ``napari-seem`` in ``$XDG_CACHE_HOME``, else in ``~/.cache``."""
    named = os.environ.get("SEEM_MODELS", "").strip()
    if named:
        return Path(named).expanduser()
    cache = os.environ.get("XDG_CACHE_HOME", "").strip()
    return (Path(cache).expanduser() if cache else Path.home() / ".cache") / "napari-seem"


def place(name: str) -> Path:
    """The folder of an official checkpoint, whether it is there or not."""
    return library_folder() / name


def is_kept(name: str) -> bool:
    """Whether an official checkpoint was converted before and can be loaded by its name."""
    return all((place(name) / file).is_file() for file in (CONFIG, WEIGHTS))


def kept() -> tuple[str, ...]:
    """Names of the official checkpoints that can be loaded, in the order of the releases."""
    return tuple(name for name in RELEASES if is_kept(name))

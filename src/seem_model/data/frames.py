"""Sequences kept as a folder of pictures and a folder of label maps with the same names."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from seem_model.data import files
from seem_model.data.sample import VOID, Video

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class Frames:
    """Where the files of each frame are.

    Parameters
    ----------
    videos : tuple of Video
    pictures, maps : dict of str to Path
        By image id, ``<sequence>/<frame>``; frames without annotation have no map.
    skipped : tuple of str
        Sequences that are listed but not there, and why.
    """

    videos: tuple[Video, ...]
    pictures: dict[str, Path]
    maps: dict[str, Path]
    skipped: tuple[str, ...]

    def ids(self, names: Iterable[str] | None = None) -> tuple[str, ...]:
        """Image ids of the annotated frames of some sequences, or of all."""
        wanted = None if names is None else set(names)
        found = (v for v in self.videos if wanted is None or v.name in wanted)
        return tuple(id for v in found for id in v.frames if id in v.annotated)


def find_frames(pictures: Path, maps: Path, names: Iterable[str]) -> Frames:
    """List the frames of sequences by the folders that are called like them.

    Parameters
    ----------
    pictures, maps : Path
        Folders that hold a folder for each sequence.
    names : iterable of str
        The sequences.
    """
    videos: list[Video] = []
    shown: dict[str, Path] = {}
    drawn: dict[str, Path] = {}
    skipped: list[str] = []
    for name in dict.fromkeys(names):
        found = files.pictures_in(pictures / name)
        if not found:
            skipped.append(f"{pictures / name} has no pictures. Skipped: the sequence {name}.")
            continue
        labelled = files.pictures_in(maps / name)
        shown |= {f"{name}/{stem}": path for stem, path in found.items()}
        drawn |= {f"{name}/{s}": path for s, path in labelled.items() if s in found}
        frames = tuple(f"{name}/{stem}" for stem in found)
        videos.append(Video(name, frames, frozenset(f for f in frames if f in drawn)))
        if not labelled:
            skipped.append(f"{maps / name} has no label maps. Skipped: the masks of {name}.")
    return Frames(tuple(videos), shown, drawn, tuple(skipped))


def object_map(path: Path, id: str) -> NDArray[np.int32]:
    """(H, W) object numbers of a palette image; 255 counts as none."""
    values = files.read_flat(path, f"image {id}").astype(np.int32)
    return np.where(values == VOID, 0, values)

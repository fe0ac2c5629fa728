"""Committed objects: a Labels layer with one row of features for each label."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from napari.layers import Labels
from numpy.typing import NDArray

from napari_seem.plane import Plane
from seem_model.errors import SeemError

NO_MASK = "There is no mask to commit yet: click on an object or type its name."
COLUMNS = ("index", "class", "score")


class CommitError(SeemError):
    """Nothing can be committed; the message says why."""


@dataclass(frozen=True, eq=False, kw_only=True)
class Committed:
    """One object in the objects layer; enough to take it back and to write it again."""

    layer: Labels
    plane: Plane
    label: int
    name: str
    score: float
    mask: NDArray[np.bool_]


def commit(
    layer: Labels, plane: Plane, *, mask: NDArray[np.bool_], name: str, score: float
) -> Committed:
    """Write ``mask`` (H, W) bool under a new label where no earlier object is.

    Raises
    ------
    CommitError
        If the mask is empty, wholly covered by earlier objects, or the layer cannot count further.
    """
    if not mask.any():
        raise CommitError(NO_MASK)
    there = layer.data[plane.indexer]
    if not (mask & (there == 0)).any():
        raise CommitError(
            "Nothing new to commit: every pixel of this mask already belongs to a committed object."
        )
    known = int(layer.features["index"].max()) if len(layer.features) else 0
    label = max(known, int(there.max())) + 1
    if label > np.iinfo(layer.data.dtype).max:
        raise CommitError(
            f"The layer '{layer.name}' ({layer.data.dtype}) is full: it cannot count beyond "
            f"{label - 1} objects. Delete it or convert it to a larger integer type."
        )
    done = Committed(layer=layer, plane=plane, label=label, name=name, score=score, mask=mask)
    write(done)
    return done


def write(done: Committed) -> None:
    """Write the object and its row; pixels of other objects are kept."""
    there = done.layer.data[done.plane.indexer]
    there[done.mask & (there == 0)] = done.label
    row = pd.DataFrame([[done.label, done.name, done.score]], columns=list(COLUMNS))
    table = done.layer.features
    done.layer.features = pd.concat([table, row], ignore_index=True) if len(table) else row
    done.layer.refresh()


def erase(done: Committed) -> None:
    """Take the object and its row back."""
    there = done.layer.data[done.plane.indexer]
    there[there == done.label] = 0
    table = done.layer.features
    done.layer.features = table[table["index"] != done.label].reset_index(drop=True)
    done.layer.refresh()

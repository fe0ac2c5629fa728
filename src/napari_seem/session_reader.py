"""File > Open: the objects of a session file as a Labels layer."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from napari_seem.object_files import place_of
from napari_seem.objects import COLUMNS
from napari_seem.session_file import read_session

if TYPE_CHECKING:
    from collections.abc import Callable

    LayerData = tuple[Any, dict[str, Any], str]


def session_reader(path: str | list[str]) -> Callable[[str], list[LayerData]] | None:
    """Reader of the objects of a session file; None for several files.

    The rest of the session is opened with “SEEM: open a session…”.
    """
    return _layer if isinstance(path, str) else None


def _layer(path: str) -> list[LayerData]:
    data = read_session(path)
    labels = np.zeros(data.image.shape, np.int32) if data.labels is None else data.labels.array
    rows = [(r.label, r.name, r.score) for r in data.table]
    features = pd.DataFrame(rows, columns=list(COLUMNS))
    meta = {"name": Path(path).stem, "features": features, **place_of(labels.shape)}
    return [(labels, meta, "labels")]

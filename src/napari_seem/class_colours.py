"""Colours of a Labels layer by class or by object, with classes that are hidden."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from napari.utils.colormaps import DirectLabelColormap, label_colormap

from seem_model.class_lists import same_name
from seem_model.palette import NEUTRAL

if TYPE_CHECKING:
    from collections.abc import Mapping
    from collections.abc import Set as AbstractSet

    from napari.utils.colormaps.colormap import LabelColormapBase
    from numpy.typing import NDArray

    from seem_model.class_lists import ClassList

    Colour = NDArray[np.float32]

_CLEAR = np.zeros(4, np.float32)
_LARGEST = 2**16  # beyond, napari raises where it has to do without numba
_OBJECT_COLOURS = 49  # as napari gives new Labels layers


def colours_by_class(
    features: pd.DataFrame, class_list: ClassList, *, hidden: AbstractSet[str] = frozenset()
) -> DirectLabelColormap:
    """Every label in the colour of its class.

    Parameters
    ----------
    features : DataFrame
        Of a Labels layer: the label is in ``index``, or else it is the number of the row; its
        class, a name or synonym, is in ``class``.
    class_list : ClassList
    hidden : set of str
        Classes to leave out, by a name or synonym; "" leaves out labels without a class.

    Returns
    -------
    DirectLabelColormap
        A class that is not in the list, and a label without a row, is grey
        (:data:`seem_model.palette.NEUTRAL`), and so is a label above 65,536, for which napari has
        no colours of its own unless numba is installed; 0 and what is hidden is transparent.
    """
    classes = _classes(features)
    grey = _rgba(NEUTRAL)
    colours = {}
    for name in set(classes.values()):
        entry = class_list.find(name)
        colours[name] = grey if entry is None else _rgba(entry.colour)
    return _colormap({n: colours[name] for n, name in classes.items()}, classes, class_list, hidden)


def colours_by_object(
    features: pd.DataFrame,
    class_list: ClassList,
    *,
    hidden: AbstractSet[str] = frozenset(),
    plain: LabelColormapBase | None = None,
) -> DirectLabelColormap:
    """Every label in the colour that ``plain`` gives it, or that napari gives in a new layer.

    Parameters and result as of :func:`colours_by_class`; grey are labels without a row and above
    65,536.
    """
    classes = _classes(features)
    colormap = label_colormap(_OBJECT_COLOURS) if plain is None else plain
    shades = np.asarray(colormap.map(np.fromiter(classes, np.int64, len(classes))))
    colours = dict(zip(classes, shades.astype(np.float32), strict=True))
    return _colormap(colours, classes, class_list, hidden)


def _colormap(
    colours: Mapping[int, Colour],
    classes: Mapping[int, str],
    class_list: ClassList,
    hidden: AbstractSet[str],
) -> DirectLabelColormap:
    unwanted = {same_name(class_list.resolve(name)) for name in hidden}
    gone = {n for n in set(classes.values()) if same_name(class_list.resolve(n)) in unwanted}
    colormap = DirectLabelColormap(
        color_dict={None: _CLEAR if "" in unwanted else _rgba(NEUTRAL), 0: _CLEAR}
    )
    # added afterwards: napari parses each colour it is constructed with, 40 ms for 5,000 labels
    colormap.color_dict.update(
        {n: _CLEAR if classes[n] in gone else colour for n, colour in colours.items()}
    )
    return colormap


def _classes(features: pd.DataFrame) -> dict[int, str]:
    """Class of each label that has a row; the last row counts."""
    rows = pd.Series(range(len(features)))
    index = pd.to_numeric(features["index"], errors="coerce") if "index" in features else rows
    names = features["class"] if "class" in features else pd.Series([""] * len(features))
    known = np.asarray(index.between(1, _LARGEST))
    labels = np.asarray(index)[known].astype(np.int64)
    named = np.asarray(names.astype(object).where(names.notna(), ""))[known]
    return {int(n): str(name) for n, name in zip(labels, named, strict=True)}


def _rgba(colour: str) -> Colour:
    return np.array([int(colour[k : k + 2], 16) / 255 for k in (1, 3, 5)] + [1], np.float32)

"""Colours of the objects layer: one for each object or each class, and none for what is hidden."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from napari.utils.colormaps import DirectLabelColormap

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from napari.utils.colormaps.colormap import LabelColormapBase

    from napari_seem.objects import Row

PALETTE = (
    "#4cc9f0", "#ff9f1c", "#8ac926", "#ff595e", "#c77dff", "#ffd60a",
    "#2ec4b6", "#ff70a6", "#b08968", "#80b918", "#5e60ce", "#f4a261",
)  # fmt: skip
"""For classes in the order in which they come up; then from the start again."""
NAMELESS = "#9aa0a6"
CLEAR = "transparent"


def class_colours(names: Iterable[str]) -> dict[str, str]:
    """A colour for each class, in the order of their first objects; grey for no class."""
    seen = dict.fromkeys(name for name in names if name)
    return {"": NAMELESS} | {name: PALETTE[k % len(PALETTE)] for k, name in enumerate(seen)}


def by_class(
    rows: Iterable[Row], colours: Mapping[str, str], hidden: Collection[str] = ()
) -> DirectLabelColormap:
    """Every object in the colour of its class; those of hidden classes cannot be seen.

    Parameters
    ----------
    rows : iterable of Row
        Table of the objects; a label without a row is nameless.
    colours : mapping of str to str
        Colour of each class; of "" for nameless objects.
    hidden : collection of str
        Classes.
    """
    nameless = CLEAR if "" in hidden else colours.get("", NAMELESS)
    table: dict[int | None, str] = {None: nameless, 0: CLEAR}
    for row in rows:
        colour = colours.get(row.name, NAMELESS)
        table[row.label] = CLEAR if row.name in hidden else colour
    return DirectLabelColormap(color_dict=table)


def by_object(
    plain: LabelColormapBase, names: Mapping[int, str], hidden: Collection[str]
) -> DirectLabelColormap:
    """Every object in the colour that ``plain`` gives it, without those of hidden classes.

    Parameters
    ----------
    plain : colormap of a Labels layer
    names : mapping of int to str
        Class of each label; "" for none.
    hidden : collection of str
        Classes.
    """
    table: dict[int | None, Any] = {None: CLEAR if "" in hidden else NAMELESS, 0: CLEAR}
    table |= {k: CLEAR if name in hidden else plain.map(k) for k, name in names.items()}
    return DirectLabelColormap(color_dict=table)

"""How the objects layer is coloured, kept true to the classes of the objects."""

from __future__ import annotations

import weakref
from enum import Enum
from typing import TYPE_CHECKING, Any

from napari_seem import objects
from napari_seem.class_colours import colours_by_class, colours_by_object
from seem_model.class_lists import ClassList
from seem_model.palette import NEUTRAL

if TYPE_CHECKING:
    from collections.abc import Collection

    from napari.layers import Labels

    from napari_seem.inventory import Inventory
    from napari_seem.loop import Loop


class ColourBy(Enum):
    """What a colour stands for; the value is for people."""

    OBJECT = "object"
    CLASS = "class"


class Colouring:
    """Colours of the objects layer in focus.

    Parameters
    ----------
    loop : Loop
    inventory : Inventory
        Objects of the slice.
    """

    def __init__(self, loop: Loop, inventory: Inventory) -> None:
        self._loop = loop
        self._inventory = inventory
        self.by = ColourBy.OBJECT
        self.hidden: frozenset[str] = frozenset()
        self._shown: tuple[Any, ...] | None = None
        self._plain: weakref.WeakKeyDictionary[Labels, Any] = weakref.WeakKeyDictionary()

    def set_by(self, by: ColourBy) -> None:
        """Colour each object, or each class."""
        self.by = by
        self.refresh()
        self._loop.changed.emit()

    def hide(self, names: Collection[str]) -> None:
        """Do not show objects of these classes; "" for those without one."""
        self.hidden = frozenset(names)
        self.refresh()
        self._loop.changed.emit()

    @property
    def is_plain(self) -> bool:
        """Whether the colours are those that napari gives by itself."""
        return self.by is ColourBy.OBJECT and not self.hidden

    def colours(self) -> dict[str, str]:
        """Colour of each class of the layer, as #rrggbb; of "" for objects without one."""
        listed = self._listed()
        entries = {n: listed.find(n) for n in self._names()}
        return {"": NEUTRAL} | {n: e.colour for n, e in entries.items() if e is not None}

    def refresh(self) -> None:
        """Bring the layer up to date; costs little while nothing has changed."""
        target = self._loop.focus.target
        layer = None if target is None else target.objects
        if layer is None or (self._shown is None and self.is_plain):
            return  # colours that a person chose stay
        # nameless objects of other slices are in no table, so the slice counts too
        items = self._inventory.items
        classes = self._loop.engine.naming.classes
        wanted = (layer, layer.features, items, classes, self.by, self.hidden)
        if self._shown is not None and all(
            a is b for a, b in zip(wanted, self._shown, strict=True)
        ):
            return
        plain = self._plain.setdefault(layer, layer.colormap)
        self._shown = None if self.is_plain else wanted
        if self.by is ColourBy.CLASS:
            layer.colormap = colours_by_class(layer.features, self._listed(), hidden=self.hidden)
        elif self.hidden:
            layer.colormap = colours_by_object(
                layer.features, self._listed(), hidden=self.hidden, plain=plain
            )
        else:
            layer.colormap = plain

    def _names(self) -> list[str]:
        """Classes of the layer, in the order in which they came up."""
        target = self._loop.focus.target
        layer = None if target is None else target.objects
        rows = () if layer is None else objects.table(layer)
        return list(dict.fromkeys(r.name for r in rows if r.name))

    def _listed(self) -> ClassList:
        """The class list, and the classes of the layer that are not in it."""
        classes = self._loop.engine.naming.classes
        listed = ClassList.of("objects", []) if classes is None else classes
        for name in self._names():
            if listed.find(name) is None:
                listed = listed.add(name)
        return listed

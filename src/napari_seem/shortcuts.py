"""Key combinations: read from text, checked against each other and against napari's own."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from functools import lru_cache
from typing import TYPE_CHECKING

from app_model import Application
from app_model.types import KeyBinding, OperatingSystem
from napari import Viewer
from napari.components import ViewerModel
from napari.layers import Image, Labels, Points, Shapes

from seem_model.errors import SeemError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from napari.utils.key_bindings import KeymapProvider

WHERE = "File → Preferences → SEEM"
"""Where a person changes a key."""


class ShortcutError(SeemError):
    """A text that is no key combination."""


def read_keys(text: str, *, system: OperatingSystem | None = None) -> tuple[str, ...]:
    """Key combinations in their normal form, for example ``("Ctrl+Shift+Z", "U")``.

    Parameters
    ----------
    text : str
        Combinations separated by commas, as "ctrl+shift+z, U"; "" for none. Ctrl is ⌘ on a Mac.
    system : OperatingSystem, optional
        Default: the one this runs on.

    Raises
    ------
    ShortcutError
        If a part of the text is not one key with or without modifiers that napari can tell.
    """
    parts = [part.strip() for part in text.split(",")] if text.strip() else []
    return tuple(dict.fromkeys(_read(part, system or OperatingSystem.current()) for part in parts))


def _read(text: str, system: OperatingSystem) -> str:
    parts = KeyBinding.from_str(text).parts
    if len(parts) != 1 or parts[0].key is None or parts[0].is_modifier_key():
        raise ShortcutError(
            f"“{text}” is not a key: write one such as K, F2 or Ctrl+Shift+Z, or several "
            "separated by commas."
        )
    [part] = parts
    name = str(part.key)
    if part.shift and len(name) == 1 and not name.isalpha():
        raise ShortcutError(
            f"napari cannot tell “{text}” from the sign that Shift makes of it: take a letter, "
            "or Ctrl or Alt instead of Shift."
        )
    if system is OperatingSystem.MACOS and part.ctrl:
        part = part.model_copy(update={"ctrl": False, "meta": True})
    return str(part)


def shown_key(key: str) -> str:
    """A combination as people write it on this system (Cmd on a Mac)."""
    return KeyBinding.from_str(key).to_text(joinchar="+")


@dataclass(frozen=True)
class Taken:
    """A key that napari uses itself.

    Parameters
    ----------
    key : str
        In normal form.
    deed : str
        What napari does, in words.
    layer : str
        Type of the layer that must be active, as "Shapes"; "" if the key works everywhere.
    """

    key: str
    deed: str
    layer: str = ""


def napari_keys() -> tuple[Taken, ...]:
    """Every key that napari uses at this moment: of the window, its menus and layer types.

    Notes
    -----
    Asked from the keymaps that napari itself consults, so that keys which the person gave to
    napari's actions count. They are complete once a window was opened.
    """
    found = [*_class_keys(Viewer, ""), *_class_keys(ViewerModel, "")]
    for kind in (Image, Labels, Points, Shapes):
        found += _class_keys(kind, kind.__name__)
    app = Application.get_app("napari")
    if app is not None:
        for entry in app.keybindings:
            title = app.commands[entry.command_id].title if entry.command_id in app.commands else ""
            found.append(Taken(str(entry.keybinding), title or entry.command_id))
    return tuple(found)


def _class_keys(kind: type[KeymapProvider], layer: str) -> Iterator[Taken]:
    for key, act in kind.class_keymap.items():
        # a start-up script may bind a partial, which has no name, or ... to block a key
        name = str(getattr(act, "__name__", "something of your own"))
        yield Taken(str(key), name.replace("activate_", "").replace("_", " "), layer)


@dataclass(frozen=True)
class Wish:
    """What a person wants: keys for an action.

    Parameters
    ----------
    action, title : str
        Identifier and words.
    text : str
        As typed in the preferences.
    default : str
        What counts when the text cannot be read.
    """

    action: str
    title: str
    text: str
    default: str


@dataclass(frozen=True)
class Binding:
    """Keys of one action in normal form, whether they are free or not."""

    action: str
    title: str
    keys: tuple[str, ...]


class Holder(Enum):
    """Who has a key already."""

    ACTION = "another action of SEEM"
    NAPARI = "napari"
    LAYER = "a layer type of napari"


@dataclass(frozen=True)
class Conflict:
    """An action that wants a key which somebody else has.

    Parameters
    ----------
    binding : Binding
        The action that asks.
    key : str
        In normal form.
    holder : Holder
    deed : str
        What the holder does with the key.
    layer : str
        Type of layer, for :attr:`Holder.LAYER`.
    """

    binding: Binding
    key: str
    holder: Holder
    deed: str
    layer: str = ""

    @property
    def is_bound(self) -> bool:
        """Whether the key works nevertheless, except while such a layer of the person is active."""
        return self.holder is Holder.LAYER

    def __str__(self) -> str:
        key, title = shown_key(self.key), self.binding.title
        if self.holder is Holder.LAYER:
            return (
                f"{key}: while a {self.layer} layer of your own is active, napari takes it for "
                f"“{self.deed}”."
            )
        whose = "napari's key" if self.holder is Holder.NAPARI else "already the key"
        return f"{key} is {whose} for “{self.deed}”, so “{title}” goes without: change it in {WHERE}."


@dataclass(frozen=True)
class Plan:
    """Which keys are bound, and what stands in the way of others.

    Parameters
    ----------
    bindings : tuple of Binding
        Every action in order, with the keys that it really has.
    conflicts : tuple of Conflict
    mistakes : tuple of (str, str)
        Action whose text cannot be read, and a sentence.
    """

    bindings: tuple[Binding, ...]
    conflicts: tuple[Conflict, ...] = ()
    mistakes: tuple[tuple[str, str], ...] = ()

    def keys(self, action: str) -> tuple[str, ...]:
        """Keys of an action, () for none."""
        return next((b.keys for b in self.bindings if b.action == action), ())


def conflicts(bindings: Sequence[Binding], taken: Iterable[Taken]) -> tuple[Conflict, ...]:
    """Every key that somebody else has already; of two actions the later one is in conflict."""
    theirs: dict[str, list[Taken]] = {}
    for one in taken:
        theirs.setdefault(one.key, []).append(one)
    ours: dict[str, Binding] = {}
    found = []
    for binding in bindings:
        for key in binding.keys:
            first = ours.setdefault(key, binding)
            if first is not binding:
                found.append(Conflict(binding, key, Holder.ACTION, first.title))
            elif everywhere := [t for t in theirs.get(key, []) if not t.layer]:
                found.append(Conflict(binding, key, Holder.NAPARI, everywhere[0].deed))
            else:
                found += [
                    Conflict(binding, key, Holder.LAYER, t.deed, t.layer)
                    for t in theirs.get(key, [])
                ]
    return tuple(found)


@lru_cache(maxsize=4)  # asked after every click, to name keys in hints
def plan(wishes: tuple[Wish, ...], taken: tuple[Taken, ...]) -> Plan:
    """Decide which keys are bound: what cannot be read stays at its default, conflicts yield."""
    wanted, mistakes = [], []
    for wish in wishes:
        try:
            keys = read_keys(wish.text)
        except ShortcutError as error:
            keys = read_keys(wish.default)
            mistakes.append((wish.action, f"“{wish.title}” keeps its key. {error}"))
        wanted.append(Binding(wish.action, wish.title, keys))
    found = conflicts(wanted, taken)
    lost = {(c.binding.action, c.key) for c in found if not c.is_bound}
    bound = [
        Binding(b.action, b.title, tuple(k for k in b.keys if (b.action, k) not in lost))
        for b in wanted
    ]
    return Plan(tuple(bound), found, tuple(mistakes))

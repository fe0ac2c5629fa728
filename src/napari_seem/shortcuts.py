"""Key combinations: read from text, and those that napari uses itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from app_model import Application
from app_model.types import KeyBinding, OperatingSystem
from napari import Viewer
from napari.components import ViewerModel
from napari.layers import Image, Labels, Points, Shapes

from seem_model.errors import SeemError

if TYPE_CHECKING:
    from collections.abc import Iterator

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

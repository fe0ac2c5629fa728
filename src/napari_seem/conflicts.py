"""Which keys are bound: those that nobody else has, and a sentence about each other one."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

from napari_seem.shortcuts import WHERE, ShortcutError, Taken, read_keys, shown_key

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


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
        return f"{key} is {whose} for “{self.deed}”, not for “{title}”. Change it in {WHERE}."


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

    def text(self, action: str) -> str:
        """The first key of an action as people write it, "" if it has none."""
        keys = self.keys(action)
        return shown_key(keys[0]) if keys else ""


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


def plan(wishes: Iterable[Wish], taken: Iterable[Taken]) -> Plan:
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

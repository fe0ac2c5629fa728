"""Class lists that people edit: names, synonyms, colours, things and stuff.

All values are frozen; an edit returns a new list, so that undo is to keep the old one.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

from seem_model.errors import ClassListError
from seem_model.palette import default_colours

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

LONGEST = 100
MOST = 5000
_SEPARATORS = re.compile(r"[,;\t\r\n]")


def split_names(text: str) -> tuple[str, ...]:
    """Names in a line of text, between commas or semicolons; empty ones are left out."""
    parts = (" ".join(part.split()) for part in _SEPARATORS.split(text))
    return tuple(part for part in parts if part)


def clean_name(text: str) -> str:
    """A name or synonym as it is kept: without spaces around it and runs of spaces in it.

    Raises
    ------
    ClassListError
        If nothing is left, or it holds a comma or semicolon (they separate synonyms) or signs that
        cannot be shown, or is longer than 100 characters.
    """
    name = _tidy(text, "class")
    if _SEPARATORS.search(name):
        raise ClassListError(
            f"“{name}” holds a comma or semicolon, which separate synonyms: leave it out."
        )
    return name


def same_name(text: str) -> str:
    """What is compared to tell whether two names are the same: case and spacing do not count."""
    return unicodedata.normalize("NFC", " ".join(text.split())).casefold()


def _tidy(text: str, what: str) -> str:
    name = unicodedata.normalize("NFC", " ".join(text.split()))
    if not name:
        raise ClassListError(f"A {what} needs a name: type at least one letter.")
    if not name.isprintable():
        raise ClassListError(f"The name {name[:LONGEST]!a} holds signs that cannot be shown.")
    if len(name) > LONGEST:
        raise ClassListError(
            f"The name “{name[:20]}…” has {len(name)} characters: use at most {LONGEST}."
        )
    return name


@dataclass(frozen=True)
class ClassEntry:
    """A class.

    Parameters
    ----------
    name : str
        As shown and as the model reads it; see :func:`clean_name`.
    synonyms : tuple of str
        Other names that the model may find it by; the name itself and repeats are left out.
    colour : str
        "#rrggbb".
    is_thing : bool
        Countable (cells, people) rather than stuff (tissue, sky).

    Raises
    ------
    ClassListError
        If a name or the colour makes no sense.
    """

    name: str
    synonyms: tuple[str, ...]
    colour: str
    is_thing: bool = True

    def __post_init__(self) -> None:
        name = clean_name(self.name)
        known = {same_name(name): name}
        for synonym in map(clean_name, self.synonyms):
            known.setdefault(same_name(synonym), synonym)
        if not re.fullmatch(r"#[0-9a-fA-F]{6}", self.colour):
            raise ClassListError(
                f"“{self.colour[:20]}” is no colour of “{name}”: write it as “#rrggbb”."
            )
        object.__setattr__(self, "name", name)
        object.__setattr__(self, "synonyms", tuple(known.values())[1:])
        object.__setattr__(self, "colour", self.colour.lower())

    @property
    def words(self) -> tuple[str, ...]:
        """The name and its synonyms."""
        return (self.name, *self.synonyms)


@dataclass(frozen=True)
class ClassList:
    """Classes in an order, each name and synonym only once, whatever its case.

    Parameters
    ----------
    title : str
        For people; at most 100 characters, spaces as in a name.
    entries : tuple of ClassEntry
        At most 5,000.

    Raises
    ------
    ClassListError
        If two classes share a name or synonym, there are too many, or the title is empty.
    """

    title: str
    entries: tuple[ClassEntry, ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "title", _tidy(self.title, "class list"))
        object.__setattr__(self, "entries", tuple(self.entries))
        if len(self.entries) > MOST:
            raise ClassListError(f"{len(self.entries)} classes are too many: use at most {MOST}.")
        owners: dict[str, int] = {}
        for number, entry in enumerate(self.entries):
            for word in entry.words:
                owner = owners.setdefault(same_name(word), number)
                if owner != number:
                    raise ClassListError(
                        f"“{word}” is already in the list, as a name of the class "
                        f"“{self.entries[owner].name}”: each name may be there once."
                    )

    @classmethod
    def of(cls, title: str, names: Iterable[Sequence[str]]) -> ClassList:
        """A list of things with default colours.

        Parameters
        ----------
        title : str
        names : iterable of sequence of str
            Of each class its name, then its synonyms.
        """
        rows = [(clean_name(row[0]), tuple(row[1:])) for row in names]
        colours = default_colours([name for name, _ in rows])
        entries = [ClassEntry(*row, c) for row, c in zip(rows, colours, strict=True)]
        return cls(title, tuple(entries))

    @property
    def names(self) -> tuple[str, ...]:
        """The names in order, without synonyms."""
        return tuple(entry.name for entry in self.entries)

    def find(self, text: str) -> ClassEntry | None:
        """The class with this name or synonym, whatever its case; None if there is none."""
        return self._by_word.get(same_name(text))

    def resolve(self, label: str) -> str:
        """The name of the class that a name or synonym stands for; unknown ones stay as they are.

        A model that was given :meth:`for_model` answers with one of those names; this makes a class
        of it.
        """
        entry = self.find(label)
        return label if entry is None else entry.name

    def for_model(self) -> tuple[tuple[str, ...], tuple[bool, ...]]:
        """Names for the vocabulary of a model, and which of them are things.

        Each class gives its name, then its synonyms; what the model answers is mapped back by
        :meth:`resolve`.

        Returns
        -------
        names : tuple of str
            In the order of the list.
        things : tuple of bool
            One for each name, as ``Predictor.with_vocabulary(names, things=things)`` takes them.

        Raises
        ------
        ClassListError
            If the list is empty.
        """
        if not self.entries:
            raise ClassListError(f"The class list “{self.title}” is empty: add at least one class.")
        said = [(word, entry.is_thing) for entry in self.entries for word in entry.words]
        return tuple(word for word, _ in said), tuple(thing for _, thing in said)

    # ------------------------------------------------------------------ edits
    def add(
        self, name: str, synonyms: Sequence[str] = (), *, colour: str = "", is_thing: bool = True
    ) -> ClassList:
        """With one class more at the end; without a colour it gets one unlike the others."""
        if not colour:
            [colour] = default_colours([clean_name(name)], taken=[e.colour for e in self.entries])
        entry = ClassEntry(name, tuple(synonyms), colour, is_thing)
        return replace(self, entries=(*self.entries, entry))

    def remove(self, name: str) -> ClassList:
        """Without a class; as all edits, ClassListError if there is no class of this name."""
        gone = self._place(name)
        return replace(self, entries=self.entries[:gone] + self.entries[gone + 1 :])

    def rename(self, name: str, new: str) -> ClassList:
        """With another name for a class; its colour and synonyms stay."""
        return self.change(name, replace(self.entries[self._place(name)], name=new))

    def recolour(self, name: str, colour: str) -> ClassList:
        """With another colour, "#rrggbb"."""
        return self.change(name, replace(self.entries[self._place(name)], colour=colour))

    def move(self, name: str, by: int) -> ClassList:
        """With a class so many places further down (negative: up), as far as the list goes."""
        here = self._place(name)
        others = list(self.entries)
        others.insert(min(max(here + by, 0), len(others) - 1), others.pop(here))
        return replace(self, entries=tuple(others))

    def change(self, name: str, entry: ClassEntry) -> ClassList:
        """With another entry in the place of a class."""
        here = self._place(name)
        return replace(self, entries=(*self.entries[:here], entry, *self.entries[here + 1 :]))

    @cached_property
    def _by_word(self) -> dict[str, ClassEntry]:
        return {same_name(word): entry for entry in self.entries for word in entry.words}

    def _place(self, name: str) -> int:
        wanted = same_name(name)
        for place, entry in enumerate(self.entries):
            if same_name(entry.name) == wanted:
                return place
        raise ClassListError(f"There is no class “{name}” in “{self.title}”.")

"""What a phrase asks for: a thing by its name, and words for which or how many of them.

The text tower reads "the left dog" and "all dogs" as hardly more than "dog": where an object lies,
how large it is next to its like and how many are meant are read by rule instead, and measured on
what was found (see :mod:`seem_model.choosing`). Words about another thing ("left of the car") stay
part of the name.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection

EVERY = frozenset({"all", "every", "each", "both"})
_PLACES: dict[str, tuple[int, int]] = {
    **dict.fromkeys(("left", "leftmost", "lefthand", "left-hand"), (0, -1)),
    **dict.fromkeys(("right", "rightmost", "righthand", "right-hand"), (0, 1)),
    **dict.fromkeys(("top", "upper", "uppermost", "topmost", "highest"), (-1, 0)),
    **dict.fromkeys(("bottom", "lower", "lowest", "bottommost"), (1, 0)),
}
_MIDDLE = frozenset({"middle", "center", "centre", "central"})
_SIZES: dict[str, int] = {
    **dict.fromkeys(("big", "bigger", "biggest", "large", "larger", "largest", "huge"), 1),
    **dict.fromkeys(("small", "smaller", "smallest", "little", "tiny", "tiniest"), -1),
}
COLOURS = frozenset(
    {"black", "white", "grey", "gray", "red", "orange", "yellow", "green", "blue", "purple"}
    | {"violet", "pink", "brown"}
)
_SMALL_WORDS = frozenset({"the", "a", "an", "some", "any", "of", "this", "that", "these", "those"})
_FILLERS = frozenset({"object", "objects", "thing", "things", "one", "ones", "instances"})
_IRREGULAR = {
    "people": "person", "men": "man", "women": "woman", "children": "child", "mice": "mouse",
    "nuclei": "nucleus", "bacteria": "bacterium", "knives": "knife", "leaves": "leaf",
    "mitochondria": "mitochondrion", "feet": "foot", "teeth": "tooth", "wolves": "wolf",
}  # fmt: skip
_PICTURE = re.compile(r" of (?:the |this )?(?:image|picture|photo|photograph|view|frame|slice)$")
# "on the left", "at the bottom of the picture", "in the middle"
_WHERE = re.compile(
    r"\b(?:on|at|in|to|towards?) the (?P<place>[a-z-]+)(?: (?:side|corner|half|part|hand side))?$"
)
_RELATION = re.compile(r"\b(?:left|right|top|bottom|middle|cent(?:er|re)) of\b")


@dataclass(frozen=True)
class Reading:
    """A phrase taken apart.

    Parameters
    ----------
    name : str
        What is looked for; never empty unless the phrase was.
    every : bool
        Whether all of them are meant.
    down, across : int
        -1 for the top or left, 1 for the bottom or right, 0 where nothing was said.
    middle : bool
        Whether the one in the middle is meant.
    size : int
        1 for the largest, -1 for the smallest, 0 where nothing was said.
    colour : str
        One of ``COLOURS``, or "".
    """

    name: str
    every: bool = False
    down: int = 0
    across: int = 0
    middle: bool = False
    size: int = 0
    colour: str = ""

    @property
    def picks(self) -> bool:
        """Whether it says which of several is meant."""
        return bool(self.down or self.across or self.middle or self.size or self.colour)


def read_phrase(phrase: str, names: Collection[str] = ()) -> Reading:
    """Take an English phrase apart.

    Parameters
    ----------
    phrase : str
    names : collection of str
        Class names: a phrase that is one of them is a name whatever its words ("the orange"), and
        the plural of one means all of them.
    """
    said = " ".join(phrase.lower().replace(",", " ").split())
    bare = " ".join(_without(said.split(), _SMALL_WORDS))
    known = {name.lower() for name in names}
    if bare in known:
        return Reading(bare)
    if _RELATION.search(_PICTURE.sub("", said)):
        return Reading(" ".join(phrase.split()))
    where, said = _where(said)
    words = said.split()
    every = bool(words) and words[0] in EVERY
    words = _without(words[1:] if every else words, _SMALL_WORDS)
    down, across, middle, size, colour = *where, 0, ""
    kept: list[str] = []
    for k, word in enumerate(words):
        last = k == len(words) - 1 and not kept
        if last:  # the only word left names the thing
            kept.append(word)
        elif word in _PLACES:
            down, across = down + _PLACES[word][0], across + _PLACES[word][1]
        elif word in _MIDDLE:
            middle = True
        elif word in _SIZES:
            size = _SIZES[word]
        elif word in COLOURS and not colour:
            colour = word
        elif word not in ("most", "more"):
            kept.append(word)
    if len(kept) > 1:
        kept = _without(kept, _FILLERS) or kept
    name = " ".join(kept)
    single = singular(name, known)
    if single != name:
        every, name = True, single
    whole = " ".join(phrase.split())  # commas alone
    return Reading(name or said or whole, every, down, across, middle, size, colour)


def singular(name: str, names: Collection[str]) -> str:
    """The class name that ``name`` is the plural of; without one, ``name`` itself."""
    *before, last = name.split() or [""]
    if name in names:
        return name
    tries = [_IRREGULAR.get(last, "")]
    for ending, instead in (("ies", "y"), ("ves", "f"), ("es", ""), ("s", "")):
        if last.endswith(ending) and len(last) > len(ending) + 1:
            tries.append(last.removesuffix(ending) + instead)
    for one in tries:
        if one and " ".join([*before, one]) in names:
            return " ".join([*before, one])
    return name


def _where(said: str) -> tuple[tuple[int, int, bool], str]:
    """Place named at the end, and what stands before it."""
    said = _PICTURE.sub("", said)
    found = _WHERE.search(said)
    place = "" if found is None else found["place"]
    if found is None or (place not in _PLACES and place not in _MIDDLE):
        return (0, 0, False), said
    before = said[: found.start()].strip()
    if not before:
        return (0, 0, False), said
    down, across = _PLACES.get(place, (0, 0))
    return (down, across, place in _MIDDLE), before


def _without(words: list[str], these: Collection[str]) -> list[str]:
    return [w for w in words if w not in these]

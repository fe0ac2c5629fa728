"""What can be said: class names with articles, colours, sizes and places, as a graph of words.

A graph with probabilities, not a text in JSGF: the same rules written so gave a net with thousands
of empty arcs that a recogniser needed ten seconds for.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

ORDERS = ("select", "find", "segment", "show", "show me", "mark")
_PLURAL = ("all", "all the", "all of the", "two", "the two", "three", "the three", "both")
_SINGULAR = ("a", "an", "one", "every", "each")
_QUALITIES = (
    *("red", "green", "blue", "yellow", "orange", "purple", "pink", "brown", "black", "white"),
    *("grey", "silver", "golden", "beige", "dark", "light", "bright", "colorful"),
    *("small", "smaller", "smallest", "big", "bigger", "biggest", "large", "larger", "largest"),
    *("little", "tiny", "huge", "tall", "tallest", "long", "longest", "short", "round"),
    *("left", "right", "top", "bottom", "upper", "lower", "middle", "central", "leftmost"),
    *("rightmost", "first", "second", "third", "last", "nearest", "closest", "other", "whole"),
    *("young", "old", "wooden", "striped", "empty", "full", "open", "closed"),
)
_PLACES = (
    *("on the left", "on the right", "on the left side", "on the right side", "to the left"),
    *("to the right", "on top", "at the top", "at the bottom", "in the middle", "in the center"),
    *("in the corner", "in the background", "in the foreground", "in front", "in the back"),
    *("at the edge", "in the upper left", "in the upper right", "in the lower left"),
    *("in the lower right", "in the top left", "in the top right", "in the bottom left"),
    *("in the bottom right", "at the top left", "at the top right", "at the bottom left"),
    *("at the bottom right", "on the far left", "on the far right", "from the left"),
    *("from the right",),
)
_RELATIONS = (
    *("on", "in", "under", "behind", "above", "below", "beside", "near", "with", "next to"),
    *("in front of", "on top of", "to the left of", "to the right of", "inside", "around"),
)
# A recording that was cut off may end with these; no phrase does.
_LOOSE = frozenset(
    {"the", "a", "an", "on", "in", "at", "under", "behind", "above", "below", "beside", "near"}
    | {"with", "to", "of", "from", "next", "inside", "around"}
)
_NAMES = ("object", "thing", "person", "man", "woman", "boy", "girl", "child", "animal", "cell")
_IRREGULAR = {
    **{"person": "people", "man": "men", "woman": "women", "child": "children", "foot": "feet"},
    **{"mouse": "mice", "sheep": "sheep", "knife": "knives", "shelf": "shelves", "leaf": "leaves"},
    **{"wolf": "wolves", "tooth": "teeth", "goose": "geese", "fish": "fish", "loaf": "loaves"},
    **{"bacterium": "bacteria", "nucleus": "nuclei", "mitochondrion": "mitochondria"},
    **{"fungus": "fungi", "axis": "axes", "mitosis": "mitoses", "ovum": "ova", "villus": "villi"},
}


def words(text: str) -> tuple[str, ...]:
    """The words of a name, in small letters and without punctuation."""
    return tuple(re.findall(r"[a-z0-9]+(?:'[a-z]+)?", text.lower()))


def plural(word: str) -> str:
    """The plural of an English noun; a word that ends like one already is left alone."""
    if word in _IRREGULAR:
        return _IRREGULAR[word]
    if word in _IRREGULAR.values() or re.search(r"[^su]s$", word):
        return word
    if re.search(r"(s|x|z|ch|sh)$", word):
        return word + "es"
    if re.search(r"[^aeiou]y$", word):
        return word[:-1] + "ies"
    return word + "s"


def fixed_words() -> frozenset[str]:
    """Every word of the grammar that does not come from a class name."""
    names = [*_NAMES, *map(plural, _NAMES)]
    rows = (ORDERS, _PLURAL, _SINGULAR, _QUALITIES, _PLACES, _RELATIONS, names)
    return frozenset(word for row in rows for text in row for word in text.split()) | {"the"}


def phrase(heard: str) -> str:
    """What was heard without the "show me" that it may begin with, or a last "on the"."""
    said = heard.split()
    for order in sorted(ORDERS, key=len, reverse=True):
        if heard.startswith(f"{order} "):
            said = said[len(order.split()) :]
            break
    while said and said[-1] in _LOOSE:
        said.pop()
    return " ".join(said)


@dataclass(frozen=True)
class Arc:
    """One step of the graph.

    Parameters
    ----------
    start, end : int
        States.
    probability : float
    word : str
        Empty for a step without a word.
    """

    start: int
    end: int
    probability: float
    word: str


@dataclass(frozen=True)
class Grammar:
    """A graph of words; a phrase is a way from state 0 to ``final``.

    Parameters
    ----------
    arcs : tuple of Arc
    final : int
    left_out : tuple of str
        Class names that nobody could pronounce.
    """

    arcs: tuple[Arc, ...]
    final: int
    left_out: tuple[str, ...]


@dataclass
class _Graph:
    """Draws arcs between states with names."""

    states: dict[object, int] = field(default_factory=dict)
    arcs: dict[tuple[int, int, str], float] = field(default_factory=dict)

    def step(self, start: object, end: object, probability: float, word: str = "") -> None:
        key = (self._state(start), self._state(end), word)
        self.arcs[key] = min(1.0, self.arcs.get(key, 0.0) + probability)

    def choice(self, start: object, end: object, texts: Iterable[str], probability: float) -> None:
        """One of several texts, equally likely; those that begin alike share states."""
        self._tree(start, end, [text.split() for text in texts], probability)

    def _tree(
        self, start: object, end: object, rows: Sequence[Sequence[str]], probability: float
    ) -> None:
        for word in dict.fromkeys(row[0] for row in rows):
            longer = [row[1:] for row in rows if row[0] == word and len(row) > 1]
            if [word] in rows:
                self.step(start, end, probability / len(rows), word)
            if longer:
                between = (start, end, word)
                self.step(start, between, probability * len(longer) / len(rows), word)
                self._tree(between, end, longer, 1.0)

    def _state(self, name: object) -> int:
        return self.states.setdefault(name, len(self.states))


def grammar(names: Iterable[str], sayable: Callable[[str], bool]) -> Grammar:
    """Graph of what a person may say.

    Parameters
    ----------
    names : iterable of str
        Class names. Several words are one name.
    sayable : callable
        Whether the recogniser can pronounce a word; names and plurals with other words are left
        out.

    Returns
    -------
    Grammar
        An order, an article or number, qualities, a name, and a place or another thing that it is
        near. Only the name must be there.
    """
    singles = {" ".join(words(n)): n for n in (*_NAMES, *names)}
    one = [n for n in singles if n and all(map(sayable, n.split()))]
    several = [p for p in dict.fromkeys(map(_plural_of, one)) if all(map(sayable, p.split()))]
    either = list(dict.fromkeys((*one, *several)))
    qualities = [quality for quality in _QUALITIES if sayable(quality)]
    graph = _Graph()
    graph.choice("start", "article", ORDERS, 0.2)
    graph.step("start", "article", 0.8)
    graph.step("article", "any", 0.5, "the")
    graph.step("article", "any", 0.2)
    graph.choice("article", "single", _SINGULAR, 0.15)
    graph.choice("article", "many", _PLURAL, 0.15)
    for number, nouns in (("any", either), ("single", one), ("many", several)):
        graph.choice(number, number, qualities, 0.35)
        graph.choice(number, "named", nouns, 0.65)
    graph.choice("named", "end", _PLACES, 0.25)
    graph.choice("named", "near", _RELATIONS, 0.15)
    graph.step("named", "end", 0.6)
    graph.choice("near", "other", ("the", "a", "an"), 0.8)
    graph.step("near", "other", 0.2)
    graph.choice("other", "other", qualities, 0.2)
    graph.choice("other", "end", either, 0.8)
    arcs = tuple(Arc(start, end, p, word) for (start, end, word), p in graph.arcs.items())
    left_out = tuple(name for said, name in singles.items() if said not in one)
    return Grammar(arcs, graph.states["end"], left_out)


def _plural_of(name: str) -> str:
    *first, last = name.split()
    return " ".join((*first, plural(last)))

"""A grammar of words, spelled in the tokens of a language model: which token may come next."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from seem_model.speech.grammar import Grammar


@dataclass(frozen=True)
class Place:
    """Where in the grammar a text has got to.

    Parameters
    ----------
    state : int
        State of the grammar, to be reached with the end of the word.
    rest : tuple of int
        Tokens of the word that are still to come.
    """

    state: int
    rest: tuple[int, ...] = ()


_STOPPED = Place(-1)  # after the full stop, where nothing follows

Places = frozenset[Place]
"""All places that the same tokens lead to."""


class Spelling:
    """The tokens of every phrase of a grammar.

    Parameters
    ----------
    grammar : Grammar
    spell : callable
        The tokens of a word within a phrase.
    spell_first : callable
        All ways to spell a word at the beginning of a phrase, small and capital.
    stop : int
        The full stop, which may come at the end.
    """

    def __init__(
        self,
        grammar: Grammar,
        spell: Callable[[str], tuple[int, ...]],
        spell_first: Callable[[str], Iterable[tuple[int, ...]]],
        stop: int,
    ) -> None:
        self._final = grammar.final
        self._stop = stop
        self._words: dict[int, list[tuple[str, int]]] = defaultdict(list)
        self._empty: dict[int, list[int]] = defaultdict(list)
        for arc in grammar.arcs:
            if arc.word:
                self._words[arc.start].append((arc.word, arc.end))
            else:
                self._empty[arc.start].append(arc.end)
        self._spelled = {word: spell(word) for row in self._words.values() for word, _ in row}
        self._known: dict[Places, dict[int, Places]] = {}
        first = {
            Place(end, tokens)
            for state in self._without_words(0)
            for word, end in self._words[state]
            for tokens in spell_first(word)
        }
        self.start: Places = frozenset(first)

    def following(self, places: Places) -> dict[int, Places]:
        """Every token that may come next, and where it leads."""
        if places not in self._known:
            found = defaultdict(set)
            for place in places:
                for further in [place] if place.rest else self._words_after(place.state):
                    found[further.rest[0]].add(Place(further.state, further.rest[1:]))
            if _STOPPED not in places and self.complete(places):
                found[self._stop].add(_STOPPED)
            self._known[places] = {token: frozenset(row) for token, row in found.items()}
        return self._known[places]

    def complete(self, places: Places) -> bool:
        """Whether a phrase may end here."""
        ended = [place for place in places if not place.rest]
        return any(p == _STOPPED or self._final in self._without_words(p.state) for p in ended)

    def _words_after(self, state: int) -> Iterable[Place]:
        for between in self._without_words(state):
            for word, end in self._words[between]:
                yield Place(end, self._spelled[word])

    def _without_words(self, state: int) -> set[int]:
        """States that are reached without saying anything, and the state itself."""
        found, to_do = {state}, [state]
        while to_do:
            further = [end for end in self._empty[to_do.pop()] if end not in found]
            found.update(further)
            to_do.extend(further)
        return found

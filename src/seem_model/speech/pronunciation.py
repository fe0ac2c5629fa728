"""How words that a dictionary lacks are pronounced: in two parts, as a plural, or letter by letter.

Sounds are those of the CMU pronouncing dictionary.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    Look = Callable[[str], str | None]

_DIGITS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
_HISSING = frozenset({"S", "Z", "SH", "ZH", "CH", "JH"})
_VOICELESS = frozenset({"P", "T", "K", "F", "TH"})
_SHORTEST_PART = 3
_LONGEST_SPELT = 5


def pronounce(word: str, look: Look) -> str | None:
    """Sounds of a word, such as "S EH L Z", or None where nobody could tell.

    Parameters
    ----------
    word : str
        In small letters.
    look : callable
        Gives the sounds of a word in the dictionary, or None.
    """
    return look(word) or _in_parts(word, look) or _as_plural(word, look) or _spelt(word, look)


def _in_parts(word: str, look: Look) -> str | None:
    cuts = range(_SHORTEST_PART, len(word) - _SHORTEST_PART + 1)
    # "playing" + "field" rather than "play" + "ingfield": the most even cut is the likeliest
    for cut in sorted(cuts, key=lambda at: abs(2 * at - len(word))):
        first, second = look(word[:cut]), look(word[cut:])
        if first and second:
            return f"{first} {second}"
    return None


def _as_plural(word: str, look: Look) -> str | None:
    if not word.endswith("s"):
        return None
    for base in (word[:-1], word.removesuffix("es"), f"{word.removesuffix('ies')}y"):
        sounds = (look(base) or _in_parts(base, look)) if base != word else None
        if sounds:
            last = sounds.split()[-1]
            ending = "IH Z" if last in _HISSING else "S" if last in _VOICELESS else "Z"
            return f"{sounds} {ending}"
    return None


def _spelt(word: str, look: Look) -> str | None:
    if len(word) > _LONGEST_SPELT or set(word) & set("aeiouy"):
        return None
    letters = [look(_DIGITS[int(c)] if c in "0123456789" else c) for c in word]
    known = [letter for letter in letters if letter]
    return " ".join(known) if len(known) == len(word) else None

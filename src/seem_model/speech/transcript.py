"""What a recogniser hears, and what every recogniser can do."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterable

    from seem_model.speech.sound import Samples

Watch = Callable[[float], None]
"""Takes the share done, 0 to 1; what it raises stops the work."""


@dataclass(frozen=True)
class Transcript:
    """What was heard.

    Parameters
    ----------
    text : str
        The likeliest phrase, in small letters, without "select" or "show me".
    confidence : float
        0 to 1, the recogniser's own; not a probability of being right.
    alternatives : tuple of str
        Other phrases that sound like it, likeliest first; may be empty.
    """

    text: str
    confidence: float
    alternatives: tuple[str, ...] = ()


class Recogniser(Protocol):
    """Makes words of a recording. One recording at a time; callable from any thread."""

    def hear(self, samples: Samples, rate: int, *, watch: Watch | None = None) -> Transcript:
        """Recognise one phrase.

        Parameters
        ----------
        samples : (N,) float
            One channel, from -1 to 1.
        rate : int
            Samples a second.
        watch : callable or None
            Called now and then with the share done; what it raises stops the work.

        Raises
        ------
        SpeechError
            If there is nothing to hear, or it cannot be understood.
        """
        ...

    def knowing(self, vocabulary: Iterable[str]) -> Recogniser:
        """A recogniser that hears other names, with what of this one can be kept.

        Parameters
        ----------
        vocabulary : iterable of str
            Class names, instead of those before.
        """
        ...

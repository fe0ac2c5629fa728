"""Whisper's decoder, token after token: the likeliest text, and the likeliest phrase of a grammar.

Not transformers' ``generate``: that encodes a recording anew for every question, and cannot be
stopped while it does.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from transformers import DynamicCache, EncoderDecoderCache

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray
    from torch import Tensor

    from seem_model.speech.spelling import Places, Spelling

LONGEST = 48
"""Tokens; a phrase has ten."""


@dataclass(frozen=True)
class Written:
    """A text in tokens.

    Parameters
    ----------
    tokens : tuple of int
        Without the one that ends it.
    likelihood : float
        Sum of the logarithms of the probabilities, of the end too.
    """

    tokens: tuple[int, ...]
    likelihood: float


@dataclass(frozen=True)
class Marks:
    """Tokens with a meaning.

    Parameters
    ----------
    prompt : tuple of int
        What every text begins with: start, language, task, no times.
    end : int
    never, never_first : tuple of int
        Tokens that are no words; those and the others that cannot begin a text.
    """

    prompt: tuple[int, ...]
    end: int
    never: tuple[int, ...]
    never_first: tuple[int, ...]


class Scribe:
    """Writes down one recording.

    Parameters
    ----------
    model : WhisperForConditionalGeneration
    sound : (1, T, D) Tensor
        The encoded recording.
    marks : Marks
    tick : callable
        Called before every token; what it raises stops the work.
    """

    def __init__(self, model: Any, sound: Tensor, marks: Marks, tick: Callable[[], None]) -> None:
        self._model, self._sound, self._marks, self._tick = model, sound, marks, tick

    def freely(self) -> Written:
        """The likeliest text, always taking the likeliest token (greedy decoding)."""
        chances, cache = self._begin()
        tokens: list[int] = []
        likelihood = 0.0
        for _ in range(LONGEST):
            self._tick()
            best = int(chances[0].argmax())
            likelihood += float(chances[0, best])
            if best == self._marks.end:
                break
            tokens.append(best)
            chances = self._next([best], cache, [0])
        return Written(tuple(tokens), likelihood)

    def within(self, spelling: Spelling, width: int) -> list[Written]:
        """The likeliest phrases of a grammar, best first (beam search).

        Parameters
        ----------
        spelling : Spelling
        width : int
            Phrases that are followed at a time.

        Returns
        -------
        list of Written
            Empty if none ends within :data:`LONGEST` tokens.
        """
        chances, cache = self._begin()
        beam: list[tuple[Written, Places]] = [(Written((), 0.0), spelling.start)]
        found: list[Written] = []
        for _ in range(LONGEST):
            self._tick()
            steps: list[tuple[float, int, int, Places]] = []
            for row, (written, places) in enumerate(beam):
                if spelling.complete(places):
                    end = written.likelihood + float(chances[row, self._marks.end])
                    found.append(Written(written.tokens, end))
                for token, place in spelling.following(places).items():
                    value = written.likelihood + float(chances[row, token])
                    if value > -np.inf:
                        steps.append((value, row, token, place))
            found.sort(key=lambda written: -written.likelihood)
            steps = sorted(steps, key=lambda step: -step[0])[:width]
            # likelihoods only fall: nothing that goes on can overtake what has ended
            if not steps or (len(found) >= width and steps[0][0] <= found[width - 1].likelihood):
                break
            beam = [
                (Written((*beam[row][0].tokens, token), value), place)
                for value, row, token, place in steps
            ]
            chances = self._next([token for _, _, token, _ in steps], cache, [s[1] for s in steps])
        return found[:width]

    def _begin(self) -> tuple[NDArray[np.float64], EncoderDecoderCache]:
        cache = EncoderDecoderCache(DynamicCache(), DynamicCache())
        chances = self._chances([self._marks.prompt], cache)
        chances[:, list(self._marks.never_first)] = -np.inf
        return chances, cache

    def _next(
        self, tokens: Sequence[int], cache: EncoderDecoderCache, rows: Sequence[int]
    ) -> NDArray[np.float64]:
        """Go on from some rows of before, one token each."""
        cache.self_attention_cache.reorder_cache(torch.LongTensor(list(rows)))
        layer: Any
        for layer in cache.cross_attention_cache.layers:  # the recording: the same for every row
            layer.keys = layer.keys[:1].expand(len(rows), -1, -1, -1)
            layer.values = layer.values[:1].expand(len(rows), -1, -1, -1)
        return self._chances([(token,) for token in tokens], cache)

    def _chances(
        self, tokens: Sequence[Sequence[int]], cache: EncoderDecoderCache
    ) -> NDArray[np.float64]:
        """Logarithms of the probabilities of all tokens, (rows, vocabulary)."""
        sound = (self._sound.expand(len(tokens), -1, -1),)
        # by place: the name of the cache's parameter changed between versions
        written = self._model(None, None, torch.tensor(tokens), None, sound, cache, use_cache=True)
        logits = written.logits[:, -1].float()
        logits[:, list(self._marks.never)] = -torch.inf
        chances: NDArray[np.float64] = logits.log_softmax(-1).double().numpy()
        return chances

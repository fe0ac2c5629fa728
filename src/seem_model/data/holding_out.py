"""Which of somebody's objects are kept back, so that what training did can be measured."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from seem_model.data.examples import Examples

if TYPE_CHECKING:
    from collections.abc import Sequence

    from seem_model.data.examples import Example

SHARE = 0.2
FEWEST = 3
"""Objects that are kept back at least."""
ENOUGH = 10
"""With fewer objects than this, all are needed for training and nothing is kept back."""
ENOUGH_IMAGES = 4
"""From so many images on, whole images are kept back: objects beside each other look alike."""


def with_some_kept_back(examples: Sequence[Example], *, seed: int = 0) -> Examples:
    """A fifth of the objects kept back, those of whole images where there are enough of both.

    Parameters
    ----------
    examples : sequence of Example
        Those without an object are left out.
    seed : int
        Of the choice.
    """
    used = tuple(e for e in examples if e.objects)
    total = sum(len(e.objects) for e in used)
    if total < ENOUGH:
        return Examples(used, tuple(frozenset() for _ in used))
    rng = np.random.default_rng(seed)
    wanted = max(FEWEST, round(SHARE * total))
    whole = _images(used, wanted, rng) if len(used) >= ENOUGH_IMAGES else None
    return Examples(used, whole or _objects(used, wanted, rng))


def _images(
    used: Sequence[Example], wanted: int, rng: np.random.Generator
) -> tuple[frozenset[int], ...] | None:
    """Whole images with about ``wanted`` objects; None where half of all would go with them."""
    total, count = sum(len(e.objects) for e in used), 0
    taken: set[int] = set()
    for k in rng.permutation(len(used)).tolist():
        more = len(used[k].objects)
        if count < wanted and 2 * (count + more) <= total:
            taken.add(k)
            count += more
    if count < FEWEST:
        return None
    return tuple(frozenset(e.objects if k in taken else ()) for k, e in enumerate(used))


def _objects(
    used: Sequence[Example], wanted: int, rng: np.random.Generator
) -> tuple[frozenset[int], ...]:
    every = [(k, label) for k, e in enumerate(used) for label in e.objects]
    chosen = {every[i] for i in rng.choice(len(every), wanted, replace=False).tolist()}
    return tuple(
        frozenset(label for label in e.objects if (k, label) in chosen) for k, e in enumerate(used)
    )

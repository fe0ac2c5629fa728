"""Samples of several data sets, kept in memory as long as there is room."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass, field

from seem_model.data.dataset import DataSet
from seem_model.data.sample import Sample
from seem_model.errors import DataError

ROOM = 4 * 2**30


@dataclass(eq=False)
class Keeper:
    """Reads samples and keeps them up to ``room`` bytes; further ones are read each time.

    A broken image is told once, as a warning, and left out from then on.

    Parameters
    ----------
    sets : sequence of DataSet
    room : int
        In bytes.
    """

    sets: Sequence[DataSet]
    room: int = ROOM
    _kept: dict[tuple[int, str], Sample | None] = field(default_factory=dict, repr=False)

    def read(self, which: int, id: str) -> Sample | None:
        """Sample of one of the sets; None if it is broken."""
        key = (which, id)
        if key in self._kept:
            return self._kept[key]
        try:
            sample = self.sets[which].read(id)
        except DataError as error:
            warnings.warn(str(error), stacklevel=2)
            self._kept[key] = None
            return None
        size = _bytes(sample)
        if size <= self.room:
            self.room -= size
            self._kept[key] = sample
        return sample


def _bytes(sample: Sample) -> int:
    semantic = 0 if sample.semantic is None else sample.semantic.nbytes
    masks = sum(mask.nbytes for mask in sample.overlapping.values())
    return sample.image.nbytes + sample.instances.nbytes + semantic + masks

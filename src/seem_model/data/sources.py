"""The data sets of a recipe, opened: which image comes next, and what its objects may be called."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from seem_model.data.dataset import DataSet
from seem_model.data.keeping import Keeper
from seem_model.data.mining import chances
from seem_model.data.set_config import SetConfig
from seem_model.errors import DataError

if TYPE_CHECKING:
    from seem_model.data.sample import Sample


@dataclass(frozen=True, eq=False)
class Sources:
    """Opened data sets; images are kept in memory up to a limit."""

    sets: Sequence[SetConfig]
    folders: Sequence[DataSet]
    ids: Sequence[tuple[str, ...]]
    shares: NDArray[np.float64]
    keeper: Keeper
    hard: Sequence[NDArray[np.float64] | None]

    @classmethod
    def opened(cls, sets: Sequence[SetConfig]) -> Sources:
        """Open them.

        Raises
        ------
        DataError
            If a folder is broken, or there is nothing to train on.
        """
        folders = [s.open() for s in sets]
        ids = [f.ids(s.split) for f, s in zip(folders, sets, strict=True)]
        weights = np.array([s.weight for s in sets], float)
        if not sets:
            raise DataError("There is no data to train on: name at least one data folder.")
        if not (weights >= 0).all() or weights.sum() <= 0:
            raise DataError("The weight of a data set must be positive.")
        for config, folder, its in zip(sets, folders, ids, strict=True):
            if not its:
                raise DataError(
                    f'{folder.name}: there are no images in the "{config.split}" split.'
                )
        hard = [
            chances(s.mined, its) if s.mined else None for s, its in zip(sets, ids, strict=True)
        ]
        return cls(sets, folders, ids, weights / weights.sum(), Keeper(folders), hard)

    def pick(
        self, rng: np.random.Generator, *, among: NDArray[np.bool_] | None = None
    ) -> tuple[int, Sample | None]:
        """Number of a set, chosen by its share, and one of its images; None if that is broken."""
        shares = self.shares if among is None else self.shares * among / self.shares[among].sum()
        which = int(rng.choice(len(self.sets), p=shares))
        image_id = str(rng.choice(self.ids[which], p=self.hard[which]))
        return which, self.keeper.read(which, image_id)

    def counts(self) -> tuple[int, ...]:
        """Images to draw from in each data set."""
        return tuple(len(its) for its in self.ids)

    def vocabularies(self) -> list[tuple[str, ...]]:
        """Class names of each data set."""
        return [tuple(c.name for c in f.classes) for f in self.folders]

    def world(self, which: int) -> NDArray[np.bool_]:
        """Which sets are of the same world, photos or microscopy, as this one."""
        return np.array([s.any_way_up == self.sets[which].any_way_up for s in self.sets])

    def vocabulary(self, which: int, *, things_only: bool) -> tuple[str, ...]:
        """Names an object of this set is told apart from: its own, and the other world's.

        Sets do not say what they did not label, but no photo holds a labelled cell and no
        microscope image a car: without those names every photo might as well be a nucleus.
        """
        own = [c.name for c in self.folders[which].classes if c.is_thing or not things_only]
        other = ~self.world(which)
        others = [c.name for f, o in zip(self.folders, other, strict=True) if o for c in f.classes]
        return tuple(dict.fromkeys([*own, *others]))

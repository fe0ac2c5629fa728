"""Which objects of a data set are clicked."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from seem_model.errors import DataError

if TYPE_CHECKING:
    from seem_model.data.dataset import DataSet


def choose_objects(
    data: DataSet,
    split: str,
    *,
    limit: int | None = None,
    min_area: float | None = None,
    things: bool = False,
    seed: int = 0,
) -> tuple[tuple[str, tuple[int, ...]], ...]:
    """Pick the objects to click; reads annotations only.

    Parameters
    ----------
    data, split
        Where from.
    limit : int, optional
        The most objects. Images take turns in random order, each giving a random object, so the
        choice is spread over as many images as possible.
    min_area : float, optional
        Smallest object: below 1 a share of its image, else pixels.
    things : bool
        Leave out stuff, such as sky.
    seed : int
        Of the choice.

    Returns
    -------
    tuple of (image id, segment ids)
        In the order of the split.

    Raises
    ------
    DataError
        If nothing is left.
    """
    eligible = {}
    for image_id in data.ids(split):
        height, width = data.size(image_id)
        least = (min_area or 0) * (height * width if (min_area or 0) < 1 else 1)
        found = [
            s.id
            for s in data.segments(image_id)
            if not s.crowd and s.area >= least and (s.is_thing or not things)
        ]
        if found:
            eligible[image_id] = found
    if not eligible:
        kind = "thing" if things else "object"
        size = f" of area {min_area:g} or more" if min_area else ""
        raise DataError(f"The split {split} of {data.name} has no {kind}{size}.")
    if limit is not None and limit < sum(len(ids) for ids in eligible.values()):
        eligible = _spread(eligible, limit, np.random.default_rng(seed))
    return tuple((image_id, tuple(ids)) for image_id, ids in eligible.items())


def _spread(
    eligible: dict[str, list[int]], limit: int, rng: np.random.Generator
) -> dict[str, list[int]]:
    turns = {image_id: rng.permutation(ids).tolist() for image_id, ids in eligible.items()}
    order = rng.permutation(list(eligible)).tolist()
    deepest = max(len(ids) for ids in turns.values())
    queue = [(i, turns[i][turn]) for turn in range(deepest) for i in order if turn < len(turns[i])]
    taken: dict[str, list[int]] = {image_id: [] for image_id in eligible}
    for image_id, segment_id in queue[:limit]:
        taken[image_id].append(segment_id)
    return {image_id: sorted(ids) for image_id, ids in taken.items() if ids}

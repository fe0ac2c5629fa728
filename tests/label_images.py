"""Label images to export: arbitrary ones, and one with everything that is hard about outlines."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from seem_model.export.objects import LabelObject, Objects, ids_in

NAMES = ("cell", "gut, links", "Ätzung/2", "")


def hard() -> Objects:
    """A ring with an island in it, two squares that touch at a corner, a pixel, one at the edge."""
    labels = np.zeros((24, 30), np.int32)
    labels[1:10, 1:10] = 3
    labels[3:8, 3:8] = 0
    labels[5, 5] = 3
    labels[12:15, 2:5] = labels[15:18, 5:8] = 7
    labels[20, 20] = 12
    labels[0:6, 22:30] = 70000
    table = (
        LabelObject(3, "ring", 0.5),
        LabelObject(7, "pair"),
        LabelObject(12, "ring", 1.0),
        LabelObject(70000),
    )
    return Objects(labels, table)


@st.composite
def arbitrary(draw: st.DrawFn, *, dimensions: tuple[int, ...] = (2, 3), named: bool = False):
    """Objects of arbitrary shape, neighbours, holes and parts; ``named``: none without a name."""
    shape = draw(st.sampled_from(dimensions).flatmap(lambda n: st.tuples(*[st.integers(1, 7)] * n)))
    numbers = draw(hnp.arrays(np.uint8, shape, elements=st.integers(0, 3), fill=st.nothing()))
    ids = draw(st.lists(st.integers(1, 2**32 - 1), min_size=3, max_size=3, unique=True))
    labels = np.array([0, *ids], np.int64)[numbers]
    names = st.sampled_from(NAMES[:-1] if named else NAMES)
    scores = st.none() | st.floats(0, 1)
    table = [LabelObject(id, draw(names), draw(scores)) for id in ids_in(labels)]
    return Objects(labels, tuple(table))


def same(one: Objects, other: Objects) -> bool:
    """Whether labels and table are equal; types of whole numbers may differ."""
    return np.array_equal(one.labels, other.labels) and one.table == other.table

"""Everything within a part of a slice: pasted back, cut to the drawn region."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from napari_seem.everything import Restriction, class_table, pasted
from seem_model.errors import ImageError
from seem_model.values import Segment, Segmentation

BOX = np.s_[2:6, 3:9]
SHAPE = (8, 10)


def found(labels: np.ndarray, *, things: bool = True) -> Segmentation:
    ids = [int(n) for n in np.unique(labels) if n]
    segments = tuple(Segment(n, f"class {n}", 0.9, things) for n in ids)
    return Segmentation(labels=labels.astype(np.int32), segments=segments)


labelled = hnp.arrays(np.int32, (4, 6), elements=st.integers(0, 4), fill=st.nothing())
regions = hnp.arrays(bool, SHAPE, fill=st.nothing())


@given(labelled)
def test_a_box_alone_keeps_everything(labels) -> None:
    whole = pasted(found(labels), Restriction(BOX), SHAPE)
    assert whole.segments == found(labels).segments
    assert np.array_equal(whole.labels[BOX], labels)
    assert (whole.labels > 0).sum() == (labels > 0).sum()


@settings(max_examples=60, deadline=None)
@given(labelled, regions, st.sampled_from([0.0, 0.5, 0.9]), st.booleans())
def test_what_is_kept_is_mostly_inside_and_cut(labels, region, share, things) -> None:
    whole = pasted(found(labels, things=things), Restriction(BOX, region), SHAPE, inside=share)
    assert not whole.labels[~region].any()
    kept = {s.id for s in whole.segments}
    assert kept == set(np.unique(whole.labels)) - {0}
    for n in set(np.unique(labels)) - {0}:
        area, left = (labels == n).sum(), ((labels == n) & region[BOX]).sum()
        assert (n in kept) == (left > (share * area if things else 0))
        if n in kept:
            assert (whole.labels == n).sum() == left
    assert whole.labels.shape == SHAPE
    assert list(class_table(whole)["area"]) == [(whole.labels == n).sum() for n in sorted(kept)]


def test_a_drawn_region_gives_its_box_with_a_margin() -> None:
    region = np.zeros(SHAPE, bool)
    region[1:3, 4:7] = True
    restriction = Restriction.of(region, margin=2)
    assert restriction is not None
    assert restriction.box == np.s_[0:5, 2:9]
    assert Restriction.of(np.zeros(SHAPE, bool)) is None


@pytest.mark.parametrize(
    ("box", "mask", "shape"),
    [
        (np.s_[0:4, 0:5], None, SHAPE),
        (BOX, None, (8, 8)),
        (BOX, np.ones((3, 3), bool), SHAPE),
    ],
)
def test_what_does_not_fit_is_told(box, mask, shape) -> None:
    with pytest.raises(ImageError, match="slice"):
        pasted(found(np.ones((4, 6), int)), Restriction(box, mask), shape)

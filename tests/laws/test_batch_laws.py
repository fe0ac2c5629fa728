"""Many masks committed as one deed are what they are when committed one after the other."""

from __future__ import annotations

import numpy as np
import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from napari.layers import Labels

from napari_seem import objects
from napari_seem.commit_rules import CommitRules, Overlap, painted, refusal
from napari_seem.committing import Batch
from napari_seem.plane import Plane
from seem_model.packed import Packed

SHAPE = (9, 11)
PLANE = Plane((1, 2), (0, 0, 0), SHAPE)
ELSEWHERE = 2
"""An object that another slice has too."""


@st.composite
def squares(draw: st.DrawFn) -> np.ndarray:
    mask = np.zeros(SHAPE, bool)
    top, left = draw(st.integers(0, 8)), draw(st.integers(0, 10))
    mask[top : top + draw(st.integers(0, 6)), left : left + draw(st.integers(0, 6))] = True
    return mask


def layer_of(labels: np.ndarray) -> Labels:
    """Two slices and a line in the table for each object."""
    other = np.zeros_like(labels)
    other[0, 0] = ELSEWHERE
    stack = np.stack([labels, other])
    there = [int(n) for n in np.unique(stack) if n]
    features = pd.DataFrame({"index": there, "class": "cell", "score": 0.5})
    return Labels(stack, features=features)


@settings(deadline=None, max_examples=120)
@given(
    hnp.arrays(np.int32, SHAPE, elements=st.integers(0, 4)),
    st.lists(squares(), min_size=1, max_size=6),
    st.sampled_from(Overlap),
    st.sampled_from([0, 1]),
)
def test_all_at_once_is_one_after_the_other(labels, masks, overlap, own) -> None:
    rules, layer = CommitRules(overlap), layer_of(labels)
    before, lines = layer.data.copy(), rows(layer)
    first = objects.next_label(layer, PLANE)
    batch = Batch(layer, PLANE)
    whys = [batch.put(Packed.of(m), "new", 1.0, rules=rules, own=own) for m in masks]
    assert np.array_equal(layer.data, before), "nothing is written before the end"
    batch.finish()

    pixels, made, refused = one_by_one(labels, masks, rules, first=first, own=own)
    assert [bool(why) for why in whys] == refused
    assert np.array_equal(layer.data[0], pixels)
    assert list(batch.made) == made
    for label in made:
        assert np.array_equal(batch.mask(label).array, pixels == label)
    present = {int(n) for n in np.unique(layer.data) if n}
    assert {r.label for r in rows(layer)} == present
    assert {r.label for r in rows(layer) if r.name == "new"} == set(made)

    after, told = layer.data.copy(), rows(layer)
    objects.revert(batch.deeds)
    assert np.array_equal(layer.data, before)
    assert rows(layer) == lines
    objects.apply(batch.deeds)
    assert np.array_equal(layer.data, after)
    assert rows(layer) == told


def rows(layer: Labels) -> set[objects.Row]:
    return set(objects.table(layer))


def one_by_one(
    labels: np.ndarray, masks: list[np.ndarray], rules: CommitRules, *, first: int, own: int
) -> tuple[np.ndarray, list[int], list[bool]]:
    """Pixels, new labels of which something is left, and which masks came to nothing."""
    pixels, made, refused, begun = labels.copy(), [], [], False
    for mask in masks:
        mine = 0 if begun else own
        label = mine or first
        change = painted(pixels, mask, label=label, rules=rules, own=mine or None)
        refused.append(bool(refusal(change, rules)))
        if refused[-1]:
            continue
        pixels[change.box] = change.after
        made = [n for n in made if n not in change.vanished]
        if change.written == label:
            made.append(label)
            begun = True
            first += not mine
    return pixels, made, refused

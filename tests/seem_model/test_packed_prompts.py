"""Prompts kept between rounds: small, and the same when they are needed again."""

from __future__ import annotations

import pickle

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from seem_model import Prompts
from seem_model.packed_prompts import PackedPrompts
from seem_model.values import Exemplar

masks = arrays(bool, (13, 21))
EXAMPLE = Exemplar(image=np.zeros((4, 4, 3), np.uint8), mask=np.ones((4, 4), bool))


@settings(max_examples=30, deadline=None)
@given(masks, masks, st.none() | masks, st.sampled_from(["", "a cup"]), st.booleans())
def test_unpacked_prompts_are_the_same(positive, negative, region, text, shown):
    prompts = Prompts(
        positive=positive, negative=negative, region=region, text=text,
        exemplar=EXAMPLE if shown else None,
    )  # fmt: skip
    packed = PackedPrompts.of(prompts)
    again = packed.whole
    assert packed.shape == prompts.shape == again.shape
    np.testing.assert_array_equal(again.positive, positive)
    np.testing.assert_array_equal(again.negative, negative)
    assert (again.region is None) == (prompts.region is None)
    if again.region is not None:
        np.testing.assert_array_equal(again.region, region)
    assert (again.text, again.exemplar) == (prompts.text, prompts.exemplar)


def test_clicks_on_a_large_image_are_a_few_hundred_bytes():
    prompts = Prompts.empty((2048, 2048))
    prompts.positive[1000:1010, 500:510] = True
    assert len(pickle.dumps(PackedPrompts.of(prompts))) < 3000


def test_what_was_packed_cannot_change_with_its_source():
    prompts = Prompts.empty((8, 8))
    packed = PackedPrompts.of(prompts)
    prompts.positive[2, 2] = True
    assert not packed.whole.positive.any()
    with pytest.raises(AttributeError):
        packed.said = prompts

"""Prompts as entries: what is listed can be hidden, flipped and deleted, and the answer follows."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fakes import blobs
from napari_seem.entries import Kind, entries, flipped, hidden, without
from napari_seem.marks import ExampleMark, Marks, MaskMark, Outline, Words
from napari_seem.target import Tool
from person import FIRST, SECOND, click, mask, points
from seem_model import Exemplar
from seem_model.packed import Packed

SQUARE = np.array([[2.0, 2.0], [2.0, 8.0], [8.0, 8.0], [8.0, 2.0]])
EXEMPLAR = Exemplar(image=np.zeros((8, 8, 3), np.uint8), mask=np.eye(8, dtype=bool))
signs = st.booleans()


@st.composite
def any_marks(draw) -> Marks:
    n = draw(st.integers(0, 3))
    paint = np.zeros((20, 30), np.uint8)
    for value in draw(st.sets(st.integers(1, 4))):
        paint[value * 3, 2:9] = value
    kinds = st.sampled_from(["rectangle", "path", "ellipse"])
    shapes = [
        Outline(draw(kinds), SQUARE, 2, draw(signs), draw(signs))
        for _ in range(draw(st.integers(0, 2)))
    ]  # fmt: skip
    return Marks(
        points=np.arange(2.0 * n).reshape(n, 2),
        signs=np.array([draw(signs) for _ in range(n)], bool),
        shown=np.array([draw(signs) for _ in range(n)], bool),
        outlines=tuple(shapes),
        scribble=Packed.of(paint) if paint.any() else None,
        words=tuple(
            Words(w, draw(signs), draw(signs)) for w in draw(st.sets(st.sampled_from("ab")))
        ),
        masks=(MaskMark(Packed.of(paint > 2), "x", draw(signs), draw(signs)),),
        examples=tuple(
            ExampleMark(EXEMPLAR, "cup", draw(signs), draw(signs))
            for _ in range(draw(st.integers(0, 1)))
        ),
    )


@settings(deadline=None, max_examples=60)
@given(marks=any_marks(), data=st.data())
def test_laws_of_the_list(marks, data):
    listed = entries(marks)
    entry = data.draw(st.sampled_from(listed))
    rest = list(listed)
    rest.remove(entry)
    left = entries(without(marks, entry))
    assert len(left) == len(rest)
    assert [(e.kind, e.positive, e.shown) for e in left] == [
        (e.kind, e.positive, e.shown) for e in rest
    ]
    if entry.kind is not Kind.PAINT:  # paint of the other sign is joined, not beside it
        turned = entries(flipped(marks, entry))
        assert (turned[listed.index(entry)].positive, len(turned)) == (
            not entry.positive,
            len(listed),
        )
        assert flipped(flipped(marks, entry), turned[listed.index(entry)]).same(marks)
        put_aside = entries(hidden(marks, entry))[listed.index(entry)]
        assert put_aside.shown is not entry.shown
        assert hidden(hidden(marks, entry), put_aside).same(marks)
    assert marks.contains(without(marks, entry))
    assert marks.same(marks)


def entry(annotator, kind):
    return next(e for e in annotator.asking.entries if e.kind is kind)


def test_delete_hide_and_flip_clicks(annotator):
    click(annotator, 20, 20)
    click(annotator, 45, 50)
    first = annotator.asking.entries[0]
    annotator.asking.hide(first)
    np.testing.assert_array_equal(mask(annotator), SECOND)
    assert annotator.focus.target.prompts.points.shown.tolist() == [False, True]
    annotator.undo()
    np.testing.assert_array_equal(mask(annotator), FIRST | SECOND)
    annotator.asking.delete(first)
    np.testing.assert_array_equal(mask(annotator), SECOND)
    assert points(annotator) == [[45, 50]]
    annotator.undo()
    annotator.asking.flip(first)
    assert not mask(annotator)[20, 20]
    np.testing.assert_array_equal(mask(annotator), SECOND)


@pytest.mark.parametrize("kind", ["rectangle", "polygon", "path"])
def test_shapes(annotator, kind):
    annotator.use(Tool.BOX)
    shapes = annotator.focus.target.prompts.shapes
    shapes.add(
        [np.array([[12.0, 12], [12, 25], [25, 25], [25, 12]])], shape_type=kind, edge_width=9
    )
    found = mask(annotator)
    assert found.any()
    annotator.asking.hide(entry(annotator, Kind.SHAPE))
    assert not mask(annotator).any()
    assert len(shapes.data) == 1
    annotator.asking.hide(entry(annotator, Kind.SHAPE))
    np.testing.assert_array_equal(mask(annotator), found)
    annotator.asking.flip(entry(annotator, Kind.SHAPE))
    assert list(shapes.features["sign"]) == ["negative"]
    annotator.undo()
    annotator.asking.delete(entry(annotator, Kind.SHAPE))
    assert len(shapes.data) == 0
    annotator.undo()
    assert len(shapes.data) == 1


def test_paint(annotator):
    annotator.use(Tool.PAINT)
    layer = annotator.focus.target.prompts.scribble
    layer.paint([20, 20], 1)
    np.testing.assert_array_equal(mask(annotator), FIRST)
    annotator.asking.hide(entry(annotator, Kind.PAINT))
    assert not mask(annotator).any()
    assert layer.data[20, 20] == 3
    annotator.asking.flip(entry(annotator, Kind.PAINT))
    assert layer.data[20, 20] == 4
    annotator.undo()
    annotator.undo()
    annotator.asking.delete(entry(annotator, Kind.PAINT))
    assert not layer.data.any()


def test_a_label_of_another_layer_as_prompt_and_as_start(annotator, model_viewer, fake_load, told):
    labels = np.zeros((64, 80), int)
    labels[15:25, 15:25] = 3
    other = model_viewer.add_labels(labels, name="cells")
    annotator.asking.take_mask(other, 3)
    np.testing.assert_array_equal(mask(annotator), FIRST)
    np.testing.assert_array_equal(fake_load.last.steps[-1][0].positive, labels == 3)
    annotator.asking.flip(entry(annotator, Kind.MASK))
    assert not mask(annotator).any()
    annotator.reset()
    annotator.asking.take_mask(other, 3, base=True)
    np.testing.assert_array_equal(mask(annotator), labels == 3)  # itself, nothing was asked
    annotator.asking.take_mask(other, 9)
    assert "Nothing of “cells”" in told.text
    annotator.asking.take_mask(model_viewer.add_labels(np.ones((5, 5), int), name="small"), 1)
    assert "another size" in told.text


def test_words_are_an_entry(annotator):
    annotator.set_text("blob")
    np.testing.assert_array_equal(mask(annotator), blobs() > 0)
    annotator.asking.hide(entry(annotator, Kind.WORDS))
    assert not mask(annotator).any()
    assert annotator.text == "blob"
    annotator.asking.delete(entry(annotator, Kind.WORDS))
    assert annotator.text == ""


def draw(annotator, kind="polygon") -> None:
    annotator.use(Tool.BOX)
    corners = np.array([[5.0, 5], [5, 35], [35, 35], [35, 5]])
    annotator.focus.target.prompts.shapes.add([corners], shape_type=kind)


@pytest.mark.parametrize("deed", ["next_object", "undo"])
def test_a_shape_drawn_after_others_went_counts(annotator, deed):
    draw(annotator)
    draw(annotator, "rectangle")
    annotator.asking.hide(annotator.asking.entries[1])
    getattr(annotator, deed)()
    draw(annotator)
    entry = annotator.asking.entries[-1]
    assert entry.shown
    assert entry.positive


def test_a_mark_has_the_sign_of_the_button_whatever_was_restored(annotator):
    annotator.set_positive(False)
    draw(annotator)
    click(annotator, 40, 50)
    annotator.set_positive(True)
    draw(annotator)
    annotator.undo()
    draw(annotator)
    click(annotator, 20, 20)
    assert [e.positive for e in annotator.asking.entries] == [False, True, False, True]

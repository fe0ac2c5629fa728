"""An object as a program: run elsewhere, it makes the very same mask; and a paragraph about it."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from napari.layers._source import layer_source
from PIL import Image

from napari_seem import ink
from napari_seem.annotator import Annotator
from napari_seem.commit_rules import CommitRules, Overlap
from napari_seem.document import Answer, Page, Thing
from napari_seem.entries import entries
from napari_seem.marks import ExampleMark, Marks, MaskMark, Outline, Words
from napari_seem.methods import kinds, methods_text
from napari_seem.plane import Plane
from napari_seem.script import EXAMPLE_OF, MASK_OF, imports_of, script_of
from napari_seem.script_marks import marks_text
from napari_seem.script_picture import ImageSource
from napari_seem.target import Tool
from programs import run
from seem_model import load, samples
from seem_model.errors import PromptError
from seem_model.packed import Packed
from session_values import EXEMPLARS, SHAPE, assert_same_marks, marks

NOWHERE = ImageSource(name="a", shape=(64, 80), layers=(), parts=())


@pytest.fixture
def worked(model_viewer, tmp_path):
    """Rounds of many kinds on a part of a photo, with the model that ships, one branch left."""
    pixels = np.ascontiguousarray(samples.load("coffee")[60:300, 180:480])
    path = tmp_path / "photo.png"
    Image.fromarray(pixels).save(path)
    with layer_source(path=str(path)):
        model_viewer.add_image(pixels, name="photo")
    annotator = Annotator(model_viewer, load=load)
    annotator.engine.choose("lite", "cpu")
    annotator.open()
    annotator.use(Tool.CLICK)
    points = annotator.focus.target.prompts.points
    points.add([[110.0, 120.0]])
    annotator.set_text("a cup")
    points.add([[20.0, 280.0]])
    annotator.undo()
    annotator.set_positive(False)
    points.add([[200.5, 30.25]])
    annotator.asking.hide(entries(annotator._loop.marks)[0])
    return annotator


def test_a_program_makes_the_very_same_mask(worked, tmp_path) -> None:
    thing, target, plane = worked.page.current, worked.focus.target, worked.focus.plane
    rng = np.random.default_rng(0)
    drawn = Marks(
        points=np.array([[110.0, 120.0], [150.0, 90.0]]),
        signs=np.array([True, True]),
        outlines=(
            Outline("path", np.array([[90.0, 100.0], [120.5, 140.0]]), 5.0, True),
            Outline("rectangle", np.array([[30, 40], [30, 240], [220, 240], [220, 40.0]]), 2, True),
        ),
        scribble=Packed.of(np.pad(np.full((4, 5), 2, np.uint8), ((10, 226), (10, 285)))),
        words=(Words("a cup"),),
        masks=(MaskMark(Packed.of(rng.random(plane.shape) > 0.9999), "specks"),),
    )
    worked._loop.put(drawn)
    thing = worked.page.current
    assert len(thing.steps) >= 5
    program = script_of(thing, ImageSource.of(target.sight(plane), target.grid), "lite")
    assert "model lite" in program
    result = run(program, tmp_path)
    assert result.returncode == 0, result.stderr
    assert "session: 1.0000" in result.stdout
    mask = np.asarray(Image.open(tmp_path / "mask.png"))
    np.testing.assert_array_equal(mask, thing.current.answer.mask)
    assert 'napari"' not in program
    assert "qtpy" not in program


@settings(max_examples=30, deadline=None)
@given(marks=marks(st.floats(-20, 20)))
def test_prompts_as_text_ask_the_same(marks) -> None:
    text = marks_text(marks)
    body = "\n".join([MASK_OF, EXAMPLE_OF, f"again = {text}"])
    program = f"{imports_of(body)}\n{body}"
    space: dict = {}
    exec(program, space)
    again = space["again"]
    one, other = ink.prompts_of(marks, SHAPE), ink.prompts_of(again, SHAPE)
    np.testing.assert_array_equal(one.positive, other.positive)
    np.testing.assert_array_equal(one.negative, other.negative)
    assert one.text == other.text
    assert (one.exemplar is None) == (other.exemplar is None)
    assert_same_marks(eval(marks_text(again), space), again)


def test_only_imports_what_it_needs(annotator) -> None:
    annotator.focus.target.prompts.points.add([[20.0, 20.0]])
    target, plane = annotator.focus.target, annotator.focus.plane
    source = ImageSource.of(target.sight(plane), target.grid)
    program = script_of(annotator.page.current, source, "lite")
    assert "Exemplar" not in program
    assert "MaskMark" not in program
    assert 'layer_pixels("blobs.tif", ' in program  # it has no file
    compile(program, "program.py", "exec")


def test_without_a_mask_there_is_nothing_to_copy() -> None:
    with pytest.raises(PromptError, match="no mask yet"):
        script_of(Thing(key=1), NOWHERE, "lite")


def test_a_mask_to_start_from_is_its_own_answer_and_then_the_memory(annotator) -> None:
    mask = np.zeros((64, 80), bool)
    mask[5:9, 5:9] = True
    start = Marks(masks=(MaskMark(Packed.of(mask), "object 1", base=True),))
    more = Marks(points=np.array([[20.0, 20.0]]), signs=np.array([True]), masks=start.masks)
    thing = Thing(key=1).with_step(start, Answer.of_mask(mask))
    answer = Answer(packed=Packed.of(mask), score=0.5, label="x\n" + "import os")
    program = script_of(thing.with_step(more, answer), NOWHERE, "m")
    assert "mask_1 = base_of(marks_1)" in program
    assert "model.memory_of(features, base_of(marks_2))" in program
    compile(program, "program.py", "exec")
    assert "\nimport os" not in program


def test_the_paragraph_counts_what_was_asked() -> None:
    mask = np.ones((7, 9), bool)
    asked = Marks(
        points=np.zeros((3, 2)),
        signs=np.array([True, True, False]),
        shown=np.array([True, True, False]),
        outlines=(Outline("rectangle", np.zeros((4, 2)), 1.0, True),),
        words=(Words("a cell"),),
        examples=(ExampleMark(EXEMPLARS[0], "that"),),
    )
    answer = Answer(packed=Packed.of(mask), score=0.9, label="cell")
    one = Thing(key=1, label=1).with_step(Marks(), answer).with_step(asked, answer)
    two = Thing(key=2, label=2, name="nucleus")
    left = Thing(key=3).with_step(asked, answer)
    pages = {Plane((0, 1), (0, 0), (7, 9)): Page(things=(one, two, left))}
    rules = CommitRules(overlap=Overlap.OVERWRITE, fill_holes=True)
    text = methods_text(
        pages, image="cells.tif", model="lite", rules=rules, shown="the image in its colours"
    )
    assert kinds(asked)["click"] == 2
    for words in (
        "2 objects of cells.tif were segmented",
        "(model “lite”)",
        "from 2 clicks, 1 box, 1 phrase and 1 example in 2 rounds",
        "in 2 rounds. The model saw the image in its colours. Classes: cell (1), nucleus (1)",
        "“take their pixels”; holes were filled.",
    ):
        assert words in text

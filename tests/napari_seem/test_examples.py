"""A region of another image as a prompt, the library that keeps it, and several objects at once."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image as PILImage

from fakes import blobs
from napari_seem.each import single_marks
from napari_seem.entries import Kind
from napari_seem.example_library import ExampleLibrary
from napari_seem.marks import Marks, Outline
from person import FIRST, SECOND, click, mask
from seem_model.errors import DataError, PromptError


def test_an_example_goes_from_one_image_to_another(annotator, model_viewer, fake_load, tmp_path):
    click(annotator, 20, 20)
    library = ExampleLibrary(tmp_path)
    kept = library.keep(annotator.asking.example(), "a blob / 1")
    assert kept.title == "a blob  1"
    other = model_viewer.add_image(blobs()[::-1], name="other")
    annotator.focus.choose(other)
    [again] = library
    annotator.asking.like(again.load(), again.title)
    asked = fake_load.last.steps[-1][0]
    assert asked.exemplar.mask.sum() == FIRST.sum()
    assert (asked.exemplar.image[asked.exemplar.mask] == 255).all()
    [entry] = annotator.asking.entries
    assert (entry.kind, entry.words) == (Kind.EXAMPLE, "Like a blob  1")
    annotator.undo()
    assert annotator.asking.entries == ()
    library.remove(again)
    assert list(library) == []


def test_a_second_example_takes_the_place_of_the_first(annotator, tmp_path):
    click(annotator, 20, 20)
    first, second = annotator.asking.example(), annotator.asking.example(mask=SECOND)
    annotator.asking.like(first, "first")
    annotator.asking.like(second, "second")
    annotator.asking.like(first, "third", positive=False)
    words = [e.words for e in annotator.asking.entries if e.kind is Kind.EXAMPLE]
    assert words == ["Like second", "Unlike third"]


def test_titles_are_numbered_and_bad_files_are_told(tmp_path, annotator):
    with pytest.raises(PromptError, match="no example yet"):
        annotator.asking.example()
    click(annotator, 20, 20)
    library = ExampleLibrary(tmp_path / "new")
    titles = [library.keep(annotator.asking.example(), "cell").title for _ in range(3)]
    assert titles == ["cell", "cell 2", "cell 3"]
    PILImage.new("RGB", (4, 4)).save(library.folder / "cell.png")
    with pytest.raises(DataError, match="alpha"):
        next(iter(library)).load()
    (library.folder / "cell.png").write_text("no picture")
    with pytest.raises(DataError, match="cannot be read"):
        next(iter(library)).load()
    blocked = tmp_path / "file"
    blocked.write_text("")
    with pytest.raises(DataError, match="may write"):
        ExampleLibrary(blocked / "x").keep(annotator.asking.example(), "cell")


def test_each_mark_becomes_an_object(annotator, told):
    annotator.one_object_each()
    assert "several objects" in annotator.news
    click(annotator, 20, 20)
    click(annotator, 45, 50)
    annotator.one_object_each()
    proposals = annotator.page.proposals
    assert len(proposals.open) == 2
    assert annotator.asking.entries == ()
    assert not mask(annotator).any()
    annotator.suggestions.accept_all()
    objects = annotator.focus.target.objects
    assert set(objects.data[FIRST]) != set(objects.data[SECOND])
    assert objects.data.max() == 2
    annotator.undo()
    assert objects.data.max() == 0
    annotator.undo()
    np.testing.assert_array_equal(mask(annotator), FIRST | SECOND)
    assert annotator.page.proposals is None


def test_negative_marks_go_with_every_object():
    square = np.array([[0.0, 0], [0, 9], [9, 9], [9, 0]])
    marks = Marks(
        points=np.array([[1.0, 1], [2, 2], [3, 3]]),
        signs=np.array([True, False, True]),
        outlines=(Outline("rectangle", square, 1, True), Outline("path", square, 1, False)),
    )
    parts = single_marks(marks)
    assert [len(p.points) for p in parts] == [2, 2, 1]
    assert all((~p.signs).sum() == 1 for p in parts)
    assert [len(p.outlines) for p in parts] == [1, 1, 2]

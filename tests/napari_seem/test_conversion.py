"""Converting an official file, without a window: when it runs, and when its result counts."""

from __future__ import annotations

import pytest

from fakes import FakeLoad, blobs
from napari_seem.annotator import Annotator
from napari_seem.hints import hint
from napari_seem.jobs import Conversion, Stopped
from seem_model import CheckpointError
from seem_model import convert as module
from seem_model.convert import Converted


@pytest.fixture
def asked(monkeypatch, tmp_path) -> list[tuple[str, str]]:
    """What was converted; the fake reports half of the work and then is done."""
    files = []

    def fake(file, name, *, watch):
        watch(0.5)
        if file == "broken.pt":
            raise CheckpointError("broken.pt is broken.")
        files.append((file, name))
        return Converted(name, tmp_path, 1, 1, ())

    monkeypatch.setattr(module, "convert", fake)
    return files


@pytest.fixture
def made(model_viewer, deferred) -> Annotator:
    annotator = Annotator(model_viewer, load=FakeLoad(), run=deferred)
    annotator.open()
    return annotator


def of(file: str = "a.pt", name: str = "focal-tiny-v1") -> Conversion:
    return Conversion(file=file, name=name)


def test_it_needs_no_image_and_the_model_is_loaded_with_the_first(
    model_viewer, made, deferred, asked
) -> None:
    made.engine.convert(of())
    assert made.engine.state == "converting"
    assert "Converting" in hint(made)
    deferred.all()
    assert asked == [("a.pt", "focal-tiny-v1")]
    assert made.engine.checkpoint == "focal-tiny-v1"
    assert made.engine.predictor is None
    model_viewer.add_image(blobs())
    deferred.all()
    assert made.engine.predictor.name == "focal-tiny-v1"


@pytest.mark.usefixtures("asked")
def test_undo_brings_back_the_model_before(model_viewer, made, deferred) -> None:
    model_viewer.add_image(blobs())
    deferred.all()
    former = made.engine.checkpoint
    made.engine.convert(of())
    deferred.all()
    assert made.engine.checkpoint == "focal-tiny-v1"
    made.timeline.undo()
    deferred.all()
    assert made.engine.checkpoint == former
    made.timeline.redo()
    deferred.all()
    assert made.engine.checkpoint == "focal-tiny-v1"
    assert made.engine.predictor.name == "focal-tiny-v1"


def test_the_same_name_is_loaded_anew(model_viewer, made, deferred, asked) -> None:
    model_viewer.add_image(blobs())
    for _ in range(2):
        before = made.engine.predictor
        made.engine.convert(of())
        deferred.all()
        assert made.engine.predictor.name == "focal-tiny-v1"
        assert made.engine.predictor is not before


def test_a_second_wish_replaces_the_first(made, deferred, asked) -> None:
    first = of("first.pt", "focal-tiny-v0")
    made.engine.convert(first)
    made.engine.convert(of("second.pt"))
    deferred.all()
    assert asked == [("second.pt", "focal-tiny-v1")]
    assert made.engine.checkpoint == "focal-tiny-v1"
    with pytest.raises(Stopped):
        first.progress.watch(0.6)


def test_closing_the_dock_stops_it(made, deferred, asked) -> None:
    wish = of()
    made.engine.convert(wish)
    made.close()
    deferred.all()
    assert not asked
    assert made.engine.conversion is None
    assert made.engine.checkpoint == "lite"
    assert made.engine.problem == ""


def test_an_error_is_told_and_does_not_block(model_viewer, made, deferred, asked, told) -> None:
    model_viewer.add_image(blobs())
    made.engine.convert(of("broken.pt"))
    deferred.all()
    assert "broken.pt is broken" in told.text
    assert made.engine.conversion is None
    assert made.engine.checkpoint == "lite"
    assert made.engine.predictor is not None

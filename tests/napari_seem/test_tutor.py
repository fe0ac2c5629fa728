"""Teaching the model without a window: what is learned from, and what becomes of the result."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import numpy as np
import pytest

import napari_seem.attempt as module
from fakes import blobs
from napari_seem.annotator import Annotator
from napari_seem.lessons import examples_of, lesson, sources
from napari_seem.tutor import TICK_ONE
from person import FIRST, SECOND, click, mask
from seem_model.errors import SeemError
from seem_model.own_models import own_models
from seem_model.tuning import NOTHING, Measuring, Outcome, Score, Step, Trouble

BETTER = (Score(0.7, 0.8), Score(0.8, 0.9))


class FakeChild:
    """A process that has learned already; tests say what it tells."""

    scores: tuple = BETTER
    trouble = ""
    made: list

    def __init__(self, examples, wish, *, beside: Path) -> None:
        self.examples, self.wish = examples, wish
        self.folder = beside / f".unfinished-{len(self.made)}"
        self.killed = self.asked_to_keep = False
        model = self.folder / "checkpoint"
        model.mkdir(parents=True)
        for name in ("config.json", "model.safetensors"):
            (model / name).touch()
        self.made.append(self)

    def messages(self):
        yield Measuring(1, 1, False)
        yield Step(1, 2, 0.5, 1.0)
        if self.trouble:
            yield Trouble(self.trouble)
            return
        before, after = self.scores
        yield Outcome(
            folder=str(self.folder / "checkpoint"), base=self.wish.base, before=before,
            after=after, objects=9, images=1, held_out=3, steps=2, seconds=3.0,
        )  # fmt: skip

    def kill(self) -> None:
        self.killed = True

    def keep(self) -> None:
        self.asked_to_keep = True

    def close(self) -> None:
        pass

    def clear(self) -> None:
        for path in sorted(self.folder.rglob("*"), reverse=True):
            path.unlink() if path.is_file() else path.rmdir()
        self.folder.rmdir()


@pytest.fixture
def fake_child(monkeypatch, tmp_path):
    monkeypatch.setenv("SEEM_MODELS", str(tmp_path))

    class Child(FakeChild):
        made: list = []  # noqa: RUF012

    monkeypatch.setattr(module, "TuningChild", Child)
    return Child


@pytest.fixture
def labelled(annotator, fake_child):
    """Two objects committed, and a third clicked."""
    for place in ((20, 20), (45, 50)):
        click(annotator, *place)
        annotator.commit()
    click(annotator, 20, 20)
    return annotator


def teach(annotator: Annotator, name: str = "cells", *, complete: bool = False) -> None:
    chosen = [(source, complete) for source in annotator.tutor.sources]
    annotator.tutor.start(chosen, name=name, steps=2, any_way_up=True)


def left(folder: Path) -> list[str]:
    return sorted(path.name for path in (folder / "own").iterdir())


# ---------------------------------------------------------------------- what is learned from
def test_committed_objects_teach_with_their_classes(labelled, fake_child):
    labelled.revisions.rename([1], "cell")
    teach(labelled, complete=True)
    [child] = fake_child.made
    [example] = child.examples.examples
    np.testing.assert_array_equal(example.labels, FIRST + 2 * SECOND)
    np.testing.assert_array_equal(example.picture[..., 0], blobs())
    assert example.complete
    assert [example.class_name(k) for k in (1, 2)] == ["cell", "blob"]
    assert (child.wish.base, child.wish.name, child.wish.steps) == ("lite", "cells", 2)


def test_any_labels_layer_over_an_image_can_teach(annotator, model_viewer):
    model_viewer.add_labels(np.zeros((3, 3), int), name="too small")
    model_viewer.add_labels((blobs() > 0).astype(int), name="theirs")
    click(annotator, 20, 20)
    annotator.commit()
    found = annotator.tutor.sources
    assert [(s.labels.name, s.is_own) for s in found] == [
        (annotator.shelf.layer.name, True), ("theirs", False),
    ]  # fmt: skip
    annotator.tutor.count()
    assert [annotator.tutor.counts[s.key] for s in found] == [1, 1]
    found[1].labels.data[40:55, 45:70] = 2
    annotator.tutor.count()
    assert [annotator.tutor.counts[s.key] for s in found] == [1, 1]  # nothing tells
    annotator.tutor.count(anew=True)
    assert [annotator.tutor.counts[s.key] for s in found] == [1, 2]


def test_labels_that_cannot_be_read_are_told_once(annotator, model_viewer, told, monkeypatch):
    layer = model_viewer.add_labels((blobs() > 0).astype(int))
    with monkeypatch.context() as patch:
        patch.setattr("napari_seem.lessons.Lesson.count", lambda self: 1 / 0)
        annotator.tutor.count()
        annotator.tutor.count()
    assert told.text.count("ZeroDivisionError") == 1
    annotator.tutor.count(anew=True)
    assert list(annotator.tutor.counts.values()) == [1]
    assert layer in annotator.focus.labels


def test_without_accelerate_it_does_not_even_start(labelled, fake_child, told, monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    teach(labelled)
    assert 'install "napari-seem[train]"' in labelled.tutor.words
    assert not fake_child.made


def test_a_stack_teaches_slice_by_slice(make_model_viewer, fake_load):
    viewer = make_model_viewer()
    labels = np.zeros((6, 64, 80), np.int64)
    labels[1, 10:30, 10:30], labels[4, 40:50, 40:50] = 2**40, 5
    image = viewer.add_image(np.stack([blobs()] * 6), name="stack")
    viewer.add_labels(labels, name="theirs")
    annotator = Annotator(viewer, load=fake_load)
    annotator.open()
    [source] = sources(annotator.focus)
    one = lesson(annotator.focus, source, complete=False)
    assert one.count() == 2
    shares: list[float] = []
    examples = examples_of([one], shares.append)
    assert [e.name for e in examples] == ["stack 1", "stack 4"]
    assert [len(e.objects) for e in examples] == [1, 1]
    assert shares == [0, 0.5]
    assert [e.name for e in examples_of([one], shares.append, most=64 * 80)] == ["stack 1"]
    assert source.image is image
    annotator.close()


# ---------------------------------------------------------------------- what becomes of it
def test_a_better_model_is_kept_and_used_and_undo_goes_back(labelled, fake_load, tmp_path):
    page, before = labelled.page, mask(labelled)
    teach(labelled)
    [model] = own_models()
    assert model.name == "cells"
    assert fake_load.last.name == labelled.engine.checkpoint == str(model)
    assert "0.70 → 0.80 after one click" in labelled.tutor.words
    assert "3 objects held out" in labelled.tutor.words
    assert labelled.tutor.pace == 1.5
    labelled.undo()
    assert (fake_load.last.name, labelled.page) == ("lite", page)
    np.testing.assert_array_equal(mask(labelled), before)
    labelled.redo()
    assert fake_load.last.name == str(model)
    assert left(tmp_path) == ["cells"]


def test_a_worse_model_waits_for_a_decision(labelled, fake_child, tmp_path):
    fake_child.scores = BETTER[::-1]
    teach(labelled)
    tutor = labelled.tutor
    assert tutor.pending is not None
    assert labelled.engine.checkpoint == "lite"
    assert "worse, so the one before stays" in tutor.words
    teach(labelled, "another")
    assert len(fake_child.made) == 1
    tutor.decide(use=False)
    assert not left(tmp_path)
    teach(labelled)
    tutor.decide(use=True)
    assert labelled.engine.checkpoint == str(own_models()[0])
    assert left(tmp_path) == ["cells"]


def test_what_goes_wrong_is_told_and_nothing_is_kept(labelled, fake_child, told, tmp_path):
    fake_child.trouble = "The loss became nan."
    teach(labelled)
    assert labelled.tutor.words == "The loss became nan."
    assert "The loss became nan." in told.text
    assert not left(tmp_path)
    assert labelled.tutor.attempt is None
    fake_child.trouble = ""
    teach(labelled)
    assert labelled.engine.checkpoint == str(own_models()[0])
    teach(labelled)
    assert "already: choose another name" in labelled.tutor.words
    labelled.tutor.start([], name="b", steps=2, any_way_up=True)
    assert labelled.tutor.words == TICK_ONE


def test_without_objects_there_is_nothing_to_learn(annotator, model_viewer, fake_child, told):
    model_viewer.add_labels(np.zeros((64, 80), int))
    teach(annotator)
    assert annotator.tutor.words == NOTHING
    assert not fake_child.made


@pytest.fixture
def waiting(make_model_viewer, fake_load, fake_child, deferred):
    """Training has started and its job waits."""
    viewer = make_model_viewer()
    viewer.add_image(blobs(), name="blobs")
    viewer.add_labels((blobs() > 0).astype(int))
    annotator = Annotator(viewer, load=fake_load, run=deferred)
    annotator.open()
    deferred.all()
    teach(annotator)
    yield annotator
    annotator.close()


def test_cancelling_keeps_nothing(waiting, deferred, fake_child, tmp_path):
    waiting.tutor.cancel()
    deferred.all()
    assert waiting.tutor.words.startswith("Cancelled")
    assert not fake_child.made
    assert own_models() == ()


def test_cancelling_in_the_last_moment_keeps_nothing(waiting, deferred, fake_child, tmp_path):
    job, done, _ = deferred.waiting.pop()
    outcome = job()
    waiting.tutor.keep_so_far()
    waiting.tutor.cancel()
    done(outcome)
    [child] = fake_child.made
    assert child.asked_to_keep
    assert child.killed
    assert waiting.engine.checkpoint == "lite"
    assert not left(tmp_path)


def test_closing_the_last_dock_cancels(waiting, deferred, fake_child):
    waiting.close()
    deferred.all()
    assert waiting.tutor.attempt is None
    assert not fake_child.made


def test_a_name_that_is_taken_meanwhile_gets_a_number(waiting, deferred, tmp_path):
    (tmp_path / "own" / "cells").mkdir(parents=True)
    for name in ("config.json", "model.safetensors"):
        (tmp_path / "own" / "cells" / name).touch()
    deferred.all()
    assert left(tmp_path) == ["cells", "cells-2"]
    assert waiting.engine.checkpoint.endswith("cells-2")


def test_a_model_that_cannot_be_moved_waits(waiting, deferred, told, monkeypatch, tmp_path):
    def refuse(made, place):
        raise SeemError("The disk is full.")

    with monkeypatch.context() as patch:
        patch.setattr("napari_seem.tutor.keep", refuse)
        deferred.all()
    assert "The disk is full." in told.text
    waiting.tutor.decide(use=True)
    assert left(tmp_path) == ["cells"]

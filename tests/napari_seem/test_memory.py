"""Hundreds of rounds must fit in memory; the journal lets go of what cannot come back."""

from __future__ import annotations

import gc
import tracemalloc
import weakref

import numpy as np
import pytest
from napari.components import ViewerModel

from fakes import FakePredictor
from napari_seem.annotator import Annotator
from napari_seem.target import Tool
from person import click
from seem_model.values import Round

SIZE, ROUNDS, BOUND = 2048, 20, 60_000  # pixels, rounds, bytes for each round


class Remembered:
    """What a model keeps of a round."""


class Square(FakePredictor):
    """A square around the last click; nothing is recorded."""

    def step(self, features, prompts, memory=None, *, watch=None) -> Round:
        row, col = np.argwhere(prompts.positive)[-1]
        mask = np.zeros(features.shape, bool)
        mask[max(0, row - 150) : row + 150, max(0, col - 150) : col + 150] = True
        return Round(
            prompts=prompts, mask=mask, score=0.9, label="a", label_score=0.9, memory=Remembered()
        )


@pytest.fixture
def large():
    viewer = ViewerModel()
    viewer.add_image(np.zeros((SIZE, SIZE), np.uint8), contrast_limits=(0, 255))
    annotator = Annotator(viewer, load=lambda *_, **__: Square())
    annotator.open()
    annotator.use(Tool.CLICK)
    yield annotator
    annotator.close()


def test_a_round_of_a_large_image_is_small(large):
    def work(rounds: int) -> None:
        for k in range(rounds):
            click(large, *rng.uniform(200, SIZE - 200, 2))
            if k % 3 == 2:
                large.undo()
                large.redo()
                large.commit()
        gc.collect()

    rng = np.random.default_rng(0)
    tracemalloc.start()
    work(ROUNDS)  # layers are made, caches are filled
    before, _ = tracemalloc.get_traced_memory()
    work(ROUNDS)
    after, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert len(large.page.things) > ROUNDS // 2
    assert (after - before) / ROUNDS < BOUND


def test_what_was_undone_is_let_go_after_a_new_deed(annotator):
    click(annotator, 20, 20)
    click(annotator, 45, 50)
    gone = weakref.ref(annotator.page.current.current)
    annotator.undo()
    assert gone() is not None
    click(annotator, 12, 12)
    gc.collect()
    assert gone() is None
    assert not annotator.timeline.can_redo

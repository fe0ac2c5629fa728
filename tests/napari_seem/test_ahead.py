"""Work ahead of time: neighbouring slices, which give way to anything a person does."""

from __future__ import annotations

import numpy as np
import pytest

from fakes import blobs
from napari_seem.annotator import Annotator
from napari_seem.encoding import QUICK_READ, Readiness
from napari_seem.target import ENCODED_SLICES, Tool
from person import FIRST, click, mask


@pytest.fixture
def lazy(model_viewer, fake_load, deferred):
    """Annotator on the middle of a stack, whose jobs run one by one."""
    model_viewer.add_image(np.stack([blobs()] * 12))
    model_viewer.dims.set_current_step(0, 5)
    annotator = Annotator(model_viewer, load=fake_load, run=deferred)
    annotator.open()
    yield annotator
    annotator.close()


def encoded(annotator: Annotator) -> set[int]:
    return {sight.plane.index[0] for sight in annotator.focus.target.features}


def ready(annotator: Annotator) -> Readiness:
    return annotator.engine.encoding.ready.state


def test_the_slice_in_focus_comes_first_then_its_neighbours(lazy, deferred):
    assert ready(lazy) is Readiness.MISSING
    deferred.one()  # the model is loaded
    assert ready(lazy) is Readiness.ENCODING
    assert lazy.engine.state == "encoding"
    deferred.one()
    assert ready(lazy) is Readiness.MEMORY
    assert lazy.engine.state == "ready"  # though a neighbour is under way
    deferred.all()
    assert encoded(lazy) == {4, 5, 6, 7}
    told = lazy.engine.encoding.ready
    assert (told.ready, told.slices) == (4, 12)


def test_the_direction_of_travel_is_looked_at_first(lazy, deferred, model_viewer):
    deferred.all()
    model_viewer.dims.set_current_step(0, 3)
    deferred.all()
    assert encoded(lazy) == {1, 2, 3, 4, 5, 6, 7}
    assert len(lazy.focus.target.features) <= ENCODED_SLICES


def test_the_axis_moved_last_is_the_one(model_viewer, fake_load):
    model_viewer.add_image(np.stack([blobs()] * 9).reshape(3, 3, 64, 80))
    model_viewer.dims.set_current_step([0, 1], [0, 0])
    annotator = Annotator(model_viewer, load=fake_load)
    annotator.open()
    model_viewer.dims.set_current_step(1, 1)
    planes = {sight.plane.index[:2] for sight in annotator.focus.target.features}
    assert {(1, 0), (2, 0), (0, 1), (0, 2)} <= planes
    annotator.close()


def test_a_click_does_not_wait_for_a_neighbour(lazy, deferred, fake_load):
    deferred.one()
    deferred.one()
    before = len(fake_load.last.encoded)
    lazy.use(Tool.CLICK)
    click(lazy, 20, 20)
    deferred.one()  # the neighbour is stopped at its next layer
    assert len(fake_load.last.encoded) == before
    assert encoded(lazy) == {5}
    deferred.one()
    np.testing.assert_array_equal(mask(lazy), FIRST)
    deferred.all()
    assert encoded(lazy) == {4, 5, 6, 7}


def test_a_neighbour_that_fails_is_told_only_when_it_is_wanted(lazy, deferred, fake_load, told):
    deferred.one()
    deferred.one()
    fake_load.last.error = MemoryError()
    deferred.all()
    assert told.text == ""
    assert lazy.engine.state == "ready"
    fake_load.last.error = None
    lazy.use(Tool.CLICK)
    click(lazy, 20, 20)
    deferred.all()
    np.testing.assert_array_equal(mask(lazy), FIRST)


def test_where_reading_is_slow_nothing_is_read_beforehand(lazy, deferred, monkeypatch):
    import napari_seem.jobs as jobs

    clock = iter(np.arange(0, 1000) * 2 * QUICK_READ)
    monkeypatch.setattr(jobs.time, "perf_counter", lambda: float(next(clock)))
    deferred.all()
    assert encoded(lazy) == {5}


def test_another_model_drops_what_is_under_way(lazy, deferred):
    deferred.one()
    deferred.one()
    lazy.engine.choose("other", "cpu")
    assert encoded(lazy) == set()
    deferred.one()
    assert encoded(lazy) == set()
    deferred.all()
    assert encoded(lazy) == {4, 5, 6, 7}


def test_nothing_in_focus_is_said(lazy, model_viewer, deferred):
    deferred.all()
    model_viewer.layers.clear()
    assert ready(lazy) is Readiness.NONE

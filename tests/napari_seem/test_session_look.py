"""A session opened again shows the model the same picture, and names by the same class list."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from napari.components import ViewerModel

from dressed import OTHERS, PIXELS, dressed, opened, seen, viewer_on
from fakes import blobs
from napari_seem.annotator import Annotator
from napari_seem.appearance import Appearance
from napari_seem.session_file import read_session
from napari_seem.session_places import Where
from napari_seem.session_settings import SessionPreferences
from napari_seem.target import Tool
from person import click
from seem_model.class_lists import ClassList
from session_person import Clock, assert_same_state, state

MINE = ClassList.of("mine", [("nucleus", "blob"), ("tissue",)])


@settings(
    max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(case=dressed())
def test_the_picture_is_the_same_bit_for_bit_and_undo_brings_back_the_former(
    case, tmp_path
) -> None:
    pixels, dress = case
    one, two = viewer_on(pixels), viewer_on(pixels)
    annotator, other = opened(one), opened(two)
    dress(annotator)
    annotator.use(Tool.CLICK)
    click(annotator, 20, 20)
    annotator.commit()
    picture, before = seen(annotator), state(annotator)
    annotator.sessions.save(tmp_path / "a.seem")
    former, encoded = seen(other), len(other.engine.predictor.steps)
    other.sessions.open(tmp_path / "a.seem")
    np.testing.assert_array_equal(seen(other), picture)
    assert_same_state(state(other), before)
    assert len(other.engine.predictor.steps) == encoded, "nothing is asked again"
    other.undo()
    np.testing.assert_array_equal(seen(other), former)
    assert other.page.current.is_blank
    other.redo()
    np.testing.assert_array_equal(seen(other), picture)
    assert_same_state(state(other), before)


def three_channels(viewer) -> Annotator:
    """Work on three channels of which one is off."""
    annotator = opened(viewer)
    appearance = Appearance().with_channels(annotator.focus.image, 1)
    off = replace(appearance.channels[2], shown=False)
    annotator.focus.show_as(appearance.with_channel(off))
    annotator.use(Tool.CLICK)
    click(annotator, 20, 20)
    return annotator


def test_work_without_channels_comes_back_with_its_layers(tmp_path) -> None:
    annotator = three_channels(one := viewer_on(PIXELS))
    annotator.sessions.save(tmp_path / "a.seem")
    viewer = viewer_on(PIXELS)
    other = opened(viewer)
    click(other, 45, 50)
    other.commit()
    click(other, 20, 20)
    mine, marked = state(other), other.focus.target.prompts.points
    for _ in range(2):
        other.sessions.open(tmp_path / "a.seem")
        assert other.focus.target.appearance.channel_axis == 1
        assert other.focus.target.prompts.points is not marked
        assert not marked.visible
        assert_same_state(state(other), state(annotator))
        other.undo()
        assert other.focus.target.prompts.points is marked
        assert marked.visible
        assert_same_state(state(other), mine)
        other.redo()
        assert_same_state(state(other), state(annotator))
        assert other.focus.target.prompts.points in viewer.layers
        other.undo()
    click(other, 12, 12)
    assert len(other.page.current.current.marks.points) == 2
    assert one.layers


def test_channels_that_are_on_display_are_said_and_nothing_changes(tmp_path, told) -> None:
    three_channels(keep := viewer_on(PIXELS)).sessions.save(tmp_path / "a.seem")
    viewer = viewer_on(PIXELS)
    other = opened(viewer)
    viewer.dims.order = (0, 2, 1, 3)
    target = other.focus.target
    other.sessions.open(tmp_path / "a.seem")
    assert "channels are on display" in told.text
    assert other.focus.target is target
    assert not target.journal.done
    assert keep.layers


def test_layers_and_channels_that_are_not_here_are_named_and_kept(tmp_path, told) -> None:
    annotator = three_channels(viewer := viewer_on(PIXELS))
    both = tuple(layer for layer in annotator.focus.images if layer.name != "cells")
    annotator.focus.show_as(replace(annotator.focus.target.appearance, layers=both))
    annotator.sessions.save(tmp_path / "a.seem")
    first = read_session(tmp_path / "a.seem")
    fewer = ViewerModel()
    fewer.add_image(PIXELS[:, :2], name="cells")
    fewer.add_image(OTHERS[0][:, :2], name="stain 0")
    other = opened(fewer)
    other.sessions.open(tmp_path / "a.seem")
    assert told.text.count("channel 2 and the layer “stain 1”, which are not here") == 1
    appearance = other.focus.target.appearance
    assert [layer.name for layer in appearance.layers] == ["stain 0"]
    assert len(appearance.channels) == 2
    assert_same_state(state(other), state(annotator))
    other.sessions.save(tmp_path / "b.seem")
    again = read_session(tmp_path / "b.seem").shown
    assert set(again.layers) == set(first.shown.layers)
    assert again.channels == first.shown.channels
    whole = opened(full := viewer_on(PIXELS))
    whole.sessions.open(tmp_path / "b.seem")
    np.testing.assert_array_equal(seen(whole), seen(annotator))
    assert viewer.layers
    assert full.layers


def test_it_is_found_and_resumed_whatever_the_channels_are_now(tmp_path) -> None:
    wish, clock = SessionPreferences(where=Where.FOLDER, folder=str(tmp_path)), Clock()
    one = viewer_on(PIXELS)
    annotator = opened(one, wish=wish, clock=clock)
    annotator.focus.show_as(Appearance().with_channels(annotator.focus.image, 1))
    annotator.use(Tool.CLICK)
    click(annotator, 20, 20)
    annotator.commit()
    annotator.close()
    two = viewer_on(PIXELS)
    other = opened(two, wish=wish, clock=clock)
    path = other.sessions.found.path
    other.sessions.resume()
    assert other.sessions.found is None
    np.testing.assert_array_equal(seen(other), seen(annotator))
    click(other, 45, 50)
    clock.tick()
    assert [p.name for p in tmp_path.glob("*.seem")] == [path.name], "it goes on in its file"


def test_contrast_and_class_list_alone_are_changes_that_are_saved(tmp_path) -> None:
    wish, clock = SessionPreferences(where=Where.FOLDER, folder=str(tmp_path)), Clock()
    annotator = opened(viewer := viewer_on(PIXELS), wish=wish, clock=clock)
    click(annotator, 20, 20)
    clock.tick()
    annotator.focus.image.contrast_limits = (3, 77)
    clock.tick()
    annotator.engine.naming.use(MINE)
    clock.tick()
    clock.tick()
    assert not clock.waiting
    [path] = tmp_path.glob("*.seem")
    data = read_session(path)
    assert data.shown.light.limits == (3.0, 77.0)
    assert data.classes == MINE
    assert viewer.layers


class TestClassList:
    @pytest.fixture
    def path(self, annotator, tmp_path):
        annotator.engine.naming.use(MINE)
        click(annotator, 20, 20)
        annotator.sessions.save(tmp_path / "a.seem")
        return tmp_path / "a.seem"

    def test_it_comes_with_the_session_and_goes_with_undo(self, path, make_model_viewer) -> None:
        viewer = make_model_viewer()
        viewer.add_image(blobs())
        other, theirs = opened(viewer), ClassList.of("theirs", [("cat",)])
        naming = other.engine.naming
        naming.use(theirs)
        other.sessions.open(path)
        assert naming.classes == MINE
        assert "“mine” is in use in place of “theirs”" in other.news
        click(other, 45, 50)
        assert other.name == "nucleus"
        other.undo()
        other.undo()
        assert naming.classes == theirs
        other.redo()
        assert naming.classes == MINE

    def test_a_session_without_one_takes_none_away(self, annotator, tmp_path) -> None:
        click(annotator, 20, 20)
        annotator.sessions.save(tmp_path / "a.seem")
        annotator.engine.naming.use(MINE)
        annotator.sessions.open(tmp_path / "a.seem")
        assert annotator.engine.naming.classes == MINE
        assert "class list" not in annotator.news

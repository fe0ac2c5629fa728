"""The list of objects, their measurements and their colours, without a window."""

from __future__ import annotations

import numpy as np
import pytest

from fakes import blobs
from napari_seem.annotator import Annotator
from napari_seem.colouring import ColourBy
from napari_seem.in_view import bring_into_view
from napari_seem.inventory import MOST_EXAMPLES, counted
from napari_seem.plane import Plane
from person import FIRST, SECOND, click
from seem_model.class_lists import ClassEntry, ClassList


@pytest.fixture
def two(annotator):
    """Both blobs committed, as 1 and 2."""
    for row, col in ((20, 20), (45, 50)):
        click(annotator, row, col)
        annotator.commit()
    return annotator


def test_committed_and_open_objects_are_listed(two):
    click(two, 20, 20)
    click(two, 21, 20)
    first, second, started = two.inventory.items
    assert (first.label, first.name, first.score, first.area, first.rounds) == (
        1, "blob", 0.9, 400, 1,
    )  # fmt: skip
    assert (second.label, second.area, second.current) == (2, 375, False)
    assert (started.label, started.area, started.rounds, started.current) == (0, 400, 2, True)
    assert counted(two.inventory.items) == "2 × blob, 1 open, 3 objects"


def test_the_list_is_made_anew_only_after_changes(two):
    items = two.inventory.items
    two.set_positive(False)
    assert two.inventory.items is items
    two.shelf.layer.data_setitem(np.nonzero(FIRST[:15]), 9)
    assert [i.label for i in two.inventory.items] == [1, 2, 9]
    two.undo()
    assert [i.label for i in two.inventory.items] == [1, 2]
    two.revisions.rename([1], "cup")
    assert two.inventory.items[0].name == "cup"


def test_counts_in_words():
    assert counted([]) == "No objects on this slice yet."


def test_examples_of_a_search(two):
    click(two, 20, 20)
    masks = two.inventory.masks(two.inventory.items)
    np.testing.assert_array_equal(masks[0], FIRST)
    np.testing.assert_array_equal(masks[1], SECOND)
    np.testing.assert_array_equal(masks[2], FIRST)
    assert len(two.inventory.masks(two.inventory.items * 40)) <= MOST_EXAMPLES


def test_measurements_follow_the_objects_while_they_are_wanted(two):
    two.measuring.look()
    assert two.measuring.result is None
    two.measuring.switch(True)
    result = two.measuring.result
    assert result.labels == (1, 2)
    assert result.columns["mean_intensity"] == [255.0, 255.0]
    assert {"perimeter", "eccentricity", "solidity", "min_intensity"} <= set(result.columns)
    assert "area_scaled" not in result.columns
    two.revisions.remove([1])
    two.measuring.look()
    assert two.measuring.result.labels == (2,)
    two.measuring.switch(False)
    assert two.measuring.result is None


def test_measurements_in_the_units_of_the_layer(model_viewer, fake_load):
    model_viewer.add_image(blobs(), scale=(0.5, 0.5), units="um")
    annotator = Annotator(model_viewer, load=fake_load)
    annotator.open()
    click(annotator, 20, 20)
    annotator.commit()
    annotator.measuring.switch(True)
    assert annotator.measuring.result.columns["area_scaled"] == [100.0]
    assert annotator.measuring.result.unit == "µm"
    annotator.close()


def test_a_measurement_of_former_objects_is_dropped(model_viewer, fake_load, deferred):
    model_viewer.add_image(blobs())
    annotator = Annotator(model_viewer, load=fake_load, run=deferred)
    annotator.open()
    deferred.all()
    for row, col in ((20, 20), (45, 50)):
        click(annotator, row, col)
        deferred.all()
        annotator.commit()
    annotator.measuring.switch(True)
    annotator.revisions.remove([1])
    annotator.measuring.look()
    deferred.all()
    assert annotator.measuring.result.labels == (2,)
    annotator.measuring.switch(False)
    annotator.close()


def test_colours_by_class_and_hidden_classes(two):
    layer, plain = two.shelf.layer, two.shelf.layer.colormap
    two.colouring.refresh()
    assert layer.colormap is plain
    two.revisions.rename([2], "cup")
    two.colouring.set_by(ColourBy.CLASS)
    assert not np.allclose(layer.get_color(1), layer.get_color(2))
    two.revisions.rename([2], "blob")
    two.colouring.refresh()
    np.testing.assert_array_equal(layer.get_color(1), layer.get_color(2))
    two.revisions.rename([2], "cup")
    two.colouring.hide(["cup"])
    assert layer.colormap.map(2)[3] == 0
    assert layer.colormap.map(1)[3] == 1
    two.colouring.set_by(ColourBy.OBJECT)
    assert layer.colormap.map(2)[3] == 0
    np.testing.assert_allclose(layer.colormap.map(1), plain.map(1))
    two.colouring.hide([])
    np.testing.assert_allclose(layer.colormap.map(2), plain.map(2))


def test_nameless_objects_can_be_hidden_too(two):
    two.shelf.layer.data_setitem((np.array([0]), np.array([0])), 5)
    two.colouring.hide([""])
    assert two.shelf.layer.colormap.map(5)[3] == 0
    assert two.shelf.layer.colormap.map(1)[3] == 1


def test_bringing_into_view_moves_only_when_needed(two, model_viewer):
    layer, plane = two.shelf.layer, two.focus.plane
    centre = model_viewer.scene.camera.center
    bring_into_view(model_viewer, layer, plane, (10, 10, 30, 30))
    assert model_viewer.scene.camera.center == centre
    layer.corner_pixels = np.array([[40, 40], [60, 70]])
    bring_into_view(model_viewer, layer, plane, (10, 10, 30, 30))
    assert model_viewer.scene.camera.center[-2:] == (19.5, 19.5)


def test_bringing_into_view_in_a_stack_with_a_scale(model_viewer):
    layer = model_viewer.add_labels(np.zeros((3, 64, 80), int), scale=(5, 2, 2))
    layer.corner_pixels = np.array([[0, 40, 40], [0, 60, 70]])
    plane = Plane((1, 2), (1, 0, 0), (64, 80))
    bring_into_view(model_viewer, layer, plane, (10, 10, 30, 30))
    assert model_viewer.scene.camera.center[-2:] == (39.0, 39.0)


def test_colours_are_those_of_the_class_list_and_of_synonyms(two):
    two.revisions.rename([1], "nuclei")
    listed = ClassList("own", (ClassEntry("nucleus", ("nuclei",), "#123456"),))
    two.engine.naming.use(listed)
    two.colouring.set_by(ColourBy.CLASS)
    assert two.colouring.colours()["nuclei"] == "#123456"
    layer = two.focus.target.objects
    shown = np.round(np.asarray(layer.get_color(1))[:3] * 255).astype(int).tolist()
    assert shown == [0x12, 0x34, 0x56]
    other = np.asarray(layer.get_color(2))[:3]
    two.colouring.hide({"nuclei"})
    assert layer.get_color(1)[3] == 0
    np.testing.assert_allclose(np.asarray(layer.get_color(2))[:3], other)

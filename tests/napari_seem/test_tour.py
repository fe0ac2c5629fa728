"""The tour without a window: steps go on by deeds, and by nothing else."""

from __future__ import annotations

import numpy as np
import pytest

from napari_seem.actions import ACTIONS
from napari_seem.hints import next_click
from napari_seem.target import Tool
from napari_seem.tour import STEPS, Doing, Place, Tour


@pytest.fixture
def tour(annotator):
    tour = Tour(annotator)
    yield tour
    tour.stop()


def click(annotator, *yx) -> None:
    annotator.focus.target.prompts.points.add(np.array(yx, float))


def title(tour) -> str:
    return "" if tour.step is None else tour.step.title


def test_each_deed_leads_to_the_next_step(tour, annotator):
    tour.start()
    assert title(tour) == "Click on an object"
    click(annotator, 20, 20)
    assert title(tour) == "Say what is too much"
    click(annotator, 22, 22)  # a mark that adds is not what was asked for
    assert title(tour) == "Say what is too much"
    annotator.set_positive(False)
    click(annotator, 13, 13)
    assert title(tour) == "Take it back"
    annotator.undo()
    assert title(tour) == "Keep the object"
    annotator.commit()
    assert title(tour) == "Name a thing"
    annotator.set_text("blob")
    assert title(tour) == "Everything at once"
    annotator.search.everything(
        lambda predictor, features, watch: predictor.panoptic(features), title="all"
    )
    assert title(tour) == "That was it"
    tour.forward()
    assert tour.at is None


def test_it_can_be_taken_again_with_all_that_was_done(tour, annotator):
    click(annotator, 20, 20)
    annotator.commit()
    click(annotator, 45, 50)
    tour.start()
    assert (title(tour), tour.is_done) == ("Click on an object", True)
    tour.forward()
    for _ in range(3):
        assert not tour.is_done
        tour.forward()
    annotator.set_name("thing")  # a change that is no deed
    assert title(tour) == "Name a thing"


def test_it_starts_with_the_image_where_there_is_none_and_ends_for_good(model_viewer, fake_load):
    from napari_seem.annotator import Annotator

    annotator = Annotator(model_viewer, load=fake_load)
    annotator.open()
    tour = Tour(annotator)
    moves = []
    tour.moved.connect(lambda: moves.append(tour.at))
    tour.start()
    model_viewer.add_image(np.zeros((20, 20)))
    assert moves == [0, 1]
    tour.stop()
    tour.stop()
    model_viewer.layers.clear()
    assert moves == [0, 1, None]
    annotator.close()


def test_every_text_can_be_read_with_and_without_keys(annotator):
    for step in STEPS:
        words = step.words(annotator)
        assert "{" not in words
        assert words.endswith(".")
    # nothing is bound without a dock: the palette does it too
    undo = next(a.title for a in ACTIONS if a.id == "undo")
    assert f"the command “{undo}”" in STEPS[3].words(annotator)


def test_every_place_is_pointed_at_once():
    assert [step.place for step in STEPS] == list(Place)
    assert not STEPS[-1].is_done(Doing(), Doing())


def test_what_a_click_does_depends_on_the_layer_that_gets_it(annotator):
    active = annotator.focus.target.prompts.points
    assert next_click(annotator, active) == "Click on the object you want."
    assert "take “Click” again" in next_click(annotator, annotator.focus.image)
    click(annotator, 20, 20)
    assert next_click(annotator, active) == "Click on what is missing."
    annotator.set_positive(False)
    assert "NOT" in next_click(annotator, active)
    annotator.set_positive(True)
    annotator.use(Tool.BOX)
    assert "Drag a box" in next_click(annotator, annotator.focus.target.prompts.shapes)

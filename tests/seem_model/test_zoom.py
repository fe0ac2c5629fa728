"""Which crop is looked at again, and how predictors with and without crops agree."""

from copy import copy
from dataclasses import replace

import numpy as np
import skimage
from hypothesis import given
from hypothesis import strategies as st

import seem_model
from seem_model import zoom
from seem_model.clicks import Click, add_click
from seem_model.frame import Box
from seem_model.frame_config import FrameConfig
from seem_model.values import Prompts
from tiny_model import click, photo, predictor


@st.composite
def needs(draw) -> zoom.Need:
    height, width = draw(st.integers(1, 600)), draw(st.integers(1, 600))
    row, col = draw(st.integers(0, height - 1)), draw(st.integers(0, width - 1))
    bottom = draw(st.integers(row + 1, height))
    right = draw(st.integers(col + 1, width))
    return zoom.Need(Box(row, col, bottom, right), (height, width))


@given(needs())
def test_a_view_lies_in_the_image_and_shows_what_is_needed(wanted: zoom.Need) -> None:
    view = zoom.view(wanted)
    if view is None:
        return
    assert Box(0, 0, *wanted.shape).contains(view)
    assert view.contains(wanted.box)
    assert max(view.height, view.width) < max(wanted.shape)


@given(needs())
def test_large_objects_are_not_zoomed_at(wanted: zoom.Need) -> None:
    if wanted.side * zoom.MARGIN >= zoom.WORTH * max(wanted.shape) + 1:
        assert zoom.view(wanted) is None


@given(needs())
def test_a_new_view_is_good_and_stays_so_while_the_object_hardly_changes(wanted) -> None:
    view = zoom.view(wanted)
    if view is not None:
        assert zoom.still_good(view, wanted)


def test_a_view_is_left_when_the_object_grows_out_of_it_or_gets_tiny() -> None:
    def need(low: int, high: int) -> zoom.Need:
        return zoom.Need(Box(low, low, high, high), (500, 500))

    view = zoom.view(need(200, 300))
    assert view is not None
    assert zoom.still_good(view, need(190, 310))
    assert not zoom.still_good(view, need(190, 400))
    assert not zoom.still_good(view, need(240, 250))


def test_the_need_is_around_answer_marks_and_region() -> None:
    prompts = click((50, 60), 10, 20) | click((50, 60), 40, 50, positive=False)
    answer = np.zeros((50, 60), bool)
    assert zoom.need(answer, prompts) == zoom.Need(Box(9, 19, 12, 22), (50, 60))
    answer[30:33, 5] = True
    assert zoom.need(answer, prompts) == zoom.Need(Box(9, 5, 33, 22), (50, 60))
    region = np.zeros((50, 60), bool)
    region[0:4, 0:4] = True
    boxed = Prompts(positive=region & False, negative=region & False, region=region)
    assert zoom.need(None, boxed) == zoom.Need(Box(0, 0, 4, 4), (50, 60))
    assert zoom.need(answer & False, Prompts.empty((50, 60))) is None


def test_with_and_without_zoom_answers_have_one_shape() -> None:
    near, far = predictor(), predictor().without_zoom()
    features = near.features(photo(150, 200))
    region = np.zeros((150, 200), bool)
    region[60:90, 80:110] = True
    prompts = Prompts(positive=region & False, negative=region & False, region=region)
    zoomed, plain = near.step(features, prompts), far.step(features, prompts)
    assert zoomed.mask.shape == plain.mask.shape == (150, 200)
    assert len(features.crops) == 1
    assert not np.array_equal(zoomed.memory.logits, plain.memory.logits)
    box, _ = next(iter(features.crops))
    outside = np.ones((150, 200), bool)
    outside[box.slices] = False
    assert not zoomed.mask[outside].any()


def test_a_region_is_looked_at_in_one_crop_that_is_reused() -> None:
    near = predictor()
    features = near.features(photo(150, 200))
    region = np.zeros((150, 200), bool)
    region[60:90, 80:110] = True
    prompts = Prompts(positive=region & False, negative=region & False, region=region)
    near.step(features, prompts)
    first = next(iter(features.crops.values()))
    near.step(features, prompts)
    assert next(iter(features.crops.values())) is first


def test_the_cache_of_crops_is_bounded() -> None:
    near = predictor()
    features = near.features(photo(150, 200))
    for row in range(0, 140, 12):
        region = np.zeros((150, 200), bool)
        region[row : row + 9, row : row + 9] = True
        near.step(features, Prompts(positive=region, negative=region & False, region=region))
    assert 1 < len(features.crops) <= 8


@given(needs(), st.integers(0, 20), st.integers(0, 512), st.integers(0, 512))
def test_crops_are_enlarged_for_polishing_as_far_as_there_is_detail(
    wanted: zoom.Need, rounds: int, side: int, most: int
) -> None:
    config = FrameConfig(zoom_side=side, polish_side=most)
    shown = zoom.shown_at(wanted.box, rounds, config)
    assert side <= shown <= max(side, most)
    if rounds < zoom.COARSE:
        assert shown == side
    elif shown > side:
        assert shown <= round(zoom.DETAIL * wanted.side)
        assert shown == most or shown == round(zoom.DETAIL * wanted.side)
    assert shown <= zoom.shown_at(wanted.box, rounds + 1, config)


def test_late_corrections_are_seen_larger_and_keep_what_was_right() -> None:
    plain = seem_model.load("lite")
    image = np.pad(skimage.data.coffee(), ((0, 400), (0, 600), (0, 0)), mode="edge")
    features = plain.features(image)
    prompts, memory, sides, masks = Prompts.empty(image.shape[:2]), None, [], []
    places = [(170, 320), (120, 300), (210, 330), (150, 380), (190, 270), (160, 350)]
    for place in places:
        prompts = add_click(prompts, Click(*place, positive=True))
        answer = plain.step(features, prompts, memory)
        memory = answer.memory
        sides.append(max(memory.frame.height, memory.frame.width))
        masks.append(answer.mask)
    assert sides == [320, 320, 320, 320, 512, 512]
    same = (masks[3] & masks[4]).sum() / (masks[3] | masks[4]).sum()
    assert same > 0.9


def glancing(predictor, side: int):
    model = copy(predictor.model)
    frame = replace(model.config.frame, glance_side=side)
    model.config = replace(model.config, frame=frame)
    return replace(predictor, model=model)


def test_large_things_are_found_small_and_answered_at_full_size() -> None:
    plain = seem_model.load("lite")
    eager = glancing(plain, 256)
    never = glancing(plain, 0)
    image = skimage.data.astronaut()
    # two marks far apart: large, whatever the weights make of them
    apart = [Click(80, 220, positive=True), Click(480, 250, positive=True)]
    prompts = Prompts.empty(image.shape[:2])
    for place in apart:
        prompts = add_click(prompts, place)
    answers = [model.step(model.features(image), prompts) for model in (eager, never)]
    for answer in answers:
        frame = answer.memory.frame
        assert max(frame.height, frame.width) == 512
        assert all(answer.mask[place.row, place.col] for place in apart)
    knowing, alone = (answer.memory.logits for answer in answers)
    assert not np.array_equal(knowing, alone)  # the small one was known at full size
    more = add_click(prompts, Click(300, 250, positive=True))
    later = [model.step(model.features(image), more, answers[1].memory) for model in (eager, never)]
    assert not np.array_equal(*(answer.memory.logits for answer in later))  # so in every round


def test_masks_of_others_are_not_looked_at_small() -> None:
    plain = seem_model.load("lite")
    image = skimage.data.astronaut()
    mask = np.zeros(image.shape[:2], bool)
    mask[60:500, 100:400] = True
    prompts = add_click(Prompts.empty(mask.shape), Click(20, 20, positive=True))
    answers = []
    for model in (glancing(plain, 256), glancing(plain, 0)):
        features = model.features(image)
        answers.append(model.step(features, prompts, model.memory_of(features, mask)).mask)
    assert np.array_equal(*answers)


def test_small_things_are_not_looked_for_in_a_small_image() -> None:
    plain = seem_model.load("lite")
    image = skimage.data.coins()
    prompts = add_click(Prompts.empty(image.shape[:2]), Click(50, 50, positive=True))
    masks = [
        model.step(model.features(image), prompts).mask
        for model in (glancing(plain, 256), glancing(plain, 0))
    ]
    assert (masks[0] == masks[1]).all()

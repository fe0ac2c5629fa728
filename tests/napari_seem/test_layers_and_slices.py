"""Slices of stacks, layers that come and go, and answers that come too late."""

from __future__ import annotations

import dask.array as da
import numpy as np
import pytest

from fakes import FakePredictor, blobs
from napari_seem import plane as plane_module
from napari_seem.annotator import Annotator, annotator_for
from napari_seem.target import Tool
from person import FIRST, SECOND, click, mask, points

STACK = np.stack([blobs(), blobs()[::-1], blobs()[:, ::-1]])


@pytest.fixture
def stack(model_viewer, fake_load):
    model_viewer.add_image(STACK, scale=(5, 2, 2))
    annotator = Annotator(model_viewer, load=fake_load)
    annotator.open()
    model_viewer.dims.set_current_step(0, 0)
    yield annotator
    annotator.close()


def test_each_slice_keeps_its_prompts_and_mask(stack, model_viewer):
    click(stack, 20, 20)
    model_viewer.dims.set_current_step(0, 1)
    assert not mask(stack).any()
    click(stack, 45, 20)
    np.testing.assert_array_equal(mask(stack), FIRST[::-1])
    model_viewer.dims.set_current_step(0, 0)
    np.testing.assert_array_equal(mask(stack), FIRST)
    assert len(stack.page.current.steps) == 1
    stack.undo()  # what was done last, on the other slice
    assert model_viewer.dims.current_step[0] == 1
    assert not mask(stack).any()
    assert points(stack) == [[0, 20, 20]]
    np.testing.assert_array_equal(stack.focus.target.result.data[0] > 0, FIRST)
    stack.undo()
    assert model_viewer.dims.current_step[0] == 0
    assert points(stack) == []
    stack.redo()
    stack.redo()
    assert points(stack) == [[0, 20, 20], [1, 45, 20]]


def test_text_belongs_to_its_slice(stack, model_viewer):
    stack.set_text("blob")
    model_viewer.dims.set_current_step(0, 2)
    assert stack.text == ""
    model_viewer.dims.set_current_step(0, 0)
    assert stack.text == "blob"


def test_commits_on_two_slices_count_on(stack, model_viewer):
    click(stack, 20, 20)
    stack.commit()
    model_viewer.dims.set_current_step(0, 1)
    click(stack, 45, 20)
    stack.commit()
    objects = stack.focus.target.objects
    assert objects.data[0, 20, 20] == 1
    assert objects.data[1, 45, 20] == 2


def test_encoding_happens_once_for_each_slice(stack, model_viewer, fake_load):
    for k in (1, 0, 1, 0, 2):
        model_viewer.dims.set_current_step(0, k)
    assert len(fake_load.last.encoded) == 3


def test_three_d_display_gives_a_hint_and_comes_back(stack, model_viewer, told):
    click(stack, 20, 20)
    model_viewer.dims.ndisplay = 3
    assert "2-D" in stack.focus.trouble
    stack.use(Tool.CLICK)
    assert "2-D" in told.text
    model_viewer.dims.ndisplay = 2
    np.testing.assert_array_equal(mask(stack), FIRST)


def test_clearing_a_viewer_with_a_stack(stack, model_viewer):
    click(stack, 20, 20)
    model_viewer.layers.clear()
    assert stack.focus.plane is None
    model_viewer.add_image(blobs())
    click(stack, 20, 20)
    np.testing.assert_array_equal(mask(stack), FIRST)


def test_transposed_view_is_the_same_slice(stack, model_viewer):
    click(stack, 20, 20)
    model_viewer.dims.order = (0, 2, 1)
    np.testing.assert_array_equal(mask(stack), FIRST)
    model_viewer.dims.order = (1, 0, 2)
    assert stack.focus.plane.shape == (3, 80)


def test_slice_outside_a_shorter_image(stack, model_viewer):
    model_viewer.add_image(np.zeros((40, 64, 80)))
    model_viewer.dims.set_point(0, 30)
    assert "outside the chosen image" in stack.focus.trouble


def test_lazy_arrays_are_read_one_slice_at_a_time(model_viewer, fake_load):
    read = []

    def load_slice(block_info=None):
        read.append(block_info[None]["chunk-location"][0])
        return blobs()[None]

    lazy = da.map_blocks(load_slice, chunks=((1,) * 5, (64,), (80,)), dtype=np.uint8)
    model_viewer.add_image(lazy, contrast_limits=(0, 255))
    model_viewer.dims.set_current_step(0, 3)
    read.clear()
    annotator = Annotator(model_viewer, load=fake_load)
    annotator.engine.encoding.ahead = 0
    annotator.open()
    click(annotator, 20, 20)
    assert set(read) <= {3}
    assert annotator.focus.target.result.data.shape == (5, 64, 80)


def test_multiscale_uses_a_level_that_fits(model_viewer, fake_load, monkeypatch):
    monkeypatch.setattr(plane_module, "MAX_SIDE", 100)
    full = blobs().repeat(2, 0).repeat(2, 1)
    image = model_viewer.add_image([full, blobs()], scale=(3, 3))
    annotator = Annotator(model_viewer, load=fake_load)
    annotator.open()
    click(annotator, 20, 20)
    np.testing.assert_array_equal(mask(annotator), FIRST)
    # pixel 20 of the small level lies over pixels 40 and 41 of the full one
    there = annotator.focus.target.result.data_to_world((20, 20))
    np.testing.assert_allclose(there, image.data_to_world((40.5, 40.5)))


def test_grey_image_is_seen_with_its_contrast_limits(model_viewer, fake_load):
    dim = blobs().astype(np.uint16) * 4
    dim[0, 0] = 65535
    model_viewer.add_image(dim, contrast_limits=(0, 1020))
    annotator = Annotator(model_viewer, load=fake_load)
    annotator.open()
    click(annotator, 20, 20)
    np.testing.assert_array_equal(mask(annotator), FIRST)


@pytest.mark.parametrize("channels", [3, 4])
def test_rgb_stack(model_viewer, fake_load, channels):
    rgb = np.repeat(STACK[..., None], channels, axis=-1)
    rgb[..., 3:] = 255
    model_viewer.add_image(rgb, rgb=True)
    model_viewer.dims.set_current_step(0, 0)
    annotator = Annotator(model_viewer, load=fake_load)
    annotator.open()
    click(annotator, 20, 20)
    np.testing.assert_array_equal(mask(annotator), FIRST)


@pytest.mark.parametrize("which", ["points", "result", "objects"])
def test_deleting_our_layers_midway(annotator, model_viewer, which):
    click(annotator, 20, 20)
    annotator.commit()
    click(annotator, 45, 50)
    target = annotator.focus.target
    layer = target.prompts.points if which == "points" else getattr(target, which)
    model_viewer.layers.remove(layer)
    click(annotator, 46, 51)
    np.testing.assert_array_equal(mask(annotator), SECOND)
    annotator.commit()
    assert annotator.focus.target.objects.data[45, 50] > 0
    for _ in range(8):
        annotator.undo()
    for _ in range(8):
        annotator.redo()
    assert annotator.focus.target.objects.data[45, 50] > 0


def test_deleted_prompts_come_back_with_undo(annotator, model_viewer):
    click(annotator, 20, 20)
    model_viewer.layers.remove(annotator.focus.target.prompts.points)
    assert not mask(annotator).any()
    annotator.undo()
    assert points(annotator) == [[20, 20]]
    np.testing.assert_array_equal(mask(annotator), FIRST)


def test_renamed_and_reordered_layers_change_nothing(annotator, model_viewer):
    click(annotator, 20, 20)
    for k, layer in enumerate(list(model_viewer.layers)):
        layer.name = f"same {k}"
    model_viewer.layers.reverse()
    click(annotator, 45, 50)
    np.testing.assert_array_equal(mask(annotator), FIRST | SECOND)


def test_deleting_the_image_takes_the_next_one(annotator, model_viewer):
    click(annotator, 20, 20)
    other = model_viewer.add_image(blobs()[::-1].copy())
    model_viewer.layers.remove(annotator.focus.image)
    assert annotator.focus.image is other
    click(annotator, 45, 20)
    np.testing.assert_array_equal(mask(annotator), FIRST[::-1])
    model_viewer.layers.clear()
    assert annotator.focus.image is None
    assert "Open an image" in annotator.focus.trouble
    annotator.undo()


def test_each_image_keeps_its_rounds(annotator, model_viewer):
    first = annotator.focus.image
    click(annotator, 20, 20)
    other = model_viewer.add_image(blobs()[::-1].copy())
    annotator.focus.choose(other)
    assert annotator.answer is None
    annotator.focus.choose(first)
    np.testing.assert_array_equal(mask(annotator), FIRST)
    assert len(annotator.page.current.steps) == 1


def test_new_pixels_are_encoded_again(annotator, fake_load):
    click(annotator, 20, 20)
    annotator.focus.image.data = blobs()[:, ::-1].copy()
    assert not mask(annotator).any()
    assert len(fake_load.last.encoded) == 2
    annotator.focus.image.data = blobs((70, 90))
    click(annotator, 20, 20)
    assert mask(annotator).shape == (70, 90)


def test_layers_follow_the_transform_of_the_image(annotator):
    click(annotator, 20, 20)
    image = annotator.focus.image
    image.scale, image.translate, image.rotate = (2, 3), (5, 6), 30
    for layer in annotator.focus.target.layers:
        np.testing.assert_allclose(layer.data_to_world((7, 9)), image.data_to_world((7, 9)))
    np.testing.assert_array_equal(mask(annotator), FIRST)


def test_newest_of_many_quick_clicks_wins(model_viewer, fake_load, deferred):
    model_viewer.add_image(blobs())
    annotator = Annotator(model_viewer, load=fake_load, run=deferred)
    annotator.open()
    deferred.one()
    deferred.one()
    for k in range(20):
        click(annotator, 20, 12 + k / 2)
    deferred.all()
    assert len(fake_load.last.steps) == 2
    assert not annotator.waiting
    assert len(annotator.page.current.current.marks.points) == 20


def test_clicks_while_loading_are_answered_later(model_viewer, fake_load, deferred):
    model_viewer.add_image(blobs())
    annotator = Annotator(model_viewer, load=fake_load, run=deferred)
    annotator.open()
    click(annotator, 20, 20)
    assert annotator.engine.state == "loading"
    deferred.all()
    np.testing.assert_array_equal(mask(annotator), FIRST)


@pytest.mark.parametrize("act", ["undo", "reset", "next_object", "slice", "model", "close"])
def test_late_answers_are_dropped(model_viewer, fake_load, deferred, act):
    model_viewer.add_image(STACK)
    model_viewer.dims.set_current_step(0, 0)
    annotator = Annotator(model_viewer, load=fake_load, run=deferred)
    annotator.open()
    deferred.all()
    click(annotator, 20, 20)
    assert annotator.engine.state == "thinking"
    if act == "slice":
        model_viewer.dims.set_current_step(0, 1)
    elif act == "model":
        annotator.engine.choose("other", "cpu")
    elif act == "close":
        annotator.close()
    else:
        getattr(annotator, act)()
    deferred.one()
    assert not mask(annotator).any()
    deferred.all()
    if act == "slice":
        model_viewer.dims.set_current_step(0, 0)
    elif act == "close":
        annotator.open()
    elif act != "model":
        assert not mask(annotator).any()
        annotator.redo() if act == "undo" else annotator.undo()
    deferred.all()
    np.testing.assert_array_equal(mask(annotator), FIRST)


def test_undo_of_an_unanswered_click_takes_just_that_click(model_viewer, fake_load, deferred):
    model_viewer.add_image(blobs())
    annotator = Annotator(model_viewer, load=fake_load, run=deferred)
    annotator.open()
    click(annotator, 20, 20)
    deferred.all()
    click(annotator, 45, 50)
    annotator.undo()
    assert points(annotator) == [[20, 20]]
    np.testing.assert_array_equal(mask(annotator), FIRST)
    deferred.all()
    annotator.redo()
    deferred.all()
    np.testing.assert_array_equal(mask(annotator), FIRST | SECOND)


def test_commit_waits_for_the_answer(model_viewer, fake_load, deferred):
    model_viewer.add_image(blobs())
    annotator = Annotator(model_viewer, load=fake_load, run=deferred)
    annotator.open()
    click(annotator, 20, 20)
    annotator.commit()
    assert annotator.focus.target.objects is None
    deferred.all()
    np.testing.assert_array_equal(annotator.focus.target.objects.data == 1, FIRST)


def test_a_mark_does_not_wait_for_the_search_of_a_phrase(
    model_viewer, fake_load, deferred, monkeypatch
):
    step, told = FakePredictor.step, []

    def slow(self, features, prompts, memory=None, *, watch=None):
        if not prompts.positive.any():
            watch(0.1)
            told.append(0.1)
        return step(self, features, prompts, memory)

    monkeypatch.setattr(FakePredictor, "step", slow)
    model_viewer.add_image(blobs())
    annotator = Annotator(model_viewer, load=fake_load, run=deferred)
    annotator.open()
    deferred.all()
    annotator.set_text("blob")
    click(annotator, 20, 20)
    deferred.all()
    assert told == []  # the search was stopped at its first word
    assert annotator.engine.problem == ""
    np.testing.assert_array_equal(mask(annotator), FIRST | SECOND)  # words and click together


def test_undo_after_a_failure_takes_only_the_failed_click(annotator, fake_load, told):
    click(annotator, 20, 20)
    fake_load.last.error = RuntimeError("kaput")
    click(annotator, 45, 50)
    annotator.undo()
    assert points(annotator) == [[20, 20]]
    np.testing.assert_array_equal(mask(annotator), FIRST)


def test_closing_disconnects_everything(annotator, model_viewer, fake_load):
    click(annotator, 20, 20)
    annotator.close()
    asked = len(fake_load.last.steps)
    click(annotator, 45, 50)
    model_viewer.add_image(blobs())
    assert len(fake_load.last.steps) == asked
    annotator.open()
    np.testing.assert_array_equal(mask(annotator), FIRST | SECOND)


def test_one_annotator_for_a_viewer_and_it_does_not_keep_it_alive():
    import gc
    import weakref

    from napari.components import ViewerModel
    from napari.utils._proxies import PublicOnlyProxy

    viewer = ViewerModel()
    assert annotator_for(viewer) is annotator_for(PublicOnlyProxy(viewer))
    gone = weakref.ref(viewer)
    del viewer
    gc.collect()
    assert gone() is None


def test_a_prompt_layer_that_is_deleted_takes_prompts_of_the_slice_on_display_only(
    stack, model_viewer
):
    click(stack, 20, 20)
    model_viewer.dims.set_current_step(0, 1)
    click(stack, 45, 20)
    model_viewer.layers.remove(stack.focus.target.prompts.points)
    assert stack.asking.entries == ()
    model_viewer.dims.set_current_step(0, 0)
    assert points(stack) == [[0, 20, 20]]
    np.testing.assert_array_equal(mask(stack), FIRST)
    for _ in range(3):
        stack.undo()
    assert points(stack) == []
    assert not stack.timeline.can_undo

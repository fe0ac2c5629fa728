"""Images as people have them: channels, stacks, lazy arrays, layers that belong together."""

from __future__ import annotations

from dataclasses import replace

import dask.array as da
import numpy as np
import pytest

from fakes import FakePredictor
from napari_seem.annotator import Annotator
from napari_seem.appearance import Appearance, Channel, Contrast, companions
from napari_seem.jobs import Encode
from napari_seem.plane import PlaneError
from napari_seem.target import Tool
from person import FIRST, SECOND, click, mask, points

LEFT = np.where(FIRST, 255, 0).astype(np.uint8)
RIGHT = np.where(SECOND, 255, 0).astype(np.uint8)


@pytest.fixture
def opened(model_viewer, fake_load):
    """Opens an annotator on the image layer that is given."""
    made = []

    def make(image) -> Annotator:
        annotator = Annotator(model_viewer, load=fake_load)
        made.append(annotator)
        annotator.engine.encoding.ahead = 0
        annotator.open()
        annotator.focus.choose(image)
        annotator.use(Tool.CLICK)
        return annotator

    yield make
    for annotator in made:
        annotator.close()


def seen(annotator: Annotator) -> np.ndarray:
    """The picture that the model would be shown now."""
    encode = Encode.of(FakePredictor(), annotator.focus.target, plane=annotator.focus.plane)
    return encode.picture()


# -- channels of one layer -------------------------------------------------------------------


def test_an_axis_labelled_as_channels_is_one_picture(model_viewer, opened):
    stack = np.stack([LEFT, RIGHT, RIGHT], axis=0)[None].repeat(2, 0)  # z, c, y, x
    image = model_viewer.add_image(stack, axis_labels=("z", "c", "y", "x"), scale=(3, 1, 2, 2))
    annotator = opened(image)
    assert annotator.focus.target.appearance.channel_axis == 1
    np.testing.assert_array_equal(seen(annotator)[20, 20], [255, 0, 0])
    np.testing.assert_array_equal(seen(annotator)[45, 50], [0, 255, 255])
    assert annotator.focus.target.ensure_result().data.shape == (2, 1, 64, 80)


def test_no_axis_is_taken_for_channels_silently(model_viewer, opened):
    image = model_viewer.add_image(np.stack([LEFT, RIGHT, RIGHT]))
    annotator = opened(image)
    assert annotator.focus.target.appearance == Appearance()
    assert annotator.focus.channel_axes == (0,)  # but it is offered
    assert not (seen(annotator)[45, 50] > 0).any() or not (seen(annotator)[20, 20] > 0).any()


def test_marks_on_any_channel_are_marks_of_the_picture(model_viewer, opened):
    image = model_viewer.add_image(np.stack([LEFT, RIGHT]))
    annotator = opened(image)
    annotator.focus.show_as(annotator.focus.target.appearance.with_channels(image, 0))
    annotator.use(Tool.CLICK)
    target = annotator.focus.target
    for channel, at in ((0, (20, 20)), (1, (45, 50))):
        model_viewer.dims.set_current_step(0, channel)
        world = image.data_to_world((channel, *at))
        target.prompts.points.add(target.prompts.points.world_to_data(world))
    assert len(annotator.page.current.current.marks.points) == 2
    assert len(annotator.page.current.steps) == 2
    shown = {len(target.prompts.points._view_data)}
    model_viewer.dims.set_current_step(0, 0)
    shown.add(len(target.prompts.points._view_data))
    assert shown == {2}  # both points are seen on both channels
    for channel in (0, 1):
        there = target.result.world_to_data(image.data_to_world((channel, 20, 20)))
        assert tuple(np.round(there).astype(int)) == (0, 20, 20)
    assert model_viewer.dims.nsteps[0] == 2  # our layers do not lengthen the slider
    annotator.undo()
    assert points(annotator) == [[0, 20, 20]]


def test_channels_switched_off_and_coloured(model_viewer, opened):
    image = model_viewer.add_image(np.stack([LEFT, RIGHT]), axis_labels=("channel", "y", "x"))
    annotator = opened(image)
    appearance = annotator.focus.target.appearance
    annotator.focus.show_as(appearance.with_channel(Channel(0, (0.0, 1.0, 0.0))))
    np.testing.assert_array_equal(seen(annotator)[20, 20], [0, 255, 0])
    off = annotator.focus.target.appearance.with_channel(Channel(1, (1, 1, 1), shown=False))
    annotator.focus.show_as(off)
    assert not seen(annotator)[45, 50].any()


def test_all_channels_off_is_said_in_words(model_viewer, opened, told):
    image = model_viewer.add_image(np.stack([LEFT, RIGHT]), axis_labels=("c", "y", "x"))
    annotator = opened(image)
    nothing = tuple(replace(c, shown=False) for c in annotator.focus.target.appearance.channels)
    annotator.focus.show_as(replace(annotator.focus.target.appearance, channels=nothing))
    assert "switch on at least one" in told.text


def test_another_appearance_asks_the_model_again(model_viewer, opened, fake_load):
    image = model_viewer.add_image(np.stack([LEFT, RIGHT]), axis_labels=("c", "y", "x"))
    annotator = opened(image)
    click(annotator, 20, 20)
    assert not mask(annotator).any()  # red alone is too dark for the fake
    white = annotator.focus.target.appearance.with_channel(Channel(0, (1.0, 1.0, 1.0)))
    annotator.focus.show_as(white)
    np.testing.assert_array_equal(mask(annotator), FIRST)
    encoded = len(fake_load.last.encoded)
    annotator.focus.show_as(replace(white, contrast=Contrast.LAYER))
    annotator.focus.show_as(white)  # seen before: still in memory
    assert len(fake_load.last.encoded) == encoded + 1


def test_choosing_a_channel_axis_clears_away_empty_layers_only(model_viewer, opened):
    image = model_viewer.add_image(np.stack([LEFT, RIGHT]))
    annotator = opened(image)
    plain = annotator.focus.target.appearance
    annotator.focus.show_as(plain.with_channels(image, 0))
    assert list(model_viewer.layers) == [image]
    annotator.use(Tool.CLICK)
    click(annotator, 20, 20)
    marked = annotator.focus.target.prompts.points
    annotator.focus.show_as(plain)
    assert marked in model_viewer.layers


def test_channels_on_display_are_explained(model_viewer, opened):
    image = model_viewer.add_image(np.stack([LEFT, RIGHT]), axis_labels=("c", "y", "x"))
    annotator = opened(image)
    model_viewer.dims.order = (1, 0, 2)
    assert "channels are on display" in annotator.focus.trouble
    with pytest.raises(PlaneError):
        annotator.focus.target.grid.plane(model_viewer.dims)
    model_viewer.dims.order = (0, 2, 1)
    assert annotator.focus.trouble == ""


# -- channels as layers ----------------------------------------------------------------------


def test_layers_of_one_picture_are_added_in_their_colours(model_viewer, opened, fake_load):
    red, green = model_viewer.add_image(
        np.stack([LEFT, RIGHT]), channel_axis=0, colormap=["red", "green"], scale=(2, 2)
    )
    other = model_viewer.add_image(LEFT, name="elsewhere", scale=(3, 3))
    annotator = opened(red)
    assert companions(red, [red, green, other]) == (green,)
    annotator.focus.show_as(replace(annotator.focus.target.appearance, layers=(green,)))
    np.testing.assert_array_equal(seen(annotator)[20, 20], [255, 0, 0])
    np.testing.assert_array_equal(seen(annotator)[45, 50], [0, 255, 0])
    encoded = len(fake_load.last.encoded)
    green.data = RIGHT[::-1].copy()
    assert len(fake_load.last.encoded) == encoded + 1
    model_viewer.layers.remove(green)
    assert annotator.focus.target.appearance.layers == ()


# -- contrast ----------------------------------------------------------------------------------


def test_a_hot_pixel_spoils_nothing_with_percentiles(model_viewer, opened):
    dim = LEFT.astype(np.uint16) * 4
    dim[0, 0] = 65535
    image = model_viewer.add_image(dim, contrast_limits=(0, 65535))
    annotator = opened(image)
    assert seen(annotator)[20, 20].max() < 10
    annotator.focus.show_as(Appearance(contrast=Contrast.PERCENTILE))
    assert seen(annotator)[20, 20].min() == 255


def test_contrast_and_gamma_of_the_layer_are_followed_by_the_next_mark(model_viewer, opened):
    dim = (LEFT // 4).astype(np.uint8)
    image = model_viewer.add_image(dim, contrast_limits=(0, 255))
    annotator = opened(image)
    click(annotator, 20, 20)
    assert not mask(annotator).any()
    image.contrast_limits = (0, 63)
    click(annotator, 21, 21)
    np.testing.assert_array_equal(mask(annotator), FIRST)
    image.contrast_limits, image.gamma = (0, 255), 0.5
    np.testing.assert_allclose(seen(annotator)[20, 20], 255 * (63 / 255) ** 0.5, atol=1)


@pytest.mark.parametrize("dtype", [bool, np.uint8, np.int16, np.uint16, np.float32, np.float64])
@pytest.mark.parametrize("contrast", list(Contrast))
def test_every_kind_of_number(model_viewer, opened, dtype, contrast):
    annotator = opened(model_viewer.add_image((LEFT > 0).astype(dtype), contrast_limits=(0, 1)))
    annotator.focus.show_as(Appearance(contrast=contrast))
    click(annotator, 20, 20)
    np.testing.assert_array_equal(mask(annotator), FIRST)


# -- shapes -------------------------------------------------------------------------------------


@pytest.mark.parametrize("lead", [(1,), (1, 1), (1, 1, 1)])
def test_axes_of_length_one(model_viewer, opened, lead):
    annotator = opened(model_viewer.add_image(LEFT.reshape(*lead, 64, 80)))
    click(annotator, 20, 20)
    np.testing.assert_array_equal(mask(annotator), FIRST)


def test_colour_images_are_stretched_together(model_viewer, opened):
    rgb = np.repeat(LEFT[..., None], 3, axis=2) // 4
    annotator = opened(model_viewer.add_image(rgb, rgb=True))
    assert seen(annotator)[20, 20].max() < 70
    annotator.focus.show_as(Appearance(contrast=Contrast.PERCENTILE))
    assert seen(annotator)[20, 20].min() == 255


# -- lazy arrays ----------------------------------------------------------------------------------

STACK = np.stack([LEFT, RIGHT, LEFT, RIGHT, LEFT])


class Counted:
    """An array that notes what is read of it."""

    def __init__(self, data) -> None:
        self.data, self.read = data, []
        self.shape, self.dtype, self.ndim = data.shape, data.dtype, data.ndim

    def __getitem__(self, where):
        self.read.append(where)
        return self.data[where]

    def __array__(self, dtype=None, copy=None):
        self.read.append("all")
        return np.asarray(self.data)


def lazily(kind: str, tmp_path):
    if kind == "dask":
        return da.from_array(STACK, chunks=(1, 64, 80))
    if kind == "zarr":
        zarr = pytest.importorskip("zarr")
        stored = zarr.create_array(
            str(tmp_path / "stack.zarr"), shape=STACK.shape, chunks=(1, 64, 80), dtype="uint8"
        )
        stored[:] = STACK
        return stored
    if kind == "xarray":
        return pytest.importorskip("xarray").DataArray(STACK, dims=("z", "y", "x"))
    return Counted(STACK)


@pytest.mark.parametrize("kind", ["dask", "zarr", "xarray", "counted"])
def test_of_lazy_arrays_one_slice_is_read(model_viewer, opened, tmp_path, kind):
    data = lazily(kind, tmp_path)
    image = model_viewer.add_image(data, contrast_limits=(0, 255))
    model_viewer.dims.set_current_step(0, 2)
    if isinstance(data, Counted):
        data.read.clear()
    annotator = opened(image)
    if isinstance(data, Counted):
        assert data.read == [(2, slice(None), slice(None))]
    click(annotator, 20, 20)
    np.testing.assert_array_equal(mask(annotator), FIRST)

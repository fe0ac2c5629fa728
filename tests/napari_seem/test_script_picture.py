"""A copied program makes the very same picture, and names by the same class list."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import tifffile
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from napari.layers._source import layer_source
from PIL import Image

from dressed import OTHERS, PIXELS, dressed, opened, seen, viewer_on
from napari_seem.annotator import Annotator
from napari_seem.appearance import Appearance, Contrast
from napari_seem.layer_pixels import MOST_CHECKED, check_of, layer_pixels
from napari_seem.methods import methods_text
from napari_seem.script import imports_of, script_of
from napari_seem.script_picture import ImageSource, in_words, picture_lines
from napari_seem.target import Tool
from programs import run
from seem_model import load, samples
from seem_model.class_lists import ClassList
from seem_model.errors import ImageError

RANDOM = np.random.default_rng(1)


def source_of(annotator) -> ImageSource:
    target, plane = annotator.focus.target, annotator.focus.plane
    return ImageSource.of(target.sight(plane), target.grid)


def picture_of(source: ImageSource) -> np.ndarray:
    """What the lines of a program make."""
    body = "\n".join(picture_lines(source))
    space: dict = {}
    exec(f"{imports_of(body)}\n{body}", space)
    return space["picture"]


@settings(
    max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(case=dressed(), z=st.integers(0, 1))
def test_the_lines_make_the_picture_bit_for_bit(case, z, tmp_path) -> None:
    pixels, dress = case
    viewer = viewer_on(pixels, tmp_path)
    annotator = opened(viewer)
    dress(annotator)
    viewer.dims.set_point(0, z)
    np.testing.assert_array_equal(picture_of(source_of(annotator)), seen(annotator))


def test_a_slice_along_other_axes(tmp_path) -> None:
    viewer = viewer_on(PIXELS, tmp_path)
    annotator = opened(viewer)
    viewer.dims.order = (2, 1, 0, 3)
    viewer.dims.set_point(2, 20)
    assert annotator.focus.plane.axes == (0, 3)
    np.testing.assert_array_equal(picture_of(source_of(annotator)), seen(annotator))


@pytest.fixture
def worked(make_model_viewer, tmp_path):
    """Words and a click on three channels of a microscope image and a stain, by a class list."""
    photo = samples.load("tissue")[:200, :240]
    channels = np.ascontiguousarray(np.moveaxis(photo, -1, 0)).astype(np.uint16) * 9
    stain = channels[::-1].copy()
    tifffile.imwrite(tmp_path / "tissue.tif", channels, photometric="minisblack")
    tifffile.imwrite(tmp_path / "stain.tif", stain, photometric="minisblack")
    viewer = make_model_viewer()
    for name, pixels in (("tissue", channels), ("stain", stain)):
        with layer_source(path=str(tmp_path / f"{name}.tif")):
            viewer.add_image(pixels, name=name, contrast_limits=(90, 1900), gamma=0.8)
    annotator = Annotator(viewer, load=load)
    annotator.engine.choose("lite", "cpu")
    annotator.engine.encoding.ahead = 0
    words = [("gland", "crypt", "blob"), ("muscle", "stroma"), ("fat", "lumen")]
    annotator.engine.naming.use(ClassList.of("gut", words))
    annotator.open()
    annotator.focus.choose(viewer.layers["tissue"])
    appearance = Appearance().with_channels(annotator.focus.image, 0)
    off = replace(appearance.channels[1], shown=False)
    stains = (viewer.layers["stain"],)
    annotator.focus.show_as(
        replace(appearance.with_channel(off), contrast=Contrast.LAYER, layers=stains)
    )
    annotator.use(Tool.CLICK)
    annotator.focus.target.prompts.points.add([[0, 90.0, 100.0]])
    annotator.set_text("gland")
    return annotator


def test_a_program_with_channels_layers_and_a_class_list(worked, tmp_path) -> None:
    thing, classes = worked.page.current, worked.engine.naming.classes
    program = script_of(thing, source_of(worked), "lite", classes)
    assert "channel 2 in blue from 90 to 1900 with gamma 0.8; the layer “stain”" in program
    result = run(program, tmp_path)
    assert result.returncode == 0, result.stderr
    assert "session: 1.0000" in result.stdout
    assert f"class: {worked.name}\n" in result.stdout
    mask = np.asarray(Image.open(tmp_path / "mask.png"))
    np.testing.assert_array_equal(mask, thing.current.answer.mask)
    assert mask.any()


def test_a_list_is_left_out_where_nothing_depends_on_it(annotator) -> None:
    listed = ClassList.of("mine", [("cat", "kitten")])
    annotator.focus.target.prompts.points.add([[20.0, 20.0]])
    source = source_of(annotator)
    assert "ClassList" not in script_of(annotator.page.current, source, "lite", listed)
    assert "ClassList" not in script_of(annotator.page.current, source, "lite", None)
    blobs = ClassList.of("mine", [("nucleus", "blob")])
    assert "ClassList" in script_of(annotator.page.current, source, "lite", blobs)
    annotator.set_name("cat")
    assert "ClassList" not in script_of(annotator.page.current, source, "lite", blobs)
    annotator.set_text("blob")
    assert "ClassList" in script_of(annotator.page.current, source, "lite", listed)


class TestPixels:
    def test_axes_of_length_1_do_not_matter(self, tmp_path) -> None:
        np.save(tmp_path / "a.npy", PIXELS[0])
        found = layer_pixels(tmp_path / "a.npy", shape=(1, 3, 64, 80), dtype="uint16")
        np.testing.assert_array_equal(found, PIXELS[:1])

    @pytest.mark.parametrize("axis", range(5))
    def test_one_entry_of_an_axis_is_told_by_its_pixels(self, tmp_path, axis) -> None:
        tifffile.imwrite(tmp_path / "a.tif", OTHERS, photometric="minisblack")
        layer = OTHERS.take(1, axis)
        known = {"shape": layer.shape, "dtype": "uint16", "check": check_of(layer)}
        found = layer_pixels(tmp_path / "a.tif", **known)
        np.testing.assert_array_equal(found, layer)
        with pytest.raises(ImageError, match="does not hold the pixels"):
            layer_pixels(tmp_path / "a.tif", **{**known, "check": None})

    def test_other_pixels_types_and_files_are_refused(self, tmp_path) -> None:
        np.save(tmp_path / "a.npy", PIXELS[0, 0])
        known = {"shape": (64, 80), "dtype": "uint16"}
        for other in ({"check": 1}, {"dtype": "uint8"}, {"shape": (80, 64)}):
            with pytest.raises(ImageError, match="Save the layer as a TIFF"):
                layer_pixels(tmp_path / "a.npy", **{**known, **other})
        (tmp_path / "b.tif").write_bytes(b"no")
        for name in ("b.tif", "none.npy", "none.png"):
            with pytest.raises(ImageError):
                layer_pixels(tmp_path / name, **known)

    def test_the_byte_order_does_not_count_and_large_stacks_are_sampled(self) -> None:
        assert check_of(PIXELS) == check_of(PIXELS.astype(">u2"))
        one = np.zeros((40, 3, 800, 900), np.uint8)
        assert one.nbytes > MOST_CHECKED
        before = check_of(one)
        one[20, 0, 0, 0] = 1
        assert check_of(one) != before


def test_the_methods_paragraph_tells_how_the_channels_were_mapped() -> None:
    annotator = opened(viewer := viewer_on(PIXELS))
    for layer in viewer.layers:
        if layer.name in ("cells", "stain 1"):
            layer.contrast_limits, layer.gamma = (90, 1900), 0.8
    focus = annotator.focus
    appearance = Appearance().with_channels(focus.image, 1)
    off = replace(appearance.channels[1], shown=False)
    stains = (viewer.layers["stain 1"],)
    focus.show_as(replace(appearance.with_channel(off), contrast=Contrast.LAYER, layers=stains))
    shown = in_words(focus.target.sight(focus.plane), focus.image)
    text = methods_text({}, image="a", model="m", rules=annotator.shelf.rules, shown=shown)
    assert (
        "The model saw the sum of channel 0 in red from 90 to 1900 with gamma 0.8; channel 2 in "
        "blue from 90 to 1900 with gamma 0.8; the layer “stain 1” in white from 90 to 1900 with "
        "gamma 0.8."
    ) in text
    focus.show_as(replace(appearance, contrast=Contrast.PERCENTILE))
    told = in_words(focus.target.sight(focus.plane), focus.image)
    assert told.startswith("the sum of channel 0 in red from its 0.5 to its 99.5 percentile;")
    focus.show_as(Appearance(contrast=Contrast.PERCENTILE))
    told = in_words(focus.target.sight(focus.plane), focus.image)
    assert told == "the image from its 0.5 to its 99.5 percentile, black to white"

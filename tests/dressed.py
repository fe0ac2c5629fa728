"""Images with further layers, shown to the model in any way that a person can choose."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import tifffile
from hypothesis import strategies as st
from napari.components import ViewerModel
from napari.layers._source import layer_source

from fakes import FakeLoad, FakePredictor, blobs
from napari_seem.annotator import Annotator
from napari_seem.appearance import Appearance, Channel, Contrast
from napari_seem.jobs import Encode
from napari_seem.target import Tool

RANDOM = np.random.default_rng(0)
PIXELS = (blobs()[None, None] * RANDOM.integers(1, 200, (2, 3, 64, 80))).astype(np.uint16)
PHOTO = RANDOM.integers(0, 99, (2, 3, 64, 80, 3)).astype(np.uint8)
OTHERS = RANDOM.integers(0, 9000, (2, 2, 3, 64, 80)).astype(np.uint16)
COLOURMAPS = ["gray", "red", "viridis", "I Blue"]


def viewer_on(pixels, folder=None) -> ViewerModel:
    """A viewer on an image and two stains; opened from files in a folder, the stains from one."""
    viewer = ViewerModel()
    files = [None] * 3 if folder is None else [folder / "cells.tif", *[folder / "stains.tif"] * 2]
    if folder is not None:
        tifffile.imwrite(files[0], pixels, photometric="rgb" if pixels.ndim == 5 else "minisblack")
        tifffile.imwrite(files[1], OTHERS, photometric="minisblack")
    names = ("cells", "stain 0", "stain 1")
    for path, data, name in zip(files, (pixels, *OTHERS), names, strict=True):
        with layer_source(path=None if path is None else str(path)):
            viewer.add_image(data, name=name)
    return viewer


def opened(viewer, **start) -> Annotator:
    annotator = Annotator(viewer, load=FakeLoad())
    if start:
        annotator.sessions.start(start["wish"], later=start["clock"])
    annotator.engine.encoding.ahead = 0
    annotator.open()
    annotator.focus.choose(viewer.layers[0])
    annotator.use(Tool.CLICK)
    return annotator


def seen(annotator) -> np.ndarray:
    """The picture that the model would be shown now."""
    target, plane = annotator.focus.target, annotator.focus.plane
    return Encode.of(FakePredictor(), target, plane=plane).picture()


limits = st.tuples(st.floats(0, 500), st.floats(600, 30000))
gammas = st.floats(0.2, 2)
channels = st.tuples(st.sampled_from([(1.0, 0.0, 0.0), (0.1, 0.7, 1 / 3)]), st.booleans())


@st.composite
def dressed(draw):
    """Chooses how the layers of a viewer are shown, in the way of a person."""
    colour = draw(st.booleans())

    def dress(annotator) -> None:
        image, focus = annotator.focus.image, annotator.focus
        others = [x for x in focus.images if x is not image]
        for layer in others if image.rgb else [image, *others]:
            layer.contrast_limits, layer.gamma = draw(limits), draw(gammas)
            layer.colormap = draw(st.sampled_from(COLOURMAPS))
        appearance = Appearance()
        if not image.rgb and draw(st.booleans()):
            appearance = appearance.with_channels(image, 1)
            for k in range(3):
                appearance = appearance.with_channel(Channel(k, *draw(channels)))
            appearance = appearance.with_channel(Channel(0, (0.0, 1.0, 0.5)))
        added = tuple(layer for layer in others if draw(st.booleans()))
        contrast = draw(st.sampled_from(Contrast))
        focus.show_as(replace(appearance, contrast=contrast, layers=added))

    return (PHOTO if colour else PIXELS), dress

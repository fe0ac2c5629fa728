"""Image features on disk as the plugin uses them, with a real, small model."""

from __future__ import annotations

import os

import numpy as np
import pytest

import seem_model
from napari_seem.annotator import Annotator
from napari_seem.encoding import Readiness
from napari_seem.settings import NO_CACHE, Cache, cache
from napari_seem.target import ENCODED_SLICES, Tool
from person import click, mask
from seem_model import feature_store
from seem_model.predictor import Predictor
from tiny_model import photo

STACK = np.stack([np.roll(photo(), 3 * k, axis=0) for k in range(12)])


@pytest.fixture
def opened(model_viewer, tmp_path, monkeypatch):
    """Opens a fresh annotator, as after a restart, on the same images and folder."""
    monkeypatch.setattr(feature_store, "WORTH", 0)  # the tiny model is quicker than a disk
    model_viewer.add_image(STACK, rgb=True)
    model_viewer.dims.set_current_step(0, 0)
    made = []

    def make(**options) -> Annotator:
        annotator = Annotator(model_viewer, load=lambda *_, **__: seem_model.load("tiny"))
        annotator.engine.encoding.cache = Cache(**{"folder": str(tmp_path), **options})
        annotator.engine.encoding.ahead = 0
        annotator.open()
        made.append(annotator)
        return annotator

    yield make
    for annotator in made:
        annotator.close()


@pytest.fixture
def encoded(monkeypatch):
    """Shapes of the pictures that went through the image encoder."""
    seen, features = [], Predictor.features

    def noted(self, picture, **options):
        seen.append(picture.shape)
        return features(self, picture, **options)

    monkeypatch.setattr(Predictor, "features", noted)
    return seen


def test_a_slice_seen_before_is_not_encoded_again(opened, encoded, tmp_path):
    first = opened()
    assert first.engine.encoding.ready.state is Readiness.DISK
    first.use(Tool.CLICK)
    click(first, 30, 40)
    answer = mask(first).copy()
    first.close()
    second = opened()
    assert len(encoded) == 1
    assert len(os.listdir(tmp_path)) == 1
    second.use(Tool.CLICK)
    click(second, 30, 40)
    assert (mask(second) == answer).mean() > 0.99


def test_slices_that_left_memory_are_still_ready(opened, model_viewer, encoded):
    annotator = opened()
    for k in range(ENCODED_SLICES + 3):
        model_viewer.dims.set_current_step(0, k)
    told = annotator.engine.encoding.ready
    assert (told.ready, told.slices) == (ENCODED_SLICES + 3, len(STACK))
    before = len(encoded)
    model_viewer.dims.set_current_step(0, 0)
    assert len(encoded) == before
    assert len(annotator.focus.target.features) == ENCODED_SLICES


def test_switched_off_nothing_is_written(opened, tmp_path):
    annotator = opened(on=False)
    assert annotator.engine.encoding.ready.state is Readiness.MEMORY
    assert os.listdir(tmp_path) == []


def test_a_spoilt_folder_never_reaches_the_person(opened, told, tmp_path):
    opened().close()
    for name in os.listdir(tmp_path):
        (tmp_path / name).write_bytes(b"not features")
    annotator = opened()
    assert annotator.engine.state == "ready"
    assert told.text == ""
    (tmp_path / "file").write_text("")
    assert opened(folder=str(tmp_path / "file")).engine.state == "ready"
    assert annotator.engine.problem == ""


def test_preferences_say_where(monkeypatch):
    import napari.settings

    class Chosen:
        class cache:
            enabled, folder, gigabytes = True, " there ", 3

    monkeypatch.setattr(napari.settings, "get_plugin_settings", lambda name: Chosen)
    assert cache() == Cache(on=True, folder="there", gigabytes=3.0)

    def missing(name):
        raise KeyError(name)

    monkeypatch.setattr(napari.settings, "get_plugin_settings", missing)
    assert cache() == NO_CACHE

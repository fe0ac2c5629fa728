"""Image features on disk: the same answers, and never an error whatever is on the disk."""

from __future__ import annotations

import os
import time

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import seem_model
from seem_model import feature_file
from seem_model.errors import DataError
from seem_model.feature_store import SUFFIX, FeatureStore
from tiny_model import click, photo, predictor

SLOW = 100.0  # seconds that encoding is said to have taken


@pytest.fixture
def store(tmp_path) -> FeatureStore:
    return FeatureStore(tmp_path / "features")


def kept(store: FeatureStore, picture: np.ndarray):
    features = predictor().features(picture)
    assert store.keep(predictor(), features, seconds=SLOW)
    return features


def files(store: FeatureStore) -> list[str]:
    return sorted(os.listdir(store.folder))


@settings(max_examples=8, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.integers(20, 90), st.integers(20, 90), st.integers(0, 10))
def test_answers_are_those_of_features_just_computed(tmp_path_factory, height, width, seed):
    store = FeatureStore(tmp_path_factory.mktemp("features"))
    noise = np.random.default_rng(seed).integers(0, 40, (height, width, 3), np.uint8)
    picture = photo(height, width) // 2 + noise
    fresh = kept(store, picture)
    read = store.read(predictor(), picture)
    prompts = click((height, width), height // 2, width // 2)
    one, other = (predictor().step(f, prompts) for f in (fresh, read))
    assert (one.mask == other.mask).mean() > 0.995
    assert one.label == other.label
    np.testing.assert_allclose(
        one.memory.logits, other.memory.logits, atol=0.02 * np.abs(one.memory.logits).max()
    )
    assert read.shape == (height, width)


def test_the_embedded_model_answers_the_same(store):
    lite = seem_model.load("lite")
    picture = photo(120, 160)
    fresh = lite.features(picture)
    assert store.keep(lite, fresh, seconds=SLOW)
    read, on_disk = store.features(lite, picture)
    assert on_disk
    one, other = (lite.step(f, click((120, 160), 60, 80)) for f in (fresh, read))
    overlap = (one.mask & other.mask).sum() / (one.mask | other.mask).sum()
    assert overlap > 0.99
    assert one.label == other.label


def test_another_picture_or_model_is_another_file(store):
    kept(store, photo())
    assert store.read(predictor(), photo()[:, ::-1].copy()) is None
    other = predictor().with_sizes(long_side=64)
    assert store.read(other, photo()) is None
    assert store.read(predictor(), photo()) is not None


def test_a_view_with_strides_is_the_same_picture(store):
    kept(store, photo())
    flipped = np.ascontiguousarray(photo()[:, ::-1])[:, ::-1]
    assert store.read(predictor(), flipped) is not None


def test_what_is_computed_as_quickly_is_not_kept(store):
    features = predictor().features(photo())
    assert not store.keep(predictor(), features, seconds=1e-6)
    assert not store.folder.exists()


@pytest.mark.parametrize("damage", ["empty", "cut", "noise", "other"])
def test_a_damaged_file_is_deleted_and_computed_anew(store, damage):
    kept(store, photo())
    path = store.path(predictor(), photo())
    whole = path.read_bytes()
    if damage == "other":  # features of a picture of another size under this name
        kept(store, photo(64, 64))
        whole = store.path(predictor(), photo(64, 64)).read_bytes()
    random = np.random.default_rng(0).bytes(len(whole))
    path.write_bytes(
        {"empty": b"", "cut": whole[: len(whole) // 2], "noise": random, "other": whole}[damage]
    )
    with pytest.raises(DataError, match="image features"):
        feature_file.load(path, photo(), predictor().model)
    assert store.read(predictor(), photo()) is None
    assert not path.exists()
    features, _ = store.features(predictor(), photo())
    assert features.shape == (60, 80)


def test_the_ones_used_the_longest_time_ago_go(store):
    pictures = [photo(40 + k, 60) for k in range(4)]
    for picture in pictures[:3]:
        kept(store, picture)
    for age, picture in enumerate(pictures[:3]):
        os.utime(store.path(predictor(), picture), (1000 + age, 1000 + age))
    store.read(predictor(), pictures[0])  # now the newest
    size = max(path.stat().st_size for path in store.folder.iterdir())
    kept(FeatureStore(store.folder, limit=3 * size), pictures[3])
    there = [store.path(predictor(), picture).exists() for picture in pictures]
    assert there == [True, False, True, True]


def test_a_limit_of_nothing_keeps_nothing(tmp_path):
    store = FeatureStore.of(str(tmp_path), 0)
    assert not store.keep(predictor(), predictor().features(photo()), seconds=SLOW)


def test_a_folder_that_cannot_be_made_changes_nothing(tmp_path):
    (tmp_path / "file").write_text("in the way")
    store = FeatureStore(tmp_path / "file")
    features, on_disk = store.features(predictor(), photo())
    assert features.shape == (60, 80)
    assert not on_disk
    assert not store.keep(predictor(), features, seconds=SLOW)


def test_a_write_that_is_cut_off_leaves_no_file(store, monkeypatch):
    def full(*_, **__):
        raise OSError("No space left on device")

    monkeypatch.setattr(feature_file.os, "replace", full)
    assert not store.keep(predictor(), predictor().features(photo()), seconds=SLOW)
    assert files(store) == []


def test_half_written_files_of_a_killed_program_go(store):
    kept(store, photo())
    for age in (0, 10**5):
        litter = store.folder / f"x{SUFFIX}.{age}.part"
        litter.write_bytes(b"half")
        os.utime(litter, (time.time() - age, time.time() - age))
    kept(store, photo(50, 50))
    assert [name for name in files(store) if name.endswith("part")] == [f"x{SUFFIX}.0.part"]


def test_files_of_others_are_left_alone(store):
    store.folder.mkdir()
    (store.folder / "thesis.txt").write_text("mine" * 1000)
    kept(FeatureStore(store.folder, limit=1 << 30), photo())
    assert len(files(store)) == 2
    assert all(name.endswith(SUFFIX) or name == "thesis.txt" for name in files(store))


def test_encoding_can_be_stopped_between_layers():
    class Enough(Exception):
        pass

    told = []

    def watch(share: float) -> None:
        told.append(share)
        if share > 0.3:
            raise Enough

    with pytest.raises(Enough):
        predictor().features(photo(), watch=watch)
    assert 0.3 < told[-1] < 0.9
    stopped = len(told)
    predictor().features(photo())  # nobody watches any more
    assert len(told) == stopped


def test_a_watched_encoder_does_the_same():
    told = []
    plain, watched = predictor().features(photo()), predictor().features(photo(), watch=told.append)
    assert told == sorted(told)
    np.testing.assert_array_equal(
        plain.whole.features.mask.numpy(), watched.whole.features.mask.numpy()
    )

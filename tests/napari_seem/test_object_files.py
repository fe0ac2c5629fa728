"""File > Save and File > Open through napari's own plugin manager, without a window."""

from __future__ import annotations

import csv
import json
import zipfile
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from napari.components import ViewerModel
from napari.layers import Image, Labels
from npe2 import PluginManager, io_utils
from pycocotools.coco import COCO

from label_images import hard, same
from napari_seem import object_files as files
from napari_seem.objects import Row, rewrite
from napari_seem.plane import Plane
from plugins_found import find_plugins
from seem_model import ImageError
from seem_model.export.objects import LabelObject, Objects

KINDS = [".json", ".geojson", ".zip"]


@pytest.fixture(autouse=True)
def plugins() -> PluginManager:
    """The plugins as napari finds them when it starts."""
    find_plugins()
    return PluginManager.instance()


def layer_of(objects: Objects, **more) -> Labels:
    table = pd.DataFrame(
        [(row.id, row.name, row.score) for row in objects.table],
        columns=["index", "class", "score"],
    )
    return Labels(objects.labels, name="objects", features=table, **more)


def read(path: Path) -> Labels:
    [(data, meta, kind)] = io_utils.read([str(path)], stack=False)
    assert kind == "labels"
    return Labels(data, **meta)


@pytest.mark.parametrize("ending", KINDS)
def test_saved_and_opened_again(tmp_path: Path, ending: str) -> None:
    path = tmp_path / f"objects{ending}"
    assert layer_of(hard()).save(str(path)) == [str(path)]
    layer = read(path)
    assert layer.name == "objects"
    wanted = hard().table
    if ending == ".json":  # COCO must name every class
        wanted = (*wanted[:3], LabelObject(70000, "object"))
    again = files.objects_of(layer.data, {"features": layer.features})
    assert same(again, Objects(hard().labels, wanted))


def test_what_the_annotator_commits_is_saved_with_its_class(tmp_path: Path) -> None:
    layer = Labels(np.zeros((1, 20, 20), np.int32))
    mask = np.zeros((20, 20), bool)
    mask[3:6, 4:9] = True
    plane = Plane(axes=(1, 2), index=(0, 0, 0), shape=(20, 20))
    rewrite(layer, plane, (0, 0, 20, 20), mask.astype(int), rows=[Row(1, "cup", 0.9)])
    layer.save(str(tmp_path / "a.json"))
    coco = COCO(str(tmp_path / "a.json"))
    [row] = coco.loadAnns(coco.getAnnIds(catIds=coco.getCatIds(catNms=["cup"])))
    assert row["bbox"] == [4, 3, 5, 3]
    assert row["score"] == 0.9
    assert np.array_equal(coco.annToMask(row), mask)


def test_measurements_are_scaled_with_the_layer(tmp_path: Path) -> None:
    layer_of(hard(), scale=(0.5, 0.5)).save(str(tmp_path / "a.csv"))
    with (tmp_path / "a.csv").open(newline="") as file:
        first, *_ = csv.DictReader(file)
    assert (first["class"], first["area"], first["area_scaled"]) == ("ring", "57", "14.25")


def test_an_image_selected_too_adds_intensities(tmp_path: Path) -> None:
    image = Image(np.full((24, 30, 3), 7, np.uint8), rgb=True)
    layers = [x.as_layer_data_tuple() for x in (image, layer_of(hard()))]
    io_utils.write(str(tmp_path / "a.csv"), layer_data=layers)
    with (tmp_path / "a.csv").open(newline="") as file:
        first, *_ = csv.DictReader(file)
    assert first["mean_intensity_1"] == "7.0"


@pytest.mark.parametrize("ending", KINDS)
def test_dropped_on_the_viewer(tmp_path: Path, ending: str) -> None:
    path = tmp_path / f"objects{ending}"
    layer_of(hard(), scale=(2, 2)).save(str(path))
    viewer = ViewerModel()
    [layer] = viewer.open(str(path), plugin=None)  # as a drop does
    assert isinstance(layer, Labels)
    assert np.array_equal(layer.data, hard().labels)


@pytest.mark.parametrize("name", ["objects", "objects.tif", "objects.npz"])
def test_what_napari_saves_itself_stays_naparis(plugins: PluginManager, name: str) -> None:
    writer, _ = plugins.get_writer(name, ["labels"])
    assert writer is not None
    assert not writer.command.startswith("napari-seem")


def test_other_json_and_zips_are_left_to_others(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text('{"a": 1}')
    (tmp_path / "b.json").write_text("{")
    with zipfile.ZipFile(tmp_path / "c.zip", "w") as archive:
        archive.writestr("a.txt", "a")
    assert files.json_reader(str(tmp_path / "a.json")) is None
    assert files.json_reader(str(tmp_path / "b.json")) is None
    assert files.roi_reader(str(tmp_path / "c.zip")) is None
    assert files.json_reader([str(tmp_path / "a.json")]) is None


def test_a_file_without_a_size_takes_that_of_the_image(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    square = [[2, 1], [5, 1], [5, 3], [2, 3], [2, 1]]
    feature = {"type": "Feature", "geometry": {"type": "Polygon", "coordinates": [square]}}
    (tmp_path / "a.geojson").write_text(json.dumps([feature]))
    assert read(tmp_path / "a.geojson").data.shape == (3, 5)
    viewer = ViewerModel()
    viewer.add_image(np.zeros((1, 8, 9, 3), np.uint8), rgb=True)
    monkeypatch.setattr("napari.current_viewer", lambda: viewer)
    layer = read(tmp_path / "a.geojson")
    assert layer.data.shape == (8, 9)
    assert layer.data.sum() == 6


def test_objects_lie_on_the_image_that_they_fit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    viewer = ViewerModel()
    viewer.add_image(np.zeros((1, 24, 30)), scale=(3, 0.5, 0.25), translate=(0, 10, 20))
    monkeypatch.setattr("napari.current_viewer", lambda: viewer)
    layer_of(hard()).save(str(tmp_path / "a.zip"))
    [layer] = viewer.open(str(tmp_path / "a.zip"), plugin=None)
    assert layer.scale.tolist() == [0.5, 0.25]
    assert layer.translate.tolist() == [10, 20]
    viewer.layers.clear()
    viewer.add_image(np.zeros((25, 30)), scale=(0.5, 0.25))
    assert read(tmp_path / "a.zip").scale.tolist() == [1, 1]


class TestTableOfALayer:
    labels = np.array([[0, 1], [2, 2]])

    def table(self, features) -> tuple[LabelObject, ...]:
        return files.objects_of(self.labels, {"features": features}).table

    def test_without_an_index_the_row_is_the_label(self) -> None:
        features = pd.DataFrame({"class": ["background", "a", "b"]})
        assert self.table(features) == (LabelObject(1, "a"), LabelObject(2, "b"))

    def test_gaps_are_nothing(self) -> None:
        features = pd.DataFrame({"index": [2, None], "class": [None, "x"], "score": [np.nan, 1]})
        assert self.table(features) == (LabelObject(1), LabelObject(2))

    def test_of_no_features_at_all(self) -> None:
        assert self.table(None) == (LabelObject(1), LabelObject(2))

    def test_long_axes_are_too_many(self) -> None:
        with pytest.raises(ImageError, match="Labels are"):
            files.objects_of(np.zeros((2, 2, 4, 4), int), {})

    def test_the_large_level_of_a_pyramid(self) -> None:
        data = [np.ones((4, 4), int), np.ones((2, 2), int)]
        assert files.objects_of(data, {"multiscale": True}).labels.shape == (4, 4)

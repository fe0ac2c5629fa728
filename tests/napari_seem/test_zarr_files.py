"""Labels layers to OME-Zarr and back through napari's own plugin manager, without a window."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import tifffile
import zarr
from napari.components import ViewerModel
from napari.layers import Labels

from label_images import hard
from napari_seem.open_labels import open_labels
from napari_seem.worker import inline
from napari_seem.zarr_files import read_labels, zarr_reader
from plugins_found import find_plugins
from seem_model.export.label_volume import LabelVolume
from seem_model.export.ome_metadata import label_names
from seem_model.export.ome_zarr import write_ome_zarr

PLACE = {"scale": (3, 0.5, 0.25), "translate": (1, -2, 3e-3), "units": ("mm", "um", "um")}


@pytest.fixture(autouse=True)
def plugins() -> None:
    """The plugins as napari finds them when it starts."""
    find_plugins()


def layer(**more) -> Labels:
    data = np.zeros((4, 24, 30), np.int32)
    data[2] = hard().labels
    table = pd.DataFrame(
        [(row.id, row.name, row.score) for row in hard().table],
        columns=["index", "class", "score"],
    )
    return Labels(data, name="my cells", features=table, **{**PLACE, **more})


def image(path: Path) -> Path:
    attributes = {
        "ome": {
            "version": "0.5",
            "multiscales": [
                {
                    "axes": [{"name": a, "type": "space"} for a in "zyx"],
                    "datasets": [
                        {
                            "path": "0",
                            "coordinateTransformations": [{"type": "scale", "scale": [2, 1, 1]}],
                        }
                    ],
                }
            ],
        }
    }
    group = zarr.create_group(str(path), attributes=attributes)
    group.create_array("0", shape=(4, 24, 30), dtype="u2")
    return path


def same(one: Labels, other: Labels) -> bool:
    table = one.features.equals(other.features[["index", "class", "score"]])
    return table and np.array_equal(one.data, other.data)


def test_saved_and_opened_again_with_place_and_classes(tmp_path: Path) -> None:
    path = str(tmp_path / "cells.zarr")
    saved = layer(axis_labels=("t", "y", "x"))
    assert saved.save(path) == [path]
    viewer = ViewerModel()
    open_labels(viewer, path, run=inline)
    [again] = viewer.layers
    assert again.name == "cells"
    assert same(again, saved)
    assert again.axis_labels == ("t", "y", "x")
    assert again.scale.tolist() == list(PLACE["scale"])
    assert again.translate.tolist() == list(PLACE["translate"])
    assert again.units == saved.units


def test_saved_into_an_image_under_the_layers_name(tmp_path: Path) -> None:
    path = image(tmp_path / "a.zarr")
    for number in ("", " 2"):
        [where] = layer().save(str(path))
        assert where == str(path / "labels" / f"my cells{number}")
    assert label_names(path) == ("my cells", "my cells 2")
    viewer = ViewerModel()
    open_labels(viewer, str(path), run=inline)
    assert [x.name for x in viewer.layers] == ["my cells", "my cells 2"]
    assert viewer.layers[0].scale.tolist() == [2, 1, 1]
    assert same(viewer.layers[1], layer())


def test_a_turned_layer_is_saved_with_a_warning(tmp_path: Path) -> None:
    with pytest.warns(UserWarning, match="only scale and translation were saved"):
        layer(rotate=(0, 0, 20)).save(str(tmp_path / "a.zarr"))
    [(data, _, _)] = read_labels(str(tmp_path / "a.zarr"))
    assert np.array_equal(data, layer().data)


def test_only_labels_are_ours(tmp_path: Path) -> None:
    path = image(tmp_path / "a.zarr")
    labels = write_ome_zarr(path, LabelVolume.of(type(hard())(layer().data)))
    zarr.create_array(str(tmp_path / "plain.zarr"), shape=(3, 3), dtype="u1")
    assert zarr_reader(str(labels)) is not None
    for other in (path, tmp_path / "plain.zarr", tmp_path, tmp_path / "none.zarr"):
        assert zarr_reader(str(other)) is None
    assert zarr_reader([str(labels)]) is None


def test_folders_still_open_without_a_choice(tmp_path: Path) -> None:
    tifffile.imwrite(tmp_path / "a.tif", np.zeros((5, 6), np.uint8))
    [opened] = ViewerModel().open(str(tmp_path), plugin=None)
    assert opened.data.shape == (5, 6)


def test_what_cannot_be_opened_is_shown(tmp_path: Path, told) -> None:
    viewer = ViewerModel()
    open_labels(viewer, str(image(tmp_path / "a.zarr")), run=inline)
    assert not viewer.layers
    assert "There are no OME-Zarr labels in" in told.text

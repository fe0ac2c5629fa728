"""Labels to OME-Zarr and back: alone and in images of both versions, whole or not at all."""

from __future__ import annotations

import json
import sys
from contextlib import nullcontext
from pathlib import Path

import numpy as np
import pytest
import zarr
from hypothesis import HealthCheck, given, settings

from label_images import arbitrary, hard, same
from seem_model.errors import DataError, ImageError
from seem_model.export import ome_zarr
from seem_model.export.label_levels import nearest
from seem_model.export.label_volume import LabelVolume, Placement
from seem_model.export.objects import LabelObject
from seem_model.export.ome_metadata import is_image, is_labels, label_names, ome_attributes
from seem_model.export.ome_zarr import free_name, read_ome_zarr, write_ome_zarr
from seem_model.export.saving import open_objects, save_objects

VERSIONS = ("0.4", "0.5")


def image(path: Path, version: str, shape=(2, 1, 24, 30), levels: int = 2) -> Path:
    """An OME-Zarr image c, z, y, x of two levels, as other programs write it."""
    axes = [{"name": a, "type": "channel" if a == "c" else "space"} for a in "czyx"[-len(shape) :]]
    for axis in axes[1:]:
        axis["unit"] = "micrometer"
    datasets = [
        {
            "path": f"s{k}",
            "coordinateTransformations": [
                {"type": "scale", "scale": [1, 3, 0.5 * 2**k, 0.5 * 2**k][-len(shape) :]},
                {"type": "translation", "translation": [0, 1, 10 + k, 20][-len(shape) :]},
            ],
        }
        for k in range(levels)
    ]
    outer = [{"type": "scale", "scale": [1, 1, 2, 2][-len(shape) :]}]
    multiscale = {"axes": axes, "datasets": datasets, "coordinateTransformations": outer}
    content = {"multiscales": [multiscale], "omero": {"channels": []}}
    new = version == "0.5"
    attributes = {"ome": {"version": version, **content}} if new else content
    group = zarr.create_group(str(path), zarr_format=3 if new else 2, attributes=attributes)
    for k in range(levels):
        small = (*shape[:-2], -(-shape[-2] // 2**k), -(-shape[-1] // 2**k))
        group.create_array(f"s{k}", shape=small, chunks=small, dtype="u2")
    return path


def volume(objects=None, **more) -> LabelVolume:
    return LabelVolume.of(objects or hard(), **more)


@settings(deadline=None, max_examples=25, suppress_health_check=[HealthCheck.too_slow])
@given(objects=arbitrary())
def test_out_and_in_is_the_same(tmp_path_factory, objects) -> None:
    path = tmp_path_factory.mktemp("zarr") / "a.zarr"
    write_ome_zarr(path, LabelVolume.of(objects))
    again = read_ome_zarr(path)
    assert np.array_equal(again.labels, objects.labels)
    assert again.table == objects.table


def test_five_axes_and_their_places(tmp_path: Path) -> None:
    labels = np.zeros((2, 1, 3, 8, 9), np.uint32)
    labels[1, 0, 2, 4:, 5:] = 2**32 - 1
    place = Placement(
        tuple("tczyx"),
        (2, 1, 0.3, 0.1, 0.1),
        (0, 0, -5, 1e-9, 7),
        ("second", "", "mm", "mm", "mm"),
    )
    write_ome_zarr(tmp_path / "a.zarr", LabelVolume(labels, (), place))
    again = read_ome_zarr(tmp_path / "a.zarr")
    assert again.placement == place
    assert again.labels.dtype == np.uint32
    assert np.array_equal(again.labels, labels)
    assert again.table == (LabelObject(2**32 - 1),)


def test_large_labels_have_levels_that_lie_on_each_other(tmp_path: Path) -> None:
    labels = np.kron(np.arange(1, 13).reshape(3, 4), np.ones((200, 200), int))
    place = Placement(("y", "x"), (0.5, 2.0), (3, 4), ("", ""))
    path = write_ome_zarr(tmp_path / "a.zarr", LabelVolume(labels, (), place))
    _, content = ome_attributes(path)
    corners = []
    for dataset in content["multiscales"][0]["datasets"]:
        array = zarr.open_array(str(path / dataset["path"]), mode="r")
        assert set(np.unique(array[...])) == set(range(1, 13))
        scale, shift = (step[step["type"]] for step in dataset["coordinateTransformations"])
        corners.append(np.array(shift) - np.array(scale) / 2)
        assert np.allclose(np.array(array.shape) * scale, (600 * 0.5, 800 * 2))
    assert len(corners) == 3
    assert np.ptp(corners, axis=0).max() == 0


def test_nearest_takes_what_is_at_the_centre() -> None:
    labels = np.arange(1, 10).reshape(3, 3)
    assert nearest(labels, (1, 1)).tolist() == [[5]]
    assert np.array_equal(nearest(np.kron(labels, np.ones((4, 4), int)), (3, 3)), labels)


@pytest.mark.parametrize("version", VERSIONS)
def test_into_an_image_as_it_lies_in_its_version(tmp_path: Path, version: str) -> None:
    path = image(tmp_path / "a.zarr", version)
    where = write_ome_zarr(path, volume(scale=(9, 9)), name="cells")
    assert where == path / "labels" / "cells"
    assert is_image(path)
    assert is_labels(where)
    assert ome_attributes(where)[0] == version
    again = read_ome_zarr(path)
    assert same(again.objects(), hard())
    assert again.placement == Placement(("y", "x"), (1, 1), (20, 40), ("micrometer", "micrometer"))
    label = ome_attributes(where)[1]["image-label"]
    assert label["source"] == {"image": "../../"}
    assert label["properties"][0] == {"label-value": 3, "class": "ring", "score": 0.5}
    assert {c["label-value"] for c in label["colors"]} == {3, 7, 12, 70000}
    assert zarr.open_group(str(path), mode="r")["labels/cells/1"].shape == (12, 15)


@pytest.mark.parametrize("version", VERSIONS)
def test_no_labels_are_written_over(tmp_path: Path, version: str) -> None:
    path = image(tmp_path / "a.zarr", version)
    write_ome_zarr(path, volume(), name="cells")
    with pytest.raises(DataError, match='has labels called "cells" already'):
        write_ome_zarr(path, volume(), name="cells")
    assert free_name(path, "cells") == "cells 2"
    write_ome_zarr(path, volume(), name=free_name(path, "cells"))
    assert label_names(path) == ("cells", "cells 2")
    with pytest.raises(DataError, match=r"has several, choose one of .*cells 2"):
        read_ome_zarr(path)
    assert same(read_ome_zarr(path / "labels" / "cells 2").objects(), hard())
    write_ome_zarr(tmp_path / "b.zarr", volume())
    with pytest.raises(DataError, match="exists already"):
        write_ome_zarr(tmp_path / "b.zarr", volume())


def test_labels_of_a_coarser_level_are_put_there(tmp_path: Path) -> None:
    path = image(tmp_path / "a.zarr", "0.5", shape=(3, 1, 48, 60))
    write_ome_zarr(path, volume())
    assert read_ome_zarr(path).placement.scale == (2, 2)
    with pytest.raises(ImageError, match=r"\(24, 31\), the image is \(48, 60\)"):
        write_ome_zarr(path, LabelVolume.of(type(hard())(np.zeros((24, 31), int))), name="b")
    assert label_names(path) == ("objects",)


@pytest.mark.parametrize("version", VERSIONS)
def test_a_summary_of_the_metadata_is_kept_true(tmp_path: Path, version: str) -> None:
    path = image(tmp_path / "a.zarr", version)
    with pytest.warns() if version == "0.5" else nullcontext():
        zarr.consolidate_metadata(str(path))
    write_ome_zarr(path, volume())
    assert zarr.open_consolidated(str(path))["labels/objects/0"].shape == (24, 30)
    assert is_image(path)


def test_what_fails_half_way_leaves_nothing(tmp_path: Path, monkeypatch) -> None:
    path = image(tmp_path / "a.zarr", "0.5")
    before = sorted(p for p in tmp_path.rglob("*"))

    def full(*_):
        raise OSError("no space left")

    monkeypatch.setattr(ome_zarr, "nearest", full)
    with pytest.raises(DataError, match=r"Cannot write .*no space left"):
        write_ome_zarr(path, volume())
    big = LabelVolume.of(type(hard())(np.ones((600, 600), int)))
    with pytest.raises(DataError, match="no space left"):
        write_ome_zarr(tmp_path / "b.zarr", big)
    after = sorted(p for p in tmp_path.rglob("*"))
    assert after in (before, sorted([*before, path / "labels"]))
    assert label_names(path) == ()


@pytest.mark.parametrize("damage", ["chunk", "axes", "json", "properties", "gone"])
def test_damage_is_told(tmp_path: Path, damage: str) -> None:
    path = write_ome_zarr(tmp_path / "a.zarr", volume())
    file = path / "zarr.json"
    content = json.loads(file.read_text())
    if damage == "chunk":
        for chunk in (path / "0" / "c").rglob("*"):
            if chunk.is_file():
                chunk.write_bytes(b"broken")
    elif damage == "axes":
        del content["attributes"]["ome"]["multiscales"][0]["axes"]
        file.write_text(json.dumps(content))
    elif damage == "properties":
        content["attributes"]["ome"]["image-label"]["properties"] = [{"class": "a"}]
        file.write_text(json.dumps(content))
    elif damage == "json":
        file.write_text("{")
    else:
        (path / "0" / "zarr.json").unlink()
    with pytest.raises(DataError):
        read_ome_zarr(path)


def test_an_image_without_labels_and_a_name_that_is_no_folder(tmp_path: Path) -> None:
    path = image(tmp_path / "a.zarr", "0.5")
    with pytest.raises(DataError, match="it holds none"):
        read_ome_zarr(path)
    assert write_ome_zarr(path, volume(), name="../a/b").name == "_a_b"
    assert not is_image(tmp_path / "none.zarr")


def test_without_zarr_the_package_is_named(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setitem(sys.modules, "zarr", None)
    with pytest.raises(DataError, match=r"pip install 'napari-seem\[zarr\]'"):
        write_ome_zarr(tmp_path / "a.zarr", volume())
    assert not list(tmp_path.iterdir())


def test_as_one_of_the_formats(tmp_path: Path) -> None:
    save_objects(tmp_path / "a.zarr", hard(), "ome-zarr", scale=(0.5, 0.5))
    assert same(open_objects(tmp_path / "a.zarr"), hard())
    assert read_ome_zarr(tmp_path / "a.zarr").placement.scale == (0.5, 0.5)
    path = image(tmp_path / "b.zarr", "0.4")
    save_objects(path, hard(), "ome-zarr", name="cells")
    assert same(open_objects(path / "labels" / "cells"), hard())

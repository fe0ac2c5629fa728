"""What must hold for every label image: out to a file and back is the same image and table."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from pycocotools import mask as official
from scipy import ndimage

from label_images import arbitrary, same
from seem_model.data.rle import compress, expand, run_lengths, runs
from seem_model.export.coco import from_coco, read_coco, to_coco, write_coco
from seem_model.export.geojson import read_geojson, write_geojson
from seem_model.export.imagej import read_rois, write_rois
from seem_model.export.objects import Objects
from seem_model.export.outlines import area, fill, trace
from seem_model.export.tiff import read_tiff, write_tiff
from seem_model.export.training_text import write_yolo

often = settings(deadline=None, max_examples=80, suppress_health_check=[HealthCheck.too_slow])
masks = hnp.arrays(bool, st.tuples(st.integers(1, 8), st.integers(1, 8)), fill=st.nothing())
FILES = {
    "tiff": ("a.tif", write_tiff, read_tiff),
    "geojson": ("a.geojson", write_geojson, read_geojson),
    "imagej": ("a.zip", write_rois, read_rois),
}


@pytest.mark.parametrize("kind", FILES)
@often
@given(objects=arbitrary())
def test_out_and_in_is_the_same(kind: str, objects: Objects) -> None:
    name, write, read = FILES[kind]
    with tempfile.TemporaryDirectory() as folder:
        write(Path(folder) / name, objects)
        if kind == "imagej" and not objects.table:
            return  # a zip of nothing does not know how large the image was
        assert same(read(Path(folder) / name), objects)


@often
@given(objects=arbitrary(named=True))
def test_coco_out_and_in_is_the_same(objects: Objects) -> None:
    with tempfile.TemporaryDirectory() as folder:
        write_coco(Path(folder) / "a.json", objects)
        assert same(read_coco(Path(folder) / "a.json"), objects)


@often
@given(objects=arbitrary())
def test_official_tools_draw_the_same_coco_masks(objects: Objects) -> None:
    content = json.loads(json.dumps(to_coco(objects, image="a.png")))
    height, width = objects.shape
    count = sum(len(np.unique(z[z > 0])) for z in objects.slices)
    assert len(content["annotations"]) == count
    for row in content["annotations"]:
        mask = row["segmentation"]
        code = official.frPyObjects(mask, height, width) if isinstance(mask, list) else [mask]
        assert len(code) == 1
        there = objects.slices[row["image_id"] - 1] == row["label_id"]
        assert np.array_equal(official.decode(code[0]), there)
        assert row["area"] == there.sum()
        assert np.array_equal(row["bbox"], official.toBbox(code[0]))


@often
@given(objects=arbitrary(dimensions=(2,)))
def test_official_masks_are_read_the_same(objects: Objects) -> None:
    content = to_coco(objects, image="a.png")
    for row in content["annotations"]:
        mask = np.asfortranarray(objects.labels == row["label_id"]).astype(np.uint8)
        row["segmentation"] = official.encode(mask)
    assert np.array_equal(from_coco(content).labels, objects.labels)


@often
@given(mask=masks)
def test_run_lengths_are_the_official_ones(mask: np.ndarray) -> None:
    code = official.encode(np.asfortranarray(mask.astype(np.uint8)))["counts"].decode()
    assert compress(run_lengths(mask)) == code
    assert np.array_equal(runs(expand(code), mask.shape), mask)


@often
@given(mask=masks)
def test_outlines_are_whole_and_never_touch_themselves(mask: np.ndarray) -> None:
    there = np.zeros_like(mask)
    for outer, *holes in trace(mask):
        assert area(outer) > 0
        assert all(area(hole) < 0 for hole in holes)
        assert all(len(np.unique(ring, axis=0)) == len(ring) for ring in (outer, *holes))
        (row, col), part = fill([outer, *holes], mask.shape)
        box = there[row : row + part.shape[0], col : col + part.shape[1]]
        assert not (box & part).any()
        box |= part
    assert np.array_equal(there, mask)


@often
@given(objects=arbitrary(dimensions=(2,)))
def test_a_line_of_yolo_is_the_object_without_its_holes(objects: Objects) -> None:
    with tempfile.TemporaryDirectory() as folder:
        write_yolo(Path(folder) / "a.txt", objects)
        lines = (Path(folder) / "a.txt").read_text().splitlines()
        names = (Path(folder) / "classes.txt").read_text().splitlines()
    assert len(lines) == len(objects.table)
    for line, row in zip(lines, objects.table, strict=True):
        number, *corners = line.split()
        assert names[int(number)] == (row.name or "object")
        # six digits are not exact
        ring = np.array(corners, float).reshape(-1, 2) * objects.shape[::-1]
        assert np.abs(ring - np.round(ring)).max() < 1e-3
        (top, left), part = fill([np.round(ring)], objects.shape)
        drawn = np.zeros(objects.shape, bool)
        drawn[top : top + part.shape[0], left : left + part.shape[1]] = part
        assert np.array_equal(drawn, ndimage.binary_fill_holes(objects.labels == row.id))

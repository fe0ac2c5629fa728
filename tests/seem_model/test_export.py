"""Files of objects as other programs see them, and what people are told when a file is wrong."""

from __future__ import annotations

import contextlib
import csv
import io
import json
import zipfile
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
import roifile
from pycocotools.coco import COCO
from skimage.io import imread, imsave
from skimage.measure import regionprops
from tifffile import imwrite

from label_images import hard, same
from seem_model import DataError, ImageError
from seem_model.export.coco import from_coco, to_coco, write_coco
from seem_model.export.geojson import from_geojson, read_geojson, to_geojson
from seem_model.export.imagej import read_rois, write_rois
from seem_model.export.imagej_roi import decode, encode
from seem_model.export.measurements import measure, write_csv
from seem_model.export.objects import LabelObject, Objects, Piece, assemble
from seem_model.export.outlines import fill, trace
from seem_model.export.saving import FORMATS, open_objects, save_objects
from seem_model.export.tiff import read_tiff, write_tiff
from seem_model.export.training_text import write_voc, write_yolo

STACK = Objects(np.stack([hard().labels, hard().labels.T[:24].repeat(2, 1)[:, :30]]), hard().table)


class TestTables:
    def test_labels_without_a_row_get_one(self) -> None:
        objects = Objects(np.array([[0, 5], [2, 2]]), (LabelObject(2, "a"),))
        assert objects.table == (LabelObject(2, "a"), LabelObject(5))

    def test_names_are_one_printable_line(self) -> None:
        assert LabelObject(1, " a\n\x00b\tc ").name == "a b c"

    def test_a_score_that_is_no_number_is_none(self) -> None:
        assert LabelObject(1, score=float("nan")).score is None

    @pytest.mark.parametrize(
        ("labels", "said"),
        [
            (np.zeros((3, 3)), "whole numbers"),
            (np.zeros((3,), int), r"\(H, W\) or"),
            (np.zeros((0, 3), int), r"\(H, W\) or"),
            (np.full((2, 2), -1), "Labels are 0 to"),
            (np.full((2, 2), 2**32), "Labels are 0 to"),
        ],
    )
    def test_what_is_no_label_image(self, labels: np.ndarray, said: str) -> None:
        with pytest.raises(ImageError, match=said):
            Objects(labels)

    def test_a_label_twice(self) -> None:
        with pytest.raises(ImageError, match="twice"):
            Objects(np.ones((2, 2), int), (LabelObject(1), LabelObject(1, "a")))

    def test_the_first_of_two_that_overlap_keeps_its_pixels(self) -> None:
        first = Piece(mask=np.ones((2, 2), bool), corner=(0, 0))
        with pytest.warns(UserWarning, match="1 objects have no pixel"):
            objects = assemble([first, first], (3, 3))
        assert objects.labels.sum() == 4

    def test_a_size_that_cannot_be(self) -> None:
        with pytest.raises(DataError, match="cannot be made"):
            assemble([], (10**6, 10**6))
        with pytest.raises(DataError, match="does not say how large"):
            assemble([])


class TestOutlines:
    def test_a_pixel_is_the_square_between_its_corners(self) -> None:
        mask = np.zeros((4, 4), bool)
        mask[1, 2] = True
        [[ring]] = trace(mask)
        assert ring.tolist() == [[2, 1], [3, 1], [3, 2], [2, 2]]

    def test_a_pixel_belongs_to_a_polygon_that_has_its_centre(self) -> None:
        _, mask = fill([np.array([[0.4, 0.4], [2.6, 0.4], [2.6, 1.6], [0.4, 1.6]])], (5, 5))
        assert mask.tolist() == [[True, True, True], [True, True, True]]
        _, mask = fill([np.array([[0.6, 0.4], [2.4, 0.4], [2.4, 1.6], [0.6, 1.6]])], (5, 5))
        assert mask.tolist() == [[False, True, False], [False, True, False]]

    def test_what_is_outside_the_image_is_cut(self) -> None:
        corner, mask = fill([np.array([[-5, -5], [2, -5], [2, 99], [-5, 99]])], (4, 4))
        assert corner == (0, 0)
        assert mask.shape == (4, 2)
        assert mask.all()

    @pytest.mark.parametrize("ring", [[[0, 0], [1, 1]], [[0, 0], [1, np.inf], [1, 1]], [0, 1, 2]])
    def test_what_is_no_outline(self, ring: list) -> None:
        with pytest.raises(DataError, match="outline"):
            fill([np.array(ring)], (4, 4))


class TestCoco:
    def test_official_tools_read_it(self, tmp_path: Path) -> None:
        write_coco(tmp_path / "a.json", hard(), image="photo.jpg")
        with contextlib.redirect_stdout(io.StringIO()):
            coco = COCO(str(tmp_path / "a.json"))
        [image] = coco.loadImgs(coco.getImgIds())
        assert (image["file_name"], image["height"], image["width"]) == ("photo.jpg", 24, 30)
        rows = coco.loadAnns(coco.getAnnIds())
        assert len(rows) == 4
        names = {row["id"]: row["name"] for row in coco.loadCats(coco.getCatIds())}
        assert [names[row["category_id"]] for row in rows] == ["ring", "pair", "ring", "object"]
        for row in rows:
            assert np.array_equal(coco.annToMask(row), hard().labels == row["label_id"])

    def test_holes_and_parts_are_run_lengths_and_the_rest_polygons(self) -> None:
        kinds = [type(a["segmentation"]) for a in to_coco(hard(), image="a.png")["annotations"]]
        assert kinds == [dict, dict, list, list]

    def test_a_stack_is_a_list_of_images(self) -> None:
        content = to_coco(STACK, image="a.png")
        assert [i["file_name"] for i in content["images"]] == ["a_0000.png", "a_0001.png"]
        assert np.array_equal(from_coco(content).labels, STACK.labels)

    def test_files_of_others_are_numbered_in_order(self) -> None:
        content = to_coco(hard(), image="a.png")
        for row in content["annotations"]:
            del row["label_id"]
        del content["info"]
        read = from_coco(content)
        assert [(r.id, r.name) for r in read.table] == [
            (1, "ring"), (2, "pair"), (3, "ring"), (4, "object"),
        ]  # fmt: skip
        assert np.array_equal(read.labels > 0, hard().labels > 0)

    def test_images_of_different_sizes_are_no_layer(self) -> None:
        content = to_coco(STACK, image="a.png")
        content["images"][1]["width"] = 99
        with pytest.raises(DataError, match="2 sizes"):
            from_coco(content)

    @pytest.mark.parametrize("key", ["image_id", "segmentation"])
    def test_damage_is_told(self, key: str) -> None:
        content = to_coco(hard(), image="a.png")
        content["annotations"][0][key] = "nonsense"
        with pytest.raises(DataError):
            from_coco(content)


class TestGeoJson:
    def test_it_is_what_qupath_writes(self) -> None:
        ring, pair, *_ = to_geojson(hard())["features"]
        assert ring["geometry"]["type"] == pair["geometry"]["type"] == "MultiPolygon"
        outer, hole = ring["geometry"]["coordinates"][0]
        assert outer == [[1, 1], [10, 1], [10, 10], [1, 10], [1, 1]]
        assert sorted(hole[:-1]) == [[3, 3], [3, 8], [8, 3], [8, 8]]
        properties = ring["properties"]
        assert properties["objectType"] == "annotation"
        assert properties["classification"]["name"] == "ring"
        assert all(0 <= c <= 255 for c in properties["classification"]["color"])
        assert properties["measurements"] == {"label": 3, "score": 0.5, "area px": 57}

    def test_a_part_in_the_corner_of_another(self) -> None:
        objects = Objects(np.array([[1, 0, 1], [0, 0, 1], [1, 1, 1]]))
        assert same(from_geojson(to_geojson(objects)), objects)

    def test_a_class_has_one_colour(self) -> None:
        features = to_geojson(hard())["features"]
        colours = [f["properties"].get("classification", {}).get("color") for f in features]
        assert colours[0] == colours[2] != colours[1]
        assert colours[3] is None

    def test_a_list_of_features_of_another_program(self) -> None:
        square = [[0.2, 0.2], [3.8, 0.2], [3.8, 2.8], [0.2, 2.8], [0.2, 0.2]]
        features = [
            {"type": "Feature", "geometry": {"type": "Point", "coordinates": [1, 1]}},
            {
                "type": "Feature",
                "geometry": {"type": "Polygon", "coordinates": [square]},
                "properties": {
                    "classification": {"name": "Tumor"},
                    "measurements": [{"name": "score", "value": 0.25}],
                },
            },
        ]
        read = from_geojson(features)
        assert read.labels.tolist() == [[1] * 4] * 3
        assert read.table == (LabelObject(1, "Tumor", 0.25),)
        assert from_geojson(features, (5, 6)).labels.shape == (5, 6)

    def test_a_file_that_is_cut_off(self, tmp_path: Path) -> None:
        (tmp_path / "a.geojson").write_text(json.dumps(to_geojson(hard()))[:-20])
        with pytest.raises(DataError, match="cut off"):
            read_geojson(tmp_path / "a.geojson")

    def test_other_json(self) -> None:
        with pytest.raises(DataError, match="not GeoJSON"):
            from_geojson({"a": 1})
        with pytest.raises(DataError, match="damaged"):
            from_geojson([{"type": "Feature", "geometry": {"type": "Polygon"}}])


class TestImageJ:
    def test_another_reader_sees_the_same_selections(self, tmp_path: Path) -> None:
        write_rois(tmp_path / "a.zip", hard())
        rois = roifile.roiread(tmp_path / "a.zip")
        names = [roi.name for roi in rois]
        assert names == ["00003 ring", "00007 pair", "00012 ring", "70000"]
        assert [roi.roitype.name for roi in rois] == ["RECT", "RECT", "TRACED", "TRACED"]
        assert [roi.composite for roi in rois] == [True, True, False, False]
        for roi, row in zip(rois, hard().table, strict=True):
            (top, left), part = fill(roi.coordinates(multi=True), hard().shape)
            drawn = np.zeros(hard().shape, bool)
            drawn[top : top + part.shape[0], left : left + part.shape[1]] = part
            assert np.array_equal(drawn, hard().labels == row.id)
            assert f"seem.label: {row.id}\n" in roi.props

    def test_slices_are_positions(self, tmp_path: Path) -> None:
        write_rois(tmp_path / "a.zip", STACK)
        assert {roi.position for roi in roifile.roiread(tmp_path / "a.zip")} == {1, 2}
        assert same(read_rois(tmp_path / "a.zip"), STACK)

    def test_selections_of_others(self, tmp_path: Path) -> None:
        corners = np.array([[2, 1], [6, 1], [6, 4], [2, 4]])
        drawn = roifile.ImagejRoi.frompoints(corners, name="nucleus")
        fine = roifile.ImagejRoi.frompoints(corners + np.array([10.25, 0]), name="0002-0012")
        box = roifile.ImagejRoi(
            roitype=roifile.ROI_TYPE.RECT, left=1, top=10, right=4, bottom=12, name="box"
        )
        disc = roifile.ImagejRoi(
            roitype=roifile.ROI_TYPE.OVAL, left=10, top=10, right=20, bottom=20, name="disc"
        )
        dot = roifile.ImagejRoi.frompoints([[3, 3]])
        dot.roitype = roifile.ROI_TYPE.POINT
        roifile.roiwrite(tmp_path / "a.zip", [drawn, fine, box, disc, dot])
        read = read_rois(tmp_path / "a.zip", (30, 40))
        assert read.labels.shape == (30, 40)
        assert [row.name for row in read.table] == ["nucleus", "", "box", "disc"]
        assert (read.labels[1:4, 2:6] == 1).all()
        assert (read.labels == 1).sum() == (read.labels == 2).sum() == 12
        assert (read.labels[10:12, 1:4] == 3).all()
        assert (read.labels == 4).sum() == pytest.approx(np.pi * 25, rel=0.05)
        assert read_rois(tmp_path / "a.zip").labels.shape == (20, 20)

    def test_far_corners_do_not_overflow(self) -> None:
        ring = np.array([[0, 0], [70000, 0], [70000, 40000], [0, 40000]])
        roi = decode(encode([ring], name="big", position=0, properties={}))
        assert np.array_equal(roi.rings[0], ring)

    @pytest.mark.parametrize("end", [3, 40, 70])
    def test_damage_is_told(self, tmp_path: Path, end: int) -> None:
        ring = np.array([[0, 0], [3, 0], [3, 3], [0, 3]])
        whole = encode([ring], name="a", position=0, properties={})
        with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
            archive.writestr("a.roi", whole[:end])
        with pytest.raises(DataError, match="damaged"):
            read_rois(tmp_path / "a.zip")
        (tmp_path / "b.zip").write_bytes(b"no zip")
        with pytest.raises(DataError, match="Cannot read"):
            read_rois(tmp_path / "b.zip")


class TestOthers:
    def test_tiff_is_a_plain_label_image(self, tmp_path: Path) -> None:
        write_tiff(tmp_path / "a.tif", hard())
        pixels = imread(tmp_path / "a.tif")
        assert pixels.dtype == np.uint32
        assert np.array_equal(pixels, hard().labels)
        write_tiff(tmp_path / "b.tif", Objects(hard().labels % 70000))
        assert imread(tmp_path / "b.tif").dtype == np.uint16
        assert same(read_tiff(tmp_path / "a.tif"), hard())

    @pytest.mark.parametrize("name", ["a.tif", "a.png"])
    def test_a_photo_is_no_label_image(self, tmp_path: Path, name: str) -> None:
        imsave(tmp_path / name, np.arange(6 * 7 * 3, dtype=np.uint8).reshape(6, 7, 3))
        with pytest.raises((DataError, ImageError), match="label"):
            open_objects(tmp_path / name)

    def test_label_files_of_others(self, tmp_path: Path) -> None:
        labels = hard().labels.astype(np.uint16)
        imwrite(tmp_path / "a.tif", labels[None], imagej=True)
        np.save(tmp_path / "a.npy", STACK.labels)
        assert np.array_equal(open_objects(tmp_path / "a.tif").labels, labels)
        assert np.array_equal(open_objects(tmp_path / "a.npy").labels, STACK.labels)

    def test_voc_boxes_count_from_one(self, tmp_path: Path) -> None:
        write_voc(tmp_path / "a.xml", hard(), image="a.jpg")
        root = ElementTree.parse(tmp_path / "a.xml").getroot()
        assert root.findtext("filename") == "a.jpg"
        assert root.findtext("size/width") == "30"
        found = {}
        for one in root.iter("object"):
            box = [int(one.findtext(f"bndbox/{k}")) for k in ("xmin", "ymin", "xmax", "ymax")]
            found[tuple(box)] = (one.findtext("name"), one.findtext("truncated"))
        assert found == {
            (2, 2, 10, 10): ("ring", "0"),
            (3, 13, 8, 18): ("pair", "0"),
            (21, 21, 21, 21): ("ring", "0"),
            (23, 1, 30, 6): ("object", "1"),
        }

    def test_yolo_files_of_a_folder_share_their_classes(self, tmp_path: Path) -> None:
        (tmp_path / "classes.txt").write_text("zebra\nring\n")
        write_yolo(tmp_path / "a.txt", hard())
        assert (tmp_path / "classes.txt").read_text() == "zebra\nring\nobject\npair\n"
        numbers = [line.split()[0] for line in (tmp_path / "a.txt").read_text().splitlines()]
        assert numbers == ["1", "3", "1", "2"]

    @pytest.mark.parametrize("write", [write_yolo, write_voc])
    def test_no_stacks_for_training(self, tmp_path: Path, write) -> None:
        with pytest.raises(ImageError, match="not a stack"):
            write(tmp_path / "a", STACK)

    @pytest.mark.parametrize("kind", FORMATS)
    def test_no_folder_to_write_into(self, tmp_path: Path, kind) -> None:
        ending = {"coco": ".json", "imagej": ".zip", "yolo": ".txt", "voc": ".xml", "tiff": ".tif"}
        ending |= {"ome-zarr": ".zarr"}
        with pytest.raises(DataError, match="Cannot write"):
            save_objects(tmp_path / "none" / f"a{ending.get(kind, '.' + kind)}", hard(), kind)

    @pytest.mark.parametrize("kind", FORMATS)
    def test_an_ending_of_another_format(self, tmp_path: Path, kind) -> None:
        with pytest.raises(DataError, match=f"format {kind} ends in"):
            save_objects(tmp_path / "a.png", hard(), kind)

    @pytest.mark.parametrize("name", ["a.tif", "a.npy", "a.zip", "a.json"])
    def test_nonsense_is_told(self, tmp_path: Path, name: str) -> None:
        (tmp_path / name).write_bytes(b"\xffnonsense")
        with pytest.raises(DataError):
            open_objects(tmp_path / name)
        with pytest.raises(DataError, match="no file"):
            open_objects(tmp_path / "none.tif")


class TestMeasurements:
    def test_they_are_scikit_images(self) -> None:
        image = np.random.default_rng(0).integers(0, 255, (24, 30, 2)).astype(np.uint8)
        found = measure(hard(), image=image, scale=(0.5, 0.5))
        assert found["id"] == [3, 7, 12, 70000]
        assert found["class"] == ["ring", "pair", "ring", ""]
        assert found["score"] == [0.5, "", 1.0, ""]
        one = (hard().labels == 3).astype(int)
        [own] = regionprops(one, image)
        [big] = regionprops(one, image, spacing=0.5)
        for name in ("area", "perimeter", "eccentricity", "solidity"):
            assert found[name][0] == pytest.approx(getattr(own, name))
        assert found["area_scaled"][0] == pytest.approx(big.area)
        assert found["perimeter_scaled"][0] == pytest.approx(big.perimeter)
        diameter = big.equivalent_diameter_area
        assert found["equivalent_diameter_scaled"][0] == pytest.approx(diameter)
        assert found["centroid_col_scaled"][0] == pytest.approx(big.centroid[1])
        assert [found[f"{k}_{end}"][0] for end in ("min", "max") for k in ("row", "col")] == [
            1, 1, 10, 10,
        ]  # fmt: skip
        for k in range(2):
            assert found[f"mean_intensity_{k}"][0] == pytest.approx(own.intensity_mean[k])
            assert found[f"min_intensity_{k}"][0] == own.intensity_min[k]
            assert found[f"max_intensity_{k}"][0] == own.intensity_max[k]

    def test_an_object_of_a_stack_is_one_row(self) -> None:
        found = measure(STACK, image=STACK.labels, scale=(2, 1, 1))
        assert len(found["id"]) == len(STACK.table)
        assert found["area"][0] == (STACK.labels == 3).sum()
        assert found["mean_intensity"] == found["id"]
        assert found["area_scaled"][0] == 2 * found["area"][0]
        assert "perimeter" not in found

    def test_the_file(self, tmp_path: Path) -> None:
        write_csv(tmp_path / "a.csv", hard())
        with (tmp_path / "a.csv").open(newline="") as file:
            rows = list(csv.DictReader(file))
        assert [row["id"] for row in rows] == ["3", "7", "12", "70000"]
        assert rows[0]["area"] == "57"

    def test_nothing_to_measure(self) -> None:
        found = measure(Objects(np.zeros((4, 4), int)), image=np.zeros((4, 4)))
        assert all(column == [] for column in found.values())

    def test_what_does_not_fit(self) -> None:
        with pytest.raises(ImageError, match="must agree"):
            measure(hard(), image=np.zeros((5, 5)))
        with pytest.raises(ImageError, match="scale"):
            measure(hard(), scale=(1.0,))

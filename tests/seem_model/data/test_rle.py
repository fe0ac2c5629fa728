"""Run lengths and polygons against COCO's own tools, where those are installed."""

import numpy as np
import pytest

from seem_model.data import rle
from seem_model.errors import DataError
from tiny_coco import plain_runs, polygon
from tiny_files import SHAPE, box

BOXES = [(2, 3, 10, 20), (0, 0, 24, 32), (0, 0, 5, 1), (23, 31, 24, 32)]


@pytest.mark.parametrize("corners", BOXES)
def test_boxes_come_back(corners: tuple[int, int, int, int]) -> None:
    assert (rle.decode([polygon(corners)], SHAPE) == box(*corners)).all()
    assert (rle.decode(plain_runs(corners), SHAPE) == box(*corners)).all()


def test_compressed_text() -> None:
    # 3 x 4 pixels: off 5, on 4, off 3; below three numbers nothing is a difference
    mask = rle.decode({"counts": "543", "size": [3, 4]}, (3, 4))
    assert mask.T.ravel().tolist() == [False] * 5 + [True] * 4 + [False] * 3


def test_polygons_are_joined() -> None:
    parts = [polygon((2, 3, 10, 20)), polygon((5, 15, 20, 30))]
    assert (rle.decode(parts, SHAPE) == box(2, 3, 10, 20) | box(5, 15, 20, 30)).all()


@pytest.mark.parametrize(
    ("segmentation", "reason"),
    [
        (None, "neither polygons nor run lengths"),
        ([], "list of polygons is empty"),
        ([[1, 2, 3, 4]], "fewer than three corners"),
        ([[1, 2, 3]], "not a list of x, y pairs"),
        ([["a", "b"]], "not a list of x, y pairs"),
        ([[0, 0, float("nan"), 1, 2, 2]], "infinite"),
        ({"counts": [1, 2], "size": [24, 32]}, "do not add up"),
        ({"counts": [-1, 769], "size": [24, 32]}, "do not add up"),
        ({"counts": ["a"], "size": [24, 32]}, "not whole numbers"),
        ({"counts": [768], "size": [32, 24]}, "the image is"),
        ({"counts": "P", "size": [24, 32]}, "cut off"),
        ({"counts": "\x7f", "size": [24, 32]}, "may not be there"),
        ({"size": [24, 32]}, "neither polygons"),
    ],
)
def test_broken_segmentations_are_refused(segmentation: object, reason: str) -> None:
    with pytest.raises(DataError, match=reason):
        rle.decode(segmentation, SHAPE)


def test_corners_far_outside_do_no_harm() -> None:
    assert rle.decode([[-1e9, -1e9, 1e9, -1e9, 1e9, 1e9, -1e9, 1e9]], SHAPE).all()


@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")
def test_the_oracle_agrees() -> None:
    oracle = pytest.importorskip("pycocotools.mask")
    rng = np.random.default_rng(0)
    for _ in range(300):
        height, width = rng.integers(3, 60, 2).tolist()
        corners = rng.uniform(-0.2, 1.2, (int(rng.integers(3, 12)), 2)) * [width, height]
        parts = [np.round(corners, 2).ravel().tolist()]
        runs = oracle.merge(oracle.frPyObjects(parts, height, width))
        truth = oracle.decode(runs).astype(bool)
        assert (rle.decode(parts, (height, width)) == truth).all()
        text = {"counts": runs["counts"].decode(), "size": [height, width]}
        assert (rle.decode(text, (height, width)) == truth).all()

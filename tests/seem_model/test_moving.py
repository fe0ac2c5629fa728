"""Labels that lie beside edges: views are cut, and objects pasted, where the edges are."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from seem_model.data.batch_config import BatchConfig
from seem_model.data.batches import Batches
from seem_model.data.crops import CropConfig
from seem_model.data.moving import resized
from seem_model.data.pasting import PasteConfig
from seem_model.data.set_config import SetConfig
from seem_model.errors import ConfigError
from shapes_folder import write_shapes

CLEAR = CropConfig(colour=0.0, noise=0.0, invert=0.0, blur=0.0, grey=0.0)
DOWN, RIGHT = 3, -2


@pytest.fixture(scope="module")
def moved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Shapes whose labels lie three pixels too low and two too far left."""
    root = write_shapes(tmp_path_factory.mktemp("moved") / "shapes")
    for path in (root / "instances").iterdir():
        labels = np.roll(np.array(Image.open(path)), (DOWN, RIGHT), (0, 1))
        Image.fromarray(labels).save(path)
    return root


def agreement(root: Path, offset: tuple[float, float], crop: CropConfig) -> float:
    """Mean IoU of what is red and what is called a disk, over the views of 20 batches."""
    sets = [SetConfig(path=str(root), offset=offset)]
    batches = Batches(sets, crop, BatchConfig(images=3, objects=1), (96,), 0)
    found = []
    for view in (v for step in range(20) for v in batches(step).views):
        red = (view.crop.image[..., 0] > 140) & (view.crop.image[..., 1] < 140)
        disks = [m for m, name in zip(view.masks, view.names, strict=True) if name == "disk"]
        disk = np.any(disks, axis=0) if disks else np.zeros_like(red)
        if (red | disk).any():
            found.append((red & disk).sum() / (red | disk).sum())
    return float(np.mean(found))


def test_views_are_cut_where_the_edges_are(moved: Path) -> None:
    assert agreement(moved, (0.0, 0.0), CLEAR) < 0.75
    assert agreement(moved, (-DOWN, -RIGHT), CLEAR) < 0.6
    assert agreement(moved, (DOWN, RIGHT), CLEAR) > 0.93


def test_objects_are_pasted_with_their_own_pixels(moved: Path) -> None:
    crop = replace(CLEAR, paste=PasteConfig(share=1.0, most=2, fraction=(0.4, 0.7), min_pixels=50))
    assert agreement(moved, (0.0, 0.0), crop) < 0.8
    assert agreement(moved, (DOWN, RIGHT), crop) > 0.92


@given(
    down=st.integers(-3, 3), right=st.integers(-3, 3), seed=st.integers(0, 99),
    left=st.integers(0, 5), top=st.integers(0, 5), scale=st.integers(1, 3),
)  # fmt: skip
def test_whole_pixels_are_taken_from_where_they_were_moved(
    down: int, right: int, seed: int, left: int, top: int, scale: int
) -> None:
    """The law: what lies at (r + down, c + right) is seen at (r, c); the outermost goes on."""
    labels = np.random.default_rng(seed).integers(0, 9, (12, 14)).astype(np.int32)
    area = (left, top, left + 9, top + 7)
    shown = resized(
        labels, (9 * scale, 7 * scale), area=area, offset=(down, right),
        how=Image.Resampling.NEAREST,
    )  # fmt: skip
    rows = np.clip(np.arange(top, top + 7) + down, 0, 11).repeat(scale)
    cols = np.clip(np.arange(left, left + 9) + right, 0, 13).repeat(scale)
    np.testing.assert_array_equal(np.asarray(shown), labels[np.ix_(rows, cols)])


@pytest.mark.parametrize("offset", [(0.5, 0.0), (0.0, -0.5), (0.25, 0.75)])
def test_parts_of_a_pixel_show_where_it_is_enlarged(offset: tuple[float, float]) -> None:
    labels = np.zeros((20, 20), np.int32)
    labels[8:12, 6:14] = 1
    shown = resized(
        labels, (160, 160), area=(0, 0, 20, 20), offset=offset, how=Image.Resampling.NEAREST
    )
    centre = np.argwhere(np.asarray(shown)).mean(axis=0)
    np.testing.assert_allclose((np.array([10.0, 10.0]) - offset) * 8 - 0.5, centre, atol=0.51)


@pytest.mark.parametrize(
    "offset", [[0.5], [1, 2, 3], [0, float("nan")], [float("inf"), 0], [99, 0]]
)
def test_offsets_that_no_masks_have_are_refused(offset: list[float]) -> None:
    with pytest.raises(ConfigError, match=r"offset=.* of cells must be two numbers of pixels"):
        SetConfig(path="cells", offset=tuple(offset))

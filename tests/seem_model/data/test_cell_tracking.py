"""Cell Tracking Challenge.

::

    Fluo-N2DH-SIM+/01/t000.tif                 16 bit
    Fluo-N2DH-SIM+/01_GT/SEG/man_seg000.tif    16 bit label map; volumes: man_seg_000_001.tif
    Fluo-N2DH-SIM+/01_GT/TRA/man_track000.tif  markers; number = track
    Fluo-N2DH-SIM+/01_ST/SEG/man_seg001.tif    computer-made
"""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from damage import check_messages
from seem_model.data.cell_tracking import open_cell_tracking
from seem_model.data.opening import open_dataset, recognised
from seem_model.errors import DataError
from tiny_files import SHAPE, Box, box, painted, save

ONE: Box = (2, 2, 12, 12)
TWO: Box = (14, 14, 22, 30)
LONE: Box = (2, 20, 8, 28)


def write_cells(root: Path) -> Path:
    for name in ("01", "02"):
        for frame in range(3):
            grey = painted((3000 + frame, ONE), (2500, TWO), start=100, dtype=np.uint16)
            save(root / f"{name}/t{frame:03d}.tif", grey)
            markers = painted((7, (5, 5, 8, 8)), (9, (16, 20, 18, 22)), dtype=np.uint16)
            save(root / f"{name}_GT/TRA/man_track{frame:03d}.tif", markers)
        # labels of the masks are not those of the tracks, and one cell has no marker
        masks = painted((1, ONE), (2, TWO), (3, LONE), dtype=np.uint16)
        save(root / f"{name}_GT/SEG/man_seg000.tif", masks)
        save(root / f"{name}_GT/SEG/man_seg002.tif", painted((5, TWO), dtype=np.uint16))
    save(root / "01_ST/SEG/man_seg001.tif", painted((4, ONE), dtype=np.uint16))
    return root


def write_volume(root: Path) -> Path:
    pages = [Image.fromarray(painted((900 + z, ONE), dtype=np.uint16)) for z in range(3)]
    for frame in range(2):
        (root / "01").mkdir(parents=True, exist_ok=True)
        pages[0].save(root / f"01/t{frame:03d}.tif", save_all=True, append_images=pages[1:])
    save(root / "01_GT/SEG/man_seg_001_002.tif", painted((4, ONE), dtype=np.uint16))
    whole = [Image.fromarray(painted((z, TWO), dtype=np.uint16)) for z in range(3)]
    path = root / "01_GT/SEG/man_seg000.tif"
    whole[0].save(path, save_all=True, append_images=whole[1:])
    return root


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return write_cells(tmp_path / "Fluo-N2DH-SIM+")


def test_masks_take_the_numbers_of_their_tracks(root: Path) -> None:
    data = open_cell_tracking(root)
    assert data.name == "Fluo-N2DH-SIM+"
    assert data.ids("01") == ("01/t000", "01/t002")
    assert data.ids("train") == ("01/t000", "01/t002", "02/t000", "02/t002")
    first, last = data.read("01/t000"), data.read("01/t002")
    assert (first.mask(7) == box(*ONE)).all()
    assert (first.mask(9) == box(*TWO)).all()
    assert (last.mask(9) == box(*TWO)).all()
    assert [s.id for s in last.segments] == [9]
    (lone,) = {s.id for s in first.segments} - {7, 9}
    assert (first.mask(lone) == box(*LONE)).all()
    assert {s.name for s in first.segments} == {"cell"}
    assert first.semantic_complete is False  # some cells only
    assert first.image.dtype == np.uint8
    assert first.image[5, 5, 0] > first.image[0, 0, 0]  # stretched


def test_sequences_hold_frames_without_masks(root: Path) -> None:
    data = open_cell_tracking(root)
    first, second = data.sequences("train")
    assert (first.name, second.name) == ("01", "02")
    assert first.frames == ("01/t000", "01/t001", "01/t002")
    assert first.annotated == {"01/t000", "01/t002"}
    assert data.read("01/t001").void.all()
    assert data.sequences("02") == (second,)


def test_silver_truth(root: Path) -> None:
    data = open_cell_tracking(root, "ST")
    assert data.ids("train") == ("01/t001",)
    assert (data.read("01/t001").mask(7) == box(*ONE)).all()


def test_volumes_are_read_slice_by_slice(tmp_path: Path) -> None:
    data = open_cell_tracking(write_volume(tmp_path / "Fluo-N3DH-CE"))
    videos = {v.name: v for v in data.sequences("01")}
    assert videos["01/z002"].frames == ("01/t000/z002", "01/t001/z002")
    assert videos["01/z002"].annotated == {"01/t000/z002", "01/t001/z002"}
    assert videos["01/z001"].annotated == {"01/t000/z001"}
    assert (data.read("01/t001/z002").mask(4) == box(*ONE)).all()
    assert (data.read("01/t000/z002").mask(2) == box(*TWO)).all()
    assert data.size("01/t000/z001") == SHAPE


def test_what_is_missing_or_broken_is_named(root: Path) -> None:
    data = open_cell_tracking(root)
    save(root / "01_GT/TRA/man_track000.tif", np.zeros((3, 3), np.uint16))
    with pytest.raises(DataError, match=r"man_track000\.tif has shape \(3, 3\).*image 01/t000"):
        data.read("01/t000")
    (root / "01/t002.tif").write_bytes(b"no picture")
    with pytest.raises(DataError, match=r"t002\.tif cannot be read.*Skipped: image 01/t002"):
        data.read("01/t002")
    with pytest.raises(DataError, match='no image "03/t000"'):
        data.read("03/t000")
    with pytest.raises(DataError, match="no folder 01 with 01_GT/SEG"):
        open_cell_tracking(root / "01")


def test_it_is_recognised(root: Path) -> None:
    assert recognised(root) == ("cell-tracking",)
    assert open_dataset(root).name == "Fluo-N2DH-SIM+"


def test_every_damage_is_told(root: Path) -> None:
    check_messages(root, "cell-tracking")
    check_messages(write_volume(root.with_name("volume")), "cell-tracking")

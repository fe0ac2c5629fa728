"""SBD.

::

    benchmark_RELEASE/dataset/img/2008_000002.jpg
    benchmark_RELEASE/dataset/inst/2008_000002.mat   GTinst: Segmentation, Categories, Boundaries
    benchmark_RELEASE/dataset/cls/2008_000002.mat    GTcls
    benchmark_RELEASE/dataset/{train,val}.txt
"""

from pathlib import Path

import numpy as np
import pytest
from scipy.io import savemat

from damage import check_messages
from seem_model.data.opening import open_dataset, recognised
from seem_model.data.sbd import open_sbd
from seem_model.errors import DataError
from tiny_files import Box, box, painted, save_photo, save_text

TV: Box = (2, 2, 12, 12)
CAT: Box = (14, 14, 22, 30)


def write_sbd(root: Path) -> Path:
    data = root / "benchmark_RELEASE/dataset"
    for part in ("inst", "cls"):
        (data / part).mkdir(parents=True)
    for id, categories in (("2008_000002", [20, 8]), ("2008_000003", [15])):
        save_photo(data / f"img/{id}.jpg")
        objects = painted((1, TV), (2, CAT)) if len(categories) == 2 else painted((1, TV))
        truth = {"Segmentation": objects, "Categories": np.array(categories)[:, None]}
        truth["Boundaries"] = np.zeros((len(categories), 1))
        savemat(data / f"inst/{id}.mat", {"GTinst": truth})
        classes = np.array([0, *categories], np.uint8)[objects]
        savemat(data / f"cls/{id}.mat", {"GTcls": {"Segmentation": classes}})
    save_text(data / "train.txt", "2008_000003\n")
    save_text(data / "val.txt", "2008_000002\n")
    return root


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return write_sbd(tmp_path / "sbd")


def test_objects_and_classes(root: Path) -> None:
    data = open_sbd(root)
    sample = data.read("2008_000002")
    assert (data.ids("train"), data.ids("val")) == (("2008_000003",), ("2008_000002",))
    assert [(s.id, s.name, s.bbox) for s in sample.segments] == [
        (1, "tvmonitor", TV),
        (2, "cat", CAT),
    ]
    assert (sample.mask(2) == box(*CAT)).all()
    assert sample.semantic is not None
    assert (sample.semantic == painted((20, TV), (8, CAT))).all()
    assert not sample.void.any()
    assert [s.name for s in open_sbd(root / "benchmark_RELEASE").segments("2008_000003")] == [
        "person"
    ]


def test_what_is_missing_or_broken_is_named(root: Path) -> None:
    dataset = root / "benchmark_RELEASE/dataset"
    data = open_sbd(root)
    truth = {"Segmentation": painted((5, TV)), "Categories": np.array([1])}
    savemat(dataset / "inst/2008_000002.mat", {"GTinst": truth})
    with pytest.raises(DataError, match=r"has 5 objects, but 1 classes. Skipped: image 2008"):
        data.read("2008_000002")
    (dataset / "inst/2008_000002.mat").write_bytes(b"nonsense")
    with pytest.raises(DataError, match=r"2\.mat cannot be read.*Skipped: image 2008_000002"):
        data.read("2008_000002")
    (dataset / "inst/2008_000003.mat").unlink()
    with pytest.raises(DataError, match=r"3\.mat is missing. Skipped: image 2008_000003"):
        data.segments("2008_000003")
    for name in ("train", "val"):
        (dataset / f"{name}.txt").unlink()
    with pytest.raises(DataError, match=r"no train\.txt or val\.txt"):
        open_sbd(root)
    with pytest.raises(DataError, match="no folders img and inst"):
        open_sbd(root / "nowhere")


def test_it_is_recognised(root: Path) -> None:
    assert recognised(root) == ("sbd",)
    assert open_dataset(root).name == "sbd"


def test_every_damage_is_told(root: Path) -> None:
    check_messages(root, "sbd")

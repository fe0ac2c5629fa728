"""Hard images are drawn more often, by a table that an evaluation wrote."""

from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from seem_model.data.mining import FLOOR, chances
from seem_model.data.set_config import SetConfig
from seem_model.data.sources import Sources
from seem_model.errors import DataError
from seem_model.evaluate import interactive
from shapes_folder import write_shapes
from tiny_model import predictor


def table(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path


def test_chances_follow_the_mean_error_of_an_images_objects(tmp_path: Path) -> None:
    rows = "object,image,iou@1,iou@3\na/1,a,0.1,1.0\na/2,a,0.2,0.8\nb/1,b,0.5,0.3\n"
    found = chances(table(tmp_path / "t.csv", rows), ("b", "a", "c"))
    errors = np.array([0.7, 0.1, 0.4])  # c, not measured, is as hard as the others are on average
    np.testing.assert_allclose(found, (FLOOR + errors) / (FLOOR + errors).sum())


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("object,image,iou@1\na/1,a,0.1\n", "iou@3"),
        ("object,image,iou@3\na/1,a,much\n", "iou@3"),
        ("object,image,iou@3\n", "none of the 2"),
        ("object,image,iou@3\nz/1,z,0.5\n", "none of the 2"),
    ],
)
def test_other_tables_are_refused(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(DataError, match=said):
        chances(table(tmp_path / "t.csv", text), ("a", "b"))


def test_a_missing_table_is_said(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="seem evaluate interactive --split train"):
        chances(tmp_path / "none.csv", ("a",))


def test_an_evaluation_of_the_training_split_makes_hard_images_come_more_often(
    tmp_path: Path,
) -> None:
    root = write_shapes(tmp_path / "shapes")
    report = interactive(predictor(), root, split="train", max_clicks=3)
    report.save(tmp_path / "report.json")
    plain = Sources.opened([SetConfig(path=str(root))])
    mined = Sources.opened([SetConfig(path=str(root), mined=str(tmp_path / "report.csv"))])
    expected = chances(tmp_path / "report.csv", mined.ids[0])
    assert expected.max() > expected.min()
    rng, count = np.random.default_rng(0), 3000
    drawn = Counter(mined.pick(rng)[1].id for _ in range(count))
    shares = np.array([drawn[i] for i in mined.ids[0]]) / count
    np.testing.assert_allclose(shares, expected, atol=0.05)
    assert plain.hard == [None]

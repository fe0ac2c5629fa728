"""RefCOCO, RefCOCO+ and RefCOCOg.

::

    refcocog/refs(umd).p  refcocog/refs(google).p  refcocog/instances.json
    refcocog/images/train2014/COCO_train2014_000000000009.jpg
"""

import json
import pickle
from pathlib import Path
from typing import Any

import pytest

from damage import check_messages, check_values
from seem_model.data.opening import open_dataset, recognised
from seem_model.data.refcoco import held_out, open_refcoco, read_refs
from seem_model.data.sample import Phrase
from seem_model.errors import DataError
from tiny_coco import CAT, CATEGORIES, DOG, annotation, images
from tiny_files import SHAPE, box, save_json, save_photo


def ref(image: int, annotation_id: int, split: str, *texts: str) -> dict[str, Any]:
    sentences = [{"sent": t, "sent_id": i, "tokens": t.split()} for i, t in enumerate(texts)]
    return {
        "ref_id": annotation_id,
        "ann_id": annotation_id,
        "image_id": image,
        "split": split,
        "category_id": 17,
        "file_name": f"COCO_train2014_{image:012d}_{annotation_id}.jpg",
        "sent_ids": list(range(len(texts))),
        "sentences": sentences,
    }


UMD = [
    ref(9, 71, "train", "the cat on the left", "striped cat"),
    ref(9, 72, "train", "dog"),
    ref(8, 81, "val", "sleeping cat"),
    ref(7, 73, "test", "a cat"),
]
GOOGLE = [ref(9, 71, "train", "left cat"), ref(9, 72, "val", "right dog")]


def write_refcoco(root: Path) -> Path:
    rows = [annotation(71, 9, 17, CAT), annotation(72, 9, 18, DOG)]
    rows += [annotation(81, 8, 17, CAT), annotation(73, 7, 17, DOG)]
    found = images(9, 8, 7)
    for image in found:
        image["file_name"] = f"COCO_train2014_{image['file_name']}"
        save_photo(root / "images/train2014" / image["file_name"])
    table = {"images": found, "annotations": rows, "categories": CATEGORIES}
    save_json(root / "instances.json", table)
    (root / "refs(umd).p").write_bytes(pickle.dumps(UMD, protocol=2))
    (root / "refs(google).p").write_bytes(pickle.dumps(GOOGLE, protocol=0))
    return root


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return write_refcoco(tmp_path / "refcocog")


def test_splits_of_both_makers(root: Path) -> None:
    data = open_refcoco(root)
    assert data.name == "refcocog"
    assert data.ids("train") == ("train/9",)
    assert data.ids("val") == ("val/8",)
    assert data.ids("google/val") == ("google/val/9",)
    with pytest.raises(DataError, match="train, val, test, google/train, google/val"):
        data.ids("testA")
    assert [c.name for c in data.classes] == ["cat", "dog"]
    assert data.size("val/8") == SHAPE


def test_phrases_point_at_masks(root: Path) -> None:
    data = open_refcoco(root)
    sample = data.read("train/9")
    assert sample.id == "train/9"
    assert sample.phrases == (
        Phrase("the cat on the left", (1,), "referring"),
        Phrase("striped cat", (1,), "referring"),
        Phrase("dog", (2,), "referring"),
    )
    assert (sample.mask(1) == box(*CAT)).all()
    assert (sample.mask(2) == box(*DOG)).all()
    assert data.segments("train/9") == sample.segments
    # the same photo asks for something else in another split
    assert [p.text for p in data.read("google/val/9").phrases] == ["right dog"]


def test_json_does_as_well_and_photos_may_be_those_of_coco_2017(root: Path) -> None:
    for by in ("umd", "google"):
        (root / f"refs({by}).p").unlink()
    save_json(root / "refs(unc).json", UMD)
    (root / "images/train2014").rename(root / "moved")
    save_photo(root.parent / "train2017/000000000009.jpg", grey=7)
    assert open_refcoco(root).read("train/9").image[0, 0, 0] == 7


def test_images_of_other_splits_can_be_kept_out_of_training(root: Path) -> None:
    assert held_out(root) == held_out(root.parent) == {"7", "8", "9"}  # 9: Google's val
    with pytest.raises(DataError, match=r"no refs\(unc\)\.p"):
        held_out(root / "nowhere")


class Bomb:
    def __reduce__(self) -> tuple[Any, ...]:
        return Path.touch, (Path("boom"),)


def test_a_pickle_that_calls_code_is_refused(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(root)
    (root / "refs(umd).p").write_bytes(pickle.dumps([Bomb()]))
    with pytest.raises(DataError, match=r"refs\(umd\)\.p cannot be read: it asks for"):
        read_refs(root / "refs(umd).p")
    assert not (root / "boom").exists()


def test_what_is_missing_or_broken_is_named(root: Path) -> None:
    (root / "images/train2014/COCO_train2014_000000000008.jpg").unlink()
    with pytest.raises(DataError, match=r"000000000008\.jpg is missing. Skipped: image val/8"):
        open_refcoco(root).read("val/8")
    with pytest.raises(DataError, match='no image "9"'):
        open_refcoco(root).read("9")
    broken = [{**UMD[0], "ann_id": 5}]
    (root / "refs(umd).p").write_bytes(pickle.dumps(broken))
    with pytest.raises(DataError, match=r"reference \(number 0\): KeyError\(5\). Skipped: the ph"):
        open_refcoco(root)
    for content in (b"nonsense", json.dumps({"a": 1}).encode(), pickle.dumps("text")):
        (root / "refs(umd).p").write_bytes(content)
        with pytest.raises(DataError, match=r"refs\(umd\)\.p .*Skipped: the phrases of"):
            open_refcoco(root)
    (root / "instances.json").unlink()
    with pytest.raises(DataError, match=r"instances\.json is missing"):
        open_refcoco(root)
    with pytest.raises(DataError, match=r"no refs\(unc\)\.p"):
        open_refcoco(root.parent)


def test_it_is_recognised(root: Path) -> None:
    assert recognised(root) == ("refcoco",)
    assert open_dataset(root).name == "refcocog"


def test_every_damage_is_told(root: Path) -> None:
    check_messages(root, "refcoco")


def test_values_that_make_no_sense_are_told(root: Path) -> None:
    check_values(root, "refcoco")

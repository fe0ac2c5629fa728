"""Sentences of people in training views: only those that stay true."""

from __future__ import annotations

import pickle
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from seem_model.data.batch_config import BatchConfig
from seem_model.data.batches import Batches
from seem_model.data.crops import Crop, CropConfig
from seem_model.data.phrasing import stays_true
from seem_model.data.sample import Phrase, Sample, SegmentInfo
from seem_model.data.set_config import SetConfig
from seem_model.training_guard import read_batch, save_batch
from tiny_coco import CATEGORIES, annotation, images
from tiny_files import SHAPE, save_json, save_photo

BLANK = np.zeros((8, 8), np.int32)


def crop(**turned: bool) -> Crop:
    return Crop(image=np.zeros((8, 8, 3), np.uint8), labels=BLANK, height=8, width=8, **turned)


def segment(number: int, name: str) -> SegmentInfo:
    return SegmentInfo(number, name, 1, True, 9, (0, 0, 3, 3))


SEGMENTS = (segment(1, "cat"), segment(2, "cat"), segment(3, "cat"), segment(4, "dog"))
PHOTO = Sample(
    id="a", image=np.zeros((8, 8, 3), np.uint8), instances=BLANK, semantic=None,
    segments=SEGMENTS,
)  # fmt: skip


@pytest.mark.parametrize(
    ("text", "seen", "view", "true"),
    [
        ("striped cat", (1,), crop(), True),
        ("striped cat", (1,), crop(mirrored=True, turned=True), True),
        ("striped cat", (2, 3), crop(), False),
        ("Left cat", (1, 2, 3), crop(), True),
        ("Left cat", (1, 2, 3), crop(mirrored=True), False),
        ("cat, right-hand one", (1, 2, 3), crop(mirrored=True), False),
        ("leftover cat", (1, 2, 3), crop(mirrored=True), True),
        ("middle cat", (1, 2, 3), crop(mirrored=True), True),
        ("middle cat", (1, 2), crop(), False),
        ("second cat from left", (1, 3), crop(), False),
        ("top cat", (1, 2, 3, 4), crop(turned=True), False),
    ],
)
def test_what_stays_true(text: str, seen: tuple[int, ...], view: Crop, true: bool) -> None:
    visible = [s for s in SEGMENTS if s.id in seen]
    assert stays_true(Phrase(text, (1,), "referring"), PHOTO, visible, view) == true


def test_other_kinds_keep_their_rule() -> None:
    visible = list(SEGMENTS[:2])
    for kind, true in (("unique", True), ("all", True), ("position", False), ("", False)):
        phrase = Phrase("left cat", (1, 2), kind)
        assert stays_true(phrase, PHOTO, visible, crop(mirrored=True)) == true


LEFT, RIGHT = (10, 4, 30, 16), (10, 24, 30, 36)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """RefCOCO with one photo: a bright cat on the left, a grey one on the right."""
    root = tmp_path / "refcoco"
    file = root / "images/train2014/COCO_train2014_000000000009.jpg"
    save_photo(file, grey=0)
    found = images(9)
    height, width = SHAPE
    for row in found:
        row["file_name"] = file.name
    half = width // 2
    boxes = (2, 1, height - 2, half - 1), (2, half + 1, height - 2, width - 1)
    shown = np.zeros((*SHAPE, 3), np.uint8)
    for (r0, c0, r1, c1), grey in zip(boxes, (250, 120), strict=True):
        shown[r0:r1, c0:c1] = grey
    Image.fromarray(shown).save(file, quality=95)
    rows = [annotation(71 + n, 9, 17, b) for n, b in enumerate(boxes)]
    save_json(
        root / "instances.json",
        {"images": found, "annotations": rows, "categories": CATEGORIES},
    )
    texts = {71: ("left cat", "bright cat"), 72: ("right cat", "grey cat")}
    refs = [
        {"ref_id": n, "ann_id": n, "image_id": 9, "split": split, "category_id": 17,
         "sentences": [{"sent": t} for t in said]}
        for split in ("train", "testA") for n, said in texts.items()
    ]  # fmt: skip
    (root / "refs(unc).p").write_bytes(pickle.dumps(refs))
    return root


def batches(
    root: Path, *, complete: bool = False, sentences: float = 1.0, most: int = 1, **shares: float
) -> Batches:
    config = SetConfig(path=str(root), split="testA", complete=complete)
    crop = CropConfig(colour=0.0, noise=0.0, invert=0.0, whole=1.0)
    batch = BatchConfig(
        images=2, objects=1, phrases=1.0, sentences=sentences, min_pixels=10, most_phrases=most,
        **shares,
    )  # fmt: skip
    return Batches([config], crop, batch, (64,), 0)


def test_sentences_of_refcoco_are_asked_where_they_are_true(root: Path) -> None:
    asked: Counter[tuple[str, bool]] = Counter()
    for step in range(40):
        for view in batches(root)(step).views:
            if not view.phrased:
                continue
            (phrase,) = view.phrased
            assert phrase.sentence
            asked[phrase.text, view.crop.mirrored] += 1
            if "cat" in phrase.text and phrase.mask.any():
                grey = np.median(view.crop.image[phrase.mask])
                bright = phrase.text in ("left cat", "bright cat")
                assert (grey > 185) == bright, phrase.text
    assert {text for text, _ in asked} == {"left cat", "right cat", "bright cat", "grey cat"}
    assert {text for text, mirrored in asked if mirrored} == {"bright cat", "grey cat"}


def test_class_names_are_asked_only_where_all_is_labelled(root: Path) -> None:
    views = [v for s in range(10) for v in batches(root, sentences=0.0)(s).views]
    assert not any(v.phrased for v in views)
    views = [v for s in range(10) for v in batches(root, sentences=0.0, complete=True)(s).views]
    assert {(p.text, p.sentence) for v in views for p in v.phrased} == {("cat", False)}


def test_several_phrases_are_asked_together(root: Path) -> None:
    several = batches(root, most=3)
    counts = Counter()
    for step in range(30):
        for view in several(step).views:
            texts = [p.text for p in view.phrased]
            assert len(set(texts)) == len(texts)
            counts[len(texts)] += 1
            for phrase in view.phrased:
                assert phrase.sentence
                assert any(np.array_equal(phrase.mask, mask) for mask in view.masks)
    assert counts.keys() >= {1, 2}
    assert max(counts) <= 3


def test_words_that_tell_apart_are_true_of_the_view_however_it_is_turned(root: Path) -> None:
    telling = batches(root, complete=True, sentences=0.0, most=3, telling=1.0, text=1.0)
    found: set[tuple[str, bool]] = set()
    beside: set[str] = set()
    for step in range(40):
        batch = telling(step)
        for view in batch.views:
            for phrase in view.phrased:
                if phrase.text == "cat":  # one cat alone in the view
                    continue
                assert phrase.sentence
                rest = np.any(view.masks, axis=0) & ~phrase.mask
                left = np.nonzero(phrase.mask)[1].mean() < np.nonzero(rest)[1].mean()
                if "left" in phrase.text or "right" in phrase.text:
                    assert left == ("left" in phrase.text)
                    found.add(("left" if left else "right", view.crop.mirrored))
        for ask in batch.asks:
            beside.add(ask.text)
            masks = batch.views[ask.image].masks
            other = np.any(masks, axis=0) & ~ask.truth
            if "left" in ask.text:
                assert np.nonzero(ask.truth)[1].mean() < np.nonzero(other)[1].mean()
    assert found == {(side, turned) for side in ("left", "right") for turned in (False, True)}
    assert {"the left cat", "the right cat"} <= beside


def test_words_that_tell_apart_are_not_asked_where_not_all_is_labelled(root: Path) -> None:
    telling = batches(root, sentences=0.0, telling=1.0, text=1.0)
    made = [telling(step) for step in range(10)]
    assert not any(v.phrased for b in made for v in b.views)
    assert {a.text for b in made for a in b.asks} == {"cat"}


@pytest.mark.parametrize("telling", [0.0, 1.0])
def test_one_phrase_that_nothing_fits_comes_last(root: Path, telling: float) -> None:
    made = batches(root, complete=True, sentences=0.0, most=2, telling=telling, absent=1.0)
    asked = [v.phrased for s in range(10) for v in made(s).views]
    nothing = {p.text for phrased in asked for p in phrased if not p.mask.any()}
    assert all(p.mask.any() for phrased in asked for p in phrased[:-1])
    assert nothing
    assert "cat" not in nothing
    assert all(len({p.sentence for p in phrased}) == 1 for phrased in asked)
    if telling == 0:
        assert nothing <= {row["name"] for row in CATEGORIES}


def test_how_a_view_is_turned_survives_the_file(root: Path, tmp_path: Path) -> None:
    batch = next(b for b in map(batches(root), range(9)) if b.views[0].crop.mirrored)
    save_batch(batch, tmp_path / "b.npz")
    assert read_batch(tmp_path / "b.npz").views[0].crop.mirrored

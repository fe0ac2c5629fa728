"""Training crops and batches: a function of seed and step; prompts that fit their truths."""

import json
from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from seem_model.data.batch_config import BatchConfig
from seem_model.data.batches import Batches
from seem_model.data.crops import CropConfig, cut
from seem_model.data.folder import Folder
from seem_model.data.set_config import SetConfig
from seem_model.errors import DataError
from seem_model.official_prompts import training_prompt
from shapes_folder import write_shapes

PLAIN = CropConfig(colour=0.0, noise=0.0, invert=0.0)


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_shapes(tmp_path_factory.mktemp("data") / "shapes")


def make(root: Path, *, seed: int = 0, **kwargs) -> Batches:
    config = SetConfig(path=str(root), complete=True)
    batch = BatchConfig(images=3, objects=2, **kwargs)
    return Batches([config], CropConfig(), batch, (64, 96), seed)


def same(one, two) -> bool:
    if len(one.asks) != len(two.asks):
        return False
    pairs = zip(one.views, two.views, strict=True)
    asks = zip(one.asks, two.asks, strict=True)
    return all(
        np.array_equal(a.crop.image, b.crop.image)
        and [p.text for p in a.phrased] == [p.text for p in b.phrased]
        for a, b in pairs
    ) and all(a.text == b.text and np.array_equal(a.positive, b.positive) for a, b in asks)


def test_scale_jitter_shows_the_image_at_every_size(root: Path) -> None:
    plain = {"colour": 0.0, "noise": 0.0, "invert": 0.0, "blur": 0.0, "grey": 0.0}
    crops = CropConfig(scale=(0.25, 2.0), **plain)
    made = Batches(
        [SetConfig(path=str(root))], crops, BatchConfig(images=1, min_pixels=4), (64,), 0
    )
    extents = [max(v.crop.height, v.crop.width) for s in range(60) for v in made(s).views]
    assert min(extents) < 32
    assert max(extents) == 64
    assert sum(e < 64 for e in extents) in range(10, 45)  # of 1.75, 0.75 is smaller than the view


def test_a_batch_is_a_function_of_seed_and_step(root: Path) -> None:
    first, again = make(root), make(root)
    again(7)  # whatever was read before
    assert same(first(3), again(3))
    assert not same(first(3), first(4))
    assert not same(first(3), make(root, seed=1)(3))


def test_what_a_batch_holds(root: Path) -> None:
    batches = make(root, text=0.5, example=0.5)
    for step in range(12):
        batch = batches(step)
        assert len(batch.views) == 3
        side = batch.views[0].crop.image.shape[0]
        assert side in (64, 96)
        for view in batch.views:
            assert view.crop.image.shape == (side, side, 3)
            assert view.masks.shape == (len(view.names), side, side)
            assert (view.masks.sum((1, 2)) >= 30).all()
            assert view.vocabulary == ("disk", "square")
            for phrase in view.phrased:
                assert phrase.text in ("the red disk", "disk", "square")
                assert phrase.mask.any()
                assert phrase.sentence == (phrase.text == "the red disk")
        for ask in batch.asks:
            view = batch.views[ask.image]
            assert ask.text in ("", ask.name)
            assert any(np.array_equal(ask.truth, m) for m in view.masks)
            if ask.region.any():
                assert (ask.truth & ~ask.region).sum() <= 0.4 * ask.truth.sum()
            assert ask.positive.any() or ask.region.any() or ask.example is not None
            assert ask.example is None or not (ask.example & ask.truth).any()


def test_first_clicks_are_on_the_object(root: Path) -> None:
    batches = make(root, point=1.0, box=0.0, drawn=0.0, example=0.0)
    for step in range(6):
        for ask in batches(step).asks:
            rows, cols = np.nonzero(ask.positive)
            assert ask.truth[round(rows.mean()), round(cols.mean())]
            assert not ask.negative.any()


def test_every_shape_of_first_prompt_comes_up(root: Path) -> None:
    batches = make(root, point=0.3, box=0.3, drawn=0.4)
    asks = [a for step in range(10) for a in batches(step).asks]
    assert any(a.region.any() for a in asks)
    assert any(a.positive.sum() > 40 for a in asks)
    assert any(0 < a.positive.sum() <= 9 for a in asks)


def test_the_shapes_of_the_paper_come_up_equally(root: Path) -> None:
    shapes = ("seem-point", "seem-polygon", "seem-scribble", "seem-circle")
    batches = make(root, point=0.0, box=0.0, drawn=1.0, example=0.0, shapes=shapes)
    drawn = Counter()
    with pytest.MonkeyPatch.context() as patch:

        def counted(shape: str, truth: np.ndarray, rng: np.random.Generator):
            drawn[shape] += 1
            return training_prompt(shape, truth, rng)

        patch.setattr("seem_model.data.batches.training_prompt", counted)
        asks = [a for step in range(40) for a in batches(step).asks]
    assert set(drawn) == set(shapes)
    assert sum(drawn.values()) == len(asks) > 100
    assert max(drawn.values()) < 2 * min(drawn.values())
    assert all(a.positive.any() and not a.negative.any() and not a.region.any() for a in asks)


def test_a_folder_without_usable_objects_is_refused(root: Path, tmp_path: Path) -> None:
    other = write_shapes(tmp_path / "specks")
    path = other / "annotations.json"
    records = json.loads(path.read_text())
    for record in records.values():
        for segment in record["segments"]:
            segment["iscrowd"] = 1
    path.write_text(json.dumps(records))
    with pytest.raises(DataError, match="no object"):
        make(other)(0)


def test_an_empty_split_or_no_data_is_refused(root: Path) -> None:
    good = make(root)
    with pytest.raises(DataError, match='no images in the "none" split'):
        split_of(good, "none")
    with pytest.raises(DataError, match="no data"):
        Batches([], good.crop, good.batch, (64,), 0)
    with pytest.raises(DataError, match="weight"):
        Batches([SetConfig(path=str(root), weight=0.0)], good.crop, good.batch, (64,), 0)


def split_of(batches: Batches, split: str) -> Batches:
    sets = [replace(s, split=split) for s in batches.sets]
    return Batches(sets, batches.crop, batches.batch, batches.size, 0)


def test_a_set_may_train_on_another_split(root: Path) -> None:
    other = split_of(make(root), "val")
    folder = Folder.open(root)
    assert other.sources.counts() == (len(folder.ids("val")),)
    assert make(root).sources.counts() == (len(folder.ids("train")),)
    read = []
    with pytest.MonkeyPatch.context() as patch:
        real = Folder.read
        patch.setattr(Folder, "read", lambda self, id: read.append(id) or real(self, id))
        other(0)
    assert set(read) <= set(folder.ids("val"))


@pytest.mark.parametrize("whole", [0.0, 1.0])
def test_crops_show_their_target_where_the_labels_say(root: Path, whole: float) -> None:
    folder = Folder.open(root)
    config = replace(PLAIN, whole=whole)
    for n, id in enumerate(folder.ids("train")):
        sample = folder.read(id)
        target = sample.segments[0]
        crop = cut(
            sample, target, size=64, config=config, any_way_up=True, rng=np.random.default_rng(n)
        )
        assert crop.image.shape == (64, 64, 3)
        assert not crop.image[crop.height :].any()
        assert not crop.labels[:, crop.width :].any()
        disk = crop.labels == target.id
        assert disk.any()
        red = (crop.image[..., 0] > 150) & (crop.image[..., 1] < 150)
        assert (red & disk).sum() / (red | disk).sum() > 0.85


def test_images_and_labels_of_a_crop_do_not_drift(root: Path) -> None:
    """Half a pixel at every view would cost a small object its last percents."""
    folder = Folder.open(root)
    shifts = []
    for n in range(60):
        sample = folder.read(folder.ids("train")[n % 6])
        crop = cut(
            sample, sample.segments[0], size=96, config=replace(PLAIN, whole=0.3),
            any_way_up=False, rng=np.random.default_rng(n),
        )  # fmt: skip
        disk = crop.labels == 1
        red = np.clip((crop.image[..., 0].astype(float) - 60) / 170, 0, 1) * (crop.labels != 2)
        red *= crop.image[..., 1] < 150
        cut_off = disk[0].any() or disk[-1].any() or disk[:, 0].any() or disk[:, -1].any()
        weight = red * (red > 0.5)
        if cut_off or not weight.any():  # some views are made grey
            continue
        rows, cols = np.mgrid[:96, :96]
        shifts.append([np.average(a, weights=weight) - a[disk].mean() for a in (rows, cols)])
    assert len(shifts) > 20
    assert np.abs(np.mean(shifts, axis=0)).max() < 0.25

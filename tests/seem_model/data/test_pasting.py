"""Copy-paste: what is laid into a view is labelled there, and everything else stays as it was."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from seem_model.data.batch_config import BatchConfig
from seem_model.data.batches import Batches
from seem_model.data.crops import CropConfig
from seem_model.data.pasting import Donor, PasteConfig, donor, may_be_pasted, paste
from seem_model.data.sample import Sample, SegmentInfo
from seem_model.data.set_config import SetConfig
from shapes_folder import write_shapes

RED = (250, 10, 10)


def red_square(side: int = 24) -> tuple[Sample, SegmentInfo]:
    image = np.full((60, 80, 3), 90, np.uint8)
    labels = np.zeros((60, 80), np.int32)
    place = np.s_[10 : 10 + side, 20 : 20 + side]
    image[place], labels[place] = RED, 5
    box = (10, 20, 10 + side, 20 + side)
    segment = SegmentInfo(5, "square", 1, is_thing=True, area=side * side, bbox=box)
    return Sample(
        id="a", image=image, instances=labels, semantic=None, segments=(segment,)
    ), segment  # fmt: skip


def pasted(seed: int, donors: list[tuple[int, Donor]], *, turned: bool = False):
    grey = Image.fromarray(np.full((64, 96, 3), 30, np.uint8))
    before = np.ones((64, 96), np.int32)
    rng = np.random.default_rng(seed)
    return paste(grey, before, donors, config=PasteConfig(), any_way_up=turned, rng=rng)


@given(seed=st.integers(0, 2**31), turned=st.booleans())
def test_labels_lie_where_the_object_was_laid(seed: int, turned: bool) -> None:
    sample, segment = red_square()
    picture, labels = pasted(seed, [(9, donor(sample, segment))], turned=turned)
    image, laid = np.asarray(picture), labels == 9
    assert set(np.unique(labels)) <= {1, 9}
    assert laid.any()  # its centre is in the view
    reddish = image[..., 0] > 140
    assert (reddish & laid).sum() >= 0.7 * laid.sum()  # but for the soft edge
    assert not (reddish & ~laid).sum() > 0.3 * laid.sum()


@given(seed=st.integers(0, 2**31))
def test_later_objects_hide_earlier_ones(seed: int) -> None:
    sample, segment = red_square()
    cut = donor(sample, segment)
    _, alone = pasted(seed, [(2, cut)])
    _, both = pasted(seed, [(2, cut), (3, cut)])
    assert ((both == 2) == ((alone == 2) & (both != 3))).all()


def test_whole_named_things_of_some_size_may_be_pasted() -> None:
    _, segment = red_square()
    config = PasteConfig(min_pixels=500)
    assert may_be_pasted(segment, config)
    for change in ({"crowd": True}, {"pseudo": True}, {"is_thing": False}, {"area": 499}):
        values = {**segment.__dict__, **change}
        assert not may_be_pasted(SegmentInfo(**values), config)


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_shapes(tmp_path_factory.mktemp("data") / "shapes")


def made(root: Path, share: float) -> Batches:
    crops = CropConfig(paste=PasteConfig(share=share, min_pixels=30), histogram=share)
    batch = BatchConfig(images=2, objects=2, phrases=1.0)
    return Batches([SetConfig(path=str(root), complete=True)], crops, batch, (96,), 0)


def test_views_with_pasted_objects_ask_for_them_by_their_names(root: Path) -> None:
    plain, rich = made(root, 0.0), made(root, 1.0)
    count = {"plain": 0, "rich": 0}
    for step in range(12):
        for key, batches in (("plain", plain), ("rich", rich)):
            for view in batches(step).views:
                count[key] += len(view.names)
                assert len(view.masks) == len(view.names)
                assert set(view.names) <= set(view.vocabulary)
                assert not (view.masks.sum(axis=0) > 1).any()
                assert key == "plain" or not any(p.sentence for p in view.phrased)
                for phrase in (p for p in view.phrased if not p.sentence):
                    named = [n == phrase.text for n in view.names]
                    assert (phrase.mask == view.masks[named].any(axis=0)).all()
    assert count["rich"] > 1.3 * count["plain"]


def test_a_batch_with_pasting_is_a_function_of_seed_and_step(root: Path) -> None:
    first, again = made(root, 0.7), made(root, 0.7)
    again(5)
    for one, two in zip(first(3).views, again(3).views, strict=True):
        assert (one.crop.image == two.crop.image).all()
        assert one.names == two.names

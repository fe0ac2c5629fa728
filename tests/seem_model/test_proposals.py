"""Everything by clicks: the search, with a model that sees bright blobs, and its parts."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from hypothesis import given
from hypothesis import strategies as st
from scipy import ndimage

from seem_model.config import FrameConfig
from seem_model.encoded import ImageFeatures, Look
from seem_model.everything import Thresholds
from seem_model.frame import Box, Frame
from seem_model.modeling.decoded import Decoded, Features, Queries
from seem_model.painting import Named, instances, named, panoptic, semantic
from seem_model.proposal import Proposal, distinct
from seem_model.proposal_config import ProposalConfig
from seem_model.proposals import proposals, propose
from seem_model.values import UNNAMED
from seem_model.vocabulary import Vocabulary
from tiny_model import photo, predictor, tiny

WORDS = Vocabulary(("cat", "dog", "sky"), (True, True, False), torch.zeros(4, 2))


class BlobModel:
    """Answers a click with the bright blob under it; deep places are the middles of blobs."""

    config = SimpleNamespace(frame=FrameConfig(mean=(0, 0, 0), std=(255, 255, 255)))
    logit_scale = torch.tensor(1.0)

    def __init__(self) -> None:
        self.views: list[tuple[int, int]] = []
        self.clicks = 0

    def encode_image(self, images: torch.Tensor) -> Features:
        self.views.append(tuple(images.shape[-2:]))
        return Features(F.avg_pool2d(images[:, :1], 4), ())

    def prepared(self, features: Features) -> Features:
        return features

    def depth(self, features: Features) -> torch.Tensor:
        inside = (features.mask[0, 0] > 0.5).numpy()
        far = ndimage.distance_transform_edt(np.pad(inside, 1))[1:-1, 1:-1]
        blobs, count = ndimage.label(inside)
        depth = np.zeros(inside.shape)
        for k in range(1, count + 1):
            depth[blobs == k] = far[blobs == k] / far[blobs == k].max()
        return torch.logit(torch.from_numpy(depth).float(), eps=1e-3)[None]

    def decode_prompts(self, features: Features, maps) -> Decoded:
        masks = []
        for bright, positive in zip(features.mask[:, 0], maps.positive, strict=True):
            blobs, _ = ndimage.label((bright > 0.5).numpy())
            at = F.max_pool2d(positive[None].float(), 4)[0].bool().numpy()
            wanted = np.setdiff1d(blobs[at], [0])
            masks.append(np.where(np.isin(blobs, wanted), 6.0, -6.0))
        found = torch.from_numpy(np.stack(masks)).float()[:, None]
        self.clicks += len(found)
        one = torch.ones(len(found), 1, 2)
        return Decoded(spatial=Queries(one, one, found), pooled=one)

    def meaning(self, features: Features, masks: torch.Tensor, concepts: torch.Tensor):
        return concepts


def disks(shape: tuple[int, int], places: list[tuple[int, int, int]]) -> np.ndarray:
    """(H, W) int32 labels of disks (row, col, radius)."""
    rows, cols = np.mgrid[: shape[0], : shape[1]]
    labels = np.zeros(shape, np.int32)
    for n, (r, c, radius) in enumerate(places, start=1):
        labels[(rows - r) ** 2 + (cols - c) ** 2 < radius**2] = n
    return labels


def search(labels: np.ndarray, model: BlobModel, watch=None, **config) -> list[np.ndarray]:
    """Masks in the whole image of what a search finds."""
    image = np.repeat((labels > 0)[..., None] * np.uint8(255), 3, axis=2)
    features = ImageFeatures(image, whole=None)
    found = propose(model, features, ProposalConfig(**config), watch)
    masks = []
    for p in found:
        mask = np.zeros(labels.shape, bool)
        mask[p.box.slices] = p.mask
        masks.append(mask)
    return masks


def overlaps(labels: np.ndarray, masks: list[np.ndarray]) -> list[float]:
    """Best IoU of every label."""
    return [
        max(((m & (labels == n)).sum() / (m | (labels == n)).sum() for m in masks), default=0.0)
        for n in range(1, labels.max() + 1)
    ]


def test_each_large_thing_is_found_once_in_one_view() -> None:
    labels = disks((200, 300), [(60, 70, 40), (140, 200, 50), (40, 250, 28)])
    model = BlobModel()
    masks = search(labels, model)
    assert len(masks) == 3
    assert min(overlaps(labels, masks)) > 0.9
    assert len(model.views) == 1


def test_small_things_are_looked_at_in_quarters_and_found_once() -> None:
    places = [(r, c, 7) for r in range(20, 500, 40) for c in range(20, 500, 40)]
    labels = disks((512, 512), places)
    model = BlobModel()
    masks = search(labels, model)
    assert len(model.views) > 1
    assert len(masks) == len(places)
    assert min(overlaps(labels, masks)) > 0.8
    flat = search(labels, BlobModel(), levels=0)
    assert np.mean(overlaps(labels, flat)) < np.mean(overlaps(labels, masks))


def test_what_a_view_cuts_is_left_to_another_view() -> None:
    labels = disks((256, 256), [(128, 128, 12), (30, 30, 8), (200, 60, 8), (60, 200, 8)])
    for mask in search(labels, BlobModel()):
        assert max(overlaps(labels, [mask])) > 0.8  # no halves


LARGE_AND_SMALL = disks((512, 512), [(130, 130, 110), (380, 350, 120), (400, 64, 5), (64, 424, 5)])


def test_a_second_look_finds_what_is_small_beside_large_things() -> None:
    once, twice = BlobModel(), BlobModel()
    assert len(search(LARGE_AND_SMALL, once)) == 2
    masks = search(LARGE_AND_SMALL, twice, closer=512)
    assert len(masks) == 4
    assert min(overlaps(LARGE_AND_SMALL, masks)) > 0.6
    assert [len(m.views) for m in (once, twice)] == [1, 2]


def test_a_second_look_leaves_large_things_to_the_first() -> None:
    assert len(search(LARGE_AND_SMALL, BlobModel(), closer=512, little=0.005)) == 2
    first = search(LARGE_AND_SMALL, BlobModel())
    both = search(LARGE_AND_SMALL, BlobModel(), closer=512)
    for mask in first:  # as coarse as the first look saw it
        assert any(np.array_equal(mask, m) for m in both)


def test_where_quarters_are_looked_at_there_is_no_second_look() -> None:
    places = [(r, c, 7) for r in range(20, 500, 40) for c in range(20, 500, 40)]
    without, with_it = BlobModel(), BlobModel()
    search(disks((512, 512), places), without)
    search(disks((512, 512), places), with_it, closer=512)
    assert without.views == with_it.views


@pytest.mark.parametrize(
    ("labels", "closer"),
    [
        (disks((256, 256), [(r, c, 6) for r in range(15, 250, 30) for c in range(15, 250, 30)]), 0),
        (LARGE_AND_SMALL, 512),
    ],
    ids=["quarters", "second look"],
)
def test_progress_rises_to_one(labels, closer) -> None:
    shares: list[float] = []
    search(labels, BlobModel(), shares.append, closer=closer, batch=1)
    assert len(shares) > 3
    assert shares == sorted(shares)
    assert shares[0] == 0.0
    assert shares[-1] == 1.0
    assert max(np.diff(shares)) < 0.3


def test_what_the_watcher_raises_stops_the_search() -> None:
    class EnoughError(Exception):
        pass

    def watch(share: float) -> None:
        if share > 0:
            raise EnoughError

    places = [(r, c, 6) for r in range(15, 250, 30) for c in range(15, 250, 30)]
    model, whole = BlobModel(), BlobModel()
    with pytest.raises(EnoughError):
        search(disks((256, 256), places), model, watch)
    search(disks((256, 256), places), whole)
    assert model.clicks < whole.clicks / 2


def test_an_empty_image_holds_nothing() -> None:
    assert search(np.zeros((50, 70), np.int32), BlobModel()) == []


def test_the_search_is_done_once_an_image() -> None:
    model = predictor()
    features = model.features(photo(60, 80))
    shares: list[float] = []
    model.panoptic(features, watch=shares.append)
    assert shares[-1] == 1.0
    first = proposals(model.model, features)
    count = len(shares)
    model.instances(features, classes=["yeti"], watch=shares.append)
    assert len(shares) == count
    assert proposals(model.model, features) is first


def test_a_phrase_alone_takes_a_proposal_and_may_be_stopped() -> None:
    import seem_model

    model = predictor()
    features = model.features(photo(60, 80))
    asked = seem_model.Prompts.empty((60, 80)).with_text("dog")
    answer = model.step(features, asked)
    masks = []
    for p in proposals(model.model, features):
        mask = np.zeros((60, 80), bool)
        mask[p.box.slices] = p.mask
        masks.append(mask)
    assert any(np.array_equal(answer.mask, m) for m in masks)

    def stop(share: float) -> None:
        raise InterruptedError

    with pytest.raises(InterruptedError):
        model.step(model.features(photo(60, 80)), asked, watch=stop)


# ---------------------------------------------------------------------- one and the same
def proposal(mask: np.ndarray, quality: float = 0.9, row: int = 0, col: int = 0) -> Proposal:
    """A proposal with its mask at (row, col)."""
    box = Box(row, col, row + mask.shape[0], col + mask.shape[1])
    frame = Frame(box, *mask.shape, mask.shape)
    return Proposal(
        box, mask, quality, Look(torch.zeros(1, 1), torch.ones(1, 2), frame), torch.ones(2)
    )


@given(st.integers(0, 2**32 - 1))
def test_shared_pixels_are_those_of_the_whole_masks(seed: int) -> None:
    rng = np.random.default_rng(seed)
    both, parts = np.zeros((2, 20, 20), bool), []
    for whole in both:
        h, w = rng.integers(1, 12, 2)
        r, c = rng.integers(0, 20 - h), rng.integers(0, 20 - w)
        mask = rng.random((h, w)) < 0.6
        whole[r : r + h, c : c + w] = mask
        parts.append(proposal(mask, row=r, col=c))
    assert parts[0].shared(parts[1]) == parts[1].shared(parts[0]) == (both[0] & both[1]).sum()


def test_of_likes_the_best_remains() -> None:
    whole, most = np.ones((10, 10), bool), np.ones((10, 9), bool)
    found = [
        proposal(most, 0.7), proposal(whole, 0.8), proposal(np.ones((10, 5), bool), 0.6),
        proposal(most, 0.5, row=30),
    ]  # fmt: skip
    kept = distinct(found, 0.6)
    assert [p.quality for p in kept] == [0.8, 0.6, 0.5]


# ---------------------------------------------------------------------- painting
def square(row: int, col: int, side: int, quality: float = 1.0) -> Proposal:
    return proposal(np.ones((side, side), bool), quality, row, col)


def test_names_and_scores() -> None:
    chances = np.array([[0.1, 0.7, 0.1, 0.1], [0.02, 0.02, 0.01, 0.95], [0.5, 0.2, 0.2, 0.1]])
    rows = named([square(0, 0, 2, 0.8), square(2, 2, 2), square(4, 4, 2)], chances, 0.4)
    assert [(n.label, round(n.score, 3)) for n in rows] == [(0, 0.9), (1, 0.72)]


def test_panoptic_paints_things_over_stuff_and_merges_stuff_of_a_class() -> None:
    rows = [
        Named(square(0, 0, 8), 2, 0.95), Named(square(2, 2, 3), 0, 0.9),
        Named(square(2, 2, 3), 1, 0.8), Named(square(0, 8, 4), 2, 0.7),
    ]  # fmt: skip
    answer = panoptic(rows, WORDS, (10, 12), Thresholds())
    assert [(s.id, s.label, s.is_thing) for s in answer.segments] == [
        (1, "cat", True), (2, "sky", False),
    ]  # fmt: skip
    assert (answer.labels[2:5, 2:5] == 1).all()
    assert (answer.labels[:2, :8] == 2).all()
    assert (answer.labels[:4, 8:12] == 2).all()
    assert not answer.labels[8:].any()


def test_instances_leave_out_stuff_and_what_is_covered() -> None:
    rows = [
        Named(square(0, 0, 6), 0, 0.9), Named(square(0, 0, 6), 2, 0.9),
        Named(square(3, 0, 6), 1, 0.8), Named(square(1, 1, 4), 1, 0.7),
    ]  # fmt: skip
    answer = instances(rows, WORDS, (10, 12), Thresholds())
    assert [(s.id, s.label) for s in answer.segments] == [(1, "cat"), (2, "dog")]
    assert (answer.labels[:6, :6] == 1).all()
    assert (answer.labels[6:9, :6] == 2).all()


def test_semantic_has_one_segment_a_class() -> None:
    rows = [
        Named(square(0, 0, 4), 0, 0.9), Named(square(0, 6, 4), 0, 0.8),
        Named(square(0, 0, 10), 2, 0.5),
    ]  # fmt: skip
    answer = semantic(rows, WORDS, (10, 12), Thresholds())
    assert [(s.id, s.label, s.is_thing) for s in answer.segments] == [
        (1, "cat", True), (2, "sky", False),
    ]  # fmt: skip
    assert (answer.labels[:4, 6:10] == 1).all()
    assert (answer.labels[:10, :10] > 0).all()


def test_a_thing_of_no_sure_name_is_an_object_and_of_no_class() -> None:
    rows = [
        Named(square(0, 0, 4), 0, 0.9, 0.29), Named(square(0, 6, 4), 0, 0.8, 0.6),
        Named(square(4, 0, 6), 2, 0.5, 0.1),
    ]  # fmt: skip
    limits = Thresholds(name=0.3)
    assert [s.label for s in panoptic(rows, WORDS, (10, 12), limits).segments] == [
        "cat", UNNAMED, "sky",
    ]  # fmt: skip
    assert [s.label for s in instances(rows, WORDS, (10, 12), limits).segments] == [UNNAMED, "cat"]
    classes = semantic(rows, WORDS, (10, 12), limits)
    assert [s.label for s in classes.segments] == ["cat", "sky"]
    assert not classes.labels[:4, :4].any()


def test_of_a_thing_and_its_part_the_one_that_a_name_fits_is_on_top() -> None:
    whole, part = Named(square(0, 0, 6), 0, 0.7, 0.9), Named(square(0, 0, 3), 1, 0.9, 0.4)
    answer = panoptic([part, whole], WORDS, (8, 8), Thresholds())
    assert [s.label for s in answer.segments] == ["cat"]
    assert (answer.labels[:6, :6] == 1).all()


@given(st.integers(0, 2**32 - 1))
def test_every_segment_has_pixels_and_every_pixel_a_segment(seed: int) -> None:
    rng = np.random.default_rng(seed)
    found = [square(*rng.integers(0, 8, 2), rng.integers(1, 8), rng.random()) for _ in range(9)]
    rows = named(found, rng.dirichlet([1] * 4, 9), 0.3)
    for answer in (
        panoptic(rows, WORDS, (16, 16), Thresholds()),
        instances(rows, WORDS, (16, 16), Thresholds()),
        semantic(rows, WORDS, (16, 16), Thresholds()),
    ):  # fmt: skip
        ids = [s.id for s in answer.segments]
        assert ids == list(range(1, len(ids) + 1))
        assert set(np.unique(answer.labels)) - {0} == set(ids)


def test_depth_needs_the_head() -> None:
    import dataclasses

    from seem_model.modeling.seem import Seem

    model = Seem(dataclasses.replace(tiny().config, seeds=None)).eval()
    assert not model.proposes
    with pytest.raises(ValueError, match="no seeds head"):
        model.depth(model.encode_image(torch.zeros(1, 3, 64, 64)))

"""What the seeds head is taught, and that a run can teach it."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
import torch

from seem_model.data.batch import View
from seem_model.data.crops import Crop
from seem_model.training_seeds import depth_of, seeds_loss
from tiny_model import scene, tiny


def view(labels: np.ndarray, *, background: bool, height: int | None = None) -> View:
    side = labels.shape[0]
    crop = Crop(
        image=np.zeros((side, side, 3), np.uint8), labels=labels, height=height or side, width=side
    )
    masks = np.stack([labels == k for k in np.unique(labels[labels > 0])])
    names = ("blob",) * len(masks)
    return View(
        crop=crop, masks=masks, names=names, vocabulary=("blob",), complete=True,
        background=background,
    )  # fmt: skip


def two_blocks() -> np.ndarray:
    """32 x 32 labels: a block of 12 x 12 and, touching it, one of 8 x 8."""
    labels = np.zeros((32, 32), np.int32)
    labels[4:16, 4:16], labels[4:12, 16:24] = 1, 2
    return labels


def test_depth_is_one_in_the_middle_and_falls_to_the_border_between_neighbours() -> None:
    depth, known = depth_of(view(two_blocks(), background=True))
    assert depth.shape == known.shape == (8, 8)
    assert depth.dtype == known.dtype == np.float32
    assert depth[2, 2] == depth[1:4, 1:4].max() > 0.8
    # every pixel of a middle cell is at most two of six pixels from the middle
    assert depth[1, 3] < 0.5
    assert depth[1, 4] < 0.8
    assert depth[5:].max() == 0
    assert (known == 1).all()


def test_depth_is_unknown_where_something_may_be_unlabelled() -> None:
    _, known = depth_of(view(two_blocks(), background=False))
    np.testing.assert_array_equal(known[1:4, 1:4], 1)
    np.testing.assert_array_equal(known[5:], 0)


def test_padding_is_unknown() -> None:
    _, known = depth_of(view(two_blocks(), background=True, height=20))
    np.testing.assert_array_equal(known[:5], 1)
    np.testing.assert_array_equal(known[5:], 0)


def test_the_loss_does_not_look_where_nothing_is_known() -> None:
    labels = np.zeros((64, 64), np.int32)
    labels[:32] = 1
    batch = SimpleNamespace(views=(view(labels, background=False),))
    logits = torch.zeros(1, 16, 16, requires_grad=True)
    seeds_loss(SimpleNamespace(depth=lambda features: logits), scene(), batch).backward()
    assert logits.grad is not None
    assert logits.grad[0, :8].abs().min() > 0 or logits.grad[0, :8].abs().max() > 0
    np.testing.assert_array_equal(logits.grad[0, 8:], 0)


def test_a_few_steps_teach_it_a_scene() -> None:
    torch.manual_seed(0)
    model = tiny()
    head = type(model.seeds)(16, 16, model.config.seeds)
    labels = np.zeros((64, 64), np.int32)
    labels[8:40, 8:40] = 1
    batch = SimpleNamespace(views=(view(labels, background=True),))
    features, taught = scene(), SimpleNamespace(depth=lambda f: head(f))
    optimizer = torch.optim.Adam(head.parameters(), lr=0.02)
    losses = []
    for _ in range(60):
        loss = seeds_loss(taught, features, batch)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(float(loss.detach()))
    assert losses[-1] < 0.7 * losses[0]


@pytest.mark.parametrize("side", [64, 96])
def test_depth_has_the_size_of_the_mask_features(side: int) -> None:
    features = tiny().encode_image(torch.zeros(2, 3, side, side + 32))
    assert tiny().depth(features).shape == (2, side // 4, (side + 32) // 4)

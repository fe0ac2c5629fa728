"""The naming head reads what lies under a mask, and nothing else of the image but its mean."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import torch

from seem_model import checkpoint
from seem_model.config import TINY
from seem_model.modeling.naming import Naming
from seem_model.modeling.seem import Seem
from seem_model.recipe import Recipe
from seem_model.start import start_model
from tiny_model import scene, tiny


def test_features_are_averaged_under_the_mask() -> None:
    torch.manual_seed(0)
    head = Naming((3, 5), 4)
    maps = (torch.randn(1, 3, 8, 8), torch.randn(1, 5, 4, 4))
    masks = torch.zeros(1, 2, 32, 32)
    masks[0, 0, :16, :16] = 1.0
    masks[0, 1, 16:, :] = 0.5
    around = maps[1].mean((2, 3))[0]
    parts = [
        [maps[0][0, :, :4, :4].mean((1, 2)), maps[1][0, :, :2, :2].mean((1, 2)), around],
        [maps[0][0, :, 4:].mean((1, 2)), maps[1][0, :, 2:].mean((1, 2)), around],
    ]
    wanted = head.project(head.norm(torch.stack([torch.cat(p) for p in parts])))
    torch.testing.assert_close(head(maps, masks)[0], wanted, atol=1e-5, rtol=1e-5)


def test_an_empty_mask_has_a_meaning_too() -> None:
    found = tiny().meaning(scene(), torch.full((1, 1, 16, 16), -1e4), torch.zeros(1, 1, 16))
    assert torch.isfinite(found).all()


def test_without_a_head_queries_carry_the_meaning() -> None:
    torch.manual_seed(1)
    model = Seem(replace(TINY, naming=None)).eval()
    features = model.encode_image(torch.randn(1, 3, 64, 64))
    concepts = torch.randn(1, 2, 16)
    assert features.deep == ()
    assert model.meaning(features, torch.randn(1, 2, 16, 16), concepts) is concepts


def test_a_run_adds_the_head_to_a_checkpoint_without_one(tmp_path: Path) -> None:
    torch.manual_seed(2)
    model = Seem(replace(TINY, naming=None))
    checkpoint.save(model, tmp_path, half=False)
    recipe = Recipe(model="tiny", start=str(tmp_path))
    assert start_model(recipe).naming is None
    larger = start_model(replace(recipe, grow=True))
    assert larger.naming is not None
    before, after = model.state_dict(), larger.state_dict()
    assert all(torch.equal(after[name], value) for name, value in before.items())
    assert {n for n in after if n not in before} == {
        f"naming.{part}.{kind}" for part in ("norm", "project") for kind in ("weight", "bias")
    }

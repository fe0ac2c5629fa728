"""A model small enough for tests under the names of an official checkpoint, and files of it."""

from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest
import torch

from seem_model import convert, presets
from seem_model.config import FOCAL_TINY, DecoderConfig, ModelConfig, PixelDecoderConfig
from seem_model.modeling.focal_config import FocalConfig
from seem_model.modeling.seem import Seem
from seem_model.modeling.text_config import ClipTextConfig
from seem_model.official_names import to_official
from seem_model.vocabulary import NameList

NAME = "focal-tiny-v1"
FEW = NameList(("dog", "wall", "playing field"), (True, False, False))
TWIN = replace(
    FOCAL_TINY,
    name=NAME,
    backbone=FocalConfig(width=8, depths=(1, 1, 2, 1), levels=2),
    # all of CLIP's word pieces, so that it can read
    text=ClipTextConfig(width=16, layers=2, heads=2, hidden=32),
    pixel_decoder=PixelDecoderConfig(width=16, mask_width=16, layers=2, heads=2, ffn=32, groups=4),
    decoder=DecoderConfig(width=16, concept=16, queries=6, heads=2, ffn=32, layers=2, memory=4),
    frame=replace(FOCAL_TINY.frame, long_side=128),
)
LARGER = replace(
    TWIN, name="focal-large-v1", backbone=FocalConfig(width=8, depths=(1, 1, 3, 1), levels=2)
)


@cache
def twin(config: ModelConfig = TWIN) -> Seem:
    """Seeded, in evaluation mode."""
    torch.manual_seed(0)
    return Seem(config).eval().requires_grad_(False)


def official_state(config: ModelConfig = TWIN) -> dict[str, torch.Tensor]:
    """What the official program would have saved, buffers included."""
    state = to_official(twin(config).state_dict())
    return state | {
        "dilation_kernel": torch.ones(1, 1, 3, 3),
        "criterion.empty_weight": torch.ones(4),
    }


def official_file(path: Path, config: ModelConfig = TWIN) -> Path:
    torch.save(official_state(config), path)
    return path


def install(monkeypatch: pytest.MonkeyPatch, library: Path) -> None:
    """Let the official names stand for the small models, with few classes and a library."""
    monkeypatch.setenv("SEEM_MODELS", str(library))
    monkeypatch.setattr(convert, "COCO", FEW)
    small = {
        "focal-tiny-v0": replace(TWIN, name="focal-tiny-v0"),
        NAME: TWIN,
        LARGER.name: LARGER,
    }
    monkeypatch.setattr(presets, "OFFICIAL", small)
    monkeypatch.setattr("seem_model.fitting.OFFICIAL", small)

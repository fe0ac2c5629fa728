"""Official parameter names: one to one with ours, and values that come back."""

from dataclasses import replace
from fnmatch import fnmatchcase
from functools import cache

import pytest
import torch

from seem_model.config import FOCAL_TINY, DecoderConfig, PixelDecoderConfig
from seem_model.errors import CheckpointError
from seem_model.modeling.davit_config import DavitConfig
from seem_model.modeling.deformable_config import DeformablePixelDecoderConfig
from seem_model.modeling.focal_config import FocalConfig
from seem_model.modeling.sam_config import SamVitConfig
from seem_model.modeling.seem import Seem
from seem_model.modeling.text_config import ClipTextConfig
from seem_model.official_names import (
    REBUILT,
    RENAMES,
    from_official,
    official_name,
    to_official,
)
from seem_model.presets import OFFICIAL

# One of each that has names and shapes of its own, and the official manifests with the same.
MANIFESTS = {
    "focal-tiny-v1": ("seem_focalt_v0", "seem_focalt_v1"),
    "focal-large-v1": ("seem_focall_v0", "seem_focall_v1"),
    "sam-base-v1": ("seem_samvitb_v1",),
    "sam-large-v1": ("seem_samvitl_v1",),
    "davit-d3-v1": ("davitd3",),
    "davit-d5-v1": ("davitd5",),
}
SMALL = replace(
    FOCAL_TINY,
    backbone=FocalConfig(width=8, depths=(1, 1, 2, 1), levels=2),
    text=ClipTextConfig(width=16, layers=2, heads=2, hidden=32, vocabulary=30, start=28, end=29),
    pixel_decoder=PixelDecoderConfig(width=16, mask_width=16, layers=2, heads=2, ffn=32, groups=4),
    decoder=DecoderConfig(width=16, concept=16, queries=6, heads=2, ffn=32, layers=2, memory=4),
)
SMALL_SAM = replace(
    SMALL,
    backbone=SamVitConfig(
        width=8, depth=2, heads=2, global_blocks=(1,), window=3, side=64, channels=(4, 8, 8, 16)
    ),
    pixel_decoder=DeformablePixelDecoderConfig(
        width=16, mask_width=16, layers=2, heads=2, points=2, ffn=32, groups=4
    ),
)
SMALL_DAVIT = replace(
    SMALL,
    backbone=DavitConfig(widths=(8, 8, 16, 16), depths=(1, 1, 2, 1), heads=(2, 2, 4, 4), window=2),
)


@cache
def shapes(name: str) -> dict[str, torch.Tensor]:
    with torch.device("meta"):
        return Seem(OFFICIAL[name]).state_dict()


@pytest.mark.parametrize("config", [SMALL, SMALL_SAM, SMALL_DAVIT])
def test_every_tensor_of_ours_comes_back_with_its_values(config) -> None:
    torch.manual_seed(0)
    ours = Seem(config).state_dict()
    official = to_official(ours)
    back, unknown = from_official(official)
    assert not unknown
    assert back.keys() == ours.keys()
    assert all(torch.equal(back[name], value) for name, value in ours.items())
    # nothing is merged but the queries, keys and values of the two text layers
    assert len(ours) - len(official) == 2 * 2 * 2
    assert sum(v.numel() for v in ours.values()) == sum(v.numel() for v in official.values())


@pytest.mark.parametrize("name", MANIFESTS)
def test_the_table_is_one_to_one_at_full_size(name: str) -> None:
    ours = shapes(name)
    back, unknown = from_official(to_official(ours))
    assert not unknown
    assert {k: v.shape for k, v in back.items()} == {k: v.shape for k, v in ours.items()}


def test_every_official_model_is_looked_at() -> None:
    alike = {name.rpartition("-")[0] for name in OFFICIAL}
    assert alike == {name.rpartition("-")[0] for name in MANIFESTS}


def test_no_row_of_the_table_is_idle_or_doubled() -> None:
    assert len({ours for ours, _ in RENAMES}) == len(RENAMES)
    assert len({official for _, official in RENAMES}) == len(RENAMES)
    names = {name for model in MANIFESTS for name in to_official(shapes(model))}
    for _, row in RENAMES:
        assert any(fnmatchcase(name, row.replace("#", "*")) for name in names), row


@pytest.mark.parametrize("name", MANIFESTS)
def test_names_and_shapes_are_those_of_the_official_models(official, name: str) -> None:
    ours = {k: tuple(v.shape) for k, v in to_official(shapes(name)).items()}
    for manifest in MANIFESTS[name]:
        theirs = official.manifest(manifest)
        assert ours == {k: v for k, v in theirs.items() if k not in REBUILT}, manifest
        # and read the other way round, as a checkpoint is
        back, unknown = from_official({k: torch.empty(v, device="meta") for k, v in theirs.items()})
        assert not unknown
        assert {k: v.shape for k, v in back.items()} == {
            k: v.shape for k, v in shapes(name).items()
        }


def test_queries_keys_and_values_are_cut_in_this_order() -> None:
    name = "sem_seg_head.predictor.lang_encoder.lang_encoder.resblocks.3.attn.in_proj_bias"
    ours, unknown = from_official({name: torch.arange(6.0)})
    stem = "text.transformer.encoder.layers.3.self_attn"
    assert not unknown
    assert {k: v.tolist() for k, v in ours.items()} == {
        f"{stem}.q_proj.bias": [0, 1],
        f"{stem}.k_proj.bias": [2, 3],
        f"{stem}.v_proj.bias": [4, 5],
    }


def test_unknown_official_names_are_told_and_rebuilt_ones_passed_over() -> None:
    tensors = {"dilation_kernel": torch.ones(1), "task_head.weight": torch.ones(1)}
    assert from_official(tensors) == ({}, ["task_head.weight"])


def test_what_official_checkpoints_do_not_have_is_refused() -> None:
    with pytest.raises(CheckpointError, match="no name in official checkpoints"):
        official_name("dense.stem.weight")
    half = {"text.transformer.encoder.layers.0.self_attn.q_proj.bias": torch.ones(2)}
    with pytest.raises(CheckpointError, match=r"k_proj\.bias.*v_proj\.bias"):
        to_official(half)

"""Configurations of the official SEEM checkpoints, by the names that people choose them by.

A file does not tell its layout: v0 and v1 have the same names and shapes, and the demo reads v0
weights. ``separate_v1`` with drawn query rows is v1, ``separate_v0`` with all of them v0, ``joint``
the demo. SAM models were published as v1 only; of DaViT there is the official configuration, and no
file that we know of.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from seem_model.config import FOCAL_TINY
from seem_model.frame_config import FrameConfig
from seem_model.modeling.davit_config import DAVIT_D3_BACKBONE, DAVIT_D5_BACKBONE
from seem_model.modeling.deformable_config import DeformablePixelDecoderConfig
from seem_model.modeling.focal_config import FOCAL_LARGE_BACKBONE
from seem_model.modeling.sam_config import SAM_BASE_BACKBONE, SAM_LARGE_BACKBONE

if TYPE_CHECKING:
    from seem_model.config import ModelConfig


def _v0(model: ModelConfig) -> ModelConfig:
    decoder = replace(model.decoder, prompting="separate_v0", spatial_source="all")
    return replace(model, name=f"{model.name}-v0", decoder=decoder)


def _v1(model: ModelConfig) -> ModelConfig:
    return replace(model, name=f"{model.name}-v1")


def _demo(model: ModelConfig) -> ModelConfig:
    decoder = replace(model.decoder, prompting="joint", spatial_source="all")
    return replace(model, name=f"{model.name}-demo", decoder=decoder)


FOCAL_LARGE = replace(FOCAL_TINY, name="focal-large", backbone=FOCAL_LARGE_BACKBONE)
DAVIT_D3 = replace(FOCAL_TINY, name="davit-d3", backbone=DAVIT_D3_BACKBONE)
DAVIT_D5 = replace(FOCAL_TINY, name="davit-d5", backbone=DAVIT_D5_BACKBONE)
SAM_BASE = replace(
    FOCAL_TINY,
    name="sam-base",
    backbone=SAM_BASE_BACKBONE,
    pixel_decoder=DeformablePixelDecoderConfig(),
    # Every image fills the one grid that the position embedding knows.
    frame=FrameConfig(
        divisor=SAM_BASE_BACKBONE.side,
        long_side=SAM_BASE_BACKBONE.side,
        max_upscale=64.0,
        resample="bicubic",
    ),
)
SAM_LARGE = replace(SAM_BASE, name="sam-large", backbone=SAM_LARGE_BACKBONE)

OFFICIAL: dict[str, ModelConfig] = {
    config.name: config
    for config in (
        *(layout(focal) for focal in (FOCAL_TINY, FOCAL_LARGE) for layout in (_v0, _v1, _demo)),
        *(_v1(model) for model in (SAM_BASE, SAM_LARGE, DAVIT_D3, DAVIT_D5)),
    )
}

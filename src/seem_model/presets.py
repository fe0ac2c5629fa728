"""Configurations of the official SEEM checkpoints, by the names that people choose them by.

A file does not tell its layout: v0 and v1 have the same names and shapes, and the demo reads v0
weights. ``separate_v1`` with drawn query rows is v1, ``separate_v0`` with all of them v0, ``joint``
the demo.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from seem_model.config import FOCAL_TINY
from seem_model.modeling.focal_config import FOCAL_LARGE_BACKBONE

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

OFFICIAL: dict[str, ModelConfig] = {
    config.name: config
    for config in (
        *(layout(focal) for focal in (FOCAL_TINY, FOCAL_LARGE) for layout in (_v0, _v1, _demo)),
    )
}

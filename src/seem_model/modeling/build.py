"""From configurations to the two parts that come in several kinds."""

from __future__ import annotations

from typing import TYPE_CHECKING

from seem_model.errors import ConfigError
from seem_model.modeling.backbone_config import EfficientNetLiteConfig
from seem_model.modeling.davit import DaVit
from seem_model.modeling.davit_config import DavitConfig
from seem_model.modeling.deformable import DeformablePixelDecoder
from seem_model.modeling.deformable_config import DeformablePixelDecoderConfig
from seem_model.modeling.efficientnet import EfficientNetLite, ImageNetStages
from seem_model.modeling.focal import FocalNet
from seem_model.modeling.pixel_decoder import PixelDecoder
from seem_model.modeling.sam_config import SamVitConfig
from seem_model.modeling.sam_vit import SamVit

if TYPE_CHECKING:
    from seem_model.config import AnyPixelDecoderConfig, BackboneConfig, ModelConfig


Backbone = EfficientNetLite | FocalNet | SamVit | DaVit


def build_backbone(config: BackboneConfig) -> Backbone:
    """The backbone of a configuration, untrained: image -> maps at strides 4, 8, 16, 32.

    Parameters
    ----------
    config : EfficientNetLiteConfig, FocalConfig, SamVitConfig or DavitConfig

    Returns
    -------
    Backbone
        With ``channels``, those of its four maps.
    """
    if isinstance(config, EfficientNetLiteConfig):
        return EfficientNetLite(config)
    if isinstance(config, SamVitConfig):
        return SamVit(config)
    if isinstance(config, DavitConfig):
        return DaVit(config)
    return FocalNet(config)


def build_imagenet_stages(config: ModelConfig) -> ImageNetStages | None:
    """The later stages as ImageNet left them, unfilled, where something reads them.

    Raises
    ------
    ConfigError
        If the backbone is not one that they are there for.
    """
    if not reads_imagenet(config.pixel_decoder) and not (config.naming and config.naming.imagenet):
        return None
    if not isinstance(config.backbone, EfficientNetLiteConfig):
        raise ConfigError(
            "naming.imagenet and pixel_decoder.imagenet need an EfficientNet-Lite backbone."
        )
    return ImageNetStages(config.backbone)


def reads_imagenet(config: AnyPixelDecoderConfig) -> bool:
    """Whether a pixel decoder gets the maps of those stages beside the backbone's."""
    return not isinstance(config, DeformablePixelDecoderConfig) and config.imagenet


def build_pixel_decoder(
    channels: tuple[int, ...], config: AnyPixelDecoderConfig
) -> PixelDecoder | DeformablePixelDecoder:
    """The pixel decoder of a configuration, untrained.

    Parameters
    ----------
    channels : tuple of int
        Of the backbone's maps at strides 4, 8, 16, 32.
    config : PixelDecoderConfig or DeformablePixelDecoderConfig
    """
    if isinstance(config, DeformablePixelDecoderConfig):
        return DeformablePixelDecoder(channels, config)
    return PixelDecoder(channels, config)

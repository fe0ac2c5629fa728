"""Distillation: the backbone keeps telling apart what ImageNet taught, as a larger network does.

A few thousand photos are soon learned by heart, and what the backbone knew of a thousand kinds of
things is forgotten on the way. So its last map, read by the classifier that ImageNet training left
behind it (frozen), is to say of every view and of its parts what EfficientNet-Lite2 says of them
(knowledge distillation, Hinton et al. 2015; keeping old answers, Li & Hoiem, ECCV 2016).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from seem_model.errors import ConfigError
from seem_model.modeling.backbone_config import LITE0, LITE2
from seem_model.modeling.efficientnet import EfficientNetLite, ImageNetClassifier, fold_imagenet
from seem_model.start import imagenet

if TYPE_CHECKING:
    from seem_model.modeling.seem import Seem

PARTS = 4  # a view is also looked at in so many parts each way


class Teacher(nn.Module):
    """EfficientNet-Lite2 and the classifier of the backbone's own ImageNet training, frozen.

    Parameters
    ----------
    model : Seem
        Who is to learn; its backbone must be EfficientNet-Lite0, with a naming head.

    Raises
    ------
    ConfigError
        If it is not.
    SeemError
        If the ImageNet weights are not installed.
    """

    def __init__(self, model: Seem) -> None:
        super().__init__()
        backbone = model.backbone
        fits = isinstance(backbone, EfficientNetLite) and backbone.config.widths == LITE0.widths
        if not fits or model.naming is None:
            raise ConfigError(
                "loss.teacher teaches EfficientNet-Lite0 backbones with a naming head: set it to 0."
            )
        self.last = model.naming.count - 1  # of the maps that the naming head reads
        weights = imagenet("lite2")
        self.backbone = EfficientNetLite(LITE2)
        self.backbone.load_state_dict(fold_imagenet(weights, LITE2))
        self.says = ImageNetClassifier.from_package(weights)
        self.reads = ImageNetClassifier.from_package(imagenet("lite0"))
        self.requires_grad_(False)

    def loss(self, images: Tensor, last: Tensor) -> Tensor:
        """Kullback-Leibler divergence of the learner's classes from the teacher's.

        Parameters
        ----------
        images : (B, 3, H, W) float
            Normalised, as the learner's backbone got them.
        last : (B, 320, H/32, W/32) float
            What that backbone made of them.

        Returns
        -------
        () float
            Of whole views, and of their parts on average, added.
        """
        with torch.no_grad():
            told = self.says(self.backbone(images)[-1])
        heard = self.reads(last)
        return divergence(heard, told, 1) + divergence(heard, told, PARTS)


def divergence(heard: Tensor, told: Tensor, parts: int) -> Tensor:
    """Kullback-Leibler, () float, of the means over ``parts`` x ``parts`` areas.

    Parameters
    ----------
    heard, told : (B, K, h, w) float
        Logits of K classes.
    parts : int
    """
    ours, theirs = (
        F.log_softmax(F.adaptive_avg_pool2d(x, parts).permute(0, 2, 3, 1).flatten(0, 2), dim=-1)
        for x in (heard, told)
    )
    return F.kl_div(ours, theirs, log_target=True, reduction="batchmean")

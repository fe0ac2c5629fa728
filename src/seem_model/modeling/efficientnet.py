"""EfficientNet-Lite with its batch norms folded into the convolutions: image -> four maps."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from seem_model.errors import ConfigError
from seem_model.modeling.depthwise import DepthwiseConv

if TYPE_CHECKING:
    from collections.abc import Mapping

    from seem_model.modeling.backbone_config import EfficientNetLiteConfig

_KERNELS = (3, 3, 5, 3, 5, 5, 3)
_STRIDES = (1, 2, 2, 2, 1, 2, 1)
_OUTPUT_STAGES = (1, 2, 4, 6)  # the last stage at each of strides 4, 8, 16, 32
_BN_EPS = 1e-3


class SameConv(DepthwiseConv):
    """Convolution padded at the right and bottom first, as TensorFlow's SAME on even sizes."""

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, H, W) -> (B, C', ceil(H / stride), ceil(W / stride))."""
        if self.stride[0] == 1:
            return super().forward(x)
        total = self.kernel_size[0] - self.stride[0]
        lead = total // 2
        return super().forward(F.pad(x, (lead, total - lead, lead, total - lead)))


def _conv(inner: int, outer: int, kernel: int, stride: int = 1, groups: int = 1) -> SameConv:
    padding = kernel // 2 if stride == 1 else 0
    conv = SameConv(inner, outer, kernel, stride=stride, padding=padding, groups=groups)
    # Without norms, torch's own initial weights would let next to nothing of the image through.
    nn.init.kaiming_normal_(conv.weight, nonlinearity="relu")
    if conv.bias is not None:
        nn.init.zeros_(conv.bias)
    return conv


class InvertedResidual(nn.Module):
    """Expand 1x1, depthwise, project 1x1; identity added where shapes allow."""

    def __init__(self, inner: int, outer: int, *, kernel: int, stride: int, ratio: int) -> None:
        super().__init__()
        hidden = inner * ratio
        self.expand = _conv(inner, hidden, 1) if ratio > 1 else None
        self.depthwise = _conv(hidden, hidden, kernel, stride, groups=hidden)
        self.project = _conv(hidden, outer, 1)
        self.residual = stride == 1 and inner == outer

    def forward(self, x: Tensor) -> Tensor:
        """(B, inner, H, W) -> (B, outer, H / stride, W / stride)."""
        y = x if self.expand is None else F.relu6(self.expand(x))
        y = self.project(F.relu6(self.depthwise(y)))
        return x + y if self.residual else y


def _stage(config: EfficientNetLiteConfig, number: int) -> nn.Sequential:
    inner, outer = config.widths[number : number + 2]
    return nn.Sequential(
        *(
            InvertedResidual(
                inner if j == 0 else outer, outer, kernel=_KERNELS[number],
                stride=_STRIDES[number] if j == 0 else 1, ratio=1 if number == 0 else 6,
            )
            for j in range(config.depths[number])
        )
    )  # fmt: skip


class EfficientNetLite(nn.Module):
    """Image backbone of the embedded default.

    Attributes
    ----------
    channels : tuple of int
        Channels of the four output maps.
    """

    def __init__(self, config: EfficientNetLiteConfig) -> None:
        super().__init__()
        self.config = config
        widths = config.widths
        self.stem = _conv(3, widths[0], 3, 2)
        self.stages = nn.ModuleList(_stage(config, i) for i in range(len(config.depths)))
        self.channels = tuple(widths[i + 1] for i in _OUTPUT_STAGES)

    def forward(self, image: Tensor) -> tuple[Tensor, ...]:
        """(B, 3, H, W), H and W multiples of 32 -> four maps at strides 4, 8, 16, 32."""
        frozen = self.config.frozen_stages
        with torch.set_grad_enabled(torch.is_grad_enabled() and frozen == 0):
            x = F.relu6(self.stem(image))
        maps = []
        for i, stage in enumerate(self.stages):
            with torch.set_grad_enabled(torch.is_grad_enabled() and i >= frozen):
                x = stage(x)
            if i in _OUTPUT_STAGES:
                maps.append(x)
        return tuple(maps)

    def frozen_parameters(self) -> list[nn.Parameter]:
        """Parameters that never train (stem and the first ``frozen_stages`` stages)."""
        count = self.config.frozen_stages
        modules = [self.stem, *self.stages[:count]] if count else []
        return [p for m in modules for p in m.parameters()]


class ImageNetStages(nn.Module):
    """The stages behind those that never train, once more and as ImageNet training left them.

    They read what the backbone's frozen stages give, so both are one network up to there. Frozen.

    Parameters
    ----------
    config : EfficientNetLiteConfig
        Of the backbone.

    Raises
    ------
    ConfigError
        If the backbone's frozen stages do not end at stride 4.
    """

    def __init__(self, config: EfficientNetLiteConfig) -> None:
        super().__init__()
        self.config = config
        first = config.frozen_stages
        if first != _OUTPUT_STAGES[0] + 1:
            raise ConfigError(
                "Stages as ImageNet left them read the backbone's map at stride 4: it needs "
                f"{_OUTPUT_STAGES[0] + 1} frozen stages, not {first}."
            )
        self.stages = nn.ModuleDict(
            {str(i): _stage(config, i) for i in range(first, len(config.depths))}
        )
        self.requires_grad_(False)

    @torch.no_grad()
    def forward(self, shared: Tensor) -> tuple[Tensor, ...]:
        """(B, C, H/4, W/4) -> maps at strides 8, 16 and 32."""
        maps = []
        x = shared
        for i, stage in self.stages.items():
            x = stage(x)
            if int(i) in _OUTPUT_STAGES:
                maps.append(x)
        return tuple(maps)


class ImageNetClassifier(nn.Module):
    """What ImageNet training put behind the backbone: its last map -> classes of each place.

    Parameters
    ----------
    inner, hidden, classes : int
        Channels of the map, of the layer between, and number of classes.
    """

    def __init__(self, inner: int, hidden: int = 1280, classes: int = 1000) -> None:
        super().__init__()
        self.head = _conv(inner, hidden, 1)
        self.classes = nn.Linear(hidden, classes)

    @classmethod
    def from_package(cls, source: Mapping[str, Tensor]) -> ImageNetClassifier:
        """That of ``efficientnet-lite-pytorch``, from its ``EfficientNet.state_dict()``."""
        hidden, inner = source["_conv_head.weight"].shape[:2]
        made = cls(inner, hidden, len(source["_fc.weight"]))
        weight, bias = _folded(source, "_conv_head", "_bn1")
        made.load_state_dict(
            {
                "head.weight": weight,
                "head.bias": bias,
                "classes.weight": source["_fc.weight"],
                "classes.bias": source["_fc.bias"],
            }
        )
        return made

    def forward(self, last: Tensor) -> Tensor:
        """(B, inner, h, w) -> (B, classes, h, w) logits; their mean is the whole image's."""
        hidden = F.relu6(self.head(last)).permute(0, 2, 3, 1)
        logits: Tensor = self.classes(hidden)
        return logits.permute(0, 3, 1, 2)


def _folded(source: Mapping[str, Tensor], conv: str, norm: str) -> tuple[Tensor, Tensor]:
    """Weight and bias of a convolution with the batch norm behind it."""
    scale = source[f"{norm}.weight"] / torch.sqrt(source[f"{norm}.running_var"] + _BN_EPS)
    bias = source[f"{norm}.bias"] - source[f"{norm}.running_mean"] * scale
    return source[f"{conv}.weight"] * scale[:, None, None, None], bias


def fold_imagenet(
    source: Mapping[str, Tensor], config: EfficientNetLiteConfig
) -> dict[str, Tensor]:
    """Our state dict from that of the package ``efficientnet-lite-pytorch`` (batch norms folded).

    Parameters
    ----------
    source : mapping
        ``EfficientNet.state_dict()`` of that package.
    config : EfficientNetLiteConfig
        Which variant it is.
    """
    folded: dict[str, Tensor] = {}

    def fold(target: str, conv: str, norm: str) -> None:
        folded[f"{target}.weight"], folded[f"{target}.bias"] = _folded(source, conv, norm)

    fold("stem", "_conv_stem", "_bn0")
    flat = 0
    for i, depth in enumerate(config.depths):
        for j in range(depth):
            ours, theirs = f"stages.{i}.{j}", f"_blocks.{flat}"
            if i > 0:
                fold(f"{ours}.expand", f"{theirs}._expand_conv", f"{theirs}._bn0")
            fold(f"{ours}.depthwise", f"{theirs}._depthwise_conv", f"{theirs}._bn1")
            fold(f"{ours}.project", f"{theirs}._project_conv", f"{theirs}._bn2")
            flat += 1
    return folded

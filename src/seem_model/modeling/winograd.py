"""Wide 3x3 convolutions on processors by Winograd's minimal filtering, F(4x4, 3x3).

Lavin and Gray, "Fast algorithms for convolutional neural networks" (CVPR 2016): each 4x4 patch of
the result comes from a 6x6 patch of the input with 36 products a pair of channels instead of 144.
Rounding errors are about three times those of the plain sum (2e-6 of the result in float32).
"""

from __future__ import annotations

from typing import cast

import torch
import torch.nn.functional as F
from torch import Tensor, nn

_PATCH, _TILE = 4, 6  # sides of a patch of the result, and of the input that it needs
_PATCHES = 176  # at a time: more would not fit the processor's cache
_WIDE = 256  # channels from which it is faster than the plain convolution

# The transforms of the paper for the points 0, 1, -1, 2, -2 and infinity.
_INPUT = (
    (4, 0, -5, 0, 1, 0),
    (0, -4, -4, 1, 1, 0),
    (0, 4, -4, -1, 1, 0),
    (0, -2, -1, 2, 1, 0),
    (0, 2, -1, -2, 1, 0),
    (0, 4, 0, -5, 0, 1),
)
_KERNEL = (
    (1 / 4, 0, 0),
    (-1 / 6, -1 / 6, -1 / 6),
    (-1 / 6, 1 / 6, -1 / 6),
    (1 / 24, 1 / 12, 1 / 6),
    (1 / 24, -1 / 12, 1 / 6),
    (0, 0, 1),
)
_OUTPUT = ((1, 1, 1, 1, 1, 0), (0, 1, -1, 2, -2, 0), (0, 1, 1, 4, 4, 0), (0, 1, -1, 8, -8, 1))


def _both_ways(rows: tuple[tuple[float, ...], ...]) -> Tensor:
    """The transform of a square as one matrix on its pixels in row order."""
    one = torch.tensor(rows, dtype=torch.float64)
    return torch.kron(one, one)


class WinogradConv(nn.Module):
    """A 3x3 convolution of stride and padding 1, for inference.

    Parameters
    ----------
    conv : Conv2d
        What it stands for; see :func:`suits`.
    """

    kernel: Tensor
    bias: Tensor | None
    to_tiles: Tensor
    to_patches: Tensor

    def __init__(self, conv: nn.Conv2d) -> None:
        super().__init__()
        weight = conv.weight.detach()
        kernel = _both_ways(_KERNEL).to(weight.device) @ weight.double().flatten(2).unsqueeze(3)
        kernel = kernel[..., 0].permute(2, 0, 1).to(weight.dtype).contiguous()
        self.register_buffer("kernel", kernel)
        self.register_buffer("bias", None if conv.bias is None else conv.bias.detach())
        self.register_buffer("to_tiles", _both_ways(_INPUT).to(weight))
        self.register_buffer("to_patches", _both_ways(_OUTPUT).to(weight))

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, H, W) -> (B, D, H, W)."""
        height, width = x.shape[2:]
        down, across = -(-height // _PATCH), -(-width // _PATCH)
        channels = self.kernel.shape[1]
        step = max(1, _PATCHES // across)  # rows of patches at a time
        out = x.new_empty(x.shape[0], channels, down * _PATCH, across * _PATCH)
        for image, result in zip(x, out, strict=True):
            for row in range(0, down, step):
                rows = min(step, down - row)
                top, bottom = row * _PATCH - 1, (row + rows) * _PATCH + 1
                strip = image[:, max(top, 0) : bottom]
                above = int(top < 0)
                below = bottom - top - above - strip.shape[1]
                padded = F.pad(strip, (1, across * _PATCH - width + 1, above, below))
                patches = self._patches(padded, rows, across)
                place = result[:, row * _PATCH : (row + rows) * _PATCH]
                place.view(channels, rows, _PATCH, across, _PATCH).copy_(patches)
        out = out[:, :, :height, :width]
        return out if self.bias is None else out.add_(self.bias[:, None, None])

    def _patches(self, image: Tensor, rows: int, across: int) -> Tensor:
        """``rows`` rows of patches from the top of a padded image, (D, rows, 4, across, 4)."""
        plane, line, step = image.stride()
        size = (_TILE, _TILE, len(image), rows, across)
        strides = (line, step, plane, _PATCH * line, _PATCH * step)
        tiles = image.as_strided(size, strides, image.storage_offset())
        moved = (self.to_tiles @ tiles.reshape(_TILE**2, -1)).view(_TILE**2, len(image), -1)
        mixed = torch.bmm(self.kernel, moved).view(_TILE**2, -1)
        shape = (_PATCH, _PATCH, self.kernel.shape[1], rows, across)
        return (self.to_patches @ mixed).view(shape).permute(2, 3, 0, 4, 1)


def suits(module: nn.Module) -> bool:
    """Whether a module is a convolution that :class:`WinogradConv` does faster."""
    return (
        isinstance(module, nn.Conv2d)
        and module.kernel_size == (3, 3)
        and (module.stride, module.padding, module.dilation) == ((1, 1), (1, 1), (1, 1))
        and module.groups == 1
        and min(module.in_channels, module.out_channels) >= _WIDE
        and module.weight.dtype == torch.float32
    )


def quicken(model: nn.Module) -> None:
    """Replace wide 3x3 convolutions of a model that will not be trained or saved, in place.

    Only those on the two finest maps, where nearly all the time goes: transformed kernels are four
    times as large.
    """
    for name, module in list(model.named_modules()):
        if suits(module) and name.endswith(("smooth.2.0", "smooth.3.0", "mask_features")):
            model.set_submodule(name, WinogradConv(cast("nn.Conv2d", module)))

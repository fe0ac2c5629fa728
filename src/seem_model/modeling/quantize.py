"""Eight-bit and four-bit storage of frozen weights: small integers times scales."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

SCALE = ".scale"
GROUP = 32  # values of a row that share a scale where four bits hold each
_SMALLEST = 2.0**-14  # the smallest normal float16 keeps zeros from being divided by zero


def quantize(state: Mapping[str, Tensor], *, four: Collection[str] = ()) -> dict[str, Tensor]:
    """Shrink a state dict for storage.

    Parameters
    ----------
    state : mapping of str to Tensor
        Names to float tensors.
    four : collection of str
        Matrices to be held in four bits a value; their columns must be a multiple of ``GROUP``.

    Returns
    -------
    dict of str to Tensor
        Every matrix or kernel `name` (rows, ...) as int8 plus `name.scale` (rows,) float16, the
        value being ``byte * scale``; those of ``four`` as uint8 (rows, columns / 2), two values
        in each, plus `name.scale` (rows, columns / ``GROUP``) float16; everything else as float16.
    """
    stored: dict[str, Tensor] = {}
    for name, tensor in state.items():
        if tensor.ndim < 2:
            stored[name] = tensor.to(torch.float16).contiguous()
        elif name in four:
            stored[name], stored[name + SCALE] = _four_bits(tensor.float())
        else:
            whole, stored[name + SCALE] = _rounded(tensor.float().flatten(1), 127)
            stored[name] = whole.reshape(tensor.shape).contiguous()
    return stored


def dequantize(stored: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Restore the float32 state dict that `quantize` stored, up to rounding.

    Parameters
    ----------
    stored : mapping of str to Tensor
        What `quantize` returned; tensors without a scale are converted to float32.

    Returns
    -------
    dict of str to Tensor
        The original names to float32 tensors.
    """
    return {
        name: _restored(tensor, stored[name + SCALE].float())
        if name + SCALE in stored
        else tensor.float()
        for name, tensor in stored.items()
        if not name.endswith(SCALE)
    }


def _rounded(rows: Tensor, most: int) -> tuple[Tensor, Tensor]:
    """(N, C) -> whole numbers from -most to most (N, C) int8, and scales (N,) float16."""
    # The stored, rounded scale is the one divided by, so that its rounding costs nothing.
    scale = (rows.abs().amax(1) / most).clamp_min(_SMALLEST).to(torch.float16)
    return (rows / scale[:, None].float()).round().clamp(-most, most).to(torch.int8), scale


def _four_bits(matrix: Tensor) -> tuple[Tensor, Tensor]:
    rows, columns = matrix.shape
    whole, scale = _rounded(matrix.reshape(-1, GROUP), 7)
    pairs = (whole + 8).to(torch.uint8).reshape(rows, columns // 2, 2)
    return pairs[..., 0] * 16 + pairs[..., 1], scale.reshape(rows, -1)


def _restored(stored: Tensor, scale: Tensor) -> Tensor:
    if stored.dtype == torch.uint8:
        whole = torch.stack([stored // 16, stored % 16], dim=2).float().flatten(1) - 8
        return (whole.unflatten(1, (-1, GROUP)) * scale[..., None]).flatten(1)
    return stored.float() * scale.reshape(-1, *[1] * (stored.ndim - 1))

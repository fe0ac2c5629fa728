"""Eight-bit storage of weight matrices: one signed byte per value, one scale per row."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor

if TYPE_CHECKING:
    from collections.abc import Mapping

SCALE = ".scale"


def quantize(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Shrink a state dict for storage.

    Parameters
    ----------
    state : mapping of str to Tensor
        Names to float tensors.

    Returns
    -------
    dict of str to Tensor
        Every matrix `name` (rows, columns) as int8 plus `name.scale` (rows,) float16, the value
        being ``byte * scale``; everything else as float16.
    """
    stored: dict[str, Tensor] = {}
    for name, tensor in state.items():
        if tensor.ndim != 2:
            stored[name] = tensor.to(torch.float16).contiguous()
            continue
        rows = tensor.to(torch.float32)
        # The smallest normal float16 keeps an all-zero row from dividing by zero. The stored,
        # rounded scale is the one divided by, so that its rounding costs nothing.
        scale = (rows.abs().amax(1) / 127.0).clamp_min(2.0**-14).to(torch.float16)
        stored[name] = (rows / scale[:, None].float()).round().clamp(-127, 127).to(torch.int8)
        stored[name + SCALE] = scale
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
        name: tensor.float() * stored[name + SCALE].float()[:, None]
        if name + SCALE in stored
        else tensor.float()
        for name, tensor in stored.items()
        if not name.endswith(SCALE)
    }

"""Depthwise convolutions that stay in single precision where a processor trains in bfloat16.

Multiplying matrices is twice as quick in bfloat16 on processors that can; the gradients of
depthwise convolutions take twice to four times as long in it (``docs/experiments.md``).
"""

from __future__ import annotations

import torch
from torch import Tensor, nn


class DepthwiseConv(nn.Conv2d):
    """``Conv2d``, but in single precision under a processor's autocast if it is depthwise."""

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, H, W) -> (B, C', H', W')."""
        if self.groups > 1 and x.device.type == "cpu" and torch.is_autocast_enabled("cpu"):
            with torch.autocast("cpu", enabled=False):
                return super().forward(x.float().contiguous(memory_format=torch.channels_last))
        return super().forward(x)

"""DaViT: attention within windows of places, then among channels; image -> four maps.

The blocks are borrowed from transformers (Florence-2's image encoder). Stochastic depth is left
out: official SEEM training keeps this backbone frozen.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from torch import Tensor, nn

if TYPE_CHECKING:
    from seem_model.modeling.davit_config import DavitConfig


class DaVit(nn.Module):
    """Image backbone of the official DaViT models.

    Parameters
    ----------
    config : DavitConfig
        Sizes.

    Attributes
    ----------
    channels : tuple of int
        Channels of the four output maps.
    strides : tuple of int
        Their strides, 4, 8, 16, 32.
    """

    def __init__(self, config: DavitConfig) -> None:
        super().__init__()
        # Imported here because it takes seconds, and only official checkpoints need it.
        from transformers import Florence2VisionBackbone, Florence2VisionConfig

        self.channels, self.strides = config.widths, (4, 8, 16, 32)
        self.trunk = Florence2VisionBackbone(
            Florence2VisionConfig(
                embed_dim=config.widths,
                depths=config.depths,
                num_heads=config.heads,
                num_groups=config.heads,
                patch_size=config.kernels,
                patch_stride=(4, 2, 2, 2),
                patch_padding=config.paddings,
                patch_prenorm=(False, True, True, True),
                window_size=config.window,
                mlp_ratio=float(config.mlp_ratio),
                drop_path_rate=0.0,
            )
        )

    def forward(self, image: Tensor) -> tuple[Tensor, ...]:
        """(B, 3, H, W), H and W multiples of 32 -> four maps at strides 4, 8, 16, 32."""
        x = image
        maps = []
        for i, step_down in enumerate(self.trunk.convs):
            x = step_down(x)
            for block in self.trunk.blocks[i].children():
                x = block(x)
            maps.append(x)
        return tuple(maps)

    def frozen_parameters(self) -> list[nn.Parameter]:
        """Parameters that never train: all, as in the official training."""
        return list(self.parameters())

"""SAM's vision transformer with SEEM's neck: one map at stride 16 becomes four.

The transformer is borrowed from transformers, whose layers compute what the official ones do.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from torch import Tensor, nn

if TYPE_CHECKING:
    from seem_model.modeling.sam_config import SamVitConfig

_PATCH = 16
_EPSILON = 1e-6
_INITIAL_STD = 0.02  # transformers' own 1e-10 is meant for weights that are loaded


def _normed(width: int) -> nn.GroupNorm:
    """Norm over all channels and places of an image together."""
    return nn.GroupNorm(1, width)


class SimpleFpn(nn.Module):
    """Pyramid from a single map (Li et al., ECCV 2022), as SEEM builds it.

    Parameters
    ----------
    width : int
        Channels of the map.
    channels : tuple of int
        Of the pyramid at strides 4, 8, 16, 32.
    """

    def __init__(self, width: int, channels: tuple[int, ...]) -> None:
        super().__init__()
        c4, c8, c16, c32 = channels
        wide, middle, deep = max(2 * c4, width // 2), max(c8, width // 2), max(c32, 2 * width)
        self.down_4 = nn.Sequential(
            nn.ConvTranspose2d(width, wide, 2, stride=2),
            _normed(wide),
            nn.GELU(),
            nn.ConvTranspose2d(wide, wide // 2, 2, stride=2),
            _normed(wide // 2),
            nn.Conv2d(wide // 2, c4, 1),
            _normed(c4),
            nn.GELU(),
        )
        self.down_8 = nn.Sequential(
            nn.ConvTranspose2d(width, middle, 2, stride=2),
            _normed(middle),
            nn.Conv2d(middle, c8, 1),
            _normed(c8),
            nn.GELU(),
        )
        self.down_16 = nn.Sequential(nn.Conv2d(width, c16, 1), _normed(c16), nn.GELU())
        self.down_32 = nn.Sequential(
            nn.Conv2d(width, deep, 2, stride=2),
            _normed(deep),
            nn.Conv2d(deep, c32, 1),
            _normed(c32),
            nn.GELU(),
        )

    def forward(self, x: Tensor) -> tuple[Tensor, ...]:
        """(B, C, H, W) at stride 16 -> maps at strides 4, 8, 16, 32."""
        return self.down_4(x), self.down_8(x), self.down_16(x), self.down_32(x)


class SamVit(nn.Module):
    """Image backbone of the official SAM checkpoints.

    Parameters
    ----------
    config : SamVitConfig
        Sizes.

    Attributes
    ----------
    channels : tuple of int
        Channels of the four output maps.
    strides : tuple of int
        Their strides, 4, 8, 16, 32.
    """

    def __init__(self, config: SamVitConfig) -> None:
        super().__init__()
        # Imported here because it takes seconds, and only official checkpoints need it.
        from transformers import SamVisionConfig, SamVisionModel

        borrowed = SamVisionModel(
            SamVisionConfig(
                hidden_size=config.width,
                num_hidden_layers=config.depth,
                num_attention_heads=config.heads,
                global_attn_indexes=list(config.global_blocks),
                window_size=config.window,
                image_size=config.side,
                patch_size=_PATCH,
                mlp_ratio=float(config.mlp_ratio),
                layer_norm_eps=_EPSILON,
                initializer_range=_INITIAL_STD,
            )
        ).vision_encoder
        self.side = config.side
        self.channels, self.strides = config.channels, (4, 8, 16, 32)
        # Part by part, because SAM's own neck stays behind.
        self.stem = nn.ModuleDict({"proj": borrowed.patch_embed.projection})
        self.pos_embed, self.layers = borrowed.pos_embed, borrowed.layers
        self.neck = SimpleFpn(config.width, config.channels)

    def forward(self, image: Tensor) -> tuple[Tensor, ...]:
        """Encode images.

        Parameters
        ----------
        image : (B, 3, H, W) float
            H and W are the configuration's ``side``.

        Returns
        -------
        Four maps at strides 4, 8, 16, 32

        Raises
        ------
        ValueError
            If images have another size: the position embedding fits one only.
        """
        height, width = image.shape[-2:]
        if (height, width) != (self.side, self.side):
            raise ValueError(
                f"This backbone sees images of {self.side} x {self.side} pixels, not of "
                f"{height} x {width}."
            )
        x = self.stem["proj"](image).permute(0, 2, 3, 1) + self.pos_embed  # (B, H/16, W/16, C)
        for layer in self.layers:
            x = layer(x)
        maps: tuple[Tensor, ...] = self.neck(x.permute(0, 3, 1, 2))
        return maps

    def frozen_parameters(self) -> list[nn.Parameter]:
        """Parameters that never train: SAM's own; the neck has not learned when training starts."""
        return [p for name, p in self.named_parameters() if not name.startswith("neck.")]

"""The one file that knows about resize, crop and padding: original pixels <-> model pixels."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image
from torch import Tensor

from seem_model.marks import taken_apart

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from seem_model.frame_config import FrameConfig
    from seem_model.values import RGB, Mask

STRIDE = 4
DOTS = (3, 7)  # sides that a click may have in a view, model pixels
CLICK = 3  # its side in original pixels
FAR_OUTSIDE = -20.0  # logit of pixels that a view does not show


def normalised(image: RGB, extent: tuple[int, int], config: FrameConfig) -> Tensor:
    """(S, T, 3) uint8 whose content fills ``extent`` -> (3, S, T) float, padding exactly 0."""
    x = torch.from_numpy(np.ascontiguousarray(image)).permute(2, 0, 1).float()
    mean, std = torch.tensor(config.mean), torch.tensor(config.std)
    x = (x - mean[:, None, None]) / std[:, None, None]
    height, width = extent
    x[:, height:] = 0
    x[:, :, width:] = 0
    return x


@dataclass(frozen=True)
class Box:
    """Half-open rectangle of original pixels."""

    row0: int
    col0: int
    row1: int
    col1: int

    @property
    def height(self) -> int:
        """Rows."""
        return self.row1 - self.row0

    @property
    def width(self) -> int:
        """Columns."""
        return self.col1 - self.col0

    @property
    def side(self) -> int:
        """The longer of both."""
        return max(self.height, self.width)

    @property
    def slices(self) -> tuple[slice, slice]:
        """To index an (H, W) array."""
        return slice(self.row0, self.row1), slice(self.col0, self.col1)

    def contains(self, other: Box) -> bool:
        """Whether ``other`` lies inside."""
        return (
            self.row0 <= other.row0 and self.col0 <= other.col0
            and self.row1 >= other.row1 and self.col1 >= other.col1
        )  # fmt: skip


@dataclass(frozen=True)
class Frame:
    """How one box of an image is shown to the model.

    Parameters
    ----------
    box : Box
        Part of the original image.
    height, width : int
        Size of the resized content, model pixels.
    padded : (int, int)
        Size with padding at the bottom and right, multiples of the divisor.
    """

    box: Box
    height: int
    width: int
    padded: tuple[int, int]

    @classmethod
    def fit(cls, box: Box, *, long_side: int, config: FrameConfig) -> Frame:
        """Show ``box`` with its longer side at ``long_side`` (or less: see FrameConfig)."""
        sides = (box.height, box.width)
        scale = min(long_side / max(sides), config.max_upscale)
        by_short = config.short_side / min(sides)
        if 0 < by_short <= scale:
            # Cut off like torchvision, whose resize the official code calls.
            height, width = (v * config.short_side // min(sides) for v in sides)
        else:
            height, width = (max(1, round(v * scale)) for v in sides)
        up = config.divisor
        padded = (math.ceil(height / up) * up, math.ceil(width / up) * up)
        return cls(box, height, width, padded)

    @property
    def coarse(self) -> tuple[int, int]:
        """(h, w) of stride-4 maps of the padded grid."""
        return self.padded[0] // STRIDE, self.padded[1] // STRIDE

    def image(self, image: RGB, config: FrameConfig) -> Tensor:
        """(H, W, 3) uint8 original -> (1, 3, Hp, Wp) float, normalised and padded."""
        part = np.array(image[self.box.slices])  # a copy: torch warns of read-only arrays
        if config.resample == "bicubic" and part.shape[:2] != (self.height, self.width):
            picture = Image.fromarray(part)
            part = np.array(picture.resize((self.width, self.height), Image.Resampling.BICUBIC))
        x = torch.from_numpy(part).permute(2, 0, 1)[None].float()
        if x.shape[-2:] != (self.height, self.width):
            x = F.interpolate(
                x, size=(self.height, self.width), mode="bilinear", align_corners=False,
                antialias=True,
            )  # fmt: skip
        mean, std = torch.tensor(config.mean), torch.tensor(config.std)
        x = (x - mean[:, None, None]) / std[:, None, None]
        bottom, right = self.padded[0] - self.height, self.padded[1] - self.width
        return F.pad(x, (0, right, 0, bottom)).contiguous(memory_format=torch.channels_last)

    def mask(self, mask: Mask) -> Tensor:
        """(H, W) bool original -> (1, Hp, Wp) bool; no drawn pixel inside the box is lost."""
        shown = np.zeros(self.padded, bool)
        part = mask[self.box.slices]
        h, w = part.shape
        # Pixel centres go to the pixel they fall in: corners would shift marks by half a pixel.
        if self.height >= h and self.width >= w:
            rows = (2 * np.arange(self.height) + 1) * h // (2 * self.height)
            cols = (2 * np.arange(self.width) + 1) * w // (2 * self.width)
            shown[: self.height, : self.width] = part[np.ix_(rows, cols)]
        else:
            rows, cols = np.nonzero(part)
            rows = (2 * rows + 1) * self.height // (2 * h)
            cols = (2 * cols + 1) * self.width // (2 * w)
            shown[rows, cols] = True
        return torch.from_numpy(shown)[None]

    def marks(self, mask: Mask) -> Tensor:
        """Like :meth:`mask`, but a click stays a place of about one size in every view.

        Where it would be smaller or larger than ``DOTS``, it becomes a square of that size;
        training shows clicks of these sizes.
        """
        part = mask[self.box.slices]
        side = max(self.height / part.shape[0], self.width / part.shape[1]) * CLICK
        if DOTS[0] - 0.5 <= side <= DOTS[1]:
            return self.mask(mask)
        apart = taken_apart(part)
        drawn = np.zeros_like(mask)
        drawn[self.box.slices] = apart.strokes
        shown = self.mask(drawn)[0].numpy() if apart.strokes.any() else np.zeros(self.padded, bool)
        reach = (DOTS[0] if side < DOTS[0] else DOTS[1]) // 2
        for row, col in self._inside(apart.dots):
            r, c = int(row), int(col)
            shown[max(0, r - reach) : r + reach + 1, max(0, c - reach) : c + reach + 1] = True
        shown[self.height :], shown[:, self.width :] = False, False
        return torch.from_numpy(shown)[None]

    def places(self, mask: Mask) -> NDArray[np.float64]:
        """(K, 2) model pixels (row, col) of clicks and of the pixels of strokes in the box."""
        apart = taken_apart(mask[self.box.slices])
        return self._inside(np.concatenate([apart.dots, np.argwhere(apart.strokes)]))

    def _inside(self, pixels: NDArray[np.int64]) -> NDArray[np.float64]:
        """Centres of pixels of the box -> model pixels."""
        scale = np.array([self.height / self.box.height, self.width / self.box.width])
        inside: NDArray[np.float64] = (pixels + 0.5) * scale
        return inside

    def memory(self, logits: NDArray[np.float32]) -> Tensor:
        """(H, W) original logits -> (1, Hp/4, Wp/4) float; padding is far outside."""
        part = torch.from_numpy(np.ascontiguousarray(logits[self.box.slices]))[None, None].float()
        scale = (self.height / self.box.height / STRIDE, self.width / self.box.width / STRIDE)
        # Rounding the size to whole cells would stretch the memory. The scale is exact instead,
        # and the last, partly covered cells are filled from repeated borders.
        size = self.cells
        bottom, right = (
            max(0, math.ceil((n + 0.5) / s) - length)
            for n, s, length in zip(size, scale, part.shape[2:], strict=True)
        )
        small = F.interpolate(
            F.pad(part, (0, right, 0, bottom), mode="replicate"), scale_factor=scale,
            mode="bilinear", align_corners=False, antialias=True, recompute_scale_factor=False,
        )[0]  # fmt: skip
        shown = small.new_full((1, *self.coarse), FAR_OUTSIDE)
        shown[:, : size[0], : size[1]] = small[:, : size[0], : size[1]]
        return shown

    def shown_in(self, other: Frame, coarse: Tensor) -> Tensor:
        """(N, h, w) stride-4 logits of this view, roughly as another view of the same box has them.

        To a part of a cell: enough to average features under a mask.
        """
        (h, w), size = self.cells, other.cells
        content = F.interpolate(coarse[None, :, :h, :w], size=size, mode="bilinear")[0]
        shown = content.new_full((len(coarse), *other.coarse), FAR_OUTSIDE)
        shown[:, : size[0], : size[1]] = content
        return shown

    @property
    def cells(self) -> tuple[int, int]:
        """(h, w) cells of the stride-4 grid that hold content, the last ones perhaps in part."""
        return -(-self.height // STRIDE), -(-self.width // STRIDE)

    def part(self, logits: Tensor, *, bicubic: bool = False) -> NDArray[np.float32]:
        """(h, w) stride-4 logits of the padded grid -> the box's own original pixels.

        ``bicubic`` (antialiased) is the official way where no visual prompt asks (SEEM §6).
        """
        size = self.padded
        full = F.interpolate(logits[None, None], size=size, mode="bilinear", align_corners=False)
        return self.original(full[0, 0], bicubic=bicubic)

    def original(self, full: Tensor, *, bicubic: bool = False) -> NDArray[np.float32]:
        """(S, T) logits of the view's pixels, padded or not -> the box's own original pixels."""
        content = full[None, None, : self.height, : self.width]
        extent = (self.box.height, self.box.width)
        if extent != (self.height, self.width):
            content = F.interpolate(
                content, size=extent, mode="bicubic" if bicubic else "bilinear",
                align_corners=False, antialias=bicubic,
            )  # fmt: skip
        shown: NDArray[np.float32] = content[0, 0].numpy()
        return shown

    def back(
        self, logits: Tensor, shape: tuple[int, int], *, bicubic: bool = False
    ) -> NDArray[np.float32]:
        """(h, w) stride-4 logits of the padded grid -> (H, W) original, far outside elsewhere."""
        return self.placed(self.part(logits, bicubic=bicubic), shape)

    def placed(self, part: NDArray[np.float32], shape: tuple[int, int]) -> NDArray[np.float32]:
        """Logits of the box's own pixels -> (H, W), far outside elsewhere."""
        if part.shape == shape:
            return part
        whole = np.full(shape, FAR_OUTSIDE, np.float32)
        whole[self.box.slices] = part
        return whole

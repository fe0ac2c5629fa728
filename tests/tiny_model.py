"""The TINY preset with fixed weights, and small inputs for it."""

from functools import lru_cache

import numpy as np
import torch

import seem_model
from seem_model.config import TINY
from seem_model.modeling.decoded import Features
from seem_model.modeling.dense_prompt import PromptMaps
from seem_model.modeling.seem import Seem

SIDE = 64


@lru_cache(1)
def tiny() -> Seem:
    """Seeded TINY model in evaluation mode."""
    torch.manual_seed(0)
    return Seem(TINY).eval().requires_grad_(False)


@lru_cache(1)
def predictor() -> seem_model.Predictor:
    return seem_model.load("tiny")


def scene(rows: int = 1, seed: int = 0) -> Features:
    """Encoded noise images of SIDE x SIDE pixels."""
    generator = torch.Generator().manual_seed(seed)
    return tiny().encode_image(torch.randn(rows, 3, SIDE, SIDE, generator=generator))


def box(row: int, col: int, size: int = 8) -> torch.Tensor:
    """(1, SIDE, SIDE) bool with one square."""
    mask = torch.zeros(1, SIDE, SIDE, dtype=torch.bool)
    mask[:, row : row + size, col : col + size] = True
    return mask


def maps(
    positive: torch.Tensor | None = None,
    negative: torch.Tensor | None = None,
    *,
    region: torch.Tensor | None = None,
    memory: torch.Tensor | None = None,
) -> PromptMaps:
    """Drawn prompts; what is not given is empty."""
    given = [m for m in (positive, negative, region) if m is not None]
    empty = torch.zeros_like(given[0]) if given else torch.zeros(1, SIDE, SIDE, dtype=torch.bool)
    return PromptMaps(
        *(empty if m is None else m for m in (positive, negative, region)), memory=memory
    )


def photo(height: int = 60, width: int = 80) -> np.ndarray:
    """Smooth colours with a bright disk, uint8 RGB."""
    rows, cols = np.mgrid[:height, :width]
    disk = (rows - height / 2) ** 2 + (cols - width / 2) ** 2 < (min(height, width) / 4) ** 2
    image = np.stack([rows * 200 / height, cols * 200 / width, 120 + 0 * rows], axis=-1)
    image[disk] = (250, 240, 30)
    return image.astype(np.uint8)


def click(
    shape: tuple[int, int], row: int, col: int, *, positive: bool = True
) -> seem_model.Prompts:
    """One 3x3 click."""
    drawn = np.zeros(shape, bool)
    drawn[max(row - 1, 0) : row + 2, max(col - 1, 0) : col + 2] = True
    empty = np.zeros(shape, bool)
    return seem_model.Prompts(
        positive=drawn if positive else empty, negative=empty if positive else drawn
    )

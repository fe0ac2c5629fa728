"""Zoom-in: when to look again at a crop around the object, and which crop (after FocalClick)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from seem_model.frame import Box

if TYPE_CHECKING:
    from seem_model.frame_config import FrameConfig
    from seem_model.values import Mask, Prompts

MARGIN = 1.7  # side of a view over the object's longer side
KEEP = 1.08  # a view is kept while what is needed, grown by this, still fits
WORTH = 0.7  # views larger than this share of the image's longer side are not worth a crop
SLACK = 3.0  # a view this much larger than needed is replaced
SMALLEST = 32  # pixels
GLANCES = 2  # rounds that look for large things where they are small
COARSE = 4  # rounds that look at small things where their parts hang together; later ones polish
DETAIL = 3.0  # model pixels for each of the image, where a crop is polished


@dataclass(frozen=True)
class Need:
    """What a view must show: the object so far and everything drawn on it."""

    box: Box
    shape: tuple[int, int]

    @property
    def side(self) -> int:
        """Longer side in pixels."""
        return self.box.side


def extent(mask: Mask) -> Box | None:
    """Bounding box of a mask; None when it is empty."""
    rows, cols = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
    if not rows.size:
        return None
    return Box(int(rows[0]), int(cols[0]), int(rows[-1]) + 1, int(cols[-1]) + 1)


def need(answer: Mask | None, prompts: Prompts) -> Need | None:
    """The box around the answer, the positive marks and the region; None when there is none."""
    found = [extent(m) for m in (answer, prompts.positive, prompts.region) if m is not None]
    boxes = [b for b in found if b is not None]
    if not boxes:
        return None
    box = Box(
        min(b.row0 for b in boxes), min(b.col0 for b in boxes),
        max(b.row1 for b in boxes), max(b.col1 for b in boxes),
    )  # fmt: skip
    return Need(box, prompts.shape)


def view(wanted: Need) -> Box | None:
    """A square crop around what is needed, inside the image; None: look at the whole image."""
    side = max(SMALLEST, round(wanted.side * MARGIN))
    height, width = wanted.shape
    if side >= WORTH * max(height, width):
        return None
    return around(wanted.box, side, height, width)


def shown_at(box: Box, rounds: int, config: FrameConfig) -> int:
    """Longer side, in model pixels, at which a crop is shown after so many rounds.

    Parameters
    ----------
    box : Box
        The crop, in image pixels.
    rounds : int
        How many answers led here.
    config : FrameConfig
    """
    if rounds < COARSE:
        return config.zoom_side
    detail = round(DETAIL * box.side)
    return max(config.zoom_side, min(config.polish_side, detail))


def around(box: Box, side: int, height: int, width: int) -> Box:
    """The square of ``side`` pixels with ``box`` in its middle, moved and cut into the image."""
    h, w = min(side, height), min(side, width)
    row = (box.row0 + box.row1 - h) // 2
    col = (box.col0 + box.col1 - w) // 2
    row, col = min(max(row, 0), height - h), min(max(col, 0), width - w)
    return Box(row, col, row + h, col + w)


def still_good(current: Box, wanted: Need) -> bool:
    """Whether the view of the round before also serves what is needed now."""
    grown = around(wanted.box, max(1, round(wanted.side * KEEP)), wanted.shape[0], wanted.shape[1])
    small_enough = max(current.height, current.width) <= SLACK * max(wanted.side, SMALLEST // 2)
    return current.contains(grown) and small_enough

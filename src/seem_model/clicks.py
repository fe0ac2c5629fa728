"""Where a careful person would click next: the one click simulator.

The plugin's demo, training and evaluation all import it, so that what is trained is what is
measured. Coordinates are ``(row, col)`` in pixels of the mask. :mod:`seem_model.simulated_user`
makes a conversation of it; shapes that people draw instead of clicking (boxes, strokes,
polygons) are in :mod:`seem_model.drawing`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

import numpy as np

from seem_model.depth import deepest, deepest_by_shells
from seem_model.errors import PromptError

if TYPE_CHECKING:
    from seem_model.values import Mask, Prompts

Protocol = Literal["ritm", "seem"]

# The official SEEM evaluation adds no click to an object that is this good already.
SEEM_GOOD_ENOUGH = 0.925


@dataclass(frozen=True)
class Click:
    """One click on one pixel; ``positive`` means "this belongs to the object"."""

    row: int
    col: int
    positive: bool


def next_click(
    truth: Mask,
    mask: Mask,
    *,
    void: Mask | None = None,
    clicked: Mask | None = None,
    protocol: Protocol = "ritm",
    rng: np.random.Generator | None = None,
) -> Click | None:
    """Choose the click that corrects the worst error of ``mask``.

    Parameters
    ----------
    truth, mask : (H, W) bool
        The object as it is, and as it was answered.
    void : (H, W) bool, optional
        Pixels that nobody labelled: neither an error nor clicked.
    clicked : (H, W) bool, optional
        Pixels clicked before; never clicked again.
    protocol : {"ritm", "seem"}
        "ritm": the error (miss or excess) that holds the pixel farthest from the error's border,
        equal distances counting as a miss. "seem": the error with more pixels, equal numbers
        counting as excess, and none once the IoU is 0.925. Both then click that farthest pixel,
        the first in row order among equals, and take the image border for a border of the error.
    rng : numpy.random.Generator, optional
        Click a random pixel of the chosen error instead of its centre.

    Returns
    -------
    Click or None
        None exactly when no error is left outside ``void`` and ``clicked`` (or, with "seem",
        when the answer is good enough).

    Raises
    ------
    PromptError
        If the masks differ in shape or the protocol is unknown.

    Notes
    -----
    RITM: Sofiiuk et al., "Reviving iterative training with mask guidance", 2021. SEEM: Zou et
    al., "Segment everything everywhere all at once", 2023, with the approximate distance of its
    evaluation code (see :func:`seem_model.depth.deepest_by_shells`).
    """
    if protocol not in ("ritm", "seem"):
        raise PromptError(f'Unknown click protocol "{protocol}"; choose "ritm" or "seem".')
    truth, mask, void, clicked = _same_shape(truth, mask, void, clicked)
    missed, excess = truth & ~mask, mask & ~truth
    if void is not None:
        missed, excess = missed & ~void, excess & ~void
    if protocol == "ritm":
        return _farthest(missed, excess, clicked, rng)
    return _larger(missed, excess, clicked, rng, _good_enough(truth, missed, excess, void))


def _same_shape(
    truth: Mask, mask: Mask, void: Mask | None, clicked: Mask | None
) -> tuple[Mask, Mask, Mask | None, Mask | None]:
    given = {"truth": truth, "mask": mask, "void": void, "clicked": clicked}
    found = {name: np.shape(value) for name, value in given.items() if value is not None}
    if len(set(found.values())) != 1 or len(np.shape(truth)) != 2:
        shapes = ", ".join(f"{name} {shape}" for name, shape in found.items())
        raise PromptError(f"The masks must be two-dimensional and equally large: {shapes}.")
    return (
        np.asarray(truth, bool),
        np.asarray(mask, bool),
        None if void is None else np.asarray(void, bool),
        None if clicked is None else np.asarray(clicked, bool),
    )


def _farthest(
    missed: Mask, excess: Mask, clicked: Mask | None, rng: np.random.Generator | None
) -> Click | None:
    """RITM: distances see the whole error; clicked pixels are only barred from being chosen."""
    depth_missed, peak_missed = deepest(missed, clicked)
    depth_excess, peak_excess = deepest(excess, clicked)
    if peak_missed is None and peak_excess is None:
        return None
    positive = depth_missed >= depth_excess
    if rng is not None:
        region = missed if positive else excess
        return _random(region if clicked is None else region & ~clicked, positive, rng)
    row, col = (peak_missed if positive else peak_excess) or (0, 0)
    return Click(row, col, positive)


def _larger(
    missed: Mask,
    excess: Mask,
    clicked: Mask | None,
    rng: np.random.Generator | None,
    good_enough: bool,
) -> Click | None:
    """SEEM: clicked pixels leave the error before it is measured."""
    if good_enough:
        return None
    if clicked is not None:
        missed, excess = missed & ~clicked, excess & ~clicked
    positive = int(missed.sum()) > int(excess.sum())
    region = missed if positive else excess
    if rng is not None and region.any():
        return _random(region, positive, rng)
    peak = deepest_by_shells(region)
    return None if peak is None else Click(*peak, positive)


def _good_enough(truth: Mask, missed: Mask, excess: Mask, void: Mask | None) -> bool:
    known = truth if void is None else truth & ~void
    union = int(known.sum()) + int(excess.sum())
    return int(known.sum()) - int(missed.sum()) >= SEEM_GOOD_ENOUGH * union


def _random(region: Mask, positive: bool, rng: np.random.Generator) -> Click:
    pixels = np.flatnonzero(region)
    row, col = divmod(int(pixels[rng.integers(pixels.size)]), region.shape[1])
    return Click(row, col, positive)


def paint_click(shape: tuple[int, int], click: Click, *, radius: int = 1) -> Mask:
    """Footprint of a click: a disk, cut at the image border.

    Parameters
    ----------
    shape : (H, W)
        Size of the image.
    click : Click
    radius : int
        0 paints the pixel itself, 1 the 3x3 square around it, larger ones a round disk.

    Returns
    -------
    (H, W) bool

    Raises
    ------
    PromptError
        If the click is outside the image.
    """
    painted = np.zeros(shape, bool)
    paint_onto(painted, click, radius=radius)
    return painted


def paint_onto(mask: Mask, click: Click, *, radius: int = 1, value: bool = True) -> None:
    """Set the footprint of a click (see :func:`paint_click`) in ``mask`` (H, W), in place."""
    height, width = mask.shape
    if not (0 <= click.row < height and 0 <= click.col < width):
        raise PromptError(
            f"The click at row {click.row}, column {click.col} is outside the image of "
            f"{height} rows and {width} columns."
        )
    rows = np.arange(max(click.row - radius, 0), min(click.row + radius + 1, height))
    cols = np.arange(max(click.col - radius, 0), min(click.col + radius + 1, width))
    distance = (rows[:, None] - click.row) ** 2 + (cols[None, :] - click.col) ** 2
    patch = mask[rows[0] : rows[-1] + 1, cols[0] : cols[-1] + 1]
    patch[distance <= (radius + 0.5) ** 2] = value


def add_click(prompts: Prompts, click: Click, *, radius: int = 1) -> Prompts:
    """Copy of ``prompts`` with one more click painted in (see :func:`paint_click`)."""
    painted = paint_click(prompts.shape, click, radius=radius)
    if click.positive:
        return replace(prompts, positive=prompts.positive | painted)
    return replace(prompts, negative=prompts.negative | painted)

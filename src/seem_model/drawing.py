"""Shapes that people draw to point at an object, for training and evaluation.

A shape is a few marks in the way a hand makes them: a click, a box, a stroke, a closed curve, a
polygon, a rough mask. They are ours; those of the official code are in
:mod:`seem_model.official_prompts`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, get_args

import numpy as np

from seem_model.clicks import add_click, next_click
from seem_model.errors import PromptError
from seem_model.strokes import Points, filled, line, pixels
from seem_model.values import Mask, Prompts

if TYPE_CHECKING:
    from collections.abc import Callable

Shape = Literal["point", "box", "stroke", "scribble", "polygon", "circle", "mask"]
SHAPES: tuple[Shape, ...] = get_args(Shape)


def draw(shape: Shape, truth: Mask, rng: np.random.Generator) -> Prompts:
    """Mark an object with one hand-drawn shape.

    Parameters
    ----------
    shape : {"point", "box", "stroke", "scribble", "polygon", "circle", "mask"}
        "point" clicks a random pixel of the object (3x3, as every click). "box" is the bounding
        box with sides up to 5 % off, given as ``Prompts.region``. "stroke" is a smooth curve
        through a few pixels of the object, "scribble" 2 to 5 of them that may turn more often,
        "circle" a closed one round a part of it, "polygon" joins a few border points; all four are
        cut to the object. "mask" is the
        object at a coarse grid, therefore partly wrong.
    truth : (H, W) bool
        The object, at least one pixel.
    rng : numpy.random.Generator
        Source of every random choice.

    Returns
    -------
    Prompts
        With at least one pixel marked.

    Raises
    ------
    PromptError
        If the object is empty or the shape unknown.
    """
    truth = np.asarray(truth, bool)
    if shape not in SHAPES:
        raise PromptError(f'Unknown shape "{shape}"; choose one of: {", ".join(SHAPES)}.')
    rows, cols = np.flatnonzero(truth.any(1)), np.flatnonzero(truth.any(0))
    if not rows.size:
        raise PromptError("An empty object cannot be marked.")
    box = (int(rows[0]), int(cols[0]), int(rows[-1]) + 1, int(cols[-1]) + 1)
    if shape == "point":
        return _point(truth, rng)
    marks = np.zeros(truth.shape, bool)
    if shape == "box":
        row0, col0, row1, col1 = _jittered(box, truth.shape, rng)
        marks[row0:row1, col0:col1] = True
        none = np.zeros(truth.shape, bool)
        return Prompts(positive=none, negative=none, region=marks)
    window = (slice(box[0], box[2]), slice(box[1], box[3]))
    marks[window] = _DRAWN[shape](truth[window], rng)
    if not marks.any():  # a thin object can slip between the points of a line
        return _point(truth, rng)
    return Prompts(positive=marks, negative=np.zeros(truth.shape, bool))


def _point(truth: Mask, rng: np.random.Generator) -> Prompts:
    height, width = truth.shape
    nothing = Prompts.empty((height, width))
    click = next_click(truth, nothing.positive, rng=rng)
    return nothing if click is None else add_click(nothing, click)


def _jittered(
    box: tuple[int, int, int, int], shape: tuple[int, ...], rng: np.random.Generator
) -> tuple[int, int, int, int]:
    """Box (row0, col0, row1, col1) with each side moved by up to 5 % of the box's size."""
    sizes = np.array([box[2] - box[0], box[3] - box[1]] * 2)
    moved = np.rint(box + rng.uniform(-0.05, 0.05, 4) * sizes).astype(int)
    row0, col0 = (int(v) for v in np.clip(moved[:2], 0, np.array(shape) - 1))
    row1, col1 = (int(v) for v in np.clip(moved[2:], (row0 + 1, col0 + 1), shape))
    return row0, col0, row1, col1


def _stroke(truth: Mask, rng: np.random.Generator) -> Mask:
    """Join 2 to 4 random pixels by a smooth curve, 1 to 3 % of the object's size thick."""
    knots = pixels(truth, rng, int(rng.integers(2, 5)))
    thick = max(1, round(max(truth.shape) * float(rng.uniform(0.01, 0.03))))
    return line(truth.shape, _smooth(knots), thick) & truth


def _scribble(truth: Mask, rng: np.random.Generator) -> Mask:
    """Several curves that turn up to seven times, 1 to 4 % of the object's size thick."""
    marks = np.zeros_like(truth)
    for _ in range(int(rng.integers(2, 6))):
        knots = pixels(truth, rng, int(rng.integers(3, 9)))
        thick = max(1, round(max(truth.shape) * float(rng.uniform(0.01, 0.04))))
        marks |= line(truth.shape, _smooth(knots), thick)
    return marks & truth


def _circle(truth: Mask, rng: np.random.Generator) -> Mask:
    """Draw a wobbly closed curve, filled, round a random pixel."""
    centre = pixels(truth, rng, 1)
    angles = np.linspace(0, 2 * np.pi, 12, endpoint=False)
    reach = np.array(truth.shape) * rng.uniform(0.1, 0.4) * rng.uniform(0.8, 1.2, (12, 1))
    ring = centre + np.stack([np.sin(angles), np.cos(angles)], 1) * reach
    return filled(truth.shape, ring) & truth


def _polygon(truth: Mask, rng: np.random.Generator) -> Mask:
    """4 to 9 border pixels joined in order of their angle round the middle, drawn a bit inside."""
    inner = np.zeros_like(truth)
    inner[1:-1, 1:-1] = truth[:-2, 1:-1] & truth[2:, 1:-1] & truth[1:-1, :-2] & truth[1:-1, 2:]
    corners = pixels(truth & ~inner, rng, int(rng.integers(4, 10)))
    middle = corners.mean(0)
    angles = np.arctan2(*(corners - middle).T)
    corners = middle + (corners[np.argsort(angles)] - middle) * rng.uniform(0.7, 1.0)
    return filled(truth.shape, corners) & truth


def _coarse(truth: Mask, rng: np.random.Generator) -> Mask:
    """Majority of each square of a grid with a random offset, 6 to 12 squares to a side."""
    step = max(1, round(max(truth.shape) / int(rng.integers(6, 13))))
    before = rng.integers(0, step, 2)
    after = -(np.array(truth.shape) + before) % step
    padded = np.pad(truth, np.stack([before, after], 1))
    tall, wide = padded.shape[0] // step, padded.shape[1] // step
    grid = padded.reshape(tall, step, wide, step).mean((1, 3)) >= 0.5
    coarse = grid.repeat(step, 0).repeat(step, 1)
    row, col = (int(v) for v in before)
    return np.asarray(coarse[row : row + truth.shape[0], col : col + truth.shape[1]])


_DRAWN: dict[str, Callable[[Mask, np.random.Generator], Mask]] = {
    "stroke": _stroke,
    "scribble": _scribble,
    "circle": _circle,
    "polygon": _polygon,
    "mask": _coarse,
}


def _smooth(knots: Points) -> Points:
    """Catmull-Rom curve through the knots, 16 points a piece."""
    ends = np.concatenate([knots[:1], knots, knots[-1:]])
    t = np.linspace(0, 1, 16)[:, None]
    pieces = [
        0.5 * (2 * b + (c - a) * t + (2 * a - 5 * b + 4 * c - d) * t**2)
        + 0.5 * (3 * b - a - 3 * c + d) * t**3
        for a, b, c, d in zip(ends, ends[1:], ends[2:], ends[3:], strict=False)
    ]
    return np.concatenate(pieces)

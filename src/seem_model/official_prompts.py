"""First prompts of SEEM's own evaluation and training: point, circle, scribble, polygon, box.

Made after a description of the official samplers, not from their code. What the description
leaves open is ours and said in each docstring. Two habits hold for all: the centre of an object is
that of the official click simulator (see :mod:`seem_model.depth`); and an object whose marks all
miss the image or the object gets a click at the pixel they began with, where the official code
leaves it without a prompt.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, get_args

import numpy as np

from seem_model.clicks import Click, add_click, next_click
from seem_model.errors import PromptError
from seem_model.strokes import CIRCLES, SCRIBBLES, Points, closed_curve, pixels, stroke
from seem_model.values import Mask, Prompts

if TYPE_CHECKING:
    from seem_model.strokes import Brush

FirstShape = Literal["point", "circle", "scribble", "polygon", "box"]
FIRST_SHAPES: tuple[FirstShape, ...] = get_args(FirstShape)
TrainedShape = Literal["seem-point", "seem-polygon", "seem-scribble", "seem-circle"]
TRAINED_SHAPES: tuple[TrainedShape, ...] = get_args(TrainedShape)

MOST_POINTS, MOST_CORNERS, MOST_STROKES = 20, 9, 5


def first_prompt(shape: FirstShape, truth: Mask, rng: np.random.Generator) -> Prompts:
    """Mark an object as SEEM's interactive evaluation does first.

    Parameters
    ----------
    shape : {"point", "circle", "scribble", "polygon", "box"}
        "point": a 3x3 click at the object's centre. "circle": one stroke from there with one of
        the three thick brushes, cut to the object. "scribble": the same with one of the two thin
        brushes. "polygon": a closed curve through 1 to 9 random pixels, whose places in the
        *image* are taken for places in the object's *box*, so that it is a shrunk copy inside the
        box; drawn as a line and not cut to the object. "box": a 3x3 click at the centre of the
        object's box; later clicks must then correct towards :func:`clicked_truth`.
    truth : (H, W) bool
        The object, at least one pixel.
    rng : numpy.random.Generator
        Chooses brushes, strokes and pixels; unused by "point" and "box".

    Returns
    -------
    Prompts
        With at least one positive pixel.

    Raises
    ------
    PromptError
        If the object is empty or the shape unknown.
    """
    if shape not in FIRST_SHAPES:
        raise PromptError(f'Unknown shape "{shape}"; choose one of: {", ".join(FIRST_SHAPES)}.')
    centre = _centre(clicked_truth(shape, truth))
    if shape in ("point", "box"):
        return _clicked(truth, centre)
    if shape == "polygon":
        return _marked(_polygon(truth, rng, whole_image=True), centre)
    brush = _one_of(CIRCLES if shape == "circle" else SCRIBBLES, rng)
    return _marked(stroke(_size(truth), centre, brush, rng) & truth, centre)


def clicked_truth(shape: FirstShape, truth: Mask) -> Mask:
    """What the clicks after a first prompt correct towards: for "box" the filled box."""
    if shape != "box" or not truth.any():
        return truth
    box = np.zeros_like(truth)
    box[_window(truth)] = True
    return box


def training_prompt(shape: TrainedShape, truth: Mask, rng: np.random.Generator) -> Prompts:
    """Mark an object as SEEM's training does first.

    Parameters
    ----------
    shape : {"seem-point", "seem-polygon", "seem-scribble", "seem-circle"}
        "seem-point": 1 to 20 random pixels, each alone. "seem-polygon": a closed curve through 1
        to 9 random pixels, not cut to the object. "seem-scribble", "seem-circle": 1 to 5 strokes
        from random pixels with one brush of the thin or thick kind, cut to the object.
    truth : (H, W) bool
        The object, at least one pixel.
    rng : numpy.random.Generator

    Returns
    -------
    Prompts
        With at least one positive pixel.

    Raises
    ------
    PromptError
        If the object is empty or the shape unknown.
    """
    if shape not in TRAINED_SHAPES:
        raise PromptError(f'Unknown shape "{shape}"; choose one of: {", ".join(TRAINED_SHAPES)}.')
    if not truth.any():
        raise PromptError("An empty object cannot be marked.")
    if shape == "seem-polygon":
        return _marked(_polygon(truth, rng, whole_image=False), _centre(truth))
    most = MOST_POINTS if shape == "seem-point" else MOST_STROKES
    chosen = pixels(truth, rng, int(rng.integers(1, most + 1))).astype(int)
    starts = [(int(row), int(col)) for row, col in chosen]
    marks = np.zeros_like(truth)
    if shape == "seem-point":
        marks[tuple(chosen.T)] = True
        return _marked(marks, starts[0])
    brush = _one_of(CIRCLES if shape == "seem-circle" else SCRIBBLES, rng)
    for start in starts:
        marks |= stroke(_size(truth), start, brush, rng)
    return _marked(marks & truth, starts[0])


def _polygon(truth: Mask, rng: np.random.Generator, *, whole_image: bool) -> Mask:
    """Curve through random pixels; in places relative to the image, or else to the box."""
    rows, cols = _window(truth)
    box = np.array([rows.stop - rows.start, cols.stop - cols.start])
    corner = np.array([rows.start, cols.start])
    knots: Points = pixels(truth, rng, int(rng.integers(1, MOST_CORNERS + 1)))
    relative = knots / truth.shape if whole_image else (knots - corner) / box
    curve = np.clip(closed_curve(relative), 0, 1) * (box - 1) + corner
    marks = np.zeros_like(truth)
    marks[tuple(np.floor(curve).astype(int).T)] = True
    return marks


def _centre(truth: Mask) -> tuple[int, int]:
    click = next_click(truth, np.zeros(truth.shape, bool), protocol="seem")
    if click is None:
        raise PromptError("An empty object cannot be marked.")
    return click.row, click.col


def _clicked(truth: Mask, place: tuple[int, int]) -> Prompts:
    return add_click(Prompts.empty(_size(truth)), Click(*place, positive=True))


def _marked(marks: Mask, begin: tuple[int, int]) -> Prompts:
    if not marks.any():
        return _clicked(marks, begin)
    return Prompts(positive=marks, negative=np.zeros(marks.shape, bool))


def _window(truth: Mask) -> tuple[slice, slice]:
    rows, cols = np.flatnonzero(truth.any(1)), np.flatnonzero(truth.any(0))
    return slice(int(rows[0]), int(rows[-1]) + 1), slice(int(cols[0]), int(cols[-1]) + 1)


def _size(truth: Mask) -> tuple[int, int]:
    return truth.shape[0], truth.shape[1]


def _one_of(brushes: tuple[Brush, ...], rng: np.random.Generator) -> Brush:
    return brushes[int(rng.integers(len(brushes)))]

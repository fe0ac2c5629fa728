"""Small pictures of rounds: the image around the object, the answer over it, the prompts on top."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from napari_seem.marks import PAINT_NEGATIVE, PAINT_POSITIVE

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from napari_seem.document import Step

SIZE = (48, 64)
"""Rows and columns of a thumbnail."""
_NIGHT, _MASK = (38, 41, 48), np.array((0, 183, 255), np.float32)
_SIGNS = {True: (46, 204, 64), False: (255, 65, 54)}


def thumbnail(
    step: Step, shape: tuple[int, int], background: NDArray[np.uint8] | None = None
) -> NDArray[np.uint8]:
    """Picture of a round, (48, 64, 3) uint8.

    Parameters
    ----------
    step : Step
    shape : (int, int)
        (H, W) of the slice.
    background : (h, w, 3) uint8 or None
        The slice, however coarse; None: dark.
    """
    rows, cols = _samples(step, shape)
    if background is None:
        picture = np.full((*SIZE, 3), _NIGHT, np.uint8)
    else:
        y = (rows * background.shape[0] / shape[0]).astype(int)
        x = (cols * background.shape[1] / shape[1]).astype(int)
        inside = _within(y, background.shape[0])[:, None] & _within(x, background.shape[1])
        picture = np.where(
            inside[..., None],
            background[y.clip(0, background.shape[0] - 1)][:, x.clip(0, background.shape[1] - 1)],
            np.array(_NIGHT, np.uint8),
        ).astype(np.uint8)
    if step.answer is not None:
        covered = _sampled(step.answer.packed.box, step.answer.packed.crop, rows, cols) > 0
        picture[covered] = (0.45 * picture[covered] + 0.55 * _MASK).astype(np.uint8)
    return _marked(picture, step, rows, cols)


def _samples(step: Step, shape: tuple[int, int]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Rows and columns of the slice that the pixels show: the object with some room around."""
    low, high = np.zeros(2), np.array(shape, float)
    places = [step.marks.points] if len(step.marks.points) else []
    places += [outline.vertices for outline in step.marks.outlines]
    if step.answer is not None and step.answer.packed.any:
        box = step.answer.packed.box
        places.append(np.array([[box[0], box[1]], [box[2], box[3]]], float))
    if places:
        found = np.concatenate(places)
        middle = (found.min(axis=0) + found.max(axis=0)) / 2
        half = np.maximum((found.max(axis=0) - found.min(axis=0)) * 0.7, np.array(shape) / 8)
        low, high = middle - half, middle + half
    # the same scale along both sides
    scale = max((high[0] - low[0]) / SIZE[0], (high[1] - low[1]) / SIZE[1])
    middle = (low + high) / 2
    rows = middle[0] + (np.arange(SIZE[0]) - SIZE[0] / 2 + 0.5) * scale
    cols = middle[1] + (np.arange(SIZE[1]) - SIZE[1] / 2 + 0.5) * scale
    return rows, cols


def _marked(
    picture: NDArray[np.uint8], step: Step, rows: NDArray[np.float64], cols: NDArray[np.float64]
) -> NDArray[np.uint8]:
    marks = step.marks
    if marks.scribble is not None:
        paint = _sampled(marks.scribble.box, marks.scribble.crop, rows, cols)
        for value, sign in ((PAINT_POSITIVE, True), (PAINT_NEGATIVE, False)):
            picture[paint == value] = _SIGNS[sign]
    for outline in marks.outlines:
        if outline.shown:
            start, end = outline.vertices, np.roll(outline.vertices, -1, axis=0)
            dense = start + (end - start) * np.linspace(0, 1, 40)[:, None, None]
            y, x = _nearest(rows, dense[..., 0]), _nearest(cols, dense[..., 1])
            picture[y, x] = _SIGNS[outline.positive]
    places = marks.points[marks.visible]
    ys, xs = _nearest(rows, places[:, 0]).tolist(), _nearest(cols, places[:, 1]).tolist()
    for y, x, sign in zip(ys, xs, marks.signs[marks.visible].tolist(), strict=True):
        picture[max(0, y - 1) : y + 2, max(0, x - 1) : x + 2] = _SIGNS[sign]
    return picture


def _nearest(axis: NDArray[np.float64], at: NDArray[np.float64]) -> NDArray[np.intp]:
    """Positions of the values of a growing axis that are nearest."""
    return np.searchsorted((axis[1:] + axis[:-1]) / 2, at)


def _sampled(
    box: tuple[int, int, int, int], crop: NDArray[Any], rows: NDArray[np.float64],
    cols: NDArray[np.float64],
) -> NDArray[Any]:  # fmt: skip
    """Values of an array that is zero outside ``box`` at rows and columns."""
    y, x = np.floor(rows).astype(int) - box[0], np.floor(cols).astype(int) - box[1]
    out = np.zeros((len(y), len(x)), crop.dtype)
    ys, xs = np.flatnonzero(_within(y, crop.shape[0])), np.flatnonzero(_within(x, crop.shape[1]))
    out[np.ix_(ys, xs)] = crop[np.ix_(y[ys], x[xs])]
    return out


def _within(at: NDArray[np.integer], length: int) -> NDArray[np.bool_]:
    return np.asarray((at >= 0) & (at < length))

"""Marks of a brush: lines, closed curves, and the wandering strokes of SEEM's stroke sampler."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

if TYPE_CHECKING:
    from seem_model.values import Mask

Points = NDArray[np.float64]  # (N, 2) of (row, col)

SIDE = 1024  # longer side of the images that the presets below were made for


@dataclass(frozen=True, kw_only=True)
class Brush:
    """How a brush wanders; lengths in pixels of an image whose longer side is ``SIDE``.

    Parameters
    ----------
    vertices : (int, int)
        Fewest and most vertices of a stroke.
    speed : float
        Longest step from one vertex to the next.
    acceleration : (float, float)
        Largest change of a step against the one before: of its length, and of its direction in
        radians.
    width : (float, float)
        Thinnest and thickest brush.
    moved, furthest : float
        Share of the vertices that are displaced, and how far at most along each axis.
    drift : float
        How far the whole stroke is displaced at most, before ``drift_acceleration``.
    drift_acceleration : (float, float)
        Largest change of that displacement, as of ``acceleration``.
    """

    vertices: tuple[int, int]
    speed: float
    acceleration: tuple[float, float]
    width: tuple[float, float]
    moved: float
    furthest: float
    drift: float
    drift_acceleration: tuple[float, float]


OBJECT_LIKE = Brush(
    vertices=(5, 30), speed=15, acceleration=(10, 1.5), width=(20, 50), moved=0.5, furthest=10,
    drift=10, drift_acceleration=(5, 0.5),
)  # fmt: skip
OBJECT_LIKE_MIDDLE = Brush(
    vertices=(5, 15), speed=8, acceleration=(4, 1.5), width=(20, 50), moved=0.5, furthest=5,
    drift=10, drift_acceleration=(5, 0.5),
)  # fmt: skip
OBJECT_LIKE_SMALL = Brush(
    vertices=(5, 20), speed=7, acceleration=(3.5, 1.5), width=(10, 30), moved=0.5, furthest=5,
    drift=4, drift_acceleration=(3, 0.5),
)  # fmt: skip
RAND_CURVE = Brush(
    vertices=(10, 30), speed=20, acceleration=(15, 0.5), width=(3, 10), moved=0.5, furthest=3,
    drift=6, drift_acceleration=(5, 0.5),
)  # fmt: skip
RAND_CURVE_SMALL = Brush(
    vertices=(6, 22), speed=12, acceleration=(8, 0.5), width=(2.5, 5), moved=0.5, furthest=1.5,
    drift=3, drift_acceleration=(3, 0.5),
)  # fmt: skip
# Equally likely, by the official configuration.
CIRCLES = (OBJECT_LIKE, OBJECT_LIKE_MIDDLE, OBJECT_LIKE_SMALL)
SCRIBBLES = (RAND_CURVE, RAND_CURVE_SMALL)


def stroke(
    shape: tuple[int, int], start: tuple[int, int], brush: Brush, rng: np.random.Generator
) -> Mask:
    """Wander from a pixel with a brush.

    Parameters
    ----------
    shape : (H, W)
        Size of the image.
    start : (int, int)
        (row, col) of the first vertex, before it is displaced.
    brush : Brush
    rng : numpy.random.Generator

    Returns
    -------
    (H, W) bool

    Notes
    -----
    The official sampler is described as "random vertices with bounded speed and acceleration,
    then a random displacement", with the numbers of the presets. Ours: the first step has a
    uniform length up to ``speed`` and any direction, each later one changes both by uniform
    amounts up to ``acceleration`` (lengths stay within 0 and ``speed``, vertices in the image);
    ``moved`` of the vertices, then the whole stroke, are displaced; one width for the stroke,
    round joints. Lengths scale with the image, so that a mark covers the same part of a large
    and of a small one.
    """
    scale = max(shape) / SIDE
    points = _wander(shape, start, brush, scale, rng)
    displaced = rng.random(len(points)) < brush.moved
    points[displaced] += rng.uniform(-1, 1, (int(displaced.sum()), 2)) * brush.furthest * scale
    drift = (rng.uniform(0, brush.drift), rng.uniform(-np.pi, np.pi))
    points += _step(*_accelerated(drift, brush.drift_acceleration, rng)) * scale
    width = max(1, round(float(rng.uniform(*brush.width)) * scale))
    return line(shape, np.clip(points, 0, np.array(shape) - 1.0), width, joints=True)


def _wander(
    shape: tuple[int, int], start: tuple[int, int], brush: Brush, scale: float,
    rng: np.random.Generator,
) -> Points:  # fmt: skip
    place = np.array(start, float)
    points = [place]
    velocity = (float(rng.uniform(0, brush.speed)), float(rng.uniform(-np.pi, np.pi)))
    for _ in range(int(rng.integers(brush.vertices[0], brush.vertices[1] + 1)) - 1):
        place = np.clip(place + _step(*velocity) * scale, 0, np.array(shape) - 1.0)
        points.append(place)
        length, angle = _accelerated(velocity, brush.acceleration, rng)
        velocity = (min(max(length, 0.0), brush.speed), angle)
    return np.stack(points)


def _accelerated(
    velocity: tuple[float, float], most: tuple[float, float], rng: np.random.Generator
) -> tuple[float, float]:
    return (
        velocity[0] + float(rng.uniform(-most[0], most[0])),
        velocity[1] + float(rng.uniform(-most[1], most[1])),
    )


def _step(length: float, angle: float) -> Points:
    return np.array([np.sin(angle), np.cos(angle)]) * length


def closed_curve(knots: Points, *, reach: float = 0.2, edgy: float = 0.05) -> Points:
    """Closed smooth curve through points, a cubic Bézier piece between each two.

    Parameters
    ----------
    knots : (N, 2) float
        In any order: they are joined by their angle round their mean.
    reach : float
        Length of the handles, as a share of the distance to the next knot.
    edgy : float
        0 lets the curve pass a knot in the mean of the directions before and after it, large
        values in the direction before it alone.

    Returns
    -------
    (100·N, 2) float
    """
    middle = knots - knots.mean(0)
    ordered = knots[np.argsort(np.arctan2(middle[:, 0], middle[:, 1]), kind="stable")]
    following = np.roll(ordered, -1, 0)
    ahead = np.arctan2(*(following - ordered).T)
    behind = np.roll(ahead, 1)
    turn = (ahead - behind + np.pi) % (2 * np.pi) - np.pi
    angle = behind + (0.5 - np.arctan(edgy) / np.pi) * turn
    tangents = np.stack([np.sin(angle), np.cos(angle)], 1)
    handle = reach * np.linalg.norm(following - ordered, axis=1, keepdims=True)
    leave, arrive = ordered + tangents * handle, following - np.roll(tangents, -1, 0) * handle
    t = np.linspace(0, 1, 100)[:, None, None]
    pieces = (
        ordered * (1 - t) ** 3
        + leave * 3 * t * (1 - t) ** 2
        + arrive * 3 * t**2 * (1 - t)
        + following * t**3
    )
    return np.asarray(pieces.transpose(1, 0, 2).reshape(-1, 2))


def pixels(region: Mask, rng: np.random.Generator, count: int) -> Points:
    """``count`` random pixels of a region as (count, 2) (row, col); some may come twice."""
    found = np.flatnonzero(region)
    chosen = found[rng.integers(found.size, size=count)]
    return np.stack(np.divmod(chosen, region.shape[1]), 1).astype(float)


def line(shape: tuple[int, ...], points: Points, thick: int, *, joints: bool = False) -> Mask:
    """Straight lines from point to point, with round joints if asked for, as (H, W) bool."""
    canvas = Image.new("1", (shape[1], shape[0]))
    pen, half = ImageDraw.Draw(canvas), thick / 2
    places = [(float(col), float(row)) for row, col in points]
    pen.line(places, fill=1, width=thick)
    for x, y in places if joints else ():
        pen.ellipse((x - half, y - half, x + half, y + half), fill=1)
    return np.array(canvas, dtype=bool)


def filled(shape: tuple[int, ...], corners: Points) -> Mask:
    """The polygon with these corners, as (H, W) bool."""
    canvas = Image.new("1", (shape[1], shape[0]))
    ImageDraw.Draw(canvas).polygon(
        [(float(col), float(row)) for row, col in corners], fill=1, outline=1
    )
    return np.array(canvas, dtype=bool)

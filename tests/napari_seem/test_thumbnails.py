"""Small pictures of rounds show outlines and clicks where they are."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import ndimage

from napari_seem.document import Step
from napari_seem.marks import Marks, Outline
from napari_seem.thumbnails import SIZE, thumbnail

GREEN, RED = (46, 204, 64), (255, 65, 54)
SHAPE = (480, 640)


def coloured(picture: np.ndarray, colour: tuple[int, int, int]) -> np.ndarray:
    return (picture == colour).all(axis=-1)


@pytest.mark.parametrize("sides", [4, 7, 60])
def test_an_outline_is_closed_and_a_click_is_a_block_in_it(sides: int) -> None:
    turn = np.linspace(0, 2 * np.pi, sides, endpoint=False)
    vertices = np.stack([240 + 100 * np.sin(turn), 300 + 150 * np.cos(turn)], axis=1)
    outline = Outline("polygon", vertices, 2, True)
    marks = Marks(points=np.array([[240.0, 300.0]]), signs=np.array([False]), outlines=(outline,))
    picture = thumbnail(Step(marks=marks), SHAPE)
    assert picture.shape == (*SIZE, 3)
    ring, block = coloured(picture, GREEN), coloured(picture, RED)
    assert ndimage.label(ring, np.ones((3, 3)))[1] == 1
    assert ndimage.binary_fill_holes(ring)[block].all()
    assert not ring[block].any()
    rows, cols = np.nonzero(block)
    assert (np.ptp(rows), np.ptp(cols), block.sum()) == (2, 2, 9)

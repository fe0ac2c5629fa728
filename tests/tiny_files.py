"""Writes the small files that fixtures of public layouts are made of."""

import json
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

HEIGHT, WIDTH = 24, 32
SHAPE = (HEIGHT, WIDTH)
Box = tuple[int, int, int, int]  # row0, col0, row1, col1


def box(row0: int, col0: int, row1: int, col1: int) -> np.ndarray:
    mask = np.zeros(SHAPE, bool)
    mask[row0:row1, col0:col1] = True
    return mask


def painted(*boxes: tuple[int, Box], start: int = 0, dtype: Any = np.uint8) -> np.ndarray:
    """Map of values, later boxes on top."""
    values = np.full(SHAPE, start, dtype)
    for value, (row0, col0, row1, col1) in boxes:
        values[row0:row1, col0:col1] = value
    return values


def save(path: Path, pixels: np.ndarray, *, palette: bool = False) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    picture = Image.fromarray(pixels)
    if palette:
        picture = picture.convert("P") if picture.mode != "L" else picture
        indexed = Image.new("P", picture.size)
        indexed.putpalette([(37 * i) % 256 for i in range(768)])
        indexed.frombytes(pixels.astype(np.uint8).tobytes())
        picture = indexed
    picture.save(path)
    return path


def save_photo(path: Path, grey: int = 90) -> Path:
    return save(path, np.full((*SHAPE, 3), grey, np.uint8))


def save_json(path: Path, content: Any) -> Path:
    return save_text(path, json.dumps(content))


def save_text(path: Path, content: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content)
    return path


def change_json(path: Path, change: Any) -> None:
    content = json.loads(path.read_text())
    change(content)
    path.write_text(json.dumps(content))

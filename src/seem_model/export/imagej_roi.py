"""One selection of ImageJ as bytes: the ``.roi`` format, big-endian.

The layout follows the description at the top of ImageJ's own ``RoiDecoder.java``. Integer corners
are pixel corners, as everywhere in this package.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from seem_model.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from seem_model.export.outlines import Ring

_HEADER = struct.Struct(">4shBxhhhhH16xhi8xhh4xii")
_NAMES = struct.Struct(">4xiiiii16xii16x")  # the second header: position, name, properties
_VERSION = 228
_POLYGON, _RECTANGLE, _OVAL, _FREEHAND, _TRACED = 0, 1, 2, 7, 8
_NO_AREA = (1, 4)  # subtypes of a rectangle: text, picture
_SUB_PIXEL = 128
_LARGEST = 32767
_MOVE, _LINE, _CLOSE = 0, 1, 4
_STEPS = {_MOVE: 2, _LINE: 2, 2: 4, 3: 6, _CLOSE: 0}
_OVAL_CORNERS = 360


@dataclass(frozen=True, eq=False)
class Roi:
    """An area selection.

    Parameters
    ----------
    rings : tuple of (N, 2) numbers
        Corners x, y; what is inside an odd number of rings is selected.
    name : str
    position : int
        Slice of a stack, from 1 on; 0 for all.
    properties : dict of str to str
        Lines ``key: value`` that ImageJ shows and keeps.
    """

    rings: tuple[NDArray[np.generic], ...]
    name: str
    position: int
    properties: dict[str, str]


def encode(rings: Sequence[Ring], *, name: str, position: int, properties: dict[str, str]) -> bytes:
    """Bytes of a selection: one ring as a traced outline, several as a composite."""
    every = np.concatenate(rings)
    left, top = every.min(0).tolist()
    right, bottom = every.max(0).tolist()
    traced = len(rings) == 1 and len(every) < 65536 and max(right, bottom) <= _LARGEST
    if traced:
        body = (every - [left, top]).astype(">i2").tobytes(order="F")
    else:
        body = b"".join(_path(ring) for ring in rings)
    header = _HEADER.pack(
        b"Iout",
        _VERSION,
        _TRACED if traced else _RECTANGLE,
        *(min(n, _LARGEST) for n in (top, left, bottom, right)),
        len(every) if traced else 0,
        0,
        0 if traced else len(body) // 4,
        0,
        0,
        position,
        64 + len(body),
    )
    called = name.encode("utf-16-be")
    lines = "".join(f"{key}: {value}\n" for key, value in properties.items()).encode("utf-16-be")
    start = 64 + len(body) + 64
    names = _NAMES.pack(0, 0, 0, start, len(called) // 2, start + len(called), len(lines) // 2)
    return header + body + names + called + lines


def decode(content: bytes) -> Roi | None:
    """A selection from bytes; None if it is no area (a point, a line, a text).

    Ovals become polygons of 360 corners; rounded corners of rectangles and splines are ignored.

    Raises
    ------
    DataError
        If this is no selection, or it is cut off or damaged.
    """
    try:
        rings = _rings(content)
        return None if rings is None else Roi(rings, *_labels(content))
    except (struct.error, ValueError, IndexError, KeyError) as error:
        raise DataError(f"The ROI is damaged: {error}.") from error


def _path(ring: Ring) -> bytes:
    steps = np.full((len(ring), 3), _LINE, ">f4")
    steps[0, 0], steps[:, 1:] = _MOVE, ring
    return steps.tobytes() + struct.pack(">f", _CLOSE)


def _rings(content: bytes) -> tuple[NDArray[np.generic], ...] | None:
    magic, version, kind, top, left, bottom, right, count, _, size, subtype, options, _, _ = (
        _HEADER.unpack_from(content)
    )
    if magic != b"Iout":
        raise ValueError("it does not begin with Iout")
    fine = bool(options & _SUB_PIXEL) and version >= 222
    if size > 0:
        return _walked(np.frombuffer(content, ">f4", size, 64).astype(float))
    if kind in (_RECTANGLE, _OVAL) and subtype not in _NO_AREA:
        box = (left, top, right - left, bottom - top)
        x, y, width, height = struct.unpack_from(">4f", content, 18) if fine else box
        return (_oval if kind == _OVAL else _rectangle)(x, y, width, height)
    if kind not in (_POLYGON, _FREEHAND, _TRACED):
        return None
    if fine:
        return (np.frombuffer(content, ">f4", 2 * count, 64 + 4 * count).reshape(2, -1).T,)
    corners = np.frombuffer(content, ">i2", 2 * count, 64).reshape(2, -1).T
    return (corners.astype(np.int64) + np.array([left, top]),)


def _rectangle(x: float, y: float, width: float, height: float) -> tuple[NDArray[np.float64]]:
    return (np.array([(0, 0), (1, 0), (1, 1), (0, 1)]) * [width, height] + [x, y],)


def _oval(x: float, y: float, width: float, height: float) -> tuple[NDArray[np.float64]]:
    angle = np.linspace(0, 2 * np.pi, _OVAL_CORNERS, endpoint=False)
    circle = np.stack([1 + np.cos(angle), 1 + np.sin(angle)], axis=1) / 2
    return (circle * [width, height] + [x, y],)


def _walked(steps: NDArray[np.float64]) -> tuple[NDArray[np.float64], ...]:
    """Rings of a composite; curves are replaced by lines to their ends."""
    rings: list[list[NDArray[np.float64]]] = []
    at = 0
    while at < len(steps):
        kind = int(steps[at])
        ahead = at + 1 + _STEPS[kind]
        if kind == _MOVE:
            rings.append([])
        if kind != _CLOSE:
            rings[-1].append(steps[ahead - 2 : ahead])
        at = ahead
    return tuple(np.array(ring) for ring in rings if len(ring) > 2)


def _labels(content: bytes) -> tuple[str, int, dict[str, str]]:
    """Name, slice and properties."""
    *_, position, second = _HEADER.unpack_from(content)
    if second <= 0 or len(content) < second + 64:
        return "", max(position, 0), {}
    _, z, _, start, length, lines, many = _NAMES.unpack_from(content, second)
    name = _text(content, start, length)
    rows = (line.partition(":") for line in _text(content, lines, many).splitlines())
    properties = {key.strip(): value.strip() for key, _, value in rows}
    return name, max(z or position, 0), properties


def _text(content: bytes, start: int, length: int) -> str:
    return content[start : start + 2 * length].decode("utf-16-be") if start > 0 < length else ""

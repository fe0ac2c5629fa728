"""Prompts and masks as JSON values, and back; every key is described in ``docs/session.md``."""

from __future__ import annotations

import base64
import zlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_seem.marks import ExampleMark, Marks, MaskMark, Outline, Words
from seem_model.packed import Packed
from seem_model.values import Exemplar

if TYPE_CHECKING:
    from collections.abc import Mapping


Json = dict[str, Any]


@dataclass(eq=False)
class ExampleFiles:
    """Names of the pictures in ``examples/``; an example that several prompts show is kept once."""

    names: dict[int, str] = field(default_factory=dict)
    kept: dict[str, Exemplar] = field(default_factory=dict)

    def name(self, exemplar: Exemplar) -> str:
        """File of an example within the session file."""
        if id(exemplar) not in self.names:
            name = f"examples/{len(self.names) + 1:04d}.png"
            self.names[id(exemplar)], self.kept[name] = name, exemplar
        return self.names[id(exemplar)]


def packed_json(packed: Packed) -> Json:
    """A mask or paint."""
    return {
        "shape": list(packed.shape),
        "box": list(packed.box),
        "dtype": packed.dtype,
        "data": base64.b64encode(packed.data).decode("ascii"),
    }


def packed_of(value: Json, shape: tuple[int, int] | None = None) -> Packed:
    """The inverse of :func:`packed_json`.

    Raises
    ------
    ValueError
        If the numbers contradict each other, or ``shape`` (H, W).
    """
    height, width = (int(n) for n in value["shape"])
    top, left, bottom, right = (int(n) for n in value["box"])
    dtype, data = np.dtype(value["dtype"]), base64.b64decode(value["data"], validate=True)
    if shape is not None and (height, width) != shape:
        raise ValueError(f"a mask is {(height, width)}, its slice {shape}")
    if dtype.kind not in "bui":
        raise ValueError(f"pixels of a mask are {dtype}")
    if not (0 <= top <= bottom <= height and 0 <= left <= right <= width):
        raise ValueError(f"the box of a mask, {value['box']}, lies outside it")
    count = (bottom - top) * (right - left)
    size = (count + 7) // 8 if dtype.kind == "b" else count * dtype.itemsize
    unpack = zlib.decompressobj()
    try:
        found = len(unpack.decompress(data, size + 1))
    except zlib.error:
        raise ValueError("the pixels of a mask cannot be unpacked") from None
    if found != size or not unpack.eof:
        raise ValueError("a mask has fewer or more pixels than its box")
    box = (top, left, bottom, right)
    return Packed(shape=(height, width), box=box, dtype=dtype.str, data=data)


def marks_json(marks: Marks, files: ExampleFiles) -> Json:
    """All prompts of one step; kinds that are not used are left out."""
    whole = {
        "points": marks.points.tolist(),
        "signs": marks.signs.tolist(),
        "outlines": [_outline_json(o) for o in marks.outlines],
        "scribble": None if marks.scribble is None else packed_json(marks.scribble),
        "words": [
            {"text": w.text, "positive": w.positive, "shown": w.shown} for w in marks.words
        ],
        "masks": [
            {
                "mask": packed_json(m.mask), "title": m.title, "positive": m.positive,
                "shown": m.shown, "base": m.base,
            }
            for m in marks.masks
        ],
        "examples": [
            {
                "file": files.name(e.exemplar), "title": e.title, "positive": e.positive,
                "shown": e.shown,
            }
            for e in marks.examples
        ],
    }  # fmt: skip
    used = {key: value for key, value in whole.items() if value}
    return used if marks.shown is None else {**used, "shown": marks.shown.tolist()}


def marks_of(value: Json, examples: Mapping[str, Exemplar], shape: tuple[int, int]) -> Marks:
    """The inverse of :func:`marks_json`, for a slice of ``shape`` (H, W)."""
    points = np.asarray(value.get("points", []), np.float64).reshape(-1, 2)
    signs = _flags(value.get("signs", []))
    shown = _flags(value["shown"]) if "shown" in value else None
    if len(signs) != len(points) or (shown is not None and len(shown) != len(points)):
        raise ValueError("there are more or fewer signs than clicks")
    scribble = value.get("scribble")
    return Marks(
        points=points,
        signs=signs,
        shown=shown,
        outlines=tuple(_outline_of(o) for o in value.get("outlines", [])),
        scribble=None if scribble is None else packed_of(scribble, shape),
        words=tuple(
            Words(str(w["text"]), bool(w["positive"]), bool(w["shown"]))
            for w in value.get("words", [])
        ),
        masks=tuple(
            MaskMark(
                packed_of(m["mask"], shape), str(m["title"]), positive=bool(m["positive"]),
                shown=bool(m["shown"]), base=bool(m["base"]),
            )
            for m in value.get("masks", [])
        ),
        examples=tuple(
            ExampleMark(
                examples[e["file"]], str(e["title"]), positive=bool(e["positive"]),
                shown=bool(e["shown"]),
            )
            for e in value.get("examples", [])
        ),
    )  # fmt: skip


def _flags(values: list[bool]) -> np.ndarray[Any, np.dtype[np.bool_]]:
    return np.asarray(values, np.bool_).reshape(-1)


def _outline_json(outline: Outline) -> Json:
    return {
        "kind": outline.kind,
        "vertices": outline.vertices.tolist(),
        "width": float(outline.width),
        "positive": outline.positive,
        "shown": outline.shown,
    }


def _outline_of(value: Json) -> Outline:
    vertices = np.asarray(value["vertices"], np.float64).reshape(-1, 2)
    if not len(vertices):
        raise ValueError("a shape has no corners")
    return Outline(
        str(value["kind"]), vertices, float(value["width"]),
        positive=bool(value["positive"]), shown=bool(value["shown"]),
    )  # fmt: skip

"""Prompts and masks as Python expressions."""

from __future__ import annotations

import base64
import io
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image as PILImage

from seem_model.data.rle import compress, run_lengths

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from napari_seem.marks import ExampleMark, Marks, Outline
    from seem_model.packed import Packed

WIDTH = 88
"""Characters of a line of data."""


def marks_text(marks: Marks) -> str:
    """The prompts that count, as an expression."""
    shown = marks.visible
    parts = []
    if shown.any():
        parts += [f"points=np.array({marks.points[shown].tolist()!r})"]
        parts += [f"signs=np.array({marks.signs[shown].tolist()!r})"]
    outlines = [_outline(o) for o in marks.outlines if o.shown]
    words = [f"Words({w.text!r}, {w.positive})" for w in marks.words if w.shown]
    masks = [
        f"MaskMark(Packed.of({mask_text(m.mask.array)}), {m.title!r}, positive={m.positive}, "
        f"base={m.base})"
        for m in marks.masks
        if m.shown
    ]
    examples = [_example(e) for e in marks.examples if e.shown]
    for name, several in (
        ("outlines", outlines), ("words", words), ("masks", masks), ("examples", examples)
    ):  # fmt: skip
        if several:
            parts.append(f"{name}=({', '.join(several)},)")
    if marks.scribble is not None:
        parts.append(f"scribble={_paint(marks.scribble)}")
    return "Marks(\n" + "".join(f"    {part},\n" for part in parts) + ")" if parts else "Marks()"


def _outline(outline: Outline) -> str:
    corners = f"np.array({outline.vertices.tolist()!r})"
    return f"Outline({outline.kind!r}, {corners}, {outline.width!r}, {outline.positive})"


def _paint(scribble: Packed) -> str:
    paint = scribble.array
    layers = [f"{value} * {mask_text(paint == value)}.astype(np.uint8)" for value in (1, 2)]
    return f"Packed.of({' + '.join(layers)})"


def mask_text(mask: NDArray[np.bool_]) -> str:
    """A (H, W) mask, by way of the program's own ``mask_of``."""
    text = compress(run_lengths(mask))
    return f"mask_of({_text(text)}, {tuple(int(n) for n in mask.shape)!r})"


def _example(mark: ExampleMark) -> str:
    alpha = np.where(mark.exemplar.mask, 255, 0).astype(np.uint8)
    buffer = io.BytesIO()
    PILImage.fromarray(np.dstack([mark.exemplar.image, alpha])).save(buffer, "PNG")
    png = _text(base64.b64encode(buffer.getvalue()).decode("ascii"))
    return f"ExampleMark(example_of({png}), {mark.title!r}, positive={mark.positive})"


def _text(text: str) -> str:
    """A long text as a literal in lines."""
    if len(text) <= WIDTH:
        return repr(text)
    pieces = [text[k : k + WIDTH] for k in range(0, len(text), WIDTH)]
    return "(\n" + "\n".join(f"        {piece!r}" for piece in pieces) + "\n    )"

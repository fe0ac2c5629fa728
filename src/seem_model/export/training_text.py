"""Objects for training elsewhere: YOLO segmentation text and Pascal VOC boxes. Export only."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING
from xml.etree import ElementTree

import numpy as np
from scipy import ndimage

from seem_model.data.files import read_text
from seem_model.export.json_files import write_text
from seem_model.export.objects import pieces
from seem_model.export.outlines import trace
from seem_model.values import UNNAMED

if TYPE_CHECKING:
    from seem_model.export.objects import Objects, Piece
    from seem_model.export.outlines import Ring

CLASSES = "classes.txt"


def write_yolo(path: str | Path, objects: Objects) -> None:
    """Write one line for each object: number of its class, then x, y of its outline, 0 to 1.

    Holes are filled. Parts become one outline, joined by lines there and back, as a line of the
    file is an object. ``classes.txt`` beside the file has the names in the order of their
    numbers; what it holds already keeps its number, so that the files of a folder agree.

    Raises
    ------
    ImageError
        If this is a stack.
    DataError
        If a file cannot be written.
    """
    objects.image("YOLO")
    known = Path(path).with_name(CLASSES)
    names = read_text(known, "its numbers").splitlines() if known.is_file() else []
    names += [name for name in objects.names() if name not in names]
    size = np.array(objects.shape[::-1])
    lines = []
    for piece in pieces(objects):
        corners = (_outline(piece) / size).ravel()
        number = names.index(piece.name or UNNAMED)
        lines.append(" ".join([str(number), *(f"{value:.6g}" for value in corners)]) + "\n")
    write_text(Path(path), "".join(lines))
    write_text(known, "".join(f"{name}\n" for name in names))


def write_voc(path: str | Path, objects: Objects, *, image: str = "", channels: int = 3) -> None:
    """Write the boxes of objects as Pascal VOC has them: pixels from 1 on, both ends inside.

    Only class and box are kept; the outline is lost.

    Parameters
    ----------
    path : str or Path
    objects : Objects
    image : str
        Name of the picture's file; made from ``path`` if "".
    channels : int
        Of the picture.

    Raises
    ------
    ImageError
        If this is a stack.
    DataError
        If the file cannot be written.
    """
    objects.image("Pascal VOC")
    height, width = objects.shape
    root = ElementTree.Element("annotation")
    _add(root, filename=image or f"{Path(path).stem}.png")
    _add(ElementTree.SubElement(root, "source"), database="napari-seem")
    _add(ElementTree.SubElement(root, "size"), width=width, height=height, depth=channels)
    _add(root, segmented=0)
    for piece in pieces(objects):
        (row, col), (rows, cols) = piece.corner, piece.mask.shape
        edge = int(min(row, col) == 0 or row + rows == height or col + cols == width)
        one = ElementTree.SubElement(root, "object")
        _add(one, name=piece.name or UNNAMED, pose="Unspecified", truncated=edge, difficult=0)
        box = ElementTree.SubElement(one, "bndbox")
        _add(box, xmin=col + 1, ymin=row + 1, xmax=col + cols, ymax=row + rows)
    ElementTree.indent(root)
    write_text(Path(path), ElementTree.tostring(root, encoding="unicode") + "\n")


def _outline(piece: Piece) -> Ring:
    """Outer rings as one closed walk: along the first, then to each other one and back."""
    first, *others = (part[0] for part in trace(ndimage.binary_fill_holes(piece.mask)))
    walk = [first]
    for ring in others:
        walk += [first[:1], ring, ring[:1]]
    return np.concatenate(walk) + piece.offset


def _add(parent: ElementTree.Element, **texts: str | int) -> None:
    for name, text in texts.items():
        ElementTree.SubElement(parent, name).text = str(text)

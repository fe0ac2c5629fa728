"""One object as a Python program that makes the same mask again: a reproducible methods section."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from napari_seem import ink
from napari_seem.described import described
from napari_seem.script_marks import marks_text, mask_text
from seem_model import __version__
from seem_model.errors import PromptError

if TYPE_CHECKING:
    from napari_seem.document import Step, Thing
    from napari_seem.plane import Plane
    from napari_seem.target import Target

IMPORTS = (
    ("napari_seem.ink", ("base_of", "prompts_of")),
    ("napari_seem.marks", ("ExampleMark", "Marks", "MaskMark", "Outline", "Words")),
    ("seem_model", ("Exemplar", "load", "samples")),
    ("seem_model.data.rle", ("decode",)),
    ("seem_model.image", ("read_image", "to_rgb")),
    ("seem_model.packed", ("Packed",)),
)
"""What a program may need of ours."""

MASK_OF = '''

def mask_of(counts, shape):
    """A mask from COCO's compressed run lengths."""
    return decode({"counts": counts, "size": shape}, shape)
'''
EXAMPLE_OF = '''

def example_of(png):
    """An example: a picture whose opaque pixels are the thing."""
    pixels = np.asarray(Image.open(io.BytesIO(base64.b64decode(png))))
    return Exemplar(image=np.ascontiguousarray(pixels[..., :3]), mask=pixels[..., 3] > 127)
'''


@dataclass(frozen=True, kw_only=True)
class ImageSource:
    """Where the pixels of a slice are from, and how they are shown to the model.

    Parameters
    ----------
    name : str
        Of the layer.
    path : str
        Of a file that :func:`seem_model.image.read_image` reads; "" when there is none.
    sample : str
        Name of one of the samples; "" when it is none.
    index : tuple of int or slice
        Cuts the slice out of the file's pixels.
    shape : (int, int)
        (H, W) of the slice.
    limits : (float, float) or None
        Values shown as black and as white; None: as in the file.
    """

    name: str
    shape: tuple[int, int]
    path: str = ""
    sample: str = ""
    index: tuple[int | slice, ...] = ()
    limits: tuple[float, float] | None = None

    @classmethod
    def of(cls, target: Target, plane: Plane) -> ImageSource:
        """Source of a slice of an image layer."""
        image = target.image
        sample = image.source.sample
        low, high = (None, None) if image.rgb else image.contrast_limits
        return cls(
            name=str(image.name),
            shape=plane.shape,
            path="" if image.multiscale else str(image.source.path or ""),
            sample=str(sample[1]) if sample and sample[0] == "napari-seem" else "",
            index=plane.indexer,
            limits=None if low is None or high is None else (float(low), float(high)),
        )


def script_of(thing: Thing, source: ImageSource, model: str) -> str:
    """A program that asks the model the same, round by round, and saves the mask.

    It needs no window. At its end it compares its mask with that of the session.

    Parameters
    ----------
    thing : Thing
        All rounds on the way to the one in force become part of it; branches that were left do not.
    source : ImageSource
    model : str
        Name of the checkpoint.

    Raises
    ------
    PromptError
        If the object has no mask.
    """
    rounds = _way(thing)
    if not rounds or thing.current.answer is None:
        raise PromptError("This object has no mask yet: click on it first, then copy it.")
    answer = thing.current.answer
    lines = ["", *_image(source), "", f"model = load({model!r})"]
    lines += ["features = model.features(picture)", f"shape = {source.shape!r}", ""]
    for place, number in enumerate(rounds, 1):
        lines += _round(thing, rounds, place, number)
    lines += [
        f"mask = mask_{len(rounds)}",
        'Image.fromarray(mask).save("mask.png")',
        'print(f"{int(mask.sum())} pixels, saved as mask.png")',
        "",
        "# the mask of the session, to compare with",
        f"before = {mask_text(answer.mask)}",
        "union = int((mask | before).sum())",
        "same = int((mask & before).sum()) / union if union else 1.0",
        'print(f"intersection over union with the mask of the session: {same:.4f}")',
        "",
    ]
    body = "\n".join(lines)
    body = MASK_OF + (EXAMPLE_OF if "example_of(" in body else "") + "\n" + body
    return "\n".join([*_opening(thing, source, model), imports_of(body), ""]) + body


def imports_of(body: str) -> str:
    """Import lines for the names that a program uses."""
    lines = ["import base64", "import io", ""] if "base64." in body else []
    lines += ["import numpy as np", "from PIL import Image", ""]
    for module, names in IMPORTS:
        used = [name for name in names if re.search(rf"\b{name}\b[(.]", body)]
        if used:
            lines.append(f"from {module} import {', '.join(used)}")
    return "\n".join(lines)


def _way(thing: Thing) -> list[int]:
    """Numbers of the answered steps from the start to the one in force."""
    way, at = [], thing.at
    while at:
        step = thing.steps[at - 1]
        if step.answer is not None:
            way.append(at)
        at = step.after
    return way[::-1]


def _opening(thing: Thing, source: ImageSource, model: str) -> list[str]:
    what = f"“{thing.class_name}”" if thing.class_name else "an object"
    shown = "as in the file" if source.limits is None else f"from {source.limits[0]:g} (black) to "
    shown += "" if source.limits is None else f"{source.limits[1]:g} (white)"
    return [
        _comment(f"How {what} of {source.name} was segmented:")
        + f" napari-seem {__version__}, model {_plain(model)}.",
        f"# The image has {source.shape[0]} x {source.shape[1]} pixels, shown {shown}.",
        "# Coordinates are (row, column) in pixels of the image.",
        "",
    ]


def _image(source: ImageSource) -> list[str]:
    cut = ", ".join(":" if isinstance(k, slice) else str(k) for k in source.index)
    cut = f"[{cut}]" if any(isinstance(k, int) for k in source.index) else ""
    if source.sample:
        lines = [f"image = samples.load({source.sample!r})"]
    elif source.path:
        lines = [f"image = read_image({source.path!r}){cut}"]
    else:
        lines = [
            "# the layer was not opened from a file: save the slice as one and put its name here",
            f'image = read_image("{_file_name(source.name)}.tif")',
        ]
    return [
        *lines,
        f"if image.shape[:2] != {source.shape!r}:",
        f'    raise SystemExit(f"The image is {{image.shape}}, it was {source.shape!r}.")',
        f"picture = to_rgb(image, limits={source.limits!r})",
    ]


def _round(thing: Thing, rounds: list[int], place: int, number: int) -> list[str]:
    step = thing.steps[number - 1]
    basis = _basis(thing, rounds, place)
    lines = [_comment(f"Round {place}: {described(thing, number)}")]
    lines += [f"marks_{place} = {marks_text(step.marks)}"]
    prompts = ink.prompts_of(step.marks, step.answer.packed.shape) if step.answer else None
    if prompts is None or prompts.is_empty:
        return [*lines, f"mask_{place} = base_of(marks_{place})  # taken as it is", ""]
    memory = "None"
    if basis:
        memory = f"round_{basis}.memory"
    elif ink.base_of(step.marks) is not None:
        memory = f"model.memory_of(features, base_of(marks_{place}))"
    return [
        *lines,
        f"round_{place} = model.step(features, prompts_of(marks_{place}, shape), {memory})",
        f"mask_{place} = round_{place}.mask",
        "",
    ]


def _basis(thing: Thing, rounds: list[int], place: int) -> int:
    """Which round is refined: the newest before, whose prompts are all still there; 0 for none."""
    marks = thing.steps[rounds[place - 1] - 1].marks
    for before in range(place - 1, 0, -1):
        step = thing.steps[rounds[before - 1] - 1]
        if _is_of_model(step) and marks.contains(step.marks):
            return before
    return 0


def _is_of_model(step: Step) -> bool:
    return step.answer is not None and not math.isnan(step.answer.score)


def _comment(words: str) -> str:
    return f"# {_plain(words)}"


def _plain(words: str) -> str:
    # a name that somebody chose must not end the line, and with it the comment
    return " ".join(words.split())


def _file_name(name: str) -> str:
    return "".join(c if c.isalnum() or c in "-_." else "_" for c in name) or "image"

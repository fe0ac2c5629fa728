"""One object as a Python program that makes the same mask again: a reproducible methods section."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING

from napari_seem import ink
from napari_seem.described import described
from napari_seem.script_marks import marks_text, mask_text
from napari_seem.script_picture import ImageSource, picture_lines
from seem_model import __version__
from seem_model.errors import PromptError

if TYPE_CHECKING:
    from napari_seem.document import Step, Thing
    from seem_model.class_lists import ClassList

IMPORTS = (
    ("napari_seem.ink", ("base_of", "prompts_of")),
    ("napari_seem.layer_pixels", ("layer_pixels",)),
    ("napari_seem.marks", ("ExampleMark", "Marks", "MaskMark", "Outline", "Words")),
    ("seem_model", ("Exemplar", "load", "samples")),
    ("seem_model.class_lists", ("ClassEntry", "ClassList")),
    ("seem_model.composite", ("Tone", "added", "composite")),
    ("seem_model.contrast", ("percentiles",)),
    ("seem_model.data.rle", ("decode",)),
    ("seem_model.image", ("to_rgb",)),
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


def script_of(
    thing: Thing, source: ImageSource, model: str, classes: ClassList | None = None
) -> str:
    """A program that asks the model the same, round by round, and saves the mask.

    It needs no window. At its end it compares its mask with that of the session.

    Parameters
    ----------
    thing : Thing
        All rounds on the way to the one in force become part of it; branches that were left do not.
    source : ImageSource
    model : str
        Name of the checkpoint.
    classes : ClassList or None
        In use; it becomes part of the program if name or answer depend on it.

    Raises
    ------
    PromptError
        If the object has no mask.
    """
    rounds = _way(thing)
    if not rounds or thing.current.answer is None:
        raise PromptError("This object has no mask yet: click on it first, then copy it.")
    answer = thing.current.answer
    listed = _used(thing, rounds, classes)
    lines = ["", *picture_lines(source), "", *_model(model, listed)]
    lines += ["features = model.features(picture)", f"shape = {source.shape!r}", ""]
    for place, number in enumerate(rounds, 1):
        lines += _round(thing, rounds, place, number)
    lines += [
        f"mask = mask_{len(rounds)}",
        'Image.fromarray(mask).save("mask.png")',
        'print(f"{int(mask.sum())} pixels, saved as mask.png")',
        *_named(thing, rounds, listed),
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
    return [
        _comment(f"How {what} of {source.name} was segmented:")
        + f" napari-seem {__version__}, model {_plain(model)}.",
        f"# The image has {source.shape[0]} x {source.shape[1]} pixels; the model sees",
        _comment(f"{source.shown}."),
        "# Coordinates are (row, column) in pixels of the image.",
        "",
    ]


def _model(model: str, classes: ClassList | None) -> list[str]:
    if classes is None:
        return [f"model = load({model!r})"]
    entries = [
        f"        ClassEntry({e.name!r}, {e.synonyms!r}, {e.colour!r}, {e.is_thing}),"
        for e in classes.entries
    ]
    return [
        f"classes = ClassList(\n    {classes.title!r},\n    (",
        *entries,
        "    ),\n)",
        "names, things = classes.for_model()",
        f"model = load({model!r}).with_vocabulary(names, things=things)",
    ]


def _used(thing: Thing, rounds: list[int], classes: ClassList | None) -> ClassList | None:
    """The list, if the object's name came through it or an answer may have depended on it."""
    if classes is None or not classes.entries:
        return None
    answer = thing.current.answer
    named = not thing.name and answer is not None and classes.find(answer.label) is not None
    marks = [thing.steps[number - 1].marks for number in rounds]
    # what words and examples mean is weighed against all names that the model knows
    weighed = any(w.shown for m in marks for w in m.words)
    weighed |= any(e.shown for m in marks for e in m.examples)
    return classes if named or weighed else None


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


def _named(thing: Thing, rounds: list[int], classes: ClassList | None) -> list[str]:
    """The class that the model gives the object, if nobody else did."""
    if classes is None or thing.name or not _is_of_model(thing.steps[rounds[-1] - 1]):
        return []
    return [f'print(f"class: {{classes.resolve(round_{len(rounds)}.label)}}")']


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

"""A paragraph for the methods section of a paper: what was asked, of which model, how often."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from napari_seem.marks import STROKES
from seem_model import __version__

if TYPE_CHECKING:
    from collections.abc import Mapping

    from napari_seem.commit_rules import CommitRules
    from napari_seem.document import Page, Thing
    from napari_seem.marks import Marks
    from napari_seem.plane import Plane

KINDS = (
    ("click", "clicks"),
    ("box", "boxes"),
    ("drawn shape", "drawn shapes"),
    ("stroke", "strokes"),
    ("painted region", "painted regions"),
    ("phrase", "phrases"),
    ("mask", "masks"),
    ("example", "examples"),
)
REFERENCE = "SEEM (Zou et al., Segment Everything Everywhere All at Once, NeurIPS 2023)"


def methods_text(
    pages: Mapping[Plane, Page], *, image: str, model: str, rules: CommitRules, shown: str = ""
) -> str:
    """What was done to an image, in sentences.

    Parameters
    ----------
    pages : mapping of Plane to Page
    image, model : str
        Names.
    rules : CommitRules
    shown : str
        How the model sees the image, see :func:`~napari_seem.script_picture.in_words`.
    """
    things = [t for page in pages.values() for t in page.things if t.label]
    asked = [t for t in things if t.steps]
    prompts: Counter[str] = Counter()
    for thing in asked:
        prompts.update(kinds(thing.current.marks))
    rounds = sum(_rounds(thing) for thing in asked)
    slices = sum(any(t.label for t in page.things) for page in pages.values())
    where = f" on {slices} slices" if slices > 1 else ""
    told = [_many(prompts[one], one, several) for one, several in KINDS if prompts[one]]
    text = (
        f"{_many(len(things), 'object', 'objects')} of {image}{where} "
        f"{'was' if len(things) == 1 else 'were'} segmented with "
        f"napari-seem {__version__} (model “{model}”), an implementation of {REFERENCE}"
    )
    if told:
        text += f", from {_listed(told)} in {_many(rounds, 'round', 'rounds')}"
    text += f". The model saw {shown}" if shown else ""
    names = Counter(t.class_name for t in things if t.class_name)
    if names:
        counts = [f"{name} ({n})" for name, n in sorted(names.items())]
        text += f". Classes: {', '.join(counts)}"
    return f"{text}. {_rules(rules)}"


def kinds(marks: Marks) -> Counter[str]:
    """How many prompts of each kind count in these marks, by the first name in :data:`KINDS`."""
    found: Counter[str] = Counter(click=int(marks.visible.sum()))
    for outline in marks.outlines:
        if outline.shown:
            box = "box" if outline.kind == "rectangle" else "drawn shape"
            found["stroke" if outline.kind in STROKES else box] += 1
    found["painted region"] += marks.scribble is not None
    found["phrase"] += sum(w.shown for w in marks.words)
    found["mask"] += sum(m.shown for m in marks.masks)
    found["example"] += sum(e.shown for e in marks.examples)
    return found


def _rounds(thing: Thing) -> int:
    return sum(step.answer is not None for step in thing.steps)


def _rules(rules: CommitRules) -> str:
    also = [
        words
        for words, on in (
            ("holes were filled", rules.fill_holes),
            ("each connected part became an object", rules.split),
            (f"parts below {rules.drop_specks} px were dropped", rules.drop_specks),
            (f"objects below {rules.smallest} px were left out", rules.smallest),
            (f"outlines were smoothed with a radius of {rules.smooth:g} px", rules.smooth >= 1),
        )
        if on
    ]
    rest = f"; {_listed(also)}" if also else ""
    return f"Where masks overlapped, the rule was “{rules.overlap.value}”{rest}."


def _many(count: int, one: str, several: str) -> str:
    return f"{count} {one if count == 1 else several}"


def _listed(parts: list[str]) -> str:
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"

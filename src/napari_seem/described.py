"""Rounds in a few words: what was added, and what the model said."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_seem.entries import entries

if TYPE_CHECKING:
    from napari_seem.document import Step, Thing
    from napari_seem.entries import Entry
    from napari_seem.marks import Marks


def described(thing: Thing, number: int) -> str:
    """Round ``number`` (from 1) of an object: what was added, and the answer."""
    step = thing.steps[number - 1]
    before = thing.steps[step.after - 1].marks if step.after else None
    branch = f" (from {step.after})" if step.after != number - 1 else ""
    return f"{added(before, step.marks)}{branch}{_said(step)}"


def added(before: Marks | None, after: Marks) -> str:
    """What ``after`` has that ``before`` has not, in words."""
    old = [] if before is None else list(entries(before))
    new = entries(after)
    if not new:
        return "cleared"
    fresh = [e for e in new if not _known(e, old)]
    if not fresh:
        return "fewer prompts" if len(new) < len(old) else "the same prompts"
    if len(fresh) > 2:
        plus = sum(e.positive for e in fresh)
        parts = [f"+{plus}" if plus else "", f"−{len(fresh) - plus}" if plus < len(fresh) else ""]
        return f"{' '.join(p for p in parts if p)} prompts"
    return ", ".join(_short(e) for e in fresh)


def _known(entry: Entry, old: list[Entry]) -> bool:
    return any(
        (e.kind, e.words, e.positive, e.shown)
        == (entry.kind, entry.words, entry.positive, entry.shown)
        for e in old
    )


def _short(entry: Entry) -> str:
    words = entry.words.split(" at ")[0]
    shown = words if words.startswith("“") else words[0].lower() + words[1:]
    return f"{'+' if entry.positive else '−'} {shown}" + ("" if entry.shown else ", hidden")


def _said(step: Step) -> str:
    answer = step.answer
    if answer is None:
        return ""
    name = f"{answer.label} " if answer.label else ""
    # a mask that is no model's answer has no score
    score = "" if answer.score != answer.score else f"{answer.score:.0%}"
    return f"  →  {name}{score}" if name or score else ""

"""One line that tells what is going on, or what the next click will do."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_seem.actions import key_text
from napari_seem.target import Tool

if TYPE_CHECKING:
    from napari.layers.base import Layer

    from napari_seem.annotator import Annotator

STATES = {
    "not loaded": "not loaded",
    "converting": "converting",
    "loading": "loading…",
    "encoding": "encoding…",
    "thinking": "thinking…",
    "naming": "reading names…",
    "segmenting": "segmenting…",
    "error": "error",
    "ready": "ready",
}
NO_TOOL = "Choose a tool, or name the thing and press Enter."
_ACTS = {
    Tool.CLICK: "Click on",
    Tool.BOX: "Drag a box around",
    Tool.POLYGON: "Draw around",
    Tool.ELLIPSE: "Drag an ellipse over",
    Tool.STROKE: "Draw a line along",
    Tool.PAINT: "Paint",
}


def hint(annotator: Annotator) -> str:
    """The line for the moment."""
    if annotator.engine.state == "converting":
        return "Converting the file, which takes minutes. Marks wait until it is done or cancelled."
    if annotator.focus.plane is None:
        return annotator.focus.trouble
    if annotator.engine.problem:
        return annotator.engine.problem
    if annotator.engine.state == "loading":
        return "Loading the model; this takes a few seconds. You may already click."
    if annotator.engine.state == "encoding":
        return "Looking at the image, once. You may already click."
    if annotator.news:
        return annotator.news
    if annotator.tool is None:
        return NO_TOOL
    return _next_mark(annotator, annotator.tool)


def next_click(annotator: Annotator, active: Layer | None) -> str:
    """What the next click on the canvas does, whatever else is going on.

    Parameters
    ----------
    annotator : Annotator
    active : Layer or None
        The layer that napari gives the click to.
    """
    target = annotator.focus.target
    if target is None or annotator.focus.plane is None:
        return annotator.focus.trouble
    if annotator.tool is None:
        return NO_TOOL
    if not any(active is layer for layer in target.prompts.all):
        key = key_text(annotator, f"use_{annotator.tool.name.lower()}")
        again = f"“{annotator.tool.value}”" + (f" ({key})" if key else "")
        return f"The active layer takes the click. To mark, take {again} again."
    if annotator.answer is None or not annotator.positive:
        return _next_mark(annotator, annotator.tool)
    keys = {"toggle_sign": "what is too much", "commit": "commit"}
    words = [
        f"{key}: {deed}" for action, deed in keys.items() if (key := key_text(annotator, action))
    ]
    return ". ".join([f"{_ACTS[annotator.tool]} what is missing", *words]) + "."


def _next_mark(annotator: Annotator, tool: Tool) -> str:
    act, sign = _ACTS[tool], key_text(annotator, "toggle_sign")
    if not annotator.positive:
        back = f" ({sign}: back to what belongs)" if sign else ""
        return f"{act} what does NOT belong to the object{back}."
    if annotator.answer is None:
        return f"{act} the object you want."
    keep, other = key_text(annotator, "commit"), f"press {sign}" if sign else "switch the sign"
    return (
        f"Right? {f'Press {keep} to commit' if keep else 'Commit it'}. "
        f"Else: {act[0].lower()}{act[1:]} what is missing, or {other} and mark what is too much."
    )

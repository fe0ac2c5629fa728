"""One line that tells what is going on, or what the next click will do."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_seem.target import Tool

if TYPE_CHECKING:
    from napari_seem.annotator import Annotator

STATES = {
    "not loaded": "not loaded",
    "converting": "converting",
    "loading": "loading…",
    "encoding": "encoding…",
    "thinking": "thinking…",
    "segmenting": "segmenting…",
    "error": "error",
    "ready": "ready",
}
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
        return "Choose a tool above, or name the thing and press Enter."
    return _next_mark(annotator, annotator.tool)


def _next_mark(annotator: Annotator, tool: Tool) -> str:
    act = _ACTS[tool]
    if not annotator.positive:
        return f"{act} what does NOT belong to the object (T: back to what belongs)."
    if annotator.answer is None:
        return f"{act} the object you want."
    return (
        f"Right? Press K to commit. Else: {act[0].lower()}{act[1:]} what is missing, "
        "or press T and mark what is too much."
    )

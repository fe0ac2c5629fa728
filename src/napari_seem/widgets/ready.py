"""A small label that tells whether the slice in focus is ready for clicks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtWidgets import QLabel

from napari_seem.encoding import Readiness
from napari_seem.widgets.bond import BUSY_COLOR

if TYPE_CHECKING:
    from napari_seem.annotator import Annotator

COLORS = {
    Readiness.NONE: "#888888",
    Readiness.MISSING: "#888888",
    Readiness.ENCODING: BUSY_COLOR,
    Readiness.MEMORY: "#2ecc40",
    Readiness.DISK: "#2ecc40",
}
TIPS = {
    Readiness.NONE: "No slice of an image is on display.",
    Readiness.MISSING: (
        "Image features of this slice are not there yet: they are computed before the first answer."
    ),
    Readiness.ENCODING: "Image features of this slice are being computed. You may already click.",
    Readiness.MEMORY: "Image features of this slice are ready: clicks answer at once.",
    Readiness.DISK: (
        "Image features of this slice are ready: clicks answer at once. They are kept on disk too, "
        "so this slice need not be encoded when it is opened again."
    ),
}


class ReadyBadge(QLabel):
    """State of the slice in focus and, for a stack, how many of its slices are ready.

    Parameters
    ----------
    annotator : Annotator
        Of the viewer; call :meth:`refresh` after each of its changes.
    """

    def __init__(self, annotator: Annotator) -> None:
        super().__init__()
        self._annotator = annotator
        self.refresh()

    def refresh(self) -> None:
        """Show the state of the moment."""
        told = self._annotator.engine.encoding.ready
        text = f"<span style='color:{COLORS[told.state]}'>●</span> {told.state.value}"
        tip = TIPS[told.state]
        if told.slices > 1:
            text += f" · {told.ready}/{told.slices}"
            tip += f" {told.ready} of {told.slices} slices are ready; neighbours follow."
        if text != self.text():
            self.setText(text)
            self.setToolTip(tip)

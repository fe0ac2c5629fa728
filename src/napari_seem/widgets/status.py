"""A line in napari's status bar that tells what the next click does."""

from __future__ import annotations

import weakref
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from qtpy.QtCore import Qt
from qtpy.QtWidgets import QMainWindow, QSizePolicy
from superqt import QElidingLabel

from napari_seem.annotator import real_viewer
from napari_seem.hints import next_click

if TYPE_CHECKING:
    import napari

    from napari_seem.annotator import Annotator


class StatusLine:
    """Shows :func:`napari_seem.hints.next_click` at the right of the status bar until closed.

    Parameters
    ----------
    viewer : napari.Viewer
        Kept by weak reference.
    annotator : Annotator

    Notes
    -----
    A label of its own, because napari writes both of its texts again at each move of the mouse:
    ``viewer.status`` is the coordinates, and ``viewer.help`` is hidden as soon as there are some.
    """

    def __init__(self, viewer: napari.Viewer, annotator: Annotator) -> None:
        viewer = real_viewer(viewer)
        self._viewer: weakref.ref[Any] = weakref.ref(viewer)
        self._annotator = annotator
        self.label = QElidingLabel()
        self.label.setElideMode(Qt.TextElideMode.ElideRight)
        self.label.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        # half of the bar at most, whatever the text: coordinates need the other half
        self.label.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.label.setContentsMargins(6, 0, 6, 0)  # its eliding is a few pixels too generous
        self._open = True
        window = viewer.window.main_menu.window()
        bar = window.statusBar() if isinstance(window, QMainWindow) else None
        if bar is not None:
            bar.addPermanentWidget(self.label, 1)
        # with the window the label goes, and then nobody may write to it
        self.label.destroyed.connect(self._gone)
        annotator.changed.connect(self.refresh)
        viewer.layers.selection.events.active.connect(self.refresh)
        self.refresh()

    def refresh(self, event: Any = None) -> None:
        """Tell what the next click does at this moment."""
        viewer = self._viewer()
        if not self._open or viewer is None:
            return
        text = next_click(self._annotator, viewer.layers.selection.active)
        if text != self.label.text():
            self.label.setText(text)
            self.label.setToolTip(f"What the next click on the canvas does.\n{text}")

    def close(self) -> None:
        """Take the line away; once is enough, more does no harm."""
        if self._open:
            self._gone()
            with suppress(RuntimeError):  # Qt has deleted it with the window, and did not tell
                self.label.hide()
                self.label.deleteLater()

    def _gone(self) -> None:
        if not self._open:
            return
        self._open = False
        self._annotator.changed.disconnect(self.refresh)
        viewer = self._viewer()
        if viewer is not None:
            viewer.layers.selection.events.active.disconnect(self.refresh)

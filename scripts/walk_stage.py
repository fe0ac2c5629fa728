"""The app as a step of the walk sees it: image, marks, answer; and what it expects."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import real_input as hand

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


WINDOW = (1280, 800)


@dataclass(frozen=True, eq=False)
class Stage:
    """The app, opened on a sample.

    Parameters
    ----------
    viewer : napari.Viewer
    annotator : Annotator
    dock : SeemWidget
    picture : Path
        Of the step that is being done.
    """

    viewer: Any
    annotator: Any
    dock: Any
    picture: Path

    def photograph(self) -> None:
        """Save the picture of the step now, rather than at its end."""
        hand.photograph(self.viewer, self.picture)

    def click(self, place: hand.Place) -> None:
        """Click on the image and wait for the answer."""
        hand.click(self.viewer, place)
        self.answered()

    def draw(self, tool: Any, path: list[hand.Place]) -> None:
        """Take a tool by its button, draw, and wait for the answer."""
        hand.press(self.dock.prompts.tools[tool])
        hand.drag(self.viewer, path)
        self.answered()

    def key(
        self, letter: str, *, ctrl: bool = False, shift: bool = False, alt: bool = False
    ) -> None:
        """Press a key over the image."""
        hand.key(self.viewer, letter, ctrl=ctrl, shift=shift, alt=alt)
        self.answered()

    def tab(self, view: Any) -> None:
        """Bring a tab of the dock to the front by its title."""
        tabs = self.dock.tabs
        bar = tabs.tabBar()
        hand.press(bar, bar.tabRect(tabs.indexOf(view)).center())
        expect(tabs.currentWidget() is view, "the tab did not come to the front")

    def cell(self, row: int, column: int) -> None:
        """Press on one column of a row of the list of prompts."""
        entries = self.dock.tabs.entries
        item = entries.topLevelItem(row)
        place = entries.visualItemRect(item).center()
        place.setX(entries.columnViewportPosition(column) + entries.columnWidth(column) // 2)
        hand.press(entries.viewport(), place)
        self.answered()

    def dock_of(self, name: str) -> Any:
        """Open another dock of the plugin; returns its widget."""
        _, widget = self.viewer.window.add_plugin_dock_widget("napari-seem", name)
        self.front(widget)
        expect(widget.isVisible(), f"the dock “{name}” is not shown")
        return widget

    def front(self, widget: Any) -> None:
        """Bring a dock to the front, in a window of the size that every picture has."""
        from napari_seem.widgets.docking import dock_of

        dock = dock_of(widget)
        hand.rest(10)
        if dock is not None:
            dock.raise_()
        self.viewer.window.resize(*WINDOW)
        hand.rest(10)
        self.viewer.reset_view()
        hand.rest()

    def answered(self) -> None:
        """Wait until nothing is computed any more."""
        a = self.annotator
        hand.until(lambda: a.engine.state == "ready" and not a.waiting, what="an answer", turns=5)

    @property
    def mask(self) -> NDArray[np.bool_]:
        """(H, W) bool, what the window shows as the answer."""
        import numpy as np

        target = self.annotator.focus.target
        if target.result is None:
            return np.zeros(self.annotator.focus.plane.shape, bool)
        return np.asarray(target.result.data) > 0

    @property
    def objects(self) -> NDArray[np.integer]:
        """(H, W) label of each pixel, 0 for none."""
        import numpy as np

        layer = self.annotator.focus.target.objects
        if layer is None:
            return np.zeros(self.annotator.focus.plane.shape, int)
        return np.asarray(layer.data)

    @property
    def prompts(self) -> int:
        """How many prompts the list shows."""
        return int(self.dock.tabs.entries.topLevelItemCount())


def expect(true: object, what: str) -> None:
    """End the walk if something is not as it should be."""
    if not true:
        raise SystemExit(f"walkthrough: {what}")

"""Clicks on the canvas that choose something: a proposal, or a committed object."""

from __future__ import annotations

import weakref
from typing import TYPE_CHECKING, Any

from psygnal import Signal

if TYPE_CHECKING:
    from collections.abc import Iterator

    from napari.components import ViewerModel
    from napari.layers import Labels

    from napari_seem.annotator import Annotator


class CanvasPicks:
    """Follows the active layer: on proposals a click moves the focus, on objects it picks one.

    Parameters
    ----------
    viewer : ViewerModel
        Kept by weak reference.
    annotator : Annotator
    """

    picked = Signal(int)
    """Emitted with the label that was picked in the objects layer, with napari's pick tool."""

    altered = Signal()
    """The objects layer got another table or other pixels, perhaps not through us."""

    def __init__(self, viewer: ViewerModel, annotator: Annotator) -> None:
        self._viewer = weakref.ref(viewer)
        self._annotator = annotator
        self._proposed: Labels | None = None
        self._objects: Labels | None = None
        viewer.layers.selection.events.active.connect(self.look)
        self.look()

    def close(self) -> None:
        """Leave all layers as they were."""
        viewer = self._viewer()
        if viewer is not None:
            viewer.layers.selection.events.active.disconnect(self.look)
        self._follow(None, None)

    def look(self, event: Any = None) -> None:
        """Take note of the active layer and of the layers in use."""
        viewer, target = self._viewer(), self._annotator.focus.target
        if viewer is None or target is None:
            self._follow(None, None)
            return
        active = viewer.layers.selection.active
        proposed = target.proposed if target.proposed is active else None
        self._follow(proposed, target.objects)

    def _follow(self, proposed: Labels | None, objects: Labels | None) -> None:
        if proposed is not self._proposed:
            if self._proposed is not None and self._pressed in self._proposed.mouse_drag_callbacks:
                self._proposed.mouse_drag_callbacks.remove(self._pressed)
            if proposed is not None:
                proposed.mouse_drag_callbacks.append(self._pressed)
            self._proposed = proposed
        if objects is not self._objects:
            if self._objects is not None:
                self._objects.events.selected_label.disconnect(self._selected)
                self._objects.events.features.disconnect(self._others)
                self._objects.events.data.disconnect(self._others)
            if objects is not None:
                objects.events.selected_label.connect(self._selected)
                objects.events.features.connect(self._others)
                objects.events.data.connect(self._others)
            self._objects = objects

    def _pressed(self, layer: Labels, event: Any) -> Iterator[None]:
        yield
        if event.type == "mouse_move":  # that moves the picture
            return
        plane = self._annotator.focus.plane
        if plane is not None:
            spot = layer.world_to_data(event.position)
            row, col = (float(spot[axis]) for axis in plane.axes)
            self._annotator.suggestions.pick(row, col)

    def _selected(self, event: Any) -> None:
        if self._objects is not None:
            self.picked.emit(int(self._objects.selected_label))

    def _others(self, event: Any) -> None:
        # the table of classes, or all pixels, set by a script or another plugin
        self._annotator.inventory.stale()
        self.altered.emit()

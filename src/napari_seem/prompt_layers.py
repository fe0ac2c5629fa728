"""The prompt layers of one image: made when first needed, read as marks, made to show marks."""

from __future__ import annotations

import weakref
from contextlib import contextmanager
from dataclasses import replace
from enum import Enum
from typing import TYPE_CHECKING, Any

from napari.layers import Labels, Points, Shapes

from napari_seem import layer_marks as written
from napari_seem import layers as lay
from napari_seem.marks import Marks

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from napari.components import ViewerModel
    from napari.layers.base import Layer

    from napari_seem.plane import Grid, Plane


class Tool(Enum):
    """What a drag or click on the canvas does."""

    CLICK = "Click"
    BOX = "Box"
    POLYGON = "Polygon"
    ELLIPSE = "Ellipse"
    STROKE = "Stroke"
    PAINT = "Paint"


SHAPE_MODES = {
    Tool.BOX: "add_rectangle",
    Tool.POLYGON: "add_polygon_lasso",
    Tool.ELLIPSE: "add_ellipse",
    Tool.STROKE: "add_path",
}


class PromptLayers:
    """Points, Shapes and Labels for marks.

    Layers are held by reference and never looked up by name, so renaming and reordering them does
    nothing; a deleted one is made again when needed.

    Parameters
    ----------
    viewer : ViewerModel
        Where layers are added.
    grid : Grid
        Pixels that are marked.
    on_edit : callable
        Called after every edit by the person (not by :meth:`restore`).
    """

    def __init__(self, viewer: ViewerModel, grid: Grid, *, on_edit: Callable[[], None]) -> None:
        # an annotator must not keep its viewer alive
        self._viewer = weakref.proxy(viewer)
        self._grid = grid
        self._on_edit = on_edit
        self.points: Points | None = None
        self.shapes: Shapes | None = None
        self.scribble: Labels | None = None
        self._quiet = False
        self._painted = False

    @property
    def all(self) -> list[Layer]:
        """The layers that exist."""
        return [x for x in (self.points, self.shapes, self.scribble) if x is not None]

    def use(self, tool: Tool, positive: bool) -> Layer:
        """Make the layer for ``tool`` ready for the next mark and return it."""
        layer: Layer
        if tool is Tool.CLICK:
            layer, mode = self._ensure_points(positive), "add"
        elif tool is Tool.PAINT:
            layer, mode = self._ensure_scribble(positive), "paint"
        else:
            layer, mode = self._ensure_shapes(positive), SHAPE_MODES[tool]
        self._viewer.layers.selection.active = layer
        layer.mode = mode
        return layer

    def set_sign(self, positive: bool) -> None:
        """New marks in all prompt layers get this sign."""
        with self.silence():
            for layer in self.all:
                written.set_sign(layer, positive)

    def marks(self, plane: Plane) -> Marks:
        """All marks of one slice."""
        clicks = Marks()
        if self.points is not None:
            clicks = written.read_points(self.points, self._grid, plane)
        outlines = (
            () if self.shapes is None else written.read_shapes(self.shapes, self._grid, plane)
        )
        paint = None if self.scribble is None else written.read_scribble(self.scribble, plane)
        return replace(clicks, outlines=outlines, scribble=paint)

    def restore(self, plane: Plane, marks: Marks, *, positive: bool) -> None:
        """Make the prompt layers show ``marks`` on this slice (layers deleted before come back)."""
        active = self._viewer.layers.selection.active
        with self.silence():
            if len(marks.points):
                self._ensure_points(positive)
            if marks.outlines:
                self._ensure_shapes(positive)
            if marks.scribble is not None:
                self._ensure_scribble(positive)
            if self.points is not None:
                written.write_points(self.points, self._grid, plane=plane, marks=marks)
            if self.shapes is not None:
                written.write_shapes(self.shapes, self._grid, plane=plane, outlines=marks.outlines)
            if self.scribble is not None:
                written.write_scribble(self.scribble, plane, marks.scribble)
        if active is not None and active in self._viewer.layers:
            self._viewer.layers.selection.active = active

    def lacks(self, marks: Marks) -> bool:
        """Whether a layer that these marks would be on does not exist."""
        return (
            (self.points is None and len(marks.points) > 0)
            or (self.shapes is None and len(marks.outlines) > 0)
            or (self.scribble is None and marks.scribble is not None)
        )

    def forget(self, layer: Layer) -> bool:
        """Drop the reference to a layer that left the viewer; True if it was one of these."""
        if not any(layer is x for x in self.all):
            return False
        self._listen(layer, connect=False)
        if layer is self.points:
            self.points = None
        elif layer is self.shapes:
            self.shapes = None
        else:
            self.scribble = None
        return True

    def listen(self, on: bool) -> None:
        """Start or stop to listen to edits."""
        for layer in self.all:
            self._listen(layer, connect=on)

    def _ensure_points(self, positive: bool) -> Points:
        if self.points is None:
            self.points = lay.make_points(self._grid)
            self._add(self.points, positive)
        return self.points

    def _ensure_shapes(self, positive: bool) -> Shapes:
        if self.shapes is None:
            self.shapes = lay.make_shapes(self._grid)
            self._add(self.shapes, positive)
        return self.shapes

    def _ensure_scribble(self, positive: bool) -> Labels:
        if self.scribble is None:
            self.scribble = lay.make_scribble(self._grid)
            self._add(self.scribble, positive)
        return self.scribble

    def _add(self, layer: Layer, positive: bool) -> None:
        written.set_sign(layer, positive)
        self._viewer.add_layer(layer)
        self._listen(layer, connect=True)

    def _listen(self, layer: Layer, *, connect: bool) -> None:
        pairs = [(layer.events.data, self._edited)]
        if isinstance(layer, Labels):
            pairs += [(layer.events.paint, self._edited), (layer.events.labels_update, self._drawn)]
        else:
            pairs += [(layer.events.features, self._edited)]
        for emitter, callback in pairs:
            if connect:
                emitter.connect(callback)
            else:
                emitter.disconnect(callback)

    def _edited(self, event: Any) -> None:
        # napari tells before (ADDING, ...) and after (ADDED, ...) each edit
        action = getattr(event, "action", None)
        if not self._quiet and (action is None or action.name in ("ADDED", "REMOVED", "CHANGED")):
            self._painted = event.type == "paint"
            self._on_edit()

    def _drawn(self, event: Any) -> None:
        # a fill tells of its paint before the pixels are written, a brush stroke after
        if self._painted and not self._quiet:
            self._painted = False
            self._on_edit()

    @contextmanager
    def silence(self) -> Iterator[None]:
        """Within it, edits are our own and nobody is told."""
        before, self._quiet = self._quiet, True
        try:
            yield
        finally:
            self._quiet = before

"""The image being annotated with everything that belongs to it: layers, slices, features."""

from __future__ import annotations

from collections import OrderedDict
from contextlib import contextmanager
from enum import Enum
from typing import TYPE_CHECKING, Any

from napari.layers import Image, Labels, Points, Shapes

from napari_seem import layers as lay
from napari_seem.history import SliceHistory
from napari_seem.marks import Marks
from napari_seem.plane import Grid

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from napari.components import ViewerModel
    from napari.layers.base import Layer

    from napari_seem.plane import Plane

ENCODED_SLICES = 8
"""Slices whose image features are kept in memory; going back to one costs nothing."""


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


class Target:
    """One image layer, its prompt and result layers (made when first needed) and its slices.

    Layers are held by reference and never looked up by name, so renaming and reordering them does
    nothing; a deleted one is made again when needed.

    Parameters
    ----------
    viewer : ViewerModel
        Where layers are added.
    image : Image
        The layer to annotate.
    on_edit : callable
        Called after every edit of a prompt by the person (not by :meth:`restore`).
    """

    def __init__(self, viewer: ViewerModel, image: Image, *, on_edit: Callable[[], None]) -> None:
        self._viewer = viewer
        self.image = image
        self.grid = Grid.of(image, viewer.dims)
        self.points: Points | None = None
        self.shapes: Shapes | None = None
        self.scribble: Labels | None = None
        self.result: Labels | None = None
        self.objects: Labels | None = None
        self.slices: dict[Plane, SliceHistory] = {}
        self.features: OrderedDict[Plane, Any] = OrderedDict()
        self.pixels = object()
        self._on_edit = on_edit
        self._quiet = False
        self._painted = False

    @property
    def prompt_layers(self) -> list[Layer]:
        """Prompt layers that exist."""
        return [x for x in (self.points, self.shapes, self.scribble) if x is not None]

    @property
    def layers(self) -> list[Layer]:
        """All our layers that exist."""
        own = [x for x in (self.result, self.objects) if x is not None]
        return [*self.prompt_layers, *own]

    def history(self, plane: Plane) -> SliceHistory:
        """History of one slice; empty when it was never visited."""
        return self.slices.setdefault(plane, SliceHistory())

    def keep_features(self, plane: Plane, features: Any) -> None:
        """Remember the image features of a slice, forgetting the oldest beyond the limit."""
        self.features[plane] = features
        self.features.move_to_end(plane)
        while len(self.features) > ENCODED_SLICES:
            self.features.popitem(last=False)

    def forget_pixels(self) -> None:
        """Drop all features; those still being computed are for former pixels."""
        self.features.clear()
        self.pixels = object()

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
        with self._silence():
            for layer in self.prompt_layers:
                lay.set_sign(layer, positive)

    def marks(self, plane: Plane) -> Marks:
        """All marks of one slice."""
        clicks = Marks()
        if self.points is not None:
            clicks = lay.read_points(self.points, self.grid, plane)
        outlines = () if self.shapes is None else lay.read_shapes(self.shapes, self.grid, plane)
        paint = None if self.scribble is None else lay.read_scribble(self.scribble, plane)
        return Marks(points=clicks.points, signs=clicks.signs, outlines=outlines, scribble=paint)

    def restore(self, plane: Plane, marks: Marks, *, positive: bool) -> None:
        """Make the prompt layers show ``marks`` on this slice (layers deleted before come back)."""
        active = self._viewer.layers.selection.active
        with self._silence():
            if len(marks.points):
                self._ensure_points(positive)
            if marks.outlines:
                self._ensure_shapes(positive)
            if marks.scribble is not None:
                self._ensure_scribble(positive)
            if self.points is not None:
                lay.write_points(self.points, self.grid, plane=plane, marks=marks)
            if self.shapes is not None:
                lay.write_shapes(self.shapes, self.grid, plane=plane, outlines=marks.outlines)
            if self.scribble is not None:
                lay.write_scribble(self.scribble, plane, marks.scribble)
        if active is not None and active in self._viewer.layers:
            self._viewer.layers.selection.active = active

    def ensure_result(self) -> Labels:
        """The layer of the live result."""
        if self.result is None:
            self.result = lay.make_result(self.grid)
            self._add_below(self.result)
        return self.result

    def ensure_objects(self) -> Labels:
        """The layer of committed objects."""
        if self.objects is None:
            self.objects = lay.make_objects(self.grid)
            self._add_below(self.objects)
        return self.objects

    def add_segmentation(self, name: str) -> Labels:
        """A new layer for a segmentation of the whole image."""
        layer = lay.make_objects(self.grid, name=name)
        self._add_below(layer)
        return layer

    def forget(self, layer: Layer) -> bool:
        """Drop the reference to a layer that left the viewer; True if it held prompts."""
        prompted = any(layer is p for p in self.prompt_layers)
        if layer is self.points:
            self.points = None
        elif layer is self.shapes:
            self.shapes = None
        elif layer is self.scribble:
            self.scribble = None
        elif layer is self.result:
            self.result = None
        elif layer is self.objects:
            self.objects = None
        if prompted:
            self._listen(layer, connect=False)
        return prompted

    def follow_image(self) -> None:
        """Put all our layers over the image again after its transform changed."""
        with self._silence():
            for layer in self.layers:
                self.grid.place(layer)

    def disconnect(self) -> None:
        """Stop listening to the prompt layers."""
        for layer in self.prompt_layers:
            self._listen(layer, connect=False)

    def connect(self) -> None:
        """Listen to the prompt layers again."""
        for layer in self.prompt_layers:
            self._listen(layer, connect=True)

    def _ensure_points(self, positive: bool) -> Points:
        if self.points is None:
            self.points = lay.make_points(self.grid)
            self._add_prompt(self.points, positive)
        return self.points

    def _ensure_shapes(self, positive: bool) -> Shapes:
        if self.shapes is None:
            self.shapes = lay.make_shapes(self.grid)
            self._add_prompt(self.shapes, positive)
        return self.shapes

    def _ensure_scribble(self, positive: bool) -> Labels:
        if self.scribble is None:
            self.scribble = lay.make_scribble(self.grid)
            self._add_prompt(self.scribble, positive)
        return self.scribble

    def _add_prompt(self, layer: Layer, positive: bool) -> None:
        lay.set_sign(layer, positive)
        self._viewer.add_layer(layer)
        self._listen(layer, connect=True)

    def _add_below(self, layer: Labels) -> None:
        # masks below the marks, and the tool in the person's hand stays active
        active = self._viewer.layers.selection.active
        at = [k for k, x in enumerate(self._viewer.layers) if any(x is p for p in self.layers)]
        self._viewer.layers.insert(min(at, default=len(self._viewer.layers)), layer)
        if active is not None:
            self._viewer.layers.selection.active = active

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
    def _silence(self) -> Iterator[None]:
        before, self._quiet = self._quiet, True
        try:
            yield
        finally:
            self._quiet = before

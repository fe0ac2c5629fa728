"""The image being annotated with everything that belongs to it: layers, slices, features."""

from __future__ import annotations

import weakref
from collections import OrderedDict
from typing import TYPE_CHECKING, Any

from napari_seem import layers as lay
from napari_seem.history import SliceHistory
from napari_seem.plane import Grid
from napari_seem.prompt_layers import PromptLayers, Tool

if TYPE_CHECKING:
    from collections.abc import Callable

    from napari.components import ViewerModel
    from napari.layers import Image, Labels
    from napari.layers.base import Layer

    from napari_seem.plane import Plane

__all__ = ["ENCODED_SLICES", "Target", "Tool"]
ENCODED_SLICES = 8
"""Slices whose image features are kept in memory; going back to one costs nothing."""


class Target:
    """One image layer, its prompt and result layers and its slices.

    Parameters
    ----------
    viewer : ViewerModel
        Where layers are added.
    image : Image
        The layer to annotate.
    on_edit : callable
        Called after every edit of a prompt by the person.
    """

    def __init__(self, viewer: ViewerModel, image: Image, *, on_edit: Callable[[], None]) -> None:
        # an annotator must not keep its viewer alive
        self._viewer = weakref.proxy(viewer)
        self.image = image
        self.grid = Grid.of(image, viewer.dims)
        self.prompts = PromptLayers(viewer, self.grid, on_edit=on_edit)
        self.result: Labels | None = None
        self.objects: Labels | None = None
        self.slices: dict[Plane, SliceHistory] = {}
        self.features: OrderedDict[Plane, Any] = OrderedDict()
        self.pixels = object()

    @property
    def layers(self) -> list[Layer]:
        """All our layers that exist."""
        own = [x for x in (self.result, self.objects) if x is not None]
        return [*self.prompts.all, *own]

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

    def ensure_result(self) -> Labels:
        """Layer of the live result."""
        if self.result is None:
            self.result = lay.make_result(self.grid)
            self._add_below(self.result)
        return self.result

    def ensure_objects(self) -> Labels:
        """Layer of committed objects."""
        if self.objects is None:
            self.objects = lay.make_objects(self.grid)
            self._add_below(self.objects)
        return self.objects

    def add_segmentation(self, name: str) -> Labels:
        """Add a layer for a segmentation of the whole image."""
        layer = lay.make_objects(self.grid, name=name)
        self._add_below(layer)
        return layer

    def forget(self, layer: Layer) -> bool:
        """Drop the reference to a layer that left the viewer; True if it held prompts."""
        if layer is self.result:
            self.result = None
        elif layer is self.objects:
            self.objects = None
        return self.prompts.forget(layer)

    def follow_image(self) -> None:
        """Put all our layers over the image again after its transform changed."""
        with self.prompts.silence():
            for layer in self.layers:
                self.grid.place(layer)

    def _add_below(self, layer: Labels) -> None:
        # masks below the marks, and the tool in the person's hand stays active
        active = self._viewer.layers.selection.active
        at = [k for k, x in enumerate(self._viewer.layers) if any(x is p for p in self.layers)]
        self._viewer.layers.insert(min(at, default=len(self._viewer.layers)), layer)
        if active is not None:
            self._viewer.layers.selection.active = active

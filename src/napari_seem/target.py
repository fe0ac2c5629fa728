"""The image being annotated with everything that belongs to it: layers, slices, features."""

from __future__ import annotations

import weakref
from collections import OrderedDict
from typing import TYPE_CHECKING, Any

from napari_seem import layers as lay
from napari_seem.journal import Journal
from napari_seem.ledger import Ledger
from napari_seem.plane import Grid, Plane
from napari_seem.prompt_layers import PromptLayers, Tool

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import numpy as np
    from napari.components import ViewerModel
    from napari.layers import Image, Labels
    from napari.layers.base import Layer
    from numpy.typing import NDArray

    from napari_seem.objects import Deed
    from napari_seem.proposals import Proposals

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
    on_paint : callable
        Called with this when a person has painted in the objects layer.
    """

    def __init__(
        self, viewer: ViewerModel, image: Image, *, on_edit: Callable[[], None],
        on_paint: Callable[[Target], None],
    ) -> None:  # fmt: skip
        # an annotator must not keep its viewer alive
        self._viewer = weakref.proxy(viewer)
        self.image = image
        self.grid = Grid.of(image, viewer.dims)
        self.prompts = PromptLayers(viewer, self.grid, on_edit=on_edit)
        self.result: Labels | None = None
        self.proposed: Labels | None = None
        self.offered: dict[Plane, Proposals] = {}
        """What the layer of proposals shows, slice by slice."""
        self.journal = Journal()
        self._on_paint = on_paint
        self.ledger = Ledger(self._painted)
        self.features: OrderedDict[Plane, Any] = OrderedDict()
        self.sketches: dict[Plane, NDArray[np.uint8]] = {}
        """Small RGB pictures of slices, for thumbnails."""
        self.pixels = object()

    @property
    def layers(self) -> list[Layer]:
        """All our layers that exist."""
        own = [x for x in (self.result, self.proposed, self.objects) if x is not None]
        return [*self.prompts.all, *own]

    def listen(self, on: bool) -> None:
        """Start or stop to listen to prompts; paint in the objects layer is always heard."""
        self.prompts.listen(on)

    @property
    def objects(self) -> Labels | None:
        """The layer of committed objects, if there is one."""
        return self.ledger.layer

    def keep_features(self, plane: Plane, features: Any) -> None:
        """Remember the image features of a slice, forgetting the oldest beyond the limit."""
        self.features[plane] = features
        self.features.move_to_end(plane)
        while len(self.features) > ENCODED_SLICES:
            self.features.popitem(last=False)

    def forget_pixels(self) -> None:
        """Drop all features; those still being computed are for former pixels."""
        self.features.clear()
        self.sketches.clear()
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
            layer = lay.make_objects(self.grid)
            self._add_below(layer)
            self.adopt(layer)
            return layer
        return self.objects

    def ensure_proposed(self) -> Labels:
        """Layer of what the model proposes."""
        if self.proposed is None:
            self.proposed = lay.make_proposed(self.grid)
            self.offered.clear()
            self._add_below(self.proposed)
        return self.proposed

    def adopt(self, layer: Labels | None) -> None:
        """Commit into this layer from now on; None: into a new one."""
        self.ledger.follow(layer)

    def bring_back(self, layer: Labels) -> None:
        """Take up a layer of objects again, which may have left the viewer."""
        if not any(layer is x for x in self._viewer.layers):
            self._add_below(layer)
        self.adopt(layer)

    def take_out(self, layer: Labels) -> None:
        """Remove a layer of objects from the viewer."""
        self.adopt(None)
        if any(layer is x for x in self._viewer.layers):
            self._viewer.layers.remove(layer)

    def add_segmentation(self, name: str) -> Labels:
        """Add a layer for a segmentation of the whole image."""
        layer = lay.make_objects(self.grid, name=name)
        self._add_below(layer)
        return layer

    def forget(self, layer: Layer) -> bool:
        """Drop the reference to a layer that left the viewer; True if it held prompts."""
        if layer is self.result:
            self.result = None
        elif layer is self.proposed:
            self.proposed = None
        elif layer is self.objects:
            self.adopt(None)
        return self.prompts.forget(layer)

    def follow_image(self) -> None:
        """Put all our layers over the image again after its transform changed."""
        with self.prompts.silence():
            for layer in self.layers:
                self.grid.place(layer)

    def lose(self, layer: Labels, plane: Plane | None) -> None:
        """Take note that the objects layer left the viewer; ``plane`` is on display, or none."""
        self.journal.lost(self._somewhere() if plane is None else plane, layer)

    def _painted(self, deeds: Sequence[Deed]) -> None:
        if deeds:
            planes = [d.plane for d in deeds]
            shown = self.ledger.plane
            plane = shown if shown in planes else planes[0]
            page = self.journal.page(plane)
            self.journal.wrote("paint by hand", plane, page, tuple(deeds))
        self._on_paint(self)

    def _somewhere(self) -> Plane:
        """A slice that something was done to, or else the first."""
        shape = self.grid.shape
        first = Plane((len(shape) - 2, len(shape) - 1), (0,) * len(shape), (shape[-2], shape[-1]))
        return self.journal.done[-1].plane if self.journal.done else first

    def _add_below(self, layer: Labels) -> None:
        # masks below the marks, and the tool in the person's hand stays active
        active = self._viewer.layers.selection.active
        at = [k for k, x in enumerate(self._viewer.layers) if any(x is p for p in self.layers)]
        self._viewer.layers.insert(min(at, default=len(self._viewer.layers)), layer)
        if active is not None:
            self._viewer.layers.selection.active = active

"""The image being annotated with everything that belongs to it: layers, slices, features."""

from __future__ import annotations

import weakref
from collections import OrderedDict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from napari_seem import layers as lay
from napari_seem.appearance import Appearance
from napari_seem.journal import Journal
from napari_seem.ledger import Ledger
from napari_seem.picture import Sight
from napari_seem.plane import Grid, Plane
from napari_seem.prompt_layers import PromptLayers, Tool
from seem_model.values import RGB

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from napari.components import Dims, ViewerModel
    from napari.layers import Image, Labels
    from napari.layers.base import Layer

    from napari_seem.objects import Deed
    from napari_seem.proposals import Proposals

__all__ = ["ENCODED_SLICES", "Seen", "Target", "Tool"]
ENCODED_SLICES = 8
"""Slices whose image features are kept in memory; going back to one costs nothing."""


@dataclass(frozen=True, eq=False, kw_only=True)
class Seen:
    """A slice after the image encoder.

    Parameters
    ----------
    features : object
        Image features, opaque.
    thumbnail : (h, w, 3) uint8
        What the model saw, small.
    on_disk : bool
        Whether the features are kept on disk too.
    read_seconds : float
        What reading the pixels took.
    """

    features: Any
    thumbnail: RGB
    on_disk: bool = False
    read_seconds: float = 0.0


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
    appearance : Appearance or None
        How the image is shown to the model; None for what suits the layer.
    """

    def __init__(
        self, viewer: ViewerModel, image: Image, *, on_edit: Callable[[], None],
        on_paint: Callable[[Target], None], appearance: Appearance | None = None,
    ) -> None:  # fmt: skip
        # an annotator must not keep its viewer alive
        self._viewer = weakref.proxy(viewer)
        self.image = image
        self.appearance = Appearance.of(image) if appearance is None else appearance
        self.grid = Grid.of(image, viewer.dims, channel_axis=self.appearance.channel_axis)
        self._on_edit = on_edit
        self.prompts = PromptLayers(viewer, self.grid, on_edit=self._edited)
        self.result: Labels | None = None
        self.proposed: Labels | None = None
        self.offered: dict[Plane, Proposals] = {}
        """What the layer of proposals shows, slice by slice."""
        self.journal = Journal()
        self._on_paint = on_paint
        self.ledger = Ledger(self._painted, axes=self.grid.first.axes)
        self.features: OrderedDict[Sight, Seen] = OrderedDict()
        self.on_disk: set[Sight] = set()
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

    @property
    def is_untouched(self) -> bool:
        """Whether nothing was marked and nothing committed."""
        return self.objects is None and not self.journal.has_work

    def fits(self, dims: Dims) -> bool:
        """Whether our layers still have the shape of the image."""
        axis = self.appearance.channel_axis
        if len(self.grid.shape) != self.image.ndim:
            return False
        now = Grid.of(self.image, dims, channel_axis=axis)
        return now.shape == self.grid.shape and bool((now.factors == self.grid.factors).all())

    def sight(self, plane: Plane) -> Sight:
        """What the model would see of a slice now."""
        return Sight.of(self.image, plane, self.appearance)

    def seen(self, plane: Plane) -> Seen | None:
        """Image features of a slice as it looks now; None if they are not in memory."""
        return self.features.get(self.sight(plane))

    def is_ready(self, plane: Plane) -> bool:
        """Whether the features of a slice as it looks now are in memory or on disk."""
        sight = self.sight(plane)
        return sight in self.features or sight in self.on_disk

    def keep_features(self, sight: Sight, seen: Seen) -> None:
        """Remember the image features of a slice, forgetting the oldest beyond the limit."""
        self.features[sight] = seen
        self.features.move_to_end(sight)
        if seen.on_disk:
            self.on_disk.add(sight)
        self.keep_newest(ENCODED_SLICES)

    def keep_newest(self, count: int) -> None:
        """Keep the features of no more than ``count`` slices in memory."""
        while len(self.features) > count:
            self.features.popitem(last=False)

    def forget_pixels(self) -> None:
        """Drop all features; those still being computed are for former pixels."""
        self.features.clear()
        self.on_disk.clear()
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

    def forget(self, layer: Layer, plane: Plane | None) -> bool:
        """Drop the reference to a layer that left the viewer; True if it held prompts.

        ``plane`` is on display, or none is; it is where the loss of objects can be undone.
        """
        if any(layer is x for x in self.appearance.layers):
            self.appearance = self.appearance.without(layer)
        if layer is self.result:
            self.result = None
        elif layer is self.proposed:
            self.proposed = None
        elif layer is self.objects:
            done = self.journal.done
            self.journal.lost(plane or (done[-1].plane if done else self.grid.first), layer)
            self.adopt(None)
        return self.prompts.forget(layer)

    def follow_image(self) -> None:
        """Put all our layers over the image again after its transform changed."""
        with self.prompts.silence():
            for layer in self.layers:
                self.grid.place(layer)

    def _painted(self, deeds: Sequence[Deed]) -> None:
        if deeds:
            planes = [d.plane for d in deeds]
            shown = self.ledger.plane
            plane = shown if shown in planes else planes[0]
            page = self.journal.page(plane)
            self.journal.wrote("paint by hand", plane, page, tuple(deeds))
        self._on_paint(self)

    def _edited(self) -> None:
        axis, points = self.grid.channel_axis, self.prompts.points
        if axis is not None and points is not None:
            # napari hides a point half a pixel away; in the middle it is seen on every channel
            points.data[:, axis] = 0
        self._on_edit()

    def _add_below(self, layer: Labels) -> None:
        # masks below the marks, and the tool in the person's hand stays active
        active = self._viewer.layers.selection.active
        at = [k for k, x in enumerate(self._viewer.layers) if any(x is p for p in self.layers)]
        self._viewer.layers.insert(min(at, default=len(self._viewer.layers)), layer)
        if active is not None:
            self._viewer.layers.selection.active = active

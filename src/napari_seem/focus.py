"""Which image and which slice of it is being annotated, whatever happens to the layer list."""

from __future__ import annotations

import weakref
from typing import TYPE_CHECKING, Any

import numpy as np
from napari.layers import Image, Labels
from psygnal import Signal

from napari_seem.plane import Grid, PlaneError
from napari_seem.target import Target

if TYPE_CHECKING:
    from napari.components import ViewerModel
    from napari.layers.base import Layer

    from napari_seem.plane import Plane

NO_IMAGE = (
    "Open an image first: File → Open Sample → SEEM, or drag a file onto this window. "
    "Then click on an object."
)
TRANSFORMS = ("scale", "translate", "rotate", "shear", "affine")


class Focus:
    """Follows a viewer: the chosen image layer, its :class:`Target` and the slice on display.

    Parameters
    ----------
    viewer : ViewerModel
        Kept by weak reference, so that this object never keeps a closed viewer alive.
    """

    edited = Signal()
    """A prompt of the slice in focus was edited."""
    leaving = Signal()
    """Another slice or image is about to be in focus."""
    moved = Signal()
    """Another slice or image is in focus, or none."""
    listed = Signal()
    """The images to choose from, or the reason why none is in focus, changed."""
    painted = Signal(object)
    """Emitted with the target in whose objects layer a person has painted."""
    pixels_changed = Signal()
    """The image in focus got other pixels; what was computed from them is worthless."""

    def __init__(self, viewer: ViewerModel) -> None:
        self._viewer = weakref.ref(viewer)
        self._targets: weakref.WeakKeyDictionary[Image, Target] = weakref.WeakKeyDictionary()
        self.target: Target | None = None
        self.plane: Plane | None = None
        self.trouble = NO_IMAGE

    @property
    def images(self) -> list[Image]:
        """Image layers to choose from."""
        viewer = self._viewer()
        return [] if viewer is None else [x for x in viewer.layers if type(x) is Image]

    @property
    def labels(self) -> list[Labels]:
        """All Labels layers of the viewer, ours too."""
        viewer = self._viewer()
        return [] if viewer is None else [x for x in viewer.layers if isinstance(x, Labels)]

    @property
    def image(self) -> Image | None:
        """The chosen image layer."""
        return None if self.target is None else self.target.image

    def connect(self) -> None:
        """Start following the viewer."""
        viewer = self._viewer()
        if viewer is None:
            return
        viewer.layers.events.inserted.connect(self._layers_changed, position="last")
        # last: napari's own views must know about the layer before ours adds or asks anything
        viewer.layers.events.removed.connect(self._removed, position="last")
        for emitter in (viewer.dims.events.current_step, viewer.dims.events.order):
            emitter.connect(self._look)
        viewer.dims.events.ndisplay.connect(self._look)
        current = self.image
        if current is not None and not any(current is x for x in self.images):
            self._let_go()
        elif self.target is not None:
            self._forget_deleted(self.target)
            self._listen(self.target, on=True)
        if self.target is None and self.images:
            self._layers_changed()
        else:
            self._move()

    def disconnect(self) -> None:
        """Stop following; :meth:`connect` resumes with everything still there."""
        self.leaving.emit()
        viewer = self._viewer()
        if viewer is not None:
            viewer.layers.events.inserted.disconnect(self._layers_changed)
            viewer.layers.events.removed.disconnect(self._removed)
            for emitter in (viewer.dims.events.current_step, viewer.dims.events.order):
                emitter.disconnect(self._look)
            viewer.dims.events.ndisplay.disconnect(self._look)
        if self.target is not None:
            self._listen(self.target, on=False)

    def choose(self, image: Image | None) -> None:
        """Annotate another image layer; the former keeps its layers and rounds."""
        if image is self.image:
            return
        self.leaving.emit()
        self._let_go()
        viewer = self._viewer()
        if image is not None and viewer is not None:
            if image not in self._targets:
                self._targets[image] = Target(
                    viewer, image, on_edit=self.edited.emit, on_paint=self.painted.emit
                )
            self.target = self._targets[image]
            self._forget_deleted(self.target)
            self._listen(self.target, on=True)
        self._move()

    def forget_features(self) -> None:
        """Drop all image features, of every image (another model needs its own)."""
        for target in list(self._targets.values()):
            target.forget_pixels()

    def _let_go(self) -> None:
        if self.target is not None:
            self._listen(self.target, on=False)
        self.target = None

    def _listen(self, target: Target, *, on: bool) -> None:
        events = target.image.events
        pairs = [(events.data, self._pixels), (events.name, self._named)]
        pairs += [(events[name], self._transformed) for name in TRANSFORMS]
        for emitter, callback in pairs:
            if on:
                emitter.connect(callback)
            else:
                emitter.disconnect(callback)
        target.listen(on)

    def _layers_changed(self, event: Any = None) -> None:
        if self.target is None and self.images:
            viewer = self._viewer()
            active = None if viewer is None else viewer.layers.selection.active
            self.choose(active if type(active) is Image else self.images[-1])
        else:
            self.listed.emit()

    def _removed(self, event: Any) -> None:
        layer = event.value
        if layer is self.image:
            self.leaving.emit()
            self._let_go()
            self._move()
            self._layers_changed()
            return
        for target in list(self._targets.values()):
            if self._forget(target, layer) and target is self.target:
                self.edited.emit()
        self.listed.emit()

    def _forget_deleted(self, target: Target) -> None:
        """Drop layers that left the viewer while nobody looked."""
        viewer = self._viewer()
        for layer in target.layers:
            if viewer is not None and not any(layer is x for x in viewer.layers):
                self._forget(target, layer)

    def _forget(self, target: Target, layer: Layer) -> bool:
        if layer is target.objects:
            target.lose(layer, self.plane if target is self.target else None)
        return target.forget(layer)

    def show(self, plane: Plane) -> None:
        """Make the viewer display a slice of the image in focus."""
        viewer = self._viewer()
        if self.target is None or viewer is None or plane == self.plane:
            return
        centre = np.append(np.asarray(plane.index, float), 1.0)
        world = (self.target.grid.matrix @ centre)[:-1]
        first = viewer.dims.ndim - len(world)
        axes = [first + a for a in plane.axes]
        viewer.dims.ndisplay = 2
        if set(viewer.dims.displayed) != set(axes):
            sliders = [a for a in viewer.dims.order if a not in axes]
            viewer.dims.order = (*sliders, *axes)
        for axis, value in enumerate(world.tolist()):
            if axis not in plane.axes:
                viewer.dims.set_point(first + axis, value)

    def _look(self, event: Any = None) -> None:
        before, trouble = self.plane, self.trouble
        plane, words = self._find()
        if plane != before:
            self.leaving.emit()
            self._move()
        elif words != trouble:
            self.trouble = words
            self.listed.emit()

    def _move(self) -> None:
        self.plane, self.trouble = self._find()
        if self.target is not None:
            self.target.ledger.look(self.plane)
        self.moved.emit()

    def _find(self) -> tuple[Plane | None, str]:
        viewer = self._viewer()
        if self.target is None or viewer is None:
            return None, NO_IMAGE
        try:
            return self.target.grid.plane(viewer.dims), ""
        except PlaneError as error:
            return None, str(error)

    def _pixels(self, event: Any) -> None:
        target, viewer = self.target, self._viewer()
        if target is None or viewer is None:
            return
        if Grid.of(target.image, viewer.dims).shape != target.grid.shape:
            # our layers have another shape now: leave them as they are and start anew
            image = target.image
            self.leaving.emit()
            self._let_go()
            del self._targets[image]
            self.choose(image)
        else:
            target.forget_pixels()
            self.pixels_changed.emit()

    def _named(self, event: Any) -> None:
        self.listed.emit()

    def _transformed(self, event: Any) -> None:
        if self.target is not None:
            self.target.follow_image()
            self._look()

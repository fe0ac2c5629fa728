"""Which image and which slice of it is being annotated, whatever happens to the layer list."""

from __future__ import annotations

import weakref
from typing import TYPE_CHECKING, Any

from napari.layers import Image, Labels
from psygnal import Signal

from napari_seem import viewing
from napari_seem.appearance import Appearance, channel_axes
from napari_seem.targets import Targets
from napari_seem.viewing import NO_IMAGE, all_layers, on_display

if TYPE_CHECKING:
    from napari.components import ViewerModel

    from napari_seem.plane import Plane
    from napari_seem.target import Target

KEPT_ELSEWHERE = 2
"""Slices of an image that is not in focus whose features stay in memory."""


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
    removing = Signal()
    """A layer is about to leave the viewer."""
    listed = Signal()
    """The images to choose from, or the reason why none is in focus, changed."""
    painted = Signal(object)
    """Emitted with the target in whose objects layer a person has painted."""
    pixels_changed = Signal()
    """The image in focus got other pixels; what was computed from them is worthless."""

    def __init__(self, viewer: ViewerModel) -> None:
        self._viewer = weakref.ref(viewer)
        self.targets = Targets(viewer, on_edit=self.edited.emit, on_paint=self.painted.emit)
        self.target: Target | None = None
        self.plane: Plane | None = None
        self.trouble = NO_IMAGE
        self._ears = (self._layers_changed, self._removing, self._removed, self._look)

    @property
    def images(self) -> list[Image]:
        """Image layers to choose from."""
        return [x for x in all_layers(self._viewer()) if type(x) is Image]

    @property
    def labels(self) -> list[Labels]:
        """All Labels layers, ours too."""
        return [x for x in all_layers(self._viewer()) if isinstance(x, Labels)]

    @property
    def image(self) -> Image | None:
        """The chosen image layer."""
        return None if self.target is None else self.target.image

    def connect(self) -> None:
        """Start following the viewer."""
        viewer = self._viewer()
        if viewer is None:
            return
        viewing.follow_viewer(viewer, *self._ears, on=True)
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
            viewing.follow_viewer(viewer, *self._ears, on=False)
        if self.target is not None:
            self._listen(self.target, on=False)

    def choose(self, image: Image | None) -> None:
        """Annotate another image layer; the former keeps its layers and rounds."""
        if image is self.image:
            return
        self.leaving.emit()
        self._let_go()
        self.target = None if image is None else self.target_of(image)
        if self.target is not None:
            self._forget_deleted(self.target)
            self._listen(self.target, on=True)
        self._move()

    def target_of(self, image: Image) -> Target | None:
        """All that belongs to an image layer, in focus or not; None without a viewer."""
        return self.targets.of(image)

    def plane_of(self, target: Target) -> Plane | None:
        """The slice of an image that is on display; None if there is none."""
        return on_display(target, self._viewer())[0]

    @property
    def channel_axes(self) -> tuple[int, ...]:
        """Axes of the image that may hold channels."""
        image, viewer = self.image, self._viewer()
        return () if image is None or viewer is None else channel_axes(image, viewer.dims)

    def show_as(self, appearance: Appearance) -> None:
        """Show the image in focus to the model in another way; its answer is computed anew.

        Another channel axis changes which pixels are one slice, so new layers are made.
        """
        target = self.target
        if target is None or appearance == target.appearance:
            return
        if appearance.channel_axis != target.appearance.channel_axis:
            self.take_up(self.targets.anew(target.image, appearance))
            return
        self.put_on(appearance)
        self.pixels_changed.emit()
        self.listed.emit()

    def put_on(self, appearance: Appearance) -> None:
        """Show the image so, with the channel axis that it has; answers stay as they are."""
        if self.target is not None:
            self._listen(self.target, on=False)
            self.target.appearance = appearance
            self._listen(self.target, on=True)

    def _let_go(self) -> None:
        if self.target is not None:
            self._listen(self.target, on=False)
            self.target.keep_newest(KEPT_ELSEWHERE)
        self.target = None

    def take_up(self, target: Target | None) -> None:
        """Annotate the image in focus by another target of it, if there is one.

        Layers of the former stay in the viewer, unless nothing was marked on them.
        """
        if target is None:
            return
        former = self.target
        self.leaving.emit()
        self._let_go()
        self.targets.keep(target)
        self.target = target
        self._forget_deleted(target)
        self._listen(target, on=True)
        self._move()
        if former is not None and former.is_untouched:
            viewing.take_out(former.layers, self._viewer())

    def _listen(self, target: Target, *, on: bool) -> None:
        viewing.follow_image(
            target, on=on, pixels=self._pixels, named=self._named, moved=self._transformed
        )
        target.listen(on)

    def _layers_changed(self, event: Any = None) -> None:
        if self.target is None and self.images:
            viewer = self._viewer()
            active = None if viewer is None else viewer.layers.selection.active
            self.choose(active if type(active) is Image else self.images[-1])
        else:
            self._look()
            self.listed.emit()

    def _removing(self, event: Any) -> None:
        self.removing.emit()

    def _named(self, event: Any) -> None:
        self.listed.emit()

    def _removed(self, event: Any) -> None:
        layer = event.value
        if layer is self.image:
            self.leaving.emit()
            self._let_go()
            self._move()
            self._layers_changed()
            return
        current = self.target
        if current is not None and any(layer is x for x in current.appearance.layers):
            self.show_as(current.appearance.without(layer))
        for target in self.targets:
            shown = self.plane if target is current else None
            if target.forget(layer, shown) and target is current:
                self.edited.emit()
        self._layers_changed()

    def _forget_deleted(self, target: Target) -> None:
        """Drop layers that left the viewer while nobody looked."""
        here, shown = all_layers(self._viewer()), self.plane if target is self.target else None
        for layer in [x for x in target.layers if not any(x is y for y in here)]:
            target.forget(layer, shown)

    def show(self, plane: Plane) -> None:
        """Make the viewer display a slice of the image in focus."""
        viewer = self._viewer()
        if self.target is not None and viewer is not None and plane != self.plane:
            viewing.show_slice(viewer.dims, self.target.grid, plane)

    def _look(self, event: Any = None) -> None:
        before, trouble = self.plane, self.trouble
        plane, words = on_display(self.target, self._viewer())
        if plane != before:
            self.leaving.emit()
            self._move()
        elif words != trouble:
            self.trouble = words
            self.listed.emit()

    def _move(self) -> None:
        self.plane, self.trouble = on_display(self.target, self._viewer())
        if self.target is not None:
            self.target.ledger.look(self.plane)
        self.moved.emit()

    def _pixels(self, event: Any) -> None:
        target, viewer = self.target, self._viewer()
        if target is None or viewer is None:
            return
        if not target.fits(viewer.dims):
            self.take_up(self.targets.anew(target.image))
        else:
            target.forget_pixels()
            self.pixels_changed.emit()

    def _transformed(self, event: Any) -> None:
        if self.target is not None:
            self.target.follow_image()
            self._look()

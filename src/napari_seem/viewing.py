"""What an image tells when it changes, and how the viewer is moved to a slice of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from napari_seem.plane import PlaneError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from napari.components import Dims, ViewerModel
    from napari.layers.base import Layer

    from napari_seem.plane import Grid, Plane
    from napari_seem.target import Target

    Told = Callable[[Any], None]

NO_IMAGE = (
    "Open an image first: File → Open Sample → SEEM, or drag a file onto this window. "
    "Then click on an object."
)
TRANSFORMS = ("scale", "translate", "rotate", "shear", "affine", "units")
LIGHT = ("contrast_limits", "gamma", "colormap")


def follow_viewer(
    viewer: ViewerModel, inserted: Told, removing: Told, removed: Told, looked: Told, *, on: bool
) -> None:
    """Start or stop to listen to the layer list and to the slice on display."""
    layers, dims = viewer.layers.events, viewer.dims.events
    views = (dims.current_step, dims.order, dims.ndisplay)
    if on:
        # last: napari's own views must know about the layer before ours adds or asks anything
        layers.inserted.connect(inserted, position="last")
        layers.removing.connect(removing)
        layers.removed.connect(removed, position="last")
        for emitter in views:
            emitter.connect(looked)
        return
    layers.inserted.disconnect(inserted)
    layers.removing.disconnect(removing)
    layers.removed.disconnect(removed)
    for emitter in views:
        emitter.disconnect(looked)


def follow_image(target: Target, pixels: Told, named: Told, moved: Told, *, on: bool) -> None:
    """Start or stop to listen to the layers that a target's picture is made of, and to ours.

    Parameters
    ----------
    target : Target
    pixels : callable
        Told of other pixels.
    named : callable
        Told of another name, or of other contrast: nothing is encoded at once, because a person
        may be dragging a slider.
    moved : callable
        Told of another place in the world.
    """
    events = target.image.events
    pairs = [(events.name, named)]
    pairs += [(events[name], moved) for name in TRANSFORMS]
    for layer in (target.image, *target.appearance.layers):
        pairs.append((layer.events.data, pixels))
        pairs += [(layer.events[name], named) for name in LIGHT]
    for emitter, callback in pairs:
        if on:
            emitter.connect(callback)
        else:
            emitter.disconnect(callback)


def all_layers(viewer: ViewerModel | None) -> list[Layer]:
    """Layers of a viewer; none when it is gone."""
    return [] if viewer is None else list(viewer.layers)


def take_out(layers: Iterable[Layer], viewer: ViewerModel | None) -> None:
    """Remove those of some layers that are in a viewer."""
    here = all_layers(viewer)
    for layer in layers:
        if viewer is not None and any(layer is x for x in here):
            viewer.layers.remove(layer)


def on_display(target: Target | None, viewer: ViewerModel | None) -> tuple[Plane | None, str]:
    """The slice of a target that a viewer shows, or None and what to do about it."""
    if target is None or viewer is None:
        return None, NO_IMAGE
    try:
        return target.grid.plane(viewer.dims), ""
    except PlaneError as error:
        return None, str(error)


def show_slice(dims: Dims, grid: Grid, plane: Plane) -> None:
    """Display a slice of a grid: its axes, and the sliders where it is; the channel stays."""
    centre = np.append(np.asarray(plane.index, float), 1.0)
    world = (grid.matrix @ centre)[:-1]
    first = dims.ndim - len(world)
    axes = [first + a for a in plane.axes]
    dims.ndisplay = 2
    if set(dims.displayed) != set(axes):
        dims.order = (*(a for a in dims.order if a not in axes), *axes)
    for axis, value in enumerate(world.tolist()):
        if axis not in (*plane.axes, grid.channel_axis):
            dims.set_point(first + axis, value)

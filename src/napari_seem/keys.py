"""Keys on the canvas and commands in the palette.

napari ignores keybindings of a manifest, so they are bound in code while the dock is open. The
letters are ones that no layer of napari uses, except T (a Shapes tool): on our own layers the
layer itself gets the binding, because a layer's keys win over the viewer's.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from napari.utils.notifications import show_info

# app-model finds the viewer by this annotation, so the name must exist when the module runs
from napari.viewer import Viewer  # noqa: TC002

from napari_seem.annotator import Annotator, annotator_for, real_viewer

if TYPE_CHECKING:
    from napari.layers.base import Layer


def _toggle(annotator: Annotator) -> None:
    annotator.set_positive(not annotator.positive)


@dataclass(frozen=True)
class Shortcut:
    """A key combination, what it does in words, and the deed."""

    key: str
    words: str
    act: Callable[[Annotator], None]
    brief: str = ""


SHORTCUTS = (
    Shortcut("T", "belongs / does not belong", _toggle, "sign"),
    Shortcut("K", "commit (keep) the object", Annotator.commit, "commit"),
    Shortcut("N", "next object, without commit", Annotator.next_object, "next"),
    Shortcut("Ctrl+Z", "undo", Annotator.undo, "undo"),
    Shortcut("Ctrl+Shift+Z", "redo", Annotator.redo, "redo"),
    Shortcut("Ctrl+Alt+Z", "undo, also while one of your own Labels is active", Annotator.undo),
    Shortcut("Ctrl+Alt+Shift+Z", "redo, likewise", Annotator.redo),
)


class Keys:
    """Binds :data:`SHORTCUTS` on a viewer and on the annotator's prompt layers.

    Parameters
    ----------
    viewer : Viewer
    annotator : Annotator
    """

    def __init__(self, viewer: Any, annotator: Annotator) -> None:
        # a widget that waits for the garbage collector must not keep a closed viewer alive
        self._viewer = weakref.ref(real_viewer(viewer))
        self._annotator = annotator
        self._before: dict[str, Any] = {}
        self._layers: list[Layer] = []
        self._closed = False
        viewer = real_viewer(viewer)
        for shortcut in SHORTCUTS:
            self._before[shortcut.key] = viewer.bind_key(shortcut.key, None)
            viewer.bind_key(shortcut.key, self._pressed(shortcut), overwrite=True)
        annotator.changed.connect(self._bind_layers)
        self._bind_layers()

    def close(self) -> None:
        """Unbind all; what was bound on the viewer before comes back."""
        if self._closed:
            return
        self._closed = True
        self._annotator.changed.disconnect(self._bind_layers)
        viewer = self._viewer()
        for shortcut in SHORTCUTS:
            if viewer is not None:
                viewer.bind_key(shortcut.key, self._before[shortcut.key], overwrite=True)
            for layer in self._layers:
                layer.bind_key(shortcut.key, None)
        self._layers.clear()

    def _bind_layers(self) -> None:
        target = self._annotator.focus.target
        for layer in [] if target is None else target.prompts.all:
            if not any(layer is x for x in self._layers):
                self._layers.append(layer)
                for shortcut in SHORTCUTS:
                    layer.bind_key(shortcut.key, self._pressed(shortcut), overwrite=True)

    def _pressed(self, shortcut: Shortcut) -> Callable[[Any], None]:
        annotator = self._annotator

        def press(_: Any) -> None:
            shortcut.act(annotator)

        return press


def _do(viewer: Viewer, act: Callable[[Annotator], None]) -> None:
    annotator = annotator_for(viewer)
    if not annotator.is_open:
        show_info("Open the SEEM dock first: Plugins → SEEM.")
        return
    act(annotator)


def toggle_sign(viewer: Viewer) -> None:
    """Switch between marks that belong to the object and marks that do not."""
    _do(viewer, _toggle)


def commit(viewer: Viewer) -> None:
    """Write the current object into the objects layer."""
    _do(viewer, Annotator.commit)


def next_object(viewer: Viewer) -> None:
    """Start the next object without committing the current one."""
    _do(viewer, Annotator.next_object)


def undo(viewer: Viewer) -> None:
    """Take back the last edit or commit."""
    _do(viewer, Annotator.undo)


def redo(viewer: Viewer) -> None:
    """Do again what was undone."""
    _do(viewer, Annotator.redo)


def reset(viewer: Viewer) -> None:
    """Clear all prompts of the current object."""
    _do(viewer, Annotator.reset)

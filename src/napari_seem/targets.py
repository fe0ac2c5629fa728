"""The targets of a viewer: one for each image layer that was ever in focus."""

from __future__ import annotations

import weakref
from typing import TYPE_CHECKING

from napari_seem.target import Target

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from napari.components import ViewerModel
    from napari.layers import Image

    from napari_seem.appearance import Appearance


class Targets:
    """Makes targets and keeps each as long as its image layer lives.

    Parameters
    ----------
    viewer : ViewerModel
        Kept by weak reference.
    on_edit, on_paint : callable
        As of :class:`~napari_seem.target.Target`.
    """

    def __init__(
        self, viewer: ViewerModel, *, on_edit: Callable[[], None],
        on_paint: Callable[[Target], None],
    ) -> None:  # fmt: skip
        self._viewer = weakref.ref(viewer)
        self._on_edit, self._on_paint = on_edit, on_paint
        self._all: weakref.WeakKeyDictionary[Image, Target] = weakref.WeakKeyDictionary()

    def __iter__(self) -> Iterator[Target]:
        """All of them."""
        return iter(list(self._all.values()))

    def of(self, image: Image) -> Target | None:
        """The target of an image layer; None without a viewer."""
        known = self._all.get(image) or self.anew(image)
        if known is not None:
            self.keep(known)
        return known

    def anew(self, image: Image, appearance: Appearance | None = None) -> Target | None:
        """Another target for an image layer, to be kept or not; None without a viewer."""
        viewer = self._viewer()
        if viewer is None:
            return None
        return Target(
            viewer, image, on_edit=self._on_edit, on_paint=self._on_paint, appearance=appearance
        )

    def keep(self, target: Target) -> None:
        """Make this the target of its image layer; the layers of the former stay as they are."""
        self._all[target.image] = target

    def forget_pixels(self) -> None:
        """Drop all image features, of every image (another model needs its own)."""
        for target in self:
            target.forget_pixels()

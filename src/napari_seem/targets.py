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
    on_edit, on_paint : callable
        As of :class:`~napari_seem.target.Target`.
    """

    def __init__(self, *, on_edit: Callable[[], None], on_paint: Callable[[Target], None]) -> None:
        self._on_edit, self._on_paint = on_edit, on_paint
        self._all: weakref.WeakKeyDictionary[Image, Target] = weakref.WeakKeyDictionary()

    def __iter__(self) -> Iterator[Target]:
        """All of them."""
        return iter(list(self._all.values()))

    def of(self, viewer: ViewerModel, image: Image) -> Target:
        """The target of an image layer."""
        return self._all.get(image) or self.anew(viewer, image)

    def anew(
        self, viewer: ViewerModel, image: Image, appearance: Appearance | None = None
    ) -> Target:
        """Another target for an image layer; the layers of the former stay as they are."""
        made = self._all[image] = Target(
            viewer, image, on_edit=self._on_edit, on_paint=self._on_paint, appearance=appearance
        )
        return made

"""Keeper of the objects layer: knows what we wrote, hence what a person painted there by hand."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from napari_seem.objects import repainted

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from napari.layers import Labels
    from numpy.typing import NDArray

    from napari_seem.objects import Deed
    from napari_seem.plane import Plane


class Ledger:
    """The objects layer of one image, as last seen.

    Parameters
    ----------
    painted : callable
        Takes the :class:`Deed` of the person, once a stroke or fill in the layer is done.
    """

    def __init__(self, painted: Callable[[Deed], None]) -> None:
        self._told = painted
        self.layer: Labels | None = None
        self._plane: Plane | None = None
        self._seen: NDArray[Any] | None = None
        self._stroke = False

    def follow(self, layer: Labels | None) -> None:
        """Keep this layer from now on; None: none."""
        if layer is not self.layer:
            self.listen(False)
            self.layer = layer
            self.listen(True)
        self.look(self._plane)

    def listen(self, on: bool) -> None:
        """Start or stop to listen to what the person paints."""
        if self.layer is None:
            return
        events = self.layer.events
        for emitter, callback in (
            (events.paint, self._edited),
            (events.labels_update, self._drawn),
        ):
            emitter.disconnect(callback)
            if on:
                emitter.connect(callback)

    def look(self, plane: Plane | None) -> None:
        """Remember how this slice of the layer is now."""
        self._plane, self._stroke = plane, False
        self._seen = None
        if plane is not None and self.layer is not None:
            self._seen = np.array(self.layer.data[plane.indexer])

    def wrote(self, deeds: Iterable[Deed]) -> None:
        """We wrote, took back or did again these deeds: not the person's painting."""
        layer, seen = self.layer, self._seen
        if layer is None or seen is None:
            return
        for deed in deeds:
            if deed.layer is layer and deed.plane == self._plane:
                top, left, bottom, right = deed.box
                now = layer.data[deed.plane.indexer][top:bottom, left:right]
                seen[top:bottom, left:right] = now

    def _edited(self, event: Any) -> None:
        # some edits tell before their pixels are written, others after
        self._stroke = True
        self._compare()

    def _drawn(self, event: Any) -> None:
        if self._stroke:
            self._compare()

    def _compare(self) -> None:
        if self.layer is None or self._plane is None or self._seen is None:
            return
        now = np.asarray(self.layer.data[self._plane.indexer])
        rows, cols = np.nonzero(now != self._seen)
        if not len(rows):
            return
        self._stroke = False
        deed = repainted(self.layer, self._plane, rows, cols, self._seen[rows, cols])
        self._seen[rows, cols] = now[rows, cols]
        if deed is not None:
            self._told(deed)

"""Sizes, shapes and intensities of the objects of a slice, measured beside the GUI thread."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
from napari.utils.notifications import show_warning
from psygnal import Signal

from napari_seem.jobs import sentence
from napari_seem.plane import read_slice
from napari_seem.worker import Job, Latest

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from napari_seem.inventory import Inventory, Item
    from napari_seem.loop import Loop
    from napari_seem.worker import Run

KNOWN = ("id", "class", "score", "area")
"""Columns of the measurements that the list of objects has by itself."""


@dataclass(frozen=True, eq=False, kw_only=True)
class Measured:
    """Measurements of the committed objects of a slice.

    Parameters
    ----------
    labels : tuple of int
    columns : dict of str to list of float
        One value for each label; see :func:`seem_model.export.measurements.measure`.
    unit : str
        Of the columns that end in ``_scaled``; "" where it is not known.
    """

    labels: tuple[int, ...]
    columns: dict[str, list[float]]
    unit: str


class Measuring:
    """Keeps the measurements of the slice in focus up to date while it is switched on.

    Parameters
    ----------
    loop : Loop
    inventory : Inventory
    run : Run
        How jobs run. They need no model, so they do not wait for its worker.
    """

    changed = Signal()

    def __init__(self, loop: Loop, inventory: Inventory, run: Run) -> None:
        self._loop = loop
        self._inventory = inventory
        self._worker = Latest(run, self._next_job)
        self.on = False
        self.result: Measured | None = None
        self._of: tuple[Item, ...] | None = None

    @property
    def busy(self) -> bool:
        """Whether something is being measured."""
        return bool(self._worker.running)

    def switch(self, on: bool) -> None:
        """Measure from now on, or not any more; a measurement under way is dropped then."""
        self.on, self._of = on, None
        if not on:
            self.result = None
        self.look()
        self.changed.emit()

    def look(self) -> None:
        """Measure anew if the objects are others than those that were measured."""
        self._worker.wake()

    def _next_job(self) -> Job | None:
        target, plane, items = self._loop.focus.target, self._loop.focus.plane, None
        if not self.on or target is None or plane is None or target.objects is None:
            return None
        items = self._inventory.items
        if items is self._of:
            return None
        self._of = items
        image, layer = target.image, target.objects
        data = image.data[target.grid.level] if image.multiscale else image.data
        steps = np.asarray(layer.scale, float)[list(plane.axes)]
        scale = tuple(float(s) for s in abs(steps)) if (abs(steps) != 1).any() else None
        work = partial(
            _measured, self._inventory.pixels().copy(), partial(read_slice, data, plane),
            scale=scale, unit=_unit(layer.units[plane.axes[1]]),
        )  # fmt: skip

        def done(result: Measured) -> None:
            if self.on and items is self._of:  # else switched off, or it changed meanwhile
                self.result = result

        return Job(
            name="measuring", work=work, done=done, failed=self._failed, told=self.changed.emit
        )

    def _failed(self, error: Exception) -> None:
        if self.on:
            self.result = None
            show_warning(sentence(error))


def _measured(
    pixels: NDArray[np.integer], read: Callable[[], NDArray[Any]], *,
    scale: tuple[float, ...] | None, unit: str,
) -> Measured:  # fmt: skip
    # on the worker: scikit-image is slow to import and to measure
    from seem_model.export.measurements import measure
    from seem_model.export.objects import Objects

    found = measure(Objects(pixels), image=read(), scale=scale)
    columns = {name: column for name, column in found.items() if name not in KNOWN}
    return Measured(labels=tuple(found["id"]), columns=columns, unit=unit)


def _unit(unit: Any) -> str:
    short = f"{unit:~P}"
    return "" if short in ("px", "pixel", "") else short

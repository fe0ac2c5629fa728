"""What is saved: taken on the GUI thread in a moment, made into a session on another."""

from __future__ import annotations

import weakref
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_seem import objects
from napari_seem.commit_rules import CommitRules
from napari_seem.document import Page
from napari_seem.identity import Subject
from napari_seem.objects import Row
from napari_seem.plane import Plane
from napari_seem.session_data import ImageIdentity, LabelStack, SessionData
from napari_seem.shown import Shown
from seem_model import __version__
from seem_model.class_lists import ClassList
from seem_model.packed import Packed

if TYPE_CHECKING:
    from napari.layers import Labels
    from numpy.typing import NDArray

    from napari_seem.target import Target

MOST_COPIED = 2**25
"""Bytes of labels that are copied at once on the GUI thread; larger stacks slice by slice."""


@dataclass(frozen=True, eq=False, kw_only=True)
class Snapshot:
    """One moment of a session.

    Parameters
    ----------
    pages, table, rules, model, shown, classes
        As of :class:`SessionData`.
    identify : callable
        Gives the :class:`ImageIdentity`; may read pixels.
    stack : callable
        Gives the :class:`LabelStack` or None; packs pixels.
    """

    pages: Mapping[Plane, Page]
    table: tuple[Row, ...]
    rules: CommitRules
    model: str
    shown: Shown | None
    classes: ClassList | None
    identify: Callable[[], ImageIdentity]
    stack: Callable[[], LabelStack | None]

    def data(self) -> SessionData:
        """The session; call it once, and not on the GUI thread."""
        return SessionData(
            image=self.identify(),
            pages=self.pages,
            labels=self.stack(),
            table=self.table,
            rules=self.rules,
            model=self.model,
            shown=self.shown,
            classes=self.classes,
            version=__version__,
            saved=datetime.now().astimezone().isoformat(timespec="seconds"),
        )


class Watched:
    """What is known of one image for saving: who it is, and its labels as packed last.

    Parameters
    ----------
    target : Target
        Kept by weak reference.
    """

    def __init__(self, target: Target) -> None:
        self._target = weakref.ref(target)
        self.identity: ImageIdentity | None = None
        self._pixels: object = None
        self._layer: weakref.ref[Labels] | None = None
        self._packed: dict[int, Packed] = {}
        self._touched: set[Plane] = set()
        self._whole = True
        self._spare: deque[NDArray[Any]] = deque(maxlen=2)

    def touch(self, plane: Plane) -> None:
        """Labels of this slice may have changed."""
        self._touched.add(plane)

    def read_anew(self) -> None:
        """What was taken last was lost: take all labels the next time."""
        self._whole = True

    def identify(self) -> Callable[[], ImageIdentity]:
        """To be called on another thread: who the image is; read anew after its pixels changed."""
        target = self._target()
        if target is None:
            raise ReferenceError("The image is gone.")
        subject, pixels = Subject.of(target.grid), target.pixels

        def look() -> ImageIdentity:
            known = self.identity
            if known is None or pixels is not self._pixels:
                known = self.identity = subject.identify()
                self._pixels = pixels
                # memory that was used before is copied into ten times faster than fresh memory
                self._spare.append(np.ones(subject.shape[-2:], np.int32))
            return known

        return look

    def take(
        self, pages: Mapping[Plane, Page], *, rules: CommitRules, model: str,
        classes: ClassList | None,
    ) -> Snapshot:  # fmt: skip
        """Copy what may change; 1 ms for labels of 2048 x 2048."""
        target = self._target()
        layer: Labels | None = None if target is None else target.objects
        return Snapshot(
            pages=dict(pages),
            table=() if layer is None else objects.table(layer),
            rules=rules,
            model=model,
            shown=None if target is None else Shown.of(target.image, target.appearance),
            classes=classes,
            identify=self.identify(),
            stack=(lambda: None) if layer is None else self._stack(layer),
        )

    def _stack(self, layer: Labels) -> Callable[[], LabelStack | None]:
        if layer is not self._seen():
            self._layer, self._whole = weakref.ref(layer), True
        name, data = str(layer.name), np.asarray(layer.data)
        flat = data.reshape(-1, *data.shape[-2:])
        numbers = self._numbers(layer)
        self._touched.clear()
        if numbers is None:
            # a slice that is painted while it is read will be read again after that change
            copies = dict(enumerate(flat if data.nbytes > MOST_COPIED else flat.copy()))
        else:
            copies = {k: self._copy(flat[k]) for k in numbers}
        own = [] if numbers is None else list(copies.values())

        def stack() -> LabelStack:
            if numbers is None:
                self._packed.clear()
            for k, pixels in copies.items():
                packed = Packed.of(pixels)
                self._packed.pop(k, None)
                if packed.any:
                    self._packed[k] = packed
            self._spare.extend(own)
            shape = tuple(int(n) for n in data.shape)
            return LabelStack(
                name=name, shape=shape, dtype=data.dtype.name, slices=dict(self._packed)
            )

        return stack

    def _seen(self) -> Labels | None:
        return None if self._layer is None else self._layer()

    def _numbers(self, layer: Labels) -> list[int] | None:
        """Slices along the last two axes that may have changed; None: all."""
        leading = layer.data.shape[:-2]
        last = (layer.ndim - 2, layer.ndim - 1)
        whole = self._whole or layer.n_edit_dimensions > 2
        self._whole = False
        if not leading:
            return [0]
        if whole or any(plane.axes != last for plane in self._touched):
            return None
        return sorted(
            {int(np.ravel_multi_index(plane.index[:-2], leading)) for plane in self._touched}
        )

    def _copy(self, pixels: NDArray[Any]) -> NDArray[Any]:
        # the other thread only appends, this one only takes away
        buffer = self._spare.popleft() if self._spare else None
        if buffer is None or (buffer.shape, buffer.dtype) != (pixels.shape, pixels.dtype):
            return pixels.copy()
        np.copyto(buffer, pixels)
        return buffer

"""Keeper of the objects layer: turns what a person paints there by hand into deeds."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_seem.objects import Deed, Row, set_rows, table
from napari_seem.plane import Plane
from napari_seem.runs import Runs
from seem_model.packed import bounds

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from napari.layers import Labels
    from numpy.typing import NDArray

    Box = tuple[slice, ...]


class Ledger:
    """The objects layer of one image; it is listened to as long as it is kept.

    Parameters
    ----------
    painted : callable
        Takes the deeds of a person who has painted, filled or erased in the layer; none when
        pixels of deeds told before are written now.
    axes : (int, int)
        Rows and columns of the slices by which strokes are told while none is on display.
    """

    def __init__(
        self, painted: Callable[[Sequence[Deed]], None], *, axes: tuple[int, int]
    ) -> None:  # fmt: skip
        self._told, self._axes = painted, axes
        self.layer: Labels | None = None
        self.plane: Plane | None = None
        self._unwritten = False

    def follow(self, layer: Labels | None) -> None:
        """Keep this layer from now on; None: none."""
        if layer is self.layer:
            return
        for kept, connect in ((self.layer, False), (layer, True)):
            if kept is None:
                continue
            events = kept.events
            for emitter, callback in (
                (events.paint, self._edited),
                (events.labels_update, self._drawn),
            ):
                if connect:
                    emitter.connect(callback)
                else:
                    emitter.disconnect(callback)
        self.layer = layer

    def look(self, plane: Plane | None) -> None:
        """The slice on display, by which strokes are told; None: none is."""
        self.plane = plane

    def _edited(self, event: Any) -> None:
        # some edits tell before their pixels are written, others after
        self._unwritten = True
        if self.layer is not None:
            axes = self._axes if self.plane is None else self.plane.axes
            deeds = by_hand(self.layer, event.value, axes)
            if deeds:
                self._told(deeds)

    def _drawn(self, event: Any) -> None:
        if self._unwritten:
            self._unwritten = False
            self._told(())


def by_hand(layer: Labels, atoms: Sequence[Any], axes: tuple[int, int]) -> list[Deed]:
    """Deeds of a stroke, fill or other edit by hand; also sets the table right.

    Parameters
    ----------
    layer : Labels
    atoms : sequence
        Of the layer's ``paint`` event, in the order they were done: ``(box, mask, old, new)``
        or ``(indices, old, new)``, as in napari's history of edits.
    axes : (int, int)
        Rows and columns of the slices that the deeds are of.
    """
    changes = [_change(layer, atom) for atom in atoms]
    if not changes:
        return []
    box = _around([c[0] for c in changes])
    now = np.asarray(layer.data[box])
    was, after = now.copy(), now.copy()
    for part, mask, old, _ in reversed(changes):
        was[_within(part, box)][mask] = old
    for part, mask, _, new in changes:
        after[_within(part, box)][mask] = new
    if np.array_equal(was, after):
        return []
    known = {r.label: r for r in table(layer)}
    left = set(np.unique(after).tolist())
    new_rows = tuple(Row(n, "", float("nan")) for n in sorted(left) if n and n not in known)
    lost = [n for n in np.unique(was).tolist() if n not in left and n in known]
    gone = tuple(known[n] for n in lost if not _outside(layer, n, now))
    deeds = [
        Deed(layer=layer, plane=plane, box=part, before=before, after=painted)
        for plane, part, before, painted in _slices(layer, box, was, after, axes)
    ]
    deeds[0] = replace(deeds[0], rows_before=gone, rows_after=new_rows)
    if gone or new_rows:
        set_rows(layer, drop=gone, add=new_rows)
    return deeds


def _change(layer: Labels, atom: Any) -> tuple[Box, Any, Any, Any]:
    """Box, which pixels of it (an index), their values before and after."""
    if len(atom) == 4:
        key, mask, old, new = atom
        sides = [k.indices(n) for k, n in zip(key, layer.data.shape, strict=True)]
        return tuple(slice(a, b) for a, b, _ in sides), ... if mask is None else mask, old, new
    indices, old, new = atom
    places = [np.atleast_1d(i) for i in indices]
    box = tuple(slice(int(i.min()), int(i.max()) + 1) for i in places)
    return box, tuple(i - s.start for i, s in zip(places, box, strict=True)), old, new


def _around(boxes: Sequence[Box]) -> Box:
    sides = zip(*boxes, strict=True)
    return tuple(slice(min(s.start for s in side), max(s.stop for s in side)) for side in sides)


def _within(part: Box, box: Box) -> Box:
    return tuple(slice(p.start - b.start, p.stop - b.start) for p, b in zip(part, box, strict=True))


def _outside(layer: Labels, label: int, inside: NDArray[Any]) -> bool:
    """Whether a label is anywhere in the layer but for a part of it that is given."""
    within = np.count_nonzero(inside == label)
    # slice by slice: a comparison of a whole stack could need more memory than there is
    return bool(sum(np.count_nonzero(pixels == label) for pixels in _each(layer)) > within)


def _each(layer: Labels) -> Iterator[NDArray[Any]]:
    for index in np.ndindex(*layer.data.shape[:-2]):
        yield np.asarray(layer.data[index])


def _slices(
    layer: Labels, box: Box, was: NDArray[Any], after: NDArray[Any], axes: tuple[int, int]
) -> Iterator[tuple[Plane, tuple[int, int, int, int], Runs, Runs]]:
    """Slices that differ: which, the box of it, and its pixels before and after."""
    shape = (layer.data.shape[axes[0]], layer.data.shape[axes[1]])
    sides = [1 if a in axes else n for a, n in enumerate(was.shape)]
    for index in np.ndindex(*sides):
        cut = tuple(slice(None) if a in axes else k for a, k in enumerate(index))
        top, left, bottom, right = bounds(was[cut] != after[cut])
        if bottom == top:
            continue
        place = tuple(
            0 if a in axes else b.start + k for a, (b, k) in enumerate(zip(box, index, strict=True))
        )
        row, col = box[axes[0]].start, box[axes[1]].start
        part = (row + top, col + left, row + bottom, col + right)
        before = Runs.of(was[cut][top:bottom, left:right])
        painted = Runs.of(after[cut][top:bottom, left:right])
        yield Plane(axes, place, shape), part, before, painted

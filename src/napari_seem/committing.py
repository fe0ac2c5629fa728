"""Masks written into the objects layer by the rules, and the objects that they become."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from napari_seem import commit_rules, objects
from napari_seem.commit_rules import CommitRules, Overlap
from napari_seem.document import Answer, Page, Thing
from napari_seem.marks import Marks, MaskMark
from napari_seem.objects import CommitError, Deed, Row
from seem_model.packed import Packed

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from napari_seem.plane import Plane
    from napari_seem.target import Target

    Found = Sequence[tuple[NDArray[np.bool_], str, float]]
    """Masks (H, W) bool with class and score."""

COVERED = (
    "Nothing new to commit: every pixel of this mask already belongs to a committed object. "
    "Choose another rule under “When committing” to take its pixels or to merge."
)


def write(
    target: Target, plane: Plane, found: Found, *, rules: CommitRules, own: int = 0,
    lenient: bool = False,
) -> tuple[list[Deed], list[int]]:  # fmt: skip
    """Write tidied masks one after the other; returns the deeds and the labels of new objects.

    Parameters
    ----------
    target, plane, found
        Where, and what.
    rules : CommitRules
    own : int
        Label that the first mask had before, and keeps; 0 for none.
    lenient : bool
        Leave out masks that earlier objects cover wholly, instead of refusing all.

    Raises
    ------
    CommitError
        If a mask is covered wholly, or the layer cannot count further; nothing is written then.
    """
    layer = target.ensure_objects()
    deeds: list[Deed] = []
    made: list[int] = []
    try:
        for mask, name, score in found:
            mine = own if own and not made else None
            label = mine or objects.next_label(layer, plane)
            pixels = np.asarray(layer.data[plane.indexer])
            change = commit_rules.painted(pixels, mask, label=label, rules=rules, own=mine)
            if not change.written and rules.overlap is not Overlap.SUBTRACT:
                if lenient:
                    continue
                raise CommitError(COVERED)
            rows = []
            if change.written == label:
                rows = [Row(label, name, score)]
                made.append(label)
            deeds.append(
                objects.rewrite(
                    layer, plane, edges(change.box), change.after, rows=rows, gone=change.vanished
                )
            )
    except CommitError:
        for deed in reversed(deeds):
            deed.revert()
        raise
    return deeds, made


def from_mask(thing: Thing, mask: NDArray[np.bool_], *, name: str, label: int) -> Thing:
    """An object whose one more step is a mask (H, W) bool to start from."""
    packed = Packed.of(mask)
    start = Marks(masks=(MaskMark(packed, f"object {label}", base=True),))
    stepped = thing.with_step(start, Answer(packed=packed, score=float("nan")))
    return replace(stepped, name=name, label=label)


def shelved(page: Page, mask: NDArray[np.bool_], *, name: str, label: int) -> Page:
    """The page with one committed object more; the current one stays current."""
    thing = from_mask(page.fresh(), mask, name=name, label=label)
    return replace(page, things=(*page.things, thing))


def edges(box: tuple[slice, slice]) -> tuple[int, int, int, int]:
    """Top, left, bottom, right of a box."""
    return box[0].start, box[1].start, box[0].stop, box[1].stop

"""Masks written into the objects layer by the rules, and the objects that they become."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from napari_seem import commit_rules, objects
from napari_seem.boxes import Box, joined
from napari_seem.document import Answer, Page, Thing
from napari_seem.marks import Marks, MaskMark
from napari_seem.objects import CommitError, Deed, Row
from seem_model.packed import Packed

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from napari_seem.commit_rules import CommitRules
    from napari_seem.loop import Loop
    from napari_seem.plane import Plane
    from napari_seem.target import Target

    Found = Iterable[tuple[NDArray[np.bool_], str, float]]
    """Masks (H, W) bool with class and score; taken one by one, as thousands do not fit."""


@dataclass(frozen=True, eq=False, kw_only=True)
class Written:
    """What became of masks.

    Parameters
    ----------
    deeds : list of Deed
        One, or none if nothing changed.
    made : dict of int to Row
        New objects, by label.
    boxes : dict of int to Box
        Where they are.
    """

    deeds: list[Deed]
    made: dict[int, Row]
    boxes: dict[int, Box]


def write(
    target: Target, plane: Plane, found: Found, *, rules: CommitRules, own: int = 0,
    lenient: bool = False,
) -> Written:  # fmt: skip
    """Write tidied masks one after the other, as one deed.

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
    pixels = np.array(layer.data[plane.indexer])
    label = objects.next_label(layer, plane)
    made: dict[int, Row] = {}
    boxes: dict[int, Box] = {}
    gone: set[int] = set()
    changed: Box | None = None
    for mask, name, score in found:
        mine = own if own and not made else None
        objects.check_room(layer, label)
        this = mine or label
        change = commit_rules.painted(pixels, mask, label=this, rules=rules, own=mine)
        why = commit_rules.refusal(change, rules)
        if why and lenient:
            continue
        if why:
            raise CommitError(why)
        pixels[change.box] = change.after
        changed = joined(changed, change.box)
        for vanished in change.vanished:
            made.pop(vanished, None)
            gone.add(vanished)
        if change.written == this:
            made[this], boxes[this] = Row(this, name, score), change.box
            label += not mine
    if changed is None:
        return Written(deeds=[], made={}, boxes={})
    deed = objects.rewrite(
        layer, plane, edges(changed), pixels[changed], rows=made.values(), gone=gone - set(made)
    )
    return Written(deeds=[deed], made=made, boxes=boxes)


def from_mask(thing: Thing, mask: NDArray[np.bool_], *, name: str, label: int) -> Thing:
    """An object whose one more step is a mask (H, W) bool to start from."""
    return from_packed(thing, Packed.of(mask), name=name, label=label)


def from_packed(thing: Thing, packed: Packed, *, name: str, label: int) -> Thing:
    """The same of a packed mask."""
    start = Marks(masks=(MaskMark(packed, f"object {label}", base=True),))
    stepped = thing.with_step(start, Answer(packed=packed, score=float("nan")))
    return replace(stepped, name=name, label=label)


def shelved(page: Page, mask: NDArray[np.bool_], *, name: str, label: int) -> Page:
    """The page with one committed object more; the current one stays current."""
    thing = from_mask(page.fresh(), mask, name=name, label=label)
    return replace(page, things=(*page.things, thing))


def all_shelved(page: Page, pixels: NDArray[np.integer], written: Written) -> Page:
    """The page with all objects that were made of masks; ``pixels`` (H, W) are the labels now."""
    known = {t.label for t in page.things}
    key = page.fresh().key
    things = [
        from_packed(
            Thing(key=key + k), _packed(pixels, label, written.boxes[label]),
            name=row.name, label=label,
        )
        for k, (label, row) in enumerate(written.made.items())
        if label not in known
    ]  # fmt: skip
    return replace(page, things=(*page.things, *things))


def _packed(pixels: NDArray[np.integer], label: int, box: Box) -> Packed:
    part = Packed.of(pixels[box] == label)
    top, left = box[0].start, box[1].start
    inner = part.box
    moved = (inner[0] + top, inner[1] + left, inner[2] + top, inner[3] + left)
    shape = (int(pixels.shape[0]), int(pixels.shape[1]))
    return replace(part, shape=shape, box=moved if part.any else inner)


def keep(loop: Loop, words: str, plane: Plane, after: Page, deeds: list[Deed]) -> None:
    """Put what was done to the objects layer, and the page after it, into the journal."""
    written = {r.label for d in deeds for r in d.rows_after}
    gone = {r.label for d in deeds for r in d.rows_before} - written
    things = tuple(replace(t, label=0) if t.label in gone else t for t in after.things)
    loop.journal.turn(words, plane, replace(after, things=things), tuple(deeds))
    if loop.focus.target is not None:
        loop.focus.target.ledger.wrote(deeds)


def edges(box: tuple[slice, slice]) -> tuple[int, int, int, int]:
    """Top, left, bottom, right of a box."""
    return box[0].start, box[1].start, box[0].stop, box[1].stop

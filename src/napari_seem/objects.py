"""Committed objects: a Labels layer with a row of features for each label; all can be undone."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from napari.layers import Labels

from napari_seem.painted import present
from napari_seem.plane import Plane
from napari_seem.runs import Runs
from seem_model.errors import SeemError
from seem_model.packed import bounds

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray


NO_MASK = "There is no mask to commit yet: click on an object or type its name."
COLUMNS = ("index", "class", "score")


class CommitError(SeemError):
    """Nothing can be committed; the message says why."""


@dataclass(frozen=True)
class Row:
    """One line of the table of classes."""

    label: int
    name: str
    score: float


@dataclass(frozen=True, eq=False, kw_only=True)
class Deed:
    """What was done to the objects layer, and how to take it back.

    Parameters
    ----------
    layer : Labels
    plane : Plane
    box : (int, int, int, int)
        Top, left, bottom, right of the pixels that changed.
    before, after : Runs
        Those pixels.
    rows_before, rows_after : tuple of Row
        Lines of the table that differ.
    """

    layer: Labels
    plane: Plane
    box: tuple[int, int, int, int]
    before: Runs
    after: Runs
    rows_before: tuple[Row, ...] = ()
    rows_after: tuple[Row, ...] = ()


def apply(deeds: Sequence[Deed]) -> None:
    """Do deeds (again), in their order."""
    for deed in deeds:
        _paint(deed, deed.after)
    show(deeds)


def revert(deeds: Sequence[Deed]) -> None:
    """Take deeds back, the last first."""
    for deed in reversed(deeds):
        _paint(deed, deed.before)
    enter([(d.layer, d.rows_after, d.rows_before) for d in reversed(deeds)])


def rewrite(
    layer: Labels, plane: Plane, box: tuple[int, int, int, int], pixels: NDArray[Any], *,
    rows: Iterable[Row] = (), gone: Iterable[int] = (),
) -> Deed:  # fmt: skip
    """Write pixels (h, w) into ``box`` of a slice, and lines of the table; returns how to undo it.

    See :func:`draft` for the parameters.
    """
    there = cut(layer, plane, box)
    before, after = Runs.of(there), Runs.of(pixels)
    deed = draft(layer, plane, box, before=before, after=after, rows=rows, gone=gone)
    there[...] = pixels
    show([deed])
    return deed


def draft(
    layer: Labels, plane: Plane, box: tuple[int, int, int, int], *, before: Runs, after: Runs,
    rows: Iterable[Row] = (), gone: Iterable[int] = (),
) -> Deed:  # fmt: skip
    """A deed that is not done yet.

    Parameters
    ----------
    layer, plane, box
        Where.
    before, after : Runs
        Pixels (h, w) of the box.
    rows : iterable of Row
        New lines, or other ones for labels that have one.
    gone : iterable of int
        Labels that are not on this slice any more; their line goes unless another slice has them.
    """
    rows = tuple(rows)
    touched = {r.label for r in rows} | (set(gone) - elsewhere(layer, plane, gone))
    known = tuple(r for r in table(layer) if r.label in touched)
    return Deed(
        layer=layer, plane=plane, box=box, before=before, after=after, rows_before=known,
        rows_after=rows,
    )  # fmt: skip


def reclassed(layer: Labels, plane: Plane, labels: Iterable[int], *, name: str) -> Deed:
    """Give labels that have a line another class; nothing is painted."""
    wanted = set(labels)
    rows = [replace(r, name=name) for r in table(layer) if r.label in wanted]
    nothing = np.zeros((0, 0), layer.data.dtype)
    return rewrite(layer, plane, (0, 0, 0, 0), nothing, rows=rows)


def erased(layer: Labels, plane: Plane, labels: Iterable[int]) -> Deed:
    """Take labels away from a slice, and the lines of those that no other slice has."""
    gone = sorted(set(labels))
    box = bounds(np.isin(np.asarray(layer.data[plane.indexer]), gone))
    pixels = cut(layer, plane, box).copy()
    pixels[np.isin(pixels, gone)] = 0
    return rewrite(layer, plane, box, pixels, gone=gone)


def elsewhere(layer: Labels, plane: Plane, labels: Iterable[int]) -> set[int]:
    """Which of these labels other slices have, of those parallel to ``plane``."""
    wanted, found = set(labels), set[int]()
    sides = [1 if a in plane.axes else n for a, n in enumerate(layer.data.shape)]
    for index in np.ndindex(*sides) if wanted else ():
        if index == plane.index:
            continue
        pixels = np.asarray(layer.data[replace(plane, index=index).indexer])
        found |= wanted & present(pixels)
        if found == wanted:
            break
    return found


def complete(layer: Labels) -> None:
    """Give every label of a layer a line in its table, and take away lines without pixels."""
    there = set(pd.unique(np.ravel(layer.data)).tolist()) - {0}
    rows = table(layer)
    stale = tuple(r for r in rows if r.label not in there)
    new = sorted(there - {r.label for r in rows})
    if stale or new:
        add = tuple(Row(label, "", float("nan")) for label in new)
        set_rows(layer, drop=stale, add=add)


def next_label(layer: Labels, plane: Plane) -> int:
    """The lowest label above all that are used.

    Raises
    ------
    CommitError
        If the layer cannot count further.
    """
    known = max((r.label for r in table(layer)), default=0)
    label = max(known, int(np.asarray(layer.data[plane.indexer]).max(initial=0))) + 1
    check_room(layer, label)
    return label


def check_room(layer: Labels, label: int) -> None:
    """CommitError if the type of the layer cannot hold a label."""
    if label > np.iinfo(layer.data.dtype).max:
        raise CommitError(
            f"The layer '{layer.name}' ({layer.data.dtype}) is full: it cannot count beyond "
            f"{label - 1} objects. Delete it or convert it to a larger integer type."
        )


def table(layer: Labels) -> tuple[Row, ...]:
    """The lines of a layer's table that have a label; of several for one label, the last."""
    features = layer.features
    if "index" not in features or not len(features):
        return ()
    empty = [""] * len(features)
    names = features["class"].tolist() if "class" in features else empty
    scores = features["score"].tolist() if "score" in features else [np.nan] * len(features)
    lines = {}
    for label, name, score in zip(features["index"].tolist(), names, scores, strict=True):
        if not pd.isna(label) and int(label) > 0:
            lines[int(label)] = Row(
                int(label),
                "" if pd.isna(name) else str(name),
                np.nan if pd.isna(score) else float(score),
            )
    return tuple(lines.values())


def set_rows(layer: Labels, *, drop: tuple[Row, ...], add: tuple[Row, ...]) -> None:
    """Take lines out of the table and put others in."""
    features = layer.features
    lines = pd.DataFrame([[r.label, r.name, r.score] for r in add], columns=list(COLUMNS))
    touched = {r.label for r in (*drop, *add)}
    kept = features[~features["index"].isin(touched)] if "index" in features else features[:0]
    if len(kept) and len(lines):
        lines = pd.concat([kept, lines], ignore_index=True)
    elif len(kept):
        lines = kept.reset_index(drop=True)
    layer.features = lines


def cut(layer: Labels, plane: Plane, box: tuple[int, int, int, int]) -> NDArray[Any]:
    """(h, w) pixels of a box of a slice, a view."""
    part: NDArray[Any] = layer.data[plane.indexer][box[0] : box[2], box[1] : box[3]]
    return part


def show(deeds: Sequence[Deed]) -> None:
    """Set the tables right for deeds whose pixels are written, and show the layers."""
    enter([(d.layer, d.rows_before, d.rows_after) for d in deeds])


def _paint(deed: Deed, pixels: Runs) -> None:
    if deed.box[2] > deed.box[0]:
        cut(deed.layer, deed.plane, deed.box)[...] = pixels.array


def enter(lines: Sequence[tuple[Labels, tuple[Row, ...], tuple[Row, ...]]]) -> None:
    """Take lines out of tables and put others in, all at once, and show the layers."""
    for layer in dict.fromkeys(layer for layer, _, _ in lines):
        dropped: dict[int, Row] = {}
        added: dict[int, Row] = {}
        for of, drop, add in lines:
            if of is layer:
                dropped.update({r.label: r for r in drop})
                gone = {r.label for r in drop}
                added = {n: r for n, r in added.items() if n not in gone}
                added.update({r.label: r for r in add})
        if dropped or added:
            set_rows(layer, drop=tuple(dropped.values()), add=tuple(added.values()))
        layer.refresh(extent=False)

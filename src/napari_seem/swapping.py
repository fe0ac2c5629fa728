"""Another session in place of what is known of an image, shown on all its slices."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from napari_seem import layers as lay
from napari_seem import offering
from napari_seem.conditions import Conditions
from napari_seem.journal import Change, Swap
from napari_seem.objects import COLUMNS
from napari_seem.session_data import SessionError
from napari_seem.shown import Look

if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

    from napari.layers import Labels

    from napari_seem.loop import Loop
    from napari_seem.plane import Plane
    from napari_seem.session_data import SessionData
    from napari_seem.target import Target

WORDS = "open session"


def take(loop: Loop, data: SessionData, look: Look, *, to: Target, labels: Any) -> None:
    """Put a session in place of all that is known of the image in focus, as one change.

    Parameters
    ----------
    loop : Loop
    data : SessionData
    look : Look
        How it showed the image.
    to : Target
        That of the image in focus; another one if the session was made with other channels.
    labels : n-D int array or None
        Committed objects.

    Raises
    ------
    SessionError
        If no slice can be annotated with these channels.
    """
    focus, naming = loop.focus, loop.engine.naming
    target, place = focus.target, focus.plane
    if target is None or place is None:
        raise SessionError(focus.trouble)
    before = Conditions(look=Look.of(target.image, target.appearance), classes=naming.classes)
    after = Conditions(look=look, classes=before.classes if data.classes is None else data.classes)
    layer = None if labels is None else _layer(to, data, labels)
    turned = None if to is target else (target, to)
    swap = Swap(former=to.objects, layer=layer, before=before, after=after, turned=turned)
    _turn(loop, swap, back=False)
    plane, trouble = focus.plane, focus.trouble
    if plane is None:
        _turn(loop, swap, back=True)
        raise SessionError(trouble)
    if turned is not None:
        page = target.journal.page(place)
        target.journal.put(Change(words=WORDS, plane=place, before=page, after=page, swap=swap))
    show(loop, to.journal.replace_all(WORDS, plane, data.pages, swap=swap), back=False)


def show(loop: Loop, change: Change, *, back: bool) -> None:
    """Make layers show what is known after a swap, or (back) what was known before it."""
    swap, target = change.swap, loop.focus.target
    if swap is None or target is None:
        return
    if swap.turned is not None and target is swap.turned[0]:
        if back:
            return  # layers that were deleted meanwhile came between; they are what counts here
        _turn(loop, swap, back=False)
        target = swap.turned[1]
        change = target.journal.redo() or change
    _replace(target, swap, back=back)
    show_slices(loop, target, (change.plane, *change.others))
    if back and swap.turned is not None:
        _turn(loop, swap, back=True)
        earlier = swap.turned[0].journal
        if earlier.done and earlier.done[-1].swap is swap:
            earlier.undo()
    _make(loop, swap.before if back else swap.after)


def show_slices(loop: Loop, target: Target, planes: Iterable[Plane]) -> None:
    """Prompts, answers and proposals of slices that are not all on display."""
    for plane in planes:
        page = target.journal.page(plane)
        step = page.current.current
        target.prompts.restore(plane, step.marks, positive=loop.positive)
        if step.answer is not None or target.result is not None:
            mask = None if step.answer is None else step.answer.mask
            lay.write_mask(target.ensure_result(), plane, mask)
        offering.show(target, plane, page.proposals)


def _layer(target: Target, data: SessionData, labels: Any) -> Labels:
    """Committed objects with their table of classes."""
    layer = lay.make_objects(target.grid)
    layer.data = labels
    rows = [(row.label, row.name, row.score) for row in data.table]
    layer.features = pd.DataFrame(rows, columns=list(COLUMNS))
    return layer


def _replace(target: Target, swap: Swap, *, back: bool) -> None:
    """Put one layer of objects in place of the other."""
    came, went = (swap.former, swap.layer) if back else (swap.layer, swap.former)
    if went is not None:
        if back:
            target.take_out(went)
        else:
            went.visible = False
    if came is not None:
        came.visible = True
        target.bring_back(came)
    else:
        target.adopt(None)


def _turn(loop: Loop, swap: Swap, *, back: bool) -> None:
    """Annotate the image with other channels, hence with other layers."""
    if swap.turned is not None:
        away, to = swap.turned[::-1] if back else swap.turned
        loop.focus.take_up(to)
        for layer in away.layers:
            layer.visible = False
        for layer in to.layers:
            layer.visible = True


def _make(loop: Loop, conditions: Conditions) -> None:
    """Show the image so, name from this list, then show what is current."""
    appearance, here = conditions.look.appearance, loop.focus.images
    for layer in appearance.layers:
        if not any(layer is x for x in here):  # it left the viewer since
            appearance = appearance.without(layer)
    loop.focus.put_on(appearance)
    conditions.look.light()
    others = loop.engine.naming.put(conditions.classes)
    loop.show_current()
    if others:  # told afterwards: whoever hears it starts the model, on what is current by then
        loop.engine.naming.changed.emit()

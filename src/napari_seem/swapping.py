"""Another session in place of what is known of an image, shown on all its slices."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_seem import layers as lay
from napari_seem import offering

if TYPE_CHECKING:
    from collections.abc import Iterable

    from napari_seem.journal import Change
    from napari_seem.loop import Loop
    from napari_seem.plane import Plane
    from napari_seem.target import Target


def show(loop: Loop, change: Change, *, back: bool) -> None:
    """Make layers show what is known after a swap, or (back) what was known before it."""
    target, swap = loop.focus.target, change.swap
    if target is None or swap is None:
        return
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
    show_slices(loop, target, (change.plane, *change.others))
    loop.show_current()


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

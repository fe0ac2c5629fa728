"""Several objects at once: every positive mark asks for an object of its own."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_seem.ink import prompts_of
from napari_seem.jobs import Wish
from napari_seem.marks import Marks
from napari_seem.places import seen
from napari_seem.proposals import Proposals
from seem_model.values import Instance

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from napari_seem.loop import Loop
    from napari_seem.suggesting import Suggestions
    from seem_model import Predictor, Round


def single_marks(marks: Marks) -> tuple[Marks, ...]:
    """One for each positive click and shape that is shown; negative marks go with all of them."""
    points, signs, shown = marks.points, marks.signs, marks.visible
    minus = shown & ~signs
    against = Marks(
        points=points[minus],
        signs=signs[minus],
        outlines=tuple(o for o in marks.outlines if o.shown and not o.positive),
    )
    clicks = [
        replace(
            against,
            points=np.concatenate([against.points, points[k : k + 1]]),
            signs=np.append(against.signs, True),
        )
        for k in np.flatnonzero(shown & signs)
    ]
    drawn = [
        replace(against, outlines=(*against.outlines, o))
        for o in marks.outlines
        if o.shown and o.positive
    ]
    return (*clicks, *drawn)


def one_object_each(loop: Loop, suggestions: Suggestions) -> None:
    """Propose an object for each positive mark of the current object, answered in one go."""
    target, plane = loop.focus.target, loop.focus.plane
    asked = single_marks(loop.marks)
    if target is None or plane is None or len(asked) < 2:
        loop.say("Mark several objects first, each with one click or one shape.")
        return
    loop.keep_pending()
    look, name = seen(target, plane), loop.page.current.name
    prompts = [prompts_of(m, plane.shape) for m in asked]

    def work(predictor: Predictor, watch: Callable[[float], None]) -> Sequence[Round]:
        from seem_model.together import step_all

        return step_all(predictor, look(predictor), prompts, watch=watch)

    def done(rounds: Sequence[Any]) -> None:
        found = [Instance(mask=r.mask, label=r.label, score=r.score) for r in rounds]
        proposals = Proposals.of(found, title="one object each", threshold=0.0, name=name)
        if (target, plane) == (loop.focus.target, loop.focus.plane):
            loop.keep_pending()
        page = target.journal.page(plane)
        current = page.current
        if any(current.current.marks.contains(m) for m in asked):
            page = page.having(current.with_step(Marks(), None))
        suggestions.offer([(target, plane, proposals)], after=page)

    loop.engine.wish_for(Wish(work=work, done=done))

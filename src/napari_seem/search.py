"""Long work over whole images: everything, all like this, all of a name, all answers anew."""

from __future__ import annotations

from dataclasses import replace
from enum import Enum
from typing import TYPE_CHECKING, Any, Protocol

from napari.utils.notifications import show_warning
from psygnal import Signal

from napari_seem.document import Answer
from napari_seem.everything import add_segmentation
from napari_seem.ink import prompts_of
from napari_seem.jobs import Encode, Wish
from napari_seem.proposals import Proposals
from seem_model.errors import PromptError
from seem_model.values import Exemplar

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from napari_seem.loop import Loop
    from napari_seem.plane import Plane
    from napari_seem.suggesting import Suggestions
    from napari_seem.target import Target
    from seem_model import Predictor, Segmentation
    from seem_model.values import Instance

    Watch = Callable[[float], None]

SIMILAR, NAMED = 0.5, 0.3
"""Thresholds that proposals start with; the slider is there to move them."""


class Where(Enum):
    """Where to look for more of the same; the value is for people."""

    HERE = "this slice"
    NEXT = "the next slice"
    STACK = "all slices"


class Read(Protocol):
    """Segments an image without prompts, telling ``watch`` how far it is."""

    def __call__(self, predictor: Predictor, features: Any, watch: Watch) -> Segmentation:
        """Segment."""
        ...


class Search:
    """Starts long work and takes its results to where they belong.

    Parameters
    ----------
    loop : Loop
    suggestions : Suggestions
        Where what is found waits for a decision.
    """

    segmented = Signal(object)
    """Emitted with the new Labels layer of a segmentation without prompts."""

    def __init__(self, loop: Loop, suggestions: Suggestions) -> None:
        self._loop = loop
        self._suggestions = suggestions

    def everything(self, read: Read, *, title: str, propose: bool = False) -> None:
        """Segment the slice in focus without prompts.

        Parameters
        ----------
        read : Read
        title : str
            Name of the new layer, or of the proposals.
        propose : bool
            Offer the segments as proposals, to be merged into the objects by the commit rules,
            instead of making a layer of them.
        """
        place = self._place()
        if place is None:
            return
        target, plane = place
        look = seen(target, plane)

        def work(predictor: Predictor, watch: Watch) -> Segmentation:
            return read(predictor, look(predictor), watch)

        def done(found: Segmentation) -> None:
            if propose:
                self._suggestions.offer(target, plane, Proposals.of_segments(found, title=title))
            else:
                self.segmented.emit(
                    add_segmentation(target, plane, segmentation=found, title=title)
                )

        self._loop.engine.wish_for(Wish(work=work, done=done))

    def like(self, masks: Sequence[NDArray[np.bool_]], *, name: str, where: Where) -> None:
        """Propose everything that looks like what is under these masks (H, W) of the slice.

        Parameters
        ----------
        masks : sequence of (H, W) bool
        name : str
            Class that the proposals get.
        where : Where
        """
        place = self._place()
        if place is None:
            return
        if not any(m.any() for m in masks):
            show_warning(str(PromptError(
                "There is no example yet: click on an object, or select committed ones, first."
            )))  # fmt: skip
            return
        target, plane = place
        here = seen(target, plane)
        places = self._planes(where)
        looks = [(p, seen(target, p)) for p in places]

        def work(predictor: Predictor, watch: Watch) -> list[tuple[Plane, Sequence[Instance]]]:
            shown = here(predictor).image
            examples = [Exemplar(image=shown, mask=m) for m in masks if m.any()]
            found = []
            for k, (there, look) in enumerate(looks):
                part = _part(watch, k, len(looks))
                found.append((there, predictor.similar(look(predictor), examples, watch=part)))
            return found

        def done(found: list[tuple[Plane, Sequence[Instance]]]) -> None:
            title = f"all like this {name}".rstrip()
            for there, instances in found:
                proposals = Proposals.of(instances, title=title, threshold=SIMILAR, name=name)
                self._suggestions.offer(target, there, proposals)

        self._loop.engine.wish_for(Wish(work=work, done=done))

    def named(self, text: str) -> None:
        """Propose all that a phrase names, not only the best."""
        place, text = self._place(), " ".join(text.split())
        if place is None:
            return
        if not text:
            show_warning("Type what to look for first, such as “nucleus” or “the red cup”.")
            return
        target, plane = place
        look = seen(target, plane)

        def work(predictor: Predictor, watch: Watch) -> Sequence[Instance]:
            return predictor.named(look(predictor), text, watch=watch)

        def done(found: Sequence[Instance]) -> None:
            proposals = Proposals.of(found, title=f"all “{text}”", threshold=NAMED, name=text)
            self._suggestions.offer(target, plane, proposals)

        self._loop.engine.wish_for(Wish(work=work, done=done))

    def answer_all(self) -> None:
        """Answer all open objects of the slice anew, in one pass where the model can."""
        place = self._place()
        if place is None:
            return
        target, plane = place
        self._loop.keep_pending()
        page = self._loop.page
        asked = [
            (t, t.current.marks, prompts_of(t.current.marks, plane.shape))
            for t in page.things
            if not t.label
        ]
        asked = [row for row in asked if not row[2].is_empty]
        look = seen(target, plane)

        def work(predictor: Predictor, watch: Watch) -> Sequence[Any]:
            from seem_model.together import step_all

            return step_all(predictor, look(predictor), [p for _, _, p in asked], watch=watch)

        def done(rounds: Sequence[Any]) -> None:
            here = (target, plane) == (self._loop.focus.target, self._loop.focus.plane)
            if here:
                self._loop.keep_pending()
            after = target.journal.page(plane)
            keys = {t.key: t for t in after.things}
            for (thing, marks, _), round in zip(asked, rounds, strict=True):
                now = keys.get(thing.key)
                if now is not None and now.current.marks.same(marks):
                    after = after.having(now.with_answer(Answer.of(round)))
            target.journal.amend(plane, after)
            if here:
                self._loop.show_current()

        if asked:
            self._loop.engine.wish_for(Wish(work=work, done=done))

    def cancel(self) -> None:
        """Stop what is being computed."""
        self._loop.engine.wish_for(None)

    def _place(self) -> tuple[Target, Plane] | None:
        target, plane = self._loop.focus.target, self._loop.focus.plane
        if target is None or plane is None:
            show_warning(self._loop.focus.trouble)
            return None
        return target, plane

    def _planes(self, where: Where) -> list[Plane]:
        """Slices to look at; the slider axis is the last one that is not displayed."""
        target, plane = self._loop.focus.target, self._loop.focus.plane
        if target is None or plane is None:
            return []
        sliders = [a for a in range(len(plane.index)) if a not in plane.axes]
        if where is Where.HERE or not sliders:
            return [plane]
        axis = max(sliders)
        positions = range(target.grid.shape[axis])
        if where is Where.NEXT:
            positions = range(plane.index[axis] + 1, min(plane.index[axis] + 2, len(positions)))
        index = plane.index
        return [replace(plane, index=(*index[:axis], k, *index[axis + 1 :])) for k in positions]


def seen(target: Target, plane: Plane) -> Callable[[Predictor], Any]:
    """What gives the image features of a slice on the worker: kept ones, or computed there."""
    encode = Encode.of(None, target, plane=plane)

    def look(predictor: Predictor) -> Any:
        kept = target.features.get(plane)  # now: those of a former model are gone
        return replace(encode, predictor=predictor)() if kept is None else kept

    return look


def _part(watch: Watch, k: int, n: int) -> Watch:
    return lambda share: watch((k + share) / n)

"""Long work over whole images: everything, all like this, all of a name, all answers anew."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, Any, Protocol

from napari.utils.notifications import show_warning
from psygnal import Signal

from napari_seem.document import Answer
from napari_seem.everything import add_segmentation, classed, pasted
from napari_seem.ink import prompts_of
from napari_seem.jobs import Wish
from napari_seem.places import Where, places, seen, seen_within
from napari_seem.proposals import Proposals
from napari_seem.restricting import Region, restriction
from seem_model.values import ALIKE, Exemplar

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import numpy as np
    from napari.components import ViewerModel
    from numpy.typing import NDArray

    from napari_seem.everything import Restriction
    from napari_seem.loop import Loop
    from napari_seem.places import Place
    from napari_seem.suggesting import Suggestions
    from seem_model import Predictor, Segmentation
    from seem_model.values import Instance

    Watch = Callable[[float], None]

__all__ = ["Into", "Read", "Search", "Where"]
NAMED = 0.3
"""Threshold that proposals of a phrase start with; the slider is there to move it."""
NOWHERE = {
    Where.HERE: "Open an image first.",
    Where.NEXT: "There is no next slice: this is the last one, or the image has only one.",
    Where.STACK: "Open an image first.",
    Where.IMAGES: "There is no other image on display: open one, or move the slider to it.",
}


class Into(Enum):
    """Where the segments of a whole slice go; the value is for people."""

    LAYER = "a new layer"
    PROPOSALS = "proposals"
    OBJECTS = "the objects"


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

    def part(self, viewer: ViewerModel, region: Region) -> Restriction | None:
        """A part of the slice in focus, see :func:`~napari_seem.restricting.restriction`."""
        return restriction(self._loop, viewer, region)

    def everything(
        self, read: Read, *, title: str, into: Into = Into.LAYER,
        within: Restriction | None = None, semantic: bool = False,
    ) -> None:  # fmt: skip
        """Segment the slice in focus without prompts.

        Parameters
        ----------
        read : Read
        title : str
            Name of the new layer, or of the proposals.
        into : Into
            Make a layer of the segments, offer them as proposals, or commit them by the rules.
        within : Restriction or None
            Only in this part of the slice.
        semantic : bool
            One segment for each class, however many things of it there are.
        """
        place = self._place()
        if place is None:
            return
        (target, plane), resolve = place, self._loop.engine.naming.resolve
        look = seen(target, plane) if within is None else seen_within(target, plane, within.box)

        def work(predictor: Predictor, watch: Watch) -> Segmentation:
            found = classed(read(predictor, look(predictor), watch), resolve, semantic=semantic)
            cut = 0.0 if semantic else 0.5
            return found if within is None else pasted(found, within, plane.shape, inside=cut)

        def done(found: Segmentation) -> None:
            if into is Into.LAYER:
                layer = add_segmentation(target, plane, segmentation=found, title=title)
                self.segmented.emit(layer)
                return
            offered = Proposals.of_segments(found, title=title)
            self._suggestions.offer([(target, plane, offered)])
            if into is Into.OBJECTS and (target, plane) == self._in_focus():
                self._suggestions.accept_all()

        self._loop.engine.wish_for(Wish(work=work, done=done))

    def like(self, masks: Sequence[NDArray[np.bool_]], *, name: str, where: Where) -> None:
        """Propose everything that looks like what is under these masks (H, W) of the slice.

        Parameters
        ----------
        masks : sequence of (H, W) bool
        name : str
            Class that the proposals get.
        where : Where
            Slices of other images are encoded on the worker, and wait there for a decision.
        """
        place, masks = self._place(), [m for m in masks if m.any()]
        if place is None:
            return
        if not masks:
            show_warning(
                "There is no example yet: click on an object, or select committed ones, first."
            )
            return
        here, looks = seen(*place), [(p, seen(*p)) for p in places(self._loop.focus, where)]
        if not looks:
            show_warning(NOWHERE[where])
            return

        def work(predictor: Predictor, watch: Watch) -> list[tuple[Place, Sequence[Instance]]]:
            shown = here(predictor).image
            examples = [Exemplar(image=shown, mask=m) for m in masks]
            found: list[tuple[Place, Sequence[Instance]]] = []
            for k, (there, look) in enumerate(looks):
                part = _part(watch, k, len(looks))
                found.append((there, predictor.similar(look(predictor), examples, watch=part)))
            return found

        def done(found: list[tuple[Place, Sequence[Instance]]]) -> None:
            title = f"all like this {name}".rstrip()
            offers = []
            for there, instances in found:
                if there == place:  # the examples themselves are no news
                    instances = [i for i in instances if not _among(i.mask, masks)]
                offers.append((*there, Proposals.of(
                    instances, title=title, threshold=ALIKE, name=name
                )))  # fmt: skip
            self._suggestions.offer(offers)

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
            self._suggestions.offer([(target, plane, proposals)])

        self._loop.engine.wish_for(Wish(work=work, done=done))

    def answer_all(self) -> None:
        """Answer all open objects of the slice anew, in one pass where the model can."""
        place = self._place()
        if place is None:
            return
        target, plane = place
        self._loop.keep_pending()
        page = self._loop.page
        open_ones = [(t, t.current.marks) for t in page.things if not t.label]
        asked = [(t, marks, prompts_of(marks, plane.shape)) for t, marks in open_ones]
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
                    label = self._loop.engine.naming.resolve(round.label)
                    after = after.having(now.with_answer(Answer.of(round, label=label)))
            target.journal.amend(plane, after)
            if here:
                self._loop.show_current()

        if asked:
            self._loop.engine.wish_for(Wish(work=work, done=done))
        else:
            self._loop.show_current()  # an edit that was under way is asked for again

    def cancel(self) -> None:
        """Stop what is being computed."""
        self._loop.engine.wish_for(None)

    def _in_focus(self) -> Place | None:
        target, plane = self._loop.focus.target, self._loop.focus.plane
        return None if target is None or plane is None else (target, plane)

    def _place(self) -> Place | None:
        place = self._in_focus()
        if place is None:
            show_warning(self._loop.focus.trouble)
        return place


def _part(watch: Watch, k: int, n: int) -> Watch:
    return lambda share: watch((k + share) / n)


def _among(mask: NDArray[np.bool_], examples: Sequence[NDArray[np.bool_]]) -> bool:
    """Whether a mask is mostly one of the examples: intersection over union above one half."""
    return any(2 * (mask & e).sum() > (mask | e).sum() for e in examples)

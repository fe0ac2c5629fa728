"""Prompts that are on no layer, and what a person does to any prompt in the list."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from napari.utils.notifications import show_warning

from napari_seem import entries
from napari_seem.boxes import around
from napari_seem.examples import cut_out
from napari_seem.marks import ExampleMark, MaskMark, Words
from seem_model.errors import PromptError
from seem_model.packed import Packed

if TYPE_CHECKING:
    from napari.layers import Labels
    from numpy.typing import NDArray

    from napari_seem.entries import Entry
    from napari_seem.loop import Loop
    from seem_model.values import Exemplar


class Asking:
    """Words, masks and examples, and the list of all prompts of the current object.

    Parameters
    ----------
    loop : Loop
    """

    def __init__(self, loop: Loop) -> None:
        self._loop = loop

    @property
    def entries(self) -> tuple[Entry, ...]:
        """All prompts of the moment."""
        return entries.entries(self._loop.marks)

    @property
    def text(self) -> str:
        """The phrase of the current object."""
        return ", ".join(w.text for w in self._loop.beside.words if w.positive)

    def delete(self, entry: Entry) -> None:
        """Take a prompt away; the answer follows."""
        self._loop.put(entries.without(self._loop.marks, entry))

    def flip(self, entry: Entry) -> None:
        """Turn "belongs" into "does not belong", or back; the answer follows."""
        self._loop.put(entries.flipped(self._loop.marks, entry))

    def hide(self, entry: Entry) -> None:
        """Put a prompt aside, or take it up again; the answer follows."""
        self._loop.put(entries.hidden(self._loop.marks, entry))

    def name(self, text: str, *, positive: bool = True) -> None:
        """Say what the object is; "" takes that back. Negative: say what it is not."""
        text = " ".join(text.split())
        marks = self._loop.marks
        if positive:
            if text != self.text:
                said = (Words(text),) if text else ()
                others = tuple(w for w in marks.words if not w.positive)
                self._loop.put(replace(marks, words=(*said, *others)))
        elif text and Words(text, False) not in marks.words:
            self._loop.put(replace(marks, words=(*marks.words, Words(text, False))))

    def take_mask(
        self, layer: Labels, label: int, *, positive: bool = True, base: bool = False
    ) -> None:
        """Take pixels of a Labels layer as a prompt, or as the answer to start from.

        Parameters
        ----------
        layer : Labels
            Of the size of the image, or of the slice on display.
        label : int
            Value of the pixels; 0 for all that are not 0.
        positive, base : bool
            See :class:`~napari_seem.marks.MaskMark`.
        """
        target, plane = self._loop.focus.target, self._loop.focus.plane
        if target is None or plane is None:
            show_warning(self._loop.focus.trouble)
            return
        if tuple(layer.data.shape) == target.grid.shape:
            pixels = np.asarray(layer.data[plane.indexer])
        elif tuple(layer.data.shape) == plane.shape:
            pixels = np.asarray(layer.data)
        else:
            show_warning(
                f"The layer “{layer.name}” has another size, {tuple(layer.data.shape)}, than the "
                f"image, {target.grid.shape}: choose one that was made for this image."
            )
            return
        mask = pixels == label if label else pixels > 0
        if not mask.any():
            show_warning(f"Nothing of “{layer.name}” is on this slice: choose another label.")
            return
        title = f"{label} of {layer.name}" if label else f"of {layer.name}"
        mark = MaskMark(Packed.of(mask), title, positive=positive, base=base and positive)
        marks = self._loop.marks
        self._loop.put(replace(marks, masks=(*marks.masks, mark)))

    def like(self, exemplar: Exemplar, title: str, *, positive: bool = True) -> None:
        """Ask for what looks like an example, or (negative) for what does not."""
        marks = self._loop.marks
        mark = ExampleMark(exemplar, title, positive=positive)
        kept = tuple(e for e in marks.examples if not (positive and e.positive))
        self._loop.put(replace(marks, examples=(*kept, mark)))

    def example(self, mask: NDArray[np.bool_] | None = None) -> Exemplar:
        """What is under a mask (H, W) bool of this slice, or under the answer, and around it.

        Raises
        ------
        PromptError
            If nothing is marked.
        """
        target, plane = self._loop.focus.target, self._loop.focus.plane
        answer = self._loop.page.current.current.answer
        if mask is None and answer is not None:
            mask = answer.mask
        box = None if mask is None else around(mask)
        if target is None or plane is None or mask is None or box is None:
            raise PromptError("There is no example yet: click on an object first, then take it.")
        return cut_out(target, plane, mask, box)

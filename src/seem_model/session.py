"""A session: one image, its objects, and for each a list of rounds. Undo is a pop."""

from __future__ import annotations

from copy import copy
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from seem_model.encoded import Memory
    from seem_model.predictor import Predictor
    from seem_model.proposals import Watch
    from seem_model.values import RGB, Prompts, Round


class Session:
    """One image being annotated.

    Parameters
    ----------
    predictor : Predictor
    image : array
        Anything :func:`seem_model.image.to_rgb` takes; it is encoded here, once.

    Raises
    ------
    ImageError
        If the image makes no sense as one.
    """

    def __init__(self, predictor: Predictor, image: NDArray[Any]) -> None:
        self.predictor = predictor
        self.features = predictor.features(image)
        self._rounds: tuple[Round, ...] = ()
        self._undone: tuple[Round, ...] = ()
        self._start: Memory | None = None

    @property
    def image(self) -> RGB:
        """(H, W, 3) uint8, as the model sees it."""
        return self.features.image

    @property
    def shape(self) -> tuple[int, int]:
        """(H, W) of the image."""
        return self.features.shape

    @property
    def rounds(self) -> tuple[Round, ...]:
        """Rounds of the current object, oldest first."""
        return self._rounds

    def step(self, prompts: Prompts, *, watch: Watch | None = None) -> Round:
        """Answer ``prompts`` (all of them, not only the new ones) as the next round.

        The memory is that of the newest round whose prompts are all still there, so that a mark
        that was deleted is also forgotten.

        Parameters
        ----------
        prompts : Prompts
        watch : callable or None
            As of :meth:`Predictor.step`.

        Raises
        ------
        PromptError
            If there is nothing to find or the sizes differ; the session stays as it was.
        """
        basis = next((r for r in reversed(self._rounds) if prompts.contains(r.prompts)), None)
        memory = self._start if basis is None else basis.memory
        answer = self.predictor.step(self.features, prompts, memory, watch=watch)
        self._rounds = (*self._rounds, answer)
        self._undone = ()
        return answer

    @property
    def can_undo(self) -> bool:
        """Whether there is a round to take back."""
        return bool(self._rounds)

    @property
    def can_redo(self) -> bool:
        """Whether a round was taken back."""
        return bool(self._undone)

    def undo(self) -> Round | None:
        """Take the last round back; the round before it, or None at the start."""
        if self._rounds:
            self._undone = (self._rounds[-1], *self._undone)
            self._rounds = self._rounds[:-1]
        return self._rounds[-1] if self._rounds else None

    def redo(self) -> Round | None:
        """Bring the last undone round back; the now last round."""
        if self._undone:
            self._rounds = (*self._rounds, self._undone[0])
            self._undone = self._undone[1:]
        return self._rounds[-1] if self._rounds else None

    def goto(self, index: int) -> Round:
        """Go to round ``index`` (0 is the first); later ones can be redone.

        Raises
        ------
        IndexError
            If there is no such round.
        """
        together = (*self._rounds, *self._undone)
        if not 0 <= index < len(together):
            raise IndexError(f"There is no round {index}; there are {len(together)}.")
        self._rounds, self._undone = together[: index + 1], together[index + 1 :]
        return self._rounds[-1]

    def reset(self) -> None:
        """Forget all rounds of the current object, and the mask that they started from."""
        self._rounds, self._undone, self._start = (), (), None

    def start_from(self, mask: NDArray[np.bool_]) -> None:
        """Begin the object anew from a mask (H, W) bool that another tool made.

        Raises
        ------
        PromptError
            As :meth:`Predictor.memory_of`; the session stays as it was.
        """
        start = self.predictor.memory_of(self.features, mask)
        self.reset()
        self._start = start

    def next_object(self) -> None:
        """Start another object on the same image: no rounds, the same features."""
        self.reset()

    def beside(self) -> Session:
        """Another session on the same image and its features, for another object at once."""
        other = copy(self)
        other.reset()
        return other

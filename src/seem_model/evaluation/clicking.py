"""Objects in conversation with the simulated user, and what is recorded of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from time import perf_counter
from typing import TYPE_CHECKING

from seem_model.metrics.interactive import ClickRecord
from seem_model.metrics.overlap import iou
from seem_model.session import Session
from seem_model.simulated_user import SimulatedUser, rollout
from seem_model.values import Mask

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from seem_model.values import Prompts, Round

NAMED_AFTER = (1, 5)
# The official SEEM evaluation asks for up to so many objects of an image together, and stops when
# all of them are above this IoU.
TOGETHER = 5
SEEM_STOP = 0.9


@dataclass(eq=False)
class Conversation:
    """One object, clicked round after round.

    Parameters
    ----------
    session : Session
        Its own; sessions of one image share the features.
    user : SimulatedUser
    truth : (H, W) bool
        What is scored; the user may correct towards something else (a box).
    where, name : str
        Image and segment, and the class of the object.
    """

    session: Session
    user: SimulatedUser
    truth: Mask
    where: str = ""
    name: str = ""
    seconds: list[float] = field(default_factory=list, init=False)
    ious: list[float] = field(default_factory=list, init=False)
    _said: list[str] = field(default_factory=list, init=False)
    _positive: list[int] = field(default_factory=lambda: [0, 0], init=False)
    _negative: list[int] = field(default_factory=lambda: [0, 0], init=False)

    def rounds(self, cap: int) -> Iterator[Round]:
        """Play at most ``cap`` rounds, recording each as it comes.

        By SEEM's protocol an object that is good enough gets no new click, but is asked for again
        as long as the others of its group are.
        """
        for answer in rollout(self._step, self._ask, cap):
            self.ious.append(iou(self.truth, answer.mask, self.user.void))
            self._said.append(answer.label)
            self._count_obeyed(answer.mask)
            yield answer

    def record(self, cap: int) -> ClickRecord:
        """What was seen; a conversation that ended early repeats its last IoU."""
        counts = ClickRecord(
            (0.0,),
            positive_clicks=self._positive[0],
            positive_inside=self._positive[1],
            negative_clicks=self._negative[0],
            negative_outside=self._negative[1],
            beside=self._named(),
            where=self.where,
            name=self.name,
        )
        return ClickRecord.of(self.ious, cap, counts)

    def _ask(self, mask: Mask | None) -> Prompts | None:
        prompts = self.user(mask)
        if prompts is None and self.user.protocol == "seem":
            return self.user.prompts
        return prompts

    def _step(self, prompts: Prompts) -> Round:
        start = perf_counter()
        answer = self.session.step(prompts)
        self.seconds.append(perf_counter() - start)
        return answer

    def _count_obeyed(self, mask: Mask) -> None:
        for click in self.user.clicks:
            counts = self._positive if click.positive else self._negative
            counts[0] += 1
            counts[1] += bool(mask[click.row, click.col]) == click.positive

    def _named(self) -> frozenset[tuple[str, float]]:
        """Whether the answer after the first and after the fifth click (or the last) has its name.

        Nothing for names that the model does not know.
        """
        if self.name not in self.session.predictor.vocabulary:
            return frozenset()
        said = self._said
        return frozenset(
            (f"name@{k}", float(said[min(k, len(said)) - 1] == self.name)) for k in NAMED_AFTER
        )


def play_alone(one: Conversation, cap: int) -> None:
    """Play a conversation until nothing is left to correct, at most ``cap`` rounds."""
    for _ in one.rounds(cap):
        pass


def play_together(group: Sequence[Conversation], cap: int) -> None:
    """Play conversations round by round until all are above ``SEEM_STOP``, at most ``cap``."""
    for _ in zip(*(one.rounds(cap) for one in group), strict=True):
        if all(one.ious[-1] > SEEM_STOP for one in group):
            return

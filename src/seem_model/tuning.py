"""What fine-tuning is asked and what it tells, as values; no torch here.

:mod:`seem_model.fine_tuning` does the work, :mod:`seem_model.tuning_child` has it done by another
process, which speaks in lines of JSON.
"""

from __future__ import annotations

import importlib.util
import json
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from seem_model.errors import DataError, SeemError

if TYPE_CHECKING:
    from pathlib import Path

NOTHING = (
    "There is nothing to learn from: commit some objects first, or choose a Labels layer that has "
    "objects of at least 12 pixels."
)


@dataclass(frozen=True, kw_only=True)
class Tuning:
    """A wish to fine-tune a model.

    Parameters
    ----------
    base : str
        Checkpoint to start from, as :func:`seem_model.load` takes it.
    name : str
        Of the new model, for its card.
    steps : int
    any_way_up : bool
        Whether pictures may be flipped and turned any way (microscopy).
    rate : float
        Peak learning rate.
    share : float
        How far to go from the old weights to the trained ones, above 0 and up to 1. Half of the
        way keeps most of what was learned and forgets far less of everything else.
    seed : int
        Of batches and of what is kept back.
    device : str
        "auto" or "cpu".
    """

    base: str = "lite"
    name: str = "my model"
    steps: int = 150
    any_way_up: bool = True
    rate: float = 2e-4
    share: float = 0.5
    seed: int = 0
    device: str = "auto"


@dataclass(frozen=True)
class Score:
    """Mean IoU on the objects that were kept back, after one and after three clicks."""

    one: float
    three: float

    @property
    def mean(self) -> float:
        """Of both, by which two models are compared."""
        return (self.one + self.three) / 2


@dataclass(frozen=True)
class Measuring:
    """The simulated user has clicked ``done`` of ``of`` objects, before or ``after`` training."""

    done: int
    of: int
    after: bool


@dataclass(frozen=True)
class Step:
    """A step of training is done; ``left`` is in seconds."""

    done: int
    of: int
    loss: float
    left: float


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What came of it.

    Parameters
    ----------
    folder : str
        Checkpoint folder of the new model.
    base : str
        Checkpoint that it started from.
    before, after : Score or None
        None where there were too few objects to keep any back.
    objects, images : int
        Trained on.
    held_out : int
        Objects that were kept back and measured.
    steps : int
        Taken.
    seconds : float
        Of training, without measuring.
    """

    folder: str
    base: str
    before: Score | None
    after: Score | None
    objects: int
    images: int
    held_out: int
    steps: int
    seconds: float

    @property
    def is_worse(self) -> bool:
        """Whether the new model is measured to be worse than the one before."""
        if self.before is None or self.after is None:
            return False
        return self.after.mean < self.before.mean

    @property
    def words(self) -> str:
        """The numbers before and after, in a sentence or two."""
        learned = f"Learned from {_many(self.objects, 'object')} in {self.steps} steps."
        if self.before is None or self.after is None:
            return f"{learned} Too few objects to hold some out, so nothing was measured."
        one = f"{self.before.one:.2f} → {self.after.one:.2f} after one click"
        three = f"{self.before.three:.2f} → {self.after.three:.2f} after three clicks"
        held = f"{_many(self.held_out, 'object')} held out"
        return f"Mean IoU {one}, {three}; {held}. {learned}"


@dataclass(frozen=True)
class Trouble:
    """Why there is no model, in a sentence."""

    words: str


Message = Measuring | Step | Outcome | Trouble
_KINDS = {kind.__name__: kind for kind in (Measuring, Step, Outcome, Trouble)}


def check_installed() -> None:
    """Tell in time that training is not possible here; SeemError if a package is missing."""
    if importlib.util.find_spec("accelerate") is None:
        raise SeemError(
            'Training needs accelerate, which is not installed: install "napari-seem[train]".'
        )


def written(message: Message) -> str:
    """A message as a line of JSON."""
    return json.dumps({"kind": type(message).__name__, **asdict(message)})


def read(line: str) -> Message:
    """The message of a line; DataError if it is none."""
    try:
        values: dict[str, Any] = json.loads(line)
        kind = _KINDS[values.pop("kind")]
        for key in ("before", "after"):
            if isinstance(values.get(key), dict):
                values[key] = Score(**values[key])
        return kind(**values)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise DataError(f"The training process said something unexpected: {line!r}.") from error


def write_wish(wish: Tuning, path: Path) -> None:
    """Write a wish as JSON."""
    path.write_text(json.dumps(asdict(wish)), encoding="utf-8")


def read_wish(path: Path) -> Tuning:
    """Read what :func:`write_wish` wrote; DataError if that is not possible."""
    try:
        return Tuning(**json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError) as error:
        raise DataError(f"The wish at {path} cannot be read: {error}.") from error


def _many(count: int, word: str) -> str:
    return f"{count} {word}" if count == 1 else f"{count} {word}s"

"""Fine-tuning on what a person has labelled, with honest numbers.

:func:`fine_tune` measures, runs the training engine (:func:`seem_model.train.train`), measures
again and leaves a checkpoint with its card. To have that done by a process of its own, as the
plugin does, see :mod:`seem_model.tuning_child`.
"""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import torch

from seem_model import checkpoint
from seem_model.errors import DataError
from seem_model.evaluate import interactive
from seem_model.loading import load
from seem_model.start import start_model
from seem_model.train import train
from seem_model.tuning import (
    NOTHING,
    Measuring,
    Message,
    Outcome,
    Score,
    Step,
    Tuning,
    check_installed,
)
from seem_model.tuning_recipe import DATA, recipe_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from seem_model.data.examples import Examples
    from seem_model.recipe import Recipe

CARD = "MODEL_CARD.md"
MOST_MEASURED = 60
"""Objects that are clicked to measure; more take long and change little."""


def fine_tune(
    examples: Examples, wish: Tuning, out: Path, *,
    told: Callable[[Message], None] = lambda message: None,
    enough: Callable[[], bool] = lambda: False,
) -> Outcome:  # fmt: skip
    """Train a model on examples and measure it on those that are kept back.

    Parameters
    ----------
    examples : Examples
        As :func:`seem_model.data.holding_out.with_some_kept_back` makes them.
    wish : Tuning
    out : Path
        An empty folder to work in. What is there afterwards is the new model's folder,
        ``Outcome.folder``, and files that may be deleted.
    told : callable
        Gets a :class:`Measuring` after each object and a :class:`Step` after each step; what it
        raises ends the work.
    enough : callable
        Asked before every step; True goes on with the model as it is then.

    Raises
    ------
    SeemError
        If there is nothing to learn from, the model is not there or cannot be trained, or
        accelerate is not installed.
    """
    if not examples.objects:
        raise DataError(NOTHING)
    check_installed()
    recipe = recipe_of(examples, wish, out)
    examples.save(out / DATA)
    before = _measured(wish.base, examples, wish, lambda n, of: told(Measuring(n, of, False)))
    clock = _Clock(recipe.steps, told)
    folder = train(recipe, cancelled=enough, report=lambda line: None, stepped=clock.stepped)
    if not clock.done:
        raise DataError("Training was stopped before its first step, so there is no new model.")
    seconds = time.perf_counter() - clock.began
    if wish.share < 1:
        part_of_the_way(recipe, folder, wish.share)
    after = _measured(folder, examples, wish, lambda n, of: told(Measuring(n, of, True)))
    outcome = Outcome(
        folder=str(folder), base=wish.base, before=before, after=after,
        objects=examples.objects, images=len(examples.ids("train")),
        held_out=min(examples.held_out, MOST_MEASURED), steps=clock.done, seconds=seconds,
    )  # fmt: skip
    (folder / CARD).write_text(card(wish, outcome, examples), encoding="utf-8")
    return outcome


def part_of_the_way(recipe: Recipe, folder: Path, share: float) -> None:
    """Put weights between those before and after a run in place of the latter.

    Parameters
    ----------
    recipe : Recipe
        Which says what the run started from.
    folder : Path
        The checkpoint that it made.
    share : float
        0 for the weights before, 1 for those after.

    Notes
    -----
    Wortsman et al., "Robust fine-tuning of zero-shot models", CVPR 2022.
    """
    model, before = checkpoint.load_model(folder), start_model(recipe).state_dict()
    for name, value in model.state_dict().items():  # these are the model's own tensors
        if value.is_floating_point():
            value.copy_(torch.lerp(before[name], value, share))
    checkpoint.save(model, folder)


def _measured(
    model: str | Path, examples: Examples, wish: Tuning, told: Callable[[int, int], None]
) -> Score | None:
    """One and three clicks of the simulated user on what is kept back; None if that is nothing."""
    if not examples.held_out:
        return None
    report = interactive(
        load(model, device=wish.device), examples, max_clicks=3, limit=MOST_MEASURED,
        seed=wish.seed, progress=told,
    )  # fmt: skip
    one, _, three = (float(v) for v in report.tally.iou())
    return Score(one, three)


class _Clock:
    """Counts steps, and tells how long the others will take."""

    def __init__(self, steps: int, told: Callable[[Message], None]) -> None:
        self.steps, self.told, self.done = steps, told, 0
        self.began = self._second = time.perf_counter()

    def stepped(self, done: int, loss: float) -> None:
        now = time.perf_counter()
        if done == 1:  # the first step warms up and is not representative
            self._second = now
        pace = (now - self._second) / (done - 1) if done > 1 else now - self.began
        self.done = done
        self.told(Step(done, self.steps, loss, pace * (self.steps - done)))


def card(wish: Tuning, outcome: Outcome, examples: Examples) -> str:
    """The model card, in Markdown."""
    names = ", ".join(c.name for c in examples.classes)
    rows = {
        "fine-tuned from": f"`{wish.base}`",
        "date": datetime.now(UTC).date().isoformat(),
        "images": str(outcome.images),
        "objects": f"{outcome.objects} ({names})",
        "held out": str(outcome.held_out) if outcome.before else "none: too few objects",
        "steps": f"{outcome.steps}, learning rate {wish.rate:g}, seed {wish.seed}",
        "share of the way from the old weights to the trained ones": f"{wish.share:g}",
        "turned any way up": "yes" if wish.any_way_up else "no",
        "data": f"labels {examples.fingerprint} (start of their SHA-256); yours, not included",
    }
    table = "\n".join(f"| {key} | {value} |" for key, value in rows.items())
    text = f"# Model card: {wish.name}\n\n| | |\n|---|---|\n{table}\n"
    before, after = outcome.before, outcome.after
    if before is None or after is None:
        return f"{text}\nNothing was measured.\n"
    return (
        f"{text}\n| mean IoU of the objects held out | after one click | after three |\n"
        f"|---|--:|--:|\n| before | {before.one:.3f} | {before.three:.3f} |\n"
        f"| after | {after.one:.3f} | {after.three:.3f} |\n\n"
        "Measured with a simulated user, on objects of the same images or series. Other data may "
        "be answered worse than before.\n"
    )

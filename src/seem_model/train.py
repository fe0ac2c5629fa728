"""The training loop, flat: ``train(recipe)`` runs, resumes, evaluates and saves."""

from __future__ import annotations

from typing import TYPE_CHECKING

from seem_model.optimise import Average
from seem_model.training_evaluation import evaluate_checkpoint, evaluation_sets
from seem_model.training_guard import any_process
from seem_model.training_log import TrainingLog
from seem_model.training_run import prepare
from seem_model.training_state import CHECKPOINT, resume_state, save_average, save_state

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from seem_model.data.dataset import DataSet
    from seem_model.recipe import Recipe
    from seem_model.training_run import Run


def train(
    recipe: Recipe, *, resume: bool = False,
    cancelled: Callable[[], bool] = lambda: False,
    report: Callable[[str], None] = print,
) -> Path:  # fmt: skip
    """Run a recipe.

    Parameters
    ----------
    recipe : Recipe
    resume : bool
        Continue from the newest state in ``recipe.out``; equals an uninterrupted run.
    cancelled : callable
        Asked before every step; True saves and stops. With several processes one is enough.
    report : callable
        Gets a line of text now and then.

    Returns
    -------
    Path
        The folder of the averaged weights, a checkpoint that :func:`seem_model.load` takes.

    Raises
    ------
    SeemError
        If the run cannot start, or a loss or gradient is no number: the batch is then saved.
    """
    run = prepare(recipe)
    sets = evaluation_sets(recipe) if recipe.evaluate_every else ()
    average = Average(run.model, recipe.optim.ema)
    first = resume_state(run, average) if resume else 0
    log = TrainingLog(run, report, first)
    try:
        _loop(run, average, log, sets, first, cancelled)
    finally:
        log.close()
    return run.out / CHECKPOINT


def _loop(
    run: Run, average: Average, log: TrainingLog, sets: tuple[DataSet, ...], first: int,
    cancelled: Callable[[], bool],
) -> None:  # fmt: skip
    recipe, accelerator = run.recipe, run.accelerator
    batches = iter(run.loader(first))
    for step in range(first, recipe.steps):
        if any_process(accelerator, cancelled()):
            if accelerator.is_main_process:
                save_state(run, average, step)
            return
        rows = run.step(step, [next(batches) for _ in range(recipe.optim.accumulate)])
        average.update(run.model)
        log.write(step, rows)
        done = step + 1
        saves = done % recipe.save_every == 0 or done == recipe.steps
        evaluates = recipe.evaluate_every > 0 and done % recipe.evaluate_every == 0
        if saves and accelerator.is_main_process:
            save_state(run, average, done)
        if evaluates and accelerator.is_main_process:
            _evaluate(run, average, log, sets, done)
        if saves or evaluates:
            accelerator.wait_for_everyone()


def _evaluate(
    run: Run, average: Average, log: TrainingLog, sets: tuple[DataSet, ...], done: int
) -> None:
    """Measure the averaged weights; training draws nothing from this and is not changed by it."""

    def work() -> None:
        device, folder = str(run.accelerator.device), save_average(run, average)
        log.measured(done, evaluate_checkpoint(run.recipe, folder, sets, device=device))

    log.without_time(work)

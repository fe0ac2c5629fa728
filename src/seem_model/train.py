"""The training loop, flat: ``train(recipe)`` runs, resumes, evaluates and saves."""

from __future__ import annotations

from typing import TYPE_CHECKING

from seem_model.optimise import Average
from seem_model.training_evaluation import evaluate_checkpoint, evaluation_sets
from seem_model.training_guard import any_process
from seem_model.training_interruption import Interruption
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
    stepped: Callable[[int, float], None] = lambda done, loss: None,
) -> Path:  # fmt: skip
    """Run a recipe.

    The first Ctrl+C or SIGTERM ends the run after the current step with its state saved, the
    second at once.

    Parameters
    ----------
    recipe : Recipe
    resume : bool
        Continue from the newest state in ``recipe.out``; equals an uninterrupted run.
    cancelled : callable
        Asked before every step; True saves and stops. With several processes one is enough.
    report : callable
        Gets a line of text now and then.
    stepped : callable
        Gets the number of steps done and the loss after each; what it raises ends the run.

    Returns
    -------
    Path
        The folder of the averaged weights, a checkpoint that :func:`seem_model.load` takes.

    Raises
    ------
    SeemError
        If the run cannot start, or a loss or gradient is no number: the batch is then saved.
    KeyboardInterrupt, SystemExit
        After Ctrl+C and SIGTERM (code 143).
    """
    run = prepare(recipe)
    sets = evaluation_sets(recipe) if recipe.evaluate_every else ()
    average = Average(run.model, recipe.optim.ema)
    first = resume_state(run, average) if resume else 0
    log = TrainingLog(run, report, first)
    with Interruption() as interruption:
        try:
            done = _loop(
                run, average, log, sets, first,
                lambda: cancelled() or interruption.received is not None, stepped,
            )  # fmt: skip
        finally:
            log.close()
    if interruption.received is not None and done < recipe.steps:
        if run.accelerator.is_main_process:
            report(
                f"Interrupted after {done} of {recipe.steps} steps: the state is saved in "
                f"{run.out}, and --resume goes on from it."
            )
        interruption.leave()
    return run.out / CHECKPOINT


def _loop(
    run: Run, average: Average, log: TrainingLog, sets: tuple[DataSet, ...], first: int,
    cancelled: Callable[[], bool], stepped: Callable[[int, float], None],
) -> int:  # fmt: skip
    """Take the steps; returns how many are done."""
    recipe, accelerator = run.recipe, run.accelerator
    batches = iter(run.loader(first))
    for step in range(first, recipe.steps):
        if any_process(accelerator, cancelled()):
            if accelerator.is_main_process:
                save_state(run, average, step)
            accelerator.wait_for_everyone()
            return step
        rows = run.step(step, [next(batches) for _ in range(recipe.optim.accumulate)])
        average.update(run.model)
        log.write(step, rows)
        stepped(step + 1, sum(row["loss"] for row in rows) / len(rows))
        done = step + 1
        saves = done % recipe.save_every == 0 or done == recipe.steps
        evaluates = recipe.evaluate_every > 0 and done % recipe.evaluate_every == 0
        if saves and accelerator.is_main_process:
            save_state(run, average, done)
        if evaluates and accelerator.is_main_process:
            _evaluate(run, average, log, sets, done)
        if saves or evaluates:
            accelerator.wait_for_everyone()
    return recipe.steps


def _evaluate(
    run: Run, average: Average, log: TrainingLog, sets: tuple[DataSet, ...], done: int
) -> None:
    """Measure the averaged weights; training draws nothing from this and is not changed by it."""

    def work() -> None:
        device, folder = str(run.accelerator.device), save_average(run, average)
        log.measured(done, evaluate_checkpoint(run.recipe, folder, sets, device=device))

    log.without_time(work)

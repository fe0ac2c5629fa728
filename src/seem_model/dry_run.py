"""What a recipe would do, without doing it: ``seem train --dry-run``."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from seem_model.optimise import part_sizes
from seem_model.training_evaluation import evaluation_sets
from seem_model.training_run import prepare

if TYPE_CHECKING:
    from seem_model.loss_config import TaskWeights
    from seem_model.recipe import Recipe
    from seem_model.training_run import Run

MOST_TIMED = 4


@dataclass(frozen=True)
class _Seconds:
    """What a step takes: making its batches, and computing their gradients."""

    batches: float
    gradients: float
    workers: int

    @property
    def together(self) -> float:
        """Workers make the next batches meanwhile; without any, one thing follows the other."""
        if not self.workers:
            return self.batches + self.gradients
        return max(self.batches / self.workers, self.gradients)


def described(recipe: Recipe) -> str:
    """Say what a recipe would do; a few steps are tried for their time, nothing is written.

    Parameters
    ----------
    recipe : Recipe

    Returns
    -------
    str
        Lines for a terminal: start, data, steps, losses, parameters of each part, time.

    Raises
    ------
    SeemError
        Whatever would stop the run from starting.
    """
    run = prepare(recipe)
    seconds = _timed(run)
    hours = recipe.steps * seconds.together / 3600
    lines = [
        f"{run.model.config.name}, starting from {recipe.start or 'no checkpoint'}, "
        f"to {recipe.out} on {run.accelerator.device} (precision: {recipe.precision})",
        "",
        *_data(run),
        *_steps(run),
        *_losses(recipe),
        *_evaluation(recipe),
        "",
        *_parameters(run),
        "",
        f"time: {seconds.together:.2f} s a step (gradients {seconds.gradients:.2f}, batches "
        f"{seconds.batches:.2f} with {recipe.loader_workers} processes for them), "
        f"{_duration(hours)} in all, measured here on {run.accelerator.num_processes} processes",
    ]
    return "\n".join(lines)


def _timed(run: Run) -> _Seconds:
    """Time as many steps as show every part of the schedule, after one to warm up."""
    recipe = run.recipe
    most = min(MOST_TIMED, max(1, recipe.objects_every, recipe.phrases_every))
    making, computing = [], []
    for step in range(most + 1):
        start = time.perf_counter()
        batches = [run.batches(run.number(step, p)) for p in range(recipe.optim.accumulate)]
        made = time.perf_counter()
        run.gradients(step, batches)
        making.append(made - start)
        computing.append(time.perf_counter() - made)
    return _Seconds(
        float(np.mean(making[1:])), float(np.mean(computing[1:])), recipe.loader_workers
    )


def _data(run: Run) -> list[str]:
    total = sum(s.weight for s in run.recipe.sets)
    lines = [f"{'data':<22} {'share':>7} {'images':>8} {'classes':>8}"]
    batches = run.batches
    rows = zip(run.recipe.sets, batches.sources.folders, batches.sources.counts(), strict=True)
    for config, folder, images in rows:
        share = config.weight / total
        lines.append(f"  {folder.name:<20} {share:7.1%} {images:8} {len(folder.classes):8}")
    return lines


def _steps(run: Run) -> list[str]:
    recipe, processes = run.recipe, run.accelerator.num_processes
    images = recipe.batch.images * run.batches_per_step
    seen = recipe.steps * images
    there = sum(run.batches.sources.counts())
    optim = recipe.optim
    falls = ", ".join(f"{m:.1%}" for m in optim.milestones)
    curve = f"a tenth from {falls} of the run" if falls else "half a cosine"
    sides = ", ".join(str(s) for s in sorted(set(recipe.sizes)))
    return [
        "",
        f"{recipe.steps} steps of {images} images (batch {recipe.batch.images} × accumulate "
        f"{optim.accumulate} × processes {processes}), {sides} pixels wide, up to "
        f"{recipe.batch.objects} objects each: {seen / there:.1f} times through the data",
        f"learning rate {optim.lr:g} (backbone {optim.backbone_lr:g}): warm-up over "
        f"{optim.warmup} steps, then {curve}; decay {optim.decay:g}, gradients up to "
        f"{optim.clip:g}, average {optim.ema:g}",
        f"0 to {recipe.rounds.most} rounds of clicks before the one that is learned from",
    ]


def _losses(recipe: Recipe) -> list[str]:
    loss = recipe.loss

    def row(name: str, weights: TaskWeights, every: int) -> str:
        often = "never" if not every else "every step" if every == 1 else f"every {every} steps"
        terms = f"ce {weights.ce:g}, bce {weights.bce:g}, dice {weights.dice:g}"
        return f"  {name:<10} {terms}; {often}"

    return [
        f"losses, masks at {loss.points} points",
        row("clicks", loss.clicks, 1),
        row("objects", loss.objects, recipe.objects_every),
        row("phrases", loss.phrases, recipe.phrases_every),
    ]


def _evaluation(recipe: Recipe) -> list[str]:
    if not recipe.evaluate_every:
        return ["no evaluation while training"]
    config = recipe.evaluate
    names = ", ".join(f.name for f in evaluation_sets(recipe))
    return [
        f"evaluation every {recipe.evaluate_every} steps: up to {config.objects} objects of "
        f"{names} ({config.split}), {config.clicks} clicks each"
    ]


def _parameters(run: Run) -> list[str]:
    sizes = part_sizes(run.model)
    lines = ["parameters             trained       frozen"]
    lines += [f"  {part:<16} {a:12,} {b:12,}" for part, (a, b) in sizes.items()]
    trained, frozen = (sum(s[i] for s in sizes.values()) for i in (0, 1))
    return [*lines, f"  {'together':<16} {trained:12,} {frozen:12,}"]


def _duration(hours: float) -> str:
    return f"{hours * 60:.0f} min" if hours < 2 else f"{hours:.0f} hours"

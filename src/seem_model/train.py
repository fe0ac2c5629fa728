"""The training loop, flat: ``train(recipe)`` runs, resumes and saves."""

from __future__ import annotations

import csv
import time
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import nn
from torch.utils.data import DataLoader, Dataset

from seem_model import checkpoint
from seem_model.data.batch import Batch
from seem_model.data.batches import Batches
from seem_model.errors import SeemError
from seem_model.losses import total
from seem_model.modeling.names import BACKGROUND, PhraseBook
from seem_model.optimise import Average, learning_rate, parameter_groups
from seem_model.start import start_model
from seem_model.training_step import Schedule, TrainingStep

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from accelerate import Accelerator

    from seem_model.modeling.seem import Seem
    from seem_model.recipe import Recipe


class _Steps(Dataset[Batch]):
    def __init__(self, batches: Batches, steps: int) -> None:
        self.batches, self.steps = batches, steps

    def __len__(self) -> int:
        return self.steps

    def __getitem__(self, step: int) -> Batch:
        return self.batches(step)


def _loader(batches: Batches, recipe: Recipe, first: int, rank: int, world: int) -> Iterable[Batch]:
    order = range(first * world + rank, recipe.steps * world, world)
    return DataLoader(
        _Steps(batches, recipe.steps * world), batch_size=None, sampler=list(order),
        num_workers=recipe.loader_workers,
        prefetch_factor=3 if recipe.loader_workers else None,
    )  # fmt: skip


def _accelerator(recipe: Recipe) -> Accelerator:
    try:
        from accelerate import Accelerator, DistributedDataParallelKwargs
    except ImportError:
        raise SeemError('Training needs accelerate: install "napari-seem[train]".') from None
    # Objects and phrases are not part of every step, nor texts and examples of every batch.
    unused = DistributedDataParallelKwargs(find_unused_parameters=True)
    return Accelerator(mixed_precision=recipe.precision, kwargs_handlers=[unused])


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
        Asked before every step; True saves and stops.
    report : callable
        Gets a line of text now and then.

    Returns
    -------
    Path
        The folder of the averaged weights, a checkpoint that :func:`seem_model.load` takes.
    """
    accelerator = _accelerator(recipe)
    out = Path(recipe.out)
    model = start_model(recipe)
    optimizer = torch.optim.AdamW(parameter_groups(model, recipe.optim))
    average = Average(model, recipe.optim.ema)
    batches = Batches(recipe.sets, recipe.crop, recipe.batch, recipe.sizes, recipe.seed)
    book = PhraseBook(model.text)
    book.names([n for names in batches.vocabularies() for n in names] + [BACKGROUND])
    step_module = TrainingStep(model, book=book, loss=recipe.loss, rounds=recipe.rounds)
    step_module, optimizer = accelerator.prepare(step_module, optimizer)
    first = _resume(out, model, optimizer, average) if resume else 0
    loader = _loader(batches, recipe, first, accelerator.process_index, accelerator.num_processes)
    log = _Log(out, report, recipe, accelerator)
    for step, batch in enumerate(loader, start=first):
        if cancelled():
            if accelerator.is_main_process:
                _save(out, step, model, optimizer, average)
            break
        losses = _one(step, batch, step_module, optimizer, recipe, accelerator)
        average.update(model)
        log.write(step, losses)
        due = (step + 1) % recipe.save_every == 0 or step + 1 == recipe.steps
        if due and accelerator.is_main_process:
            _save(out, step + 1, model, optimizer, average)
    return out / "checkpoint"


def _one(
    step: int, batch: Batch, module: nn.Module, optimizer: torch.optim.Optimizer, recipe: Recipe,
    accelerator: Accelerator,
) -> dict[str, float]:  # fmt: skip
    factor = learning_rate(step, recipe)
    for group in optimizer.param_groups:
        group.setdefault("peak", group["lr"])
        group["lr"] = group["peak"] * factor
    schedule = Schedule(
        objects=_due(step, recipe.objects_every),
        phrases=_due(step - 1, recipe.phrases_every),
    )
    # Draws depend on seed, step and process alone, so that resuming repeats them.
    seeds = (recipe.seed, step, accelerator.process_index, 7)
    rng = np.random.default_rng(seeds)
    generator = torch.Generator().manual_seed(int(rng.integers(2**62)))
    losses = module(batch, schedule, rng=rng, generator=generator)
    loss = total(losses)
    if not torch.isfinite(loss):
        raise SeemError(
            f"The loss became {loss.item()} at step {step}; lower optim.lr and resume from the "
            "last saved state."
        )
    optimizer.zero_grad(set_to_none=True)
    accelerator.backward(loss)
    accelerator.clip_grad_norm_(module.parameters(), recipe.optim.clip)
    optimizer.step()
    return {"loss": float(loss.detach()), **{k: float(v.detach()) for k, v in losses.items()}}


def _due(step: int, every: int) -> bool:
    return every > 0 and step % every == 0


def _save(
    out: Path, step: int, model: Seem, optimizer: torch.optim.Optimizer, average: Average
) -> None:
    out.mkdir(parents=True, exist_ok=True)
    trained = {k: v for k, v in model.state_dict().items() if not k.startswith("text.")}
    state = {
        "step": step, "model": trained, "optimizer": optimizer.state_dict(),
        "average": average.state_dict(),
    }  # fmt: skip
    torch.save(state, out / "state.tmp")
    (out / "state.tmp").replace(out / "state.pt")
    checkpoint.save(average.copied_to(model), out / "checkpoint", half=True)


def _resume(out: Path, model: Seem, optimizer: torch.optim.Optimizer, average: Average) -> int:
    path = out / "state.pt"
    if not path.exists():
        raise SeemError(f"There is no state to resume from at {path}; run without --resume.")
    state = torch.load(path, map_location="cpu", weights_only=True)
    model.load_state_dict(state["model"], strict=False)
    optimizer.load_state_dict(state["optimizer"])
    average.load_state_dict(state["average"])
    return int(state["step"])


class _Log:
    """CSV of every step and a line now and then."""

    def __init__(
        self, out: Path, report: Callable[[str], None], recipe: Recipe, accelerator: Accelerator
    ) -> None:
        self.recipe, self.report, self.out = recipe, report, out
        self.main = accelerator.is_main_process
        self.recent: list[dict[str, float]] = []
        self.began = time.perf_counter()
        out.mkdir(parents=True, exist_ok=True)

    def write(self, step: int, losses: dict[str, float]) -> None:
        """Remember a step; report the mean of the last ones at intervals."""
        self.recent.append(losses)
        if not self.main or (step + 1) % self.recipe.log_every:
            return
        names = sorted({k for row in self.recent for k in row})
        mean = {k: _mean(row[k] for row in self.recent if k in row) for k in names}
        seconds = (time.perf_counter() - self.began) / len(self.recent)
        line = " ".join(f"{k}={v:.3f}" for k, v in mean.items())
        left = (self.recipe.steps - step - 1) * seconds / 60
        self.report(f"step {step + 1}/{self.recipe.steps} {seconds:.2f}s {left:.0f}min {line}")
        with open(self.out / "log.csv", "a", newline="", encoding="utf-8") as file:
            rows = csv.writer(file)
            for key, value in mean.items():
                rows.writerow([step + 1, key, f"{value:.5f}"])
        self.recent, self.began = [], time.perf_counter()


def _mean(values: Iterator[float]) -> float:
    found = list(values)
    return sum(found) / len(found)

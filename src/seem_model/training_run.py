"""What the training loop works on, and one step of it on one or several processes.

Step ``s`` of a run with ``accumulate`` A on W processes sees the batches ``s·A·W`` to
``(s + 1)·A·W - 1``. They are dealt to the processes in turn, their losses are averaged, and what
is drawn at random depends on the batch's number alone: how A·W is divided changes nothing.
"""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader, Dataset

from seem_model.data.batch import Batch
from seem_model.data.batches import Batches
from seem_model.errors import ConfigError, SeemError
from seem_model.losses import total
from seem_model.modeling.names import BACKGROUND, PhraseBook
from seem_model.optimise import learning_rate, parameter_groups
from seem_model.start import start_model
from seem_model.training_guard import refuse_no_number
from seem_model.training_interruption import leave_signals_to_the_parent
from seem_model.training_mask_teacher import MaskTeacher
from seem_model.training_step import Schedule, TrainingStep
from seem_model.training_teacher import Teacher

if TYPE_CHECKING:
    from collections.abc import Sequence

    from accelerate import Accelerator

    from seem_model.modeling.seem import Seem
    from seem_model.recipe import Recipe


class _Numbered(Dataset[Batch]):
    def __init__(self, batches: Batches) -> None:
        self.batches = batches

    def __getitem__(self, number: int) -> Batch:
        return self.batches(number)


class Run:
    """A recipe made ready on one process.

    Parameters
    ----------
    recipe : Recipe
    accelerator : Accelerator
    model : Seem
        The bare model, on the process's device.
    module : Module
        The training step around it, as wrapped for several processes.
    optimizer : Optimizer
    batches : Batches
    """

    def __init__(
        self, *, recipe: Recipe, accelerator: Accelerator, model: Seem, module: nn.Module,
        optimizer: torch.optim.Optimizer, batches: Batches,
    ) -> None:  # fmt: skip
        self.recipe, self.accelerator = recipe, accelerator
        self.model, self.module, self.optimizer = model, module, optimizer
        self.batches = batches

    @property
    def out(self) -> Path:
        """Folder of states, weights and logs."""
        return Path(self.recipe.out)

    @property
    def batches_per_step(self) -> int:
        """Over all processes."""
        return self.recipe.optim.accumulate * self.accelerator.num_processes

    def number(self, step: int, part: int) -> int:
        """Number of this process's batch ``part`` of a step."""
        world, rank = self.accelerator.num_processes, self.accelerator.process_index
        return step * self.batches_per_step + part * world + rank

    def loader(self, first: int) -> DataLoader[Batch]:
        """Batches of this process in their order, beginning with step ``first``."""
        parts, workers = range(self.recipe.optim.accumulate), self.recipe.loader_workers
        steps = range(first, self.recipe.steps)
        return DataLoader(
            _Numbered(self.batches), batch_size=None,
            sampler=[self.number(s, p) for s in steps for p in parts],
            num_workers=workers, prefetch_factor=3 if workers else None,
            worker_init_fn=leave_signals_to_the_parent,
        )  # fmt: skip

    def gradients(self, step: int, batches: Sequence[Batch]) -> list[dict[str, float]]:
        """Add up the gradients of a step's batches, averaged over them and the processes.

        Parameters
        ----------
        step : int
            Counted from 0.
        batches : sequence of Batch
            The ``optim.accumulate`` batches of this process.

        Returns
        -------
        list of dict
            Losses of each batch, and their sum as ``loss``.

        Raises
        ------
        SeemError
            If a loss is no number.
        """
        self.optimizer.zero_grad(set_to_none=True)
        rows = []
        for part, batch in enumerate(batches):
            with self._synchronised(last=part + 1 == len(batches)):
                losses = self._losses(step, part, batch)
                loss = total(losses)
                refuse_no_number(self, step, loss, (batch,), name="loss")
                self.accelerator.backward(loss / len(batches))
            named = {k: float(v.detach()) for k, v in losses.items()}
            rows.append({"loss": float(loss.detach()), **named})
        return rows

    def step(self, step: int, batches: Sequence[Batch]) -> list[dict[str, float]]:
        """Take one step; parameters, result and errors as of :meth:`gradients`."""
        factor = learning_rate(step, self.recipe)
        for group in self.optimizer.param_groups:
            group.setdefault("peak", group["lr"])
            group["lr"] = group["peak"] * factor
        rows = self.gradients(step, batches)
        norm = self.accelerator.clip_grad_norm_(self.module.parameters(), self.recipe.optim.clip)
        # In float16 a gradient may overflow: the loss scale is lowered then and the step left out.
        if norm is not None and self.accelerator.scaler is None:
            refuse_no_number(self, step, norm, batches, name="gradient")
        self.optimizer.step()
        return rows

    def _synchronised(self, *, last: bool) -> AbstractContextManager[None]:
        """Processes exchange gradients in the last backward pass of a step only."""
        return nullcontext() if last else self.accelerator.no_sync(self.module)

    def _losses(self, step: int, part: int, batch: Batch) -> dict[str, Tensor]:
        recipe = self.recipe
        schedule = Schedule(
            objects=_due(step, recipe.objects_every), phrases=_due(step - 1, recipe.phrases_every)
        )
        place = self.number(step, part) % self.batches_per_step
        rng = np.random.default_rng((recipe.seed, step, place, 7))
        generator = torch.Generator().manual_seed(int(rng.integers(2**62)))
        losses: dict[str, Tensor] = self.module(batch, schedule, rng=rng, generator=generator)
        return losses


def prepare(recipe: Recipe) -> Run:
    """Open the data, build the model and its optimizer, and join the other processes.

    Raises
    ------
    SeemError
        If data or weights are missing or broken, a package is not installed, the precision is not
        possible here, or a teacher does not fit the model or its start.
    """
    accelerator = _accelerator(recipe)
    batches = Batches(recipe.sets, recipe.crop, recipe.batch, recipe.sizes, recipe.seed)
    model = start_model(recipe)
    optimizer = torch.optim.AdamW(parameter_groups(model, recipe.optim))
    book = PhraseBook(model.text)
    book.names([n for names in batches.sources.vocabularies() for n in names] + [BACKGROUND])
    teacher = Teacher(model) if recipe.loss.teacher > 0 else None
    module = TrainingStep(
        model, book=book, loss=recipe.loss, rounds=recipe.rounds, teacher=teacher,
        mask_teacher=_mask_teacher(recipe, model),
    )  # fmt: skip
    module, optimizer = accelerator.prepare(module, optimizer)
    return Run(
        recipe=recipe, accelerator=accelerator, model=model, module=module, optimizer=optimizer,
        batches=batches,
    )  # fmt: skip


def _mask_teacher(recipe: Recipe, model: Seem) -> MaskTeacher | None:
    if recipe.loss.mask_teacher <= 0:
        return None
    if not recipe.start:
        raise ConfigError(
            "loss.mask_teacher teaches what the weights that a run starts from answer: set start, "
            "to lite or a checkpoint, or loss.mask_teacher=0."
        )
    return MaskTeacher(model)


def _accelerator(recipe: Recipe) -> Accelerator:
    try:
        from accelerate import Accelerator, DistributedDataParallelKwargs
    except ImportError:
        raise SeemError('Training needs accelerate: install "napari-seem[train]".') from None
    # Objects and phrases are not part of every step, nor texts and examples of every batch.
    unused = DistributedDataParallelKwargs(find_unused_parameters=True)
    try:
        accelerator = Accelerator(mixed_precision=recipe.precision, kwargs_handlers=[unused])
    except ValueError as error:
        raise SeemError(f"precision={recipe.precision} is not possible here: {error}") from error
    if recipe.precision == "fp16" and accelerator.device.type == "cpu":
        raise SeemError(
            "precision=fp16 is not possible here, it needs a graphics card; set precision=bf16 or "
            "precision=no."
        )
    return accelerator


def _due(step: int, every: int) -> bool:
    return every > 0 and step % every == 0

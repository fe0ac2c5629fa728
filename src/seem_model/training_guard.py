"""The guard against losses that are no numbers: it stops the run and keeps the batch.

A batch is kept as ``.npz`` with plain arrays (no pickles), so that :func:`read_batch` can bring it
back on any machine.
"""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from seem_model.data.batch import Ask, Batch, Phrased, View
from seem_model.data.crops import Crop
from seem_model.errors import DataError, SeemError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from accelerate import Accelerator
    from numpy.typing import NDArray

    from seem_model.training_run import Run


def any_process(accelerator: Accelerator, here: bool) -> bool:
    """Whether something is true in any of the processes, which all have to ask together."""
    if accelerator.num_processes == 1:
        return here
    count = torch.tensor([float(here)], device=accelerator.device)
    return bool(accelerator.reduce(count, reduction="sum").item() > 0)


def refuse_no_number(
    run: Run, step: int, value: torch.Tensor, batches: Sequence[Batch], *, name: str
) -> None:
    """Stop all processes when ``value`` is no number in any of them.

    Parameters
    ----------
    run : Run
    step : int
        Counted from 0.
    value : () float
        A loss, or the norm of a gradient.
    batches : sequence of Batch
        What it came from; saved beside the log.
    name : str
        What the value is, in words.

    Raises
    ------
    SeemError
        Naming the step and the files of the batches.
    """
    broken = not bool(torch.isfinite(value))
    if not any_process(run.accelerator, broken):
        return
    if not broken:
        raise SeemError(f"The {name} of another process is no number at step {step}.")
    rank = run.accelerator.process_index
    kept = []
    for i, batch in enumerate(batches):
        kept.append(run.out / f"bad_batch_step{step}_process{rank}_{i}.npz")
        save_batch(batch, kept[-1])
    raise SeemError(
        f"The {name} became {value.item()} at step {step}; lower optim.lr and resume from the "
        f"last saved state. The batch is in {', '.join(map(str, kept))}."
    )


def save_batch(batch: Batch, path: str | Path) -> None:
    """Write a batch as plain arrays.

    Parameters
    ----------
    batch : Batch
    path : path
        Ends in ``.npz``; its folder is created. Keys are ``views.0.masks``, ``views.0.crop.image``,
        ``asks.3.truth`` and so on.
    """
    arrays: dict[str, NDArray[Any]] = {}
    for i, view in enumerate(batch.views):
        arrays |= _arrays(view.crop, f"views.{i}.crop.") | _arrays(view, f"views.{i}.")
        for k, phrase in enumerate(view.phrased):
            arrays |= _arrays(phrase, f"views.{i}.phrased.{k}.")
    for i, ask in enumerate(batch.asks):
        arrays |= _arrays(ask, f"asks.{i}.")
    where = Path(path)
    where.parent.mkdir(parents=True, exist_ok=True)
    np.savez_compressed(where, allow_pickle=False, **arrays)


def read_batch(path: str | Path) -> Batch:
    """Read what :func:`save_batch` wrote.

    Raises
    ------
    DataError
        If the file is missing, damaged or holds something else.
    """
    try:
        with np.load(Path(path)) as file:
            stored = dict(file)
        views, asks = (_numbered(stored, part) for part in ("views", "asks"))
        if not views:
            raise ValueError("it holds no views")
        return Batch(
            tuple(_view(v) for v in views),
            tuple(Ask(**_flat(a)) for a in asks),
        )
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise DataError(f"{path} is no saved batch: {error}.") from error


def _view(stored: dict[str, NDArray[Any]]) -> View:
    phrased = tuple(Phrased(**_flat(p)) for p in _numbered(stored, "phrased"))
    return View(crop=Crop(**_nested(stored, "crop")), phrased=phrased, **_flat(stored))


def _arrays(part: Crop | View | Ask | Phrased, prefix: str) -> dict[str, NDArray[Any]]:
    names = [f.name for f in fields(part) if f.name not in ("crop", "phrased")]
    values = {name: getattr(part, name) for name in names}
    return {
        prefix + name: np.array(list(value), str) if isinstance(value, tuple) else np.array(value)
        for name, value in values.items()
        if value is not None
    }


def _numbered(stored: dict[str, NDArray[Any]], part: str) -> list[dict[str, NDArray[Any]]]:
    found: dict[int, dict[str, NDArray[Any]]] = {}
    for key, value in stored.items():
        if key.startswith(f"{part}."):
            _, number, name = key.split(".", 2)
            found.setdefault(int(number), {})[name] = value
    return [found[i] for i in sorted(found)]


def _nested(stored: dict[str, NDArray[Any]], part: str) -> dict[str, Any]:
    start = f"{part}."
    return _flat({k.removeprefix(start): v for k, v in stored.items() if k.startswith(start)})


def _flat(stored: dict[str, NDArray[Any]]) -> dict[str, Any]:
    return {k: _plain(v) for k, v in stored.items() if "." not in k}


def _plain(value: NDArray[Any]) -> Any:
    if value.ndim == 0:
        return value.item()
    return tuple(value.tolist()) if value.dtype.kind == "U" else value

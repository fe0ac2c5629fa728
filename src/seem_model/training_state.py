"""What a run leaves on disk and resumes from: ``state.pt`` and the averaged weights beside it."""

from __future__ import annotations

import pickle
from typing import TYPE_CHECKING, Any

import torch

from seem_model import checkpoint
from seem_model.errors import SeemError
from seem_model.loading import folder_of

if TYPE_CHECKING:
    from pathlib import Path

    from seem_model.optimise import Average
    from seem_model.training_run import Run

STATE, CHECKPOINT = "state.pt", "checkpoint"


def save_state(run: Run, average: Average, step: int) -> None:
    """Write all that the next step depends on, and the averaged weights as a checkpoint.

    Parameters
    ----------
    run : Run
    average : Average
    step : int
        Steps that are done; resuming begins with this one, counted from 0.
    """
    run.out.mkdir(parents=True, exist_ok=True)
    trained = {k: v for k, v in run.model.state_dict().items() if not k.startswith("text.")}
    scaler = run.accelerator.scaler
    state = {
        "step": step, "model": trained, "optimizer": run.optimizer.state_dict(),
        "average": average.state_dict(), "scaler": None if scaler is None else scaler.state_dict(),
    }  # fmt: skip
    torch.save(state, run.out / "state.tmp")
    (run.out / "state.tmp").replace(run.out / STATE)
    save_average(run, average)


def save_average(run: Run, average: Average) -> Path:
    """Write the averaged weights in half precision; returns the checkpoint's folder."""
    words = folder_of(run.recipe.start) if run.recipe.start else None
    checkpoint.save(average.copied_to(run.model), run.out / CHECKPOINT, half=True, words=words)
    return run.out / CHECKPOINT


def resume_state(run: Run, average: Average) -> int:
    """Fill the run from its newest state; returns the steps that are done.

    Raises
    ------
    SeemError
        If there is no state, or it is damaged or of another recipe.
    """
    path = run.out / STATE
    state = _read(path)
    try:
        run.model.load_state_dict(state["model"], strict=False)
        run.optimizer.load_state_dict(state["optimizer"])
        average.load_state_dict(state["average"])
        if run.accelerator.scaler is not None and state.get("scaler") is not None:
            run.accelerator.scaler.load_state_dict(state["scaler"])
        return int(state["step"])
    except (KeyError, ValueError, RuntimeError) as error:
        raise SeemError(
            f"The state at {path} is of another recipe ({_first_line(error)}). Resume with the "
            "recipe that began it, or choose another folder: out=FOLDER."
        ) from error


def _read(path: Path) -> dict[str, Any]:
    if not path.exists():
        raise SeemError(f"There is no state to resume from at {path}; run without --resume.")
    try:
        state: dict[str, Any] = torch.load(path, map_location="cpu", weights_only=True)
    except (OSError, EOFError, RuntimeError, pickle.UnpicklingError) as error:
        raise SeemError(
            f"The state at {path} cannot be read ({_first_line(error)}). Delete it and start "
            f"again from the averaged weights: start={path.parent / CHECKPOINT}."
        ) from error
    return state


def _first_line(error: Exception) -> str:
    return str(error).strip().split("\n")[0].rstrip(".")

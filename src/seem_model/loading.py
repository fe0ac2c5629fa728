"""Opening a model: the embedded default, an official one, the test model, or a folder."""

from __future__ import annotations

from pathlib import Path

import torch

from seem_model import checkpoint as checkpoints
from seem_model import vocabulary
from seem_model.config import TINY
from seem_model.errors import CheckpointError
from seem_model.everything import Thresholds
from seem_model.library import is_kept, place
from seem_model.modeling.winograd import quicken
from seem_model.predictor import Predictor
from seem_model.releases import RELEASES
from seem_model.vocabulary import Vocabulary


def load(checkpoint: str | Path = "lite", *, device: str = "cpu") -> Predictor:
    """Load a model.

    Parameters
    ----------
    checkpoint : str or Path
        "lite" (the embedded default), the name of an official checkpoint that was converted
        before (see :func:`seem_model.convert.convert`), "tiny" (untrained, seeded; for tests) or
        a folder with ``config.json`` and ``model.safetensors``. Nothing is downloaded.
    device : str
        "cpu", "cuda", "mps", or "auto" for the best one there is.

    Raises
    ------
    CheckpointError
        If the checkpoint is missing, damaged or not one of ours, or the device is not there.
    """
    place = _device(device)
    if str(checkpoint) == "tiny":
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(0)
            model, folder = checkpoints.build(TINY), checkpoints.EMBEDDED / "none"
    else:
        folder = folder_of(checkpoint)
        model = checkpoints.load_model(folder)
    model = model.to(place).eval().requires_grad_(False)
    if place == "cpu":
        quicken(model)
    model = model.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    listed, summaries = vocabulary.read(folder)
    known: dict[str, torch.Tensor] = {}
    words = Vocabulary.build(model, listed, summaries, known=known)
    name = str(checkpoint) if folder != checkpoints.EMBEDDED else "lite"
    return Predictor(
        model=model, name=name, device=place, listed=listed, words=words, known=known,
        thresholds=Thresholds.of(model.config),
    )  # fmt: skip


def folder_of(checkpoint: str | Path) -> Path:
    """The folder that a name stands for, or the path that is given.

    Raises
    ------
    CheckpointError
        For an official checkpoint that is not converted yet, and for a file.
    """
    name = str(checkpoint)
    if name == "lite":
        return checkpoints.EMBEDDED
    # a folder of that name where one works wins over the library
    if name in RELEASES and not Path(name).is_dir():
        if is_kept(name):
            return place(name)
        file = RELEASES[name].file
        fetch = f'run "seem download {name}" to fetch it, or ' if file else ""
        raise CheckpointError(
            f'The official checkpoint "{name}" is not on this machine: {fetch}convert the file '
            f'that you have with "seem convert FILE --as {name}".'
        )
    if Path(checkpoint).is_file():
        raise CheckpointError(
            f"There is no checkpoint folder at {checkpoint}: it is a file. An official SEEM file "
            f'is converted first, with "seem convert {checkpoint} --as VARIANT".'
        )
    return Path(checkpoint)


def _device(wanted: str) -> str:
    available = {"cpu": True, "cuda": torch.cuda.is_available()}
    available["mps"] = torch.backends.mps.is_available()
    if wanted == "auto":
        return "cuda" if available["cuda"] else "mps" if available["mps"] else "cpu"
    kind = wanted.split(":")[0]
    if kind not in available:
        raise CheckpointError(f'Unknown device "{wanted}"; choose auto, cpu, cuda or mps.')
    if not available[kind]:
        raise CheckpointError(f'This machine has no "{wanted}" device; choose "cpu" or "auto".')
    return wanted

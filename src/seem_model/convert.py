"""From an official SEEM file to a folder of ours, whole or not at all."""

from __future__ import annotations

import os
import shutil
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import torch
from safetensors import SafetensorError

from seem_model import checkpoint, vocabulary
from seem_model.coco_names import COCO
from seem_model.errors import CheckpointError
from seem_model.fitting import fitted, preset
from seem_model.library import place
from seem_model.modeling.names import BACKGROUND, name_summaries, official_summaries
from seem_model.modeling.text_config import ClipTextConfig
from seem_model.official_file import read_tensors

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from torch import Tensor

    from seem_model.modeling.seem import Seem

# Shares of the work: reading is quick, the sentences about 134 class names are not.
_READ, _NAMED = 0.05, 0.93


@dataclass(frozen=True)
class Converted:
    """What came out of a conversion.

    Parameters
    ----------
    name : str
        Of the variant.
    folder : Path
        What :func:`seem_model.load` takes.
    parameters : int
    size : int
        Bytes of the folder.
    left_out : tuple of str
        Names in the file that the model has no use for.
    """

    name: str
    folder: Path
    parameters: int
    size: int
    left_out: tuple[str, ...]


def convert(
    file: str | Path, name: str, out: str | Path | None = None, *, half: bool = False,
    watch: Callable[[float], None] | None = None,
) -> Converted:  # fmt: skip
    """Convert an official SEEM checkpoint.

    Parameters
    ----------
    file : str or Path
        ``.pt`` or ``.safetensors`` with the official names.
    name : str
        Which variant it is: a key of :data:`seem_model.presets.OFFICIAL`. "" explains the choice.
    out : str, Path or None
        A new folder. None: where :func:`seem_model.load` finds it by ``name``; what is there is
        replaced.
    half : bool
        Store float16, which takes half the space; vectors of class names stay float32.
    watch : callable or None
        Called with the share done, 0 to 1. What it raises stops the work and leaves nothing.

    Returns
    -------
    Converted

    Raises
    ------
    CheckpointError
        If the file is damaged, holds another model, or the folder cannot be written.
    """
    tell = watch or _silent
    config = preset(name)
    folder = place(name) if out is None else Path(out)
    if out is not None and folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise CheckpointError(f"{folder} exists and is not empty; choose a new folder.")
    tell(0.0)
    with torch.device("meta"):
        model = checkpoint.build(config)
    tensors, left_out = fitted(read_tensors(file), model, name, Path(file))
    model.load_state_dict(tensors, assign=True)
    tell(_READ)
    summaries = _class_summaries(model.eval(), lambda s: tell(_READ + (_NAMED - _READ) * s))
    with _appearing(folder) as partial:
        checkpoint.save(model, partial, half=half)
        vocabulary.write(partial, COCO, summaries, half=False)
        tell(1.0)
        size = sum(part.stat().st_size for part in partial.iterdir())
    parameters = sum(p.numel() for p in model.parameters())
    return Converted(name, folder, parameters, size, tuple(left_out))


def _silent(share: float) -> None:
    """Nobody watches."""


def _class_summaries(model: Seem, watch: Callable[[float], None]) -> Tensor:
    names = [*COCO.names, BACKGROUND]
    if isinstance(model.config.text, ClipTextConfig):
        return official_summaries(model.text, model.lang_proj, names, watch=watch)
    return name_summaries(model.text, names)


@contextmanager
def _appearing(folder: Path) -> Iterator[Path]:
    """A folder to fill that takes its place only when it is complete."""
    partial, former = (
        folder.with_name(f".{folder.name}.{kind}-{os.getpid()}") for kind in ("part", "old")
    )
    try:
        partial.mkdir(parents=True)
        yield partial
        if folder.exists():
            folder.rename(former)
        partial.rename(folder)
    except (OSError, SafetensorError) as error:
        if former.exists() and not folder.exists():
            former.rename(folder)
        raise CheckpointError(
            f"{folder} cannot be written ({error}). Is there enough space on the disk?"
        ) from error
    finally:
        for leftover in (partial, former):
            shutil.rmtree(leftover, ignore_errors=True)

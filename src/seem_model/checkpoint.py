"""Checkpoints: a folder with ``config.json`` and ``model.safetensors``; never a pickle.

What never trains has files of its own beside them, so that new weights do not repeat it: the text
tower (``text.safetensors``, ``tokenizer.json``, the class names with their vectors), and the
backbone's later stages as ImageNet left them (``imagenet.safetensors``).
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file

from seem_model.config import ModelConfig, from_json, to_json
from seem_model.errors import CheckpointError, ConfigError
from seem_model.modeling.quantize import dequantize, quantize
from seem_model.modeling.seem import Seem
from seem_model.modeling.text_config import MiniLMConfig
from seem_model.vocabulary import LIST_FILE, VECTOR_FILE

if TYPE_CHECKING:
    from seem_model.modeling.efficientnet import ImageNetStages

EMBEDDED = Path(__file__).parent / "weights" / "lite"
TEXT_FILES = ("text.safetensors", "tokenizer.json")
IMAGENET_FILE = "imagenet.safetensors"
_TEXT, _IMAGENET = "text.", "imagenet."


def build(config: ModelConfig, folder: Path | None = None) -> Seem:
    """A model of ``config`` with untrained weights; files of frozen parts come from ``folder``.

    Raises
    ------
    CheckpointError
        If such a file is missing, damaged or of another model.
    """
    place = folder
    if isinstance(config.text, MiniLMConfig):
        place = folder if folder and (folder / TEXT_FILES[0]).exists() else EMBEDDED
    model = Seem(config, folder=place)
    if model.imagenet is not None:
        _remember(model.imagenet, folder)
    return model


def _remember(stages: ImageNetStages, folder: Path | None) -> None:
    """Fill in what ImageNet left, from the folder's file, or from the embedded default's."""
    own = folder is not None and (folder / IMAGENET_FILE).exists()
    path = (folder if folder is not None and own else EMBEDDED) / IMAGENET_FILE
    try:
        stages.load_state_dict(dequantize(load_file(path)))
    except (SafetensorError, OSError, RuntimeError) as error:
        raise CheckpointError(
            f"{path} does not hold the ImageNet stages of this backbone: {error}. Copy or download "
            "it again."
        ) from error


def save(model: Seem, folder: str | Path, *, half: bool = True, words: Path | None = None) -> None:
    """Write a model.

    Parameters
    ----------
    model : Seem
    folder : path
        Created if needed.
    half : bool
        Store float16 (what is shipped); False keeps float32.
    words : Path or None
        Checkpoint whose class list goes along, for models with a text tower of their own.
    """
    out = Path(folder)
    out.mkdir(parents=True, exist_ok=True)
    own_text = not isinstance(model.config.text, MiniLMConfig)
    tensors = {}
    for name, value in model.state_dict().items():
        if not name.startswith(_frozen(model.config)):
            value = value.detach().cpu()
            value = value.half() if half and value.is_floating_point() else value
            tensors[name] = value.clone(memory_format=torch.contiguous_format)
    save_file(tensors, out / "model.safetensors", metadata={"format": "pt"})
    if model.imagenet is not None:
        save_file(quantize(model.imagenet.state_dict()), out / IMAGENET_FILE)
    text = json.dumps(to_json(model.config), indent=1)
    (out / "config.json").write_text(text + "\n", encoding="utf-8")
    if not own_text:
        _copied((*TEXT_FILES, LIST_FILE, VECTOR_FILE), EMBEDDED, out)
    elif words is not None:
        _copied((LIST_FILE, VECTOR_FILE), words, out)


def _frozen(config: ModelConfig) -> tuple[str, ...]:
    """Starts of the names of what has files of its own."""
    return (_TEXT, _IMAGENET) if isinstance(config.text, MiniLMConfig) else (_IMAGENET,)


def _copied(names: tuple[str, ...], source: Path, out: Path) -> None:
    """Copy files that are there, unless both folders are the same."""
    for name in names:
        if (source / name).exists() and source.resolve() != out.resolve():
            shutil.copyfile(source / name, out / name)


def read_config(folder: Path) -> ModelConfig:
    """The configuration of the checkpoint in ``folder``.

    Raises
    ------
    CheckpointError
        If it is missing or unreadable.
    """
    path = folder / "config.json"
    if not folder.is_dir():
        raise CheckpointError(
            f'There is no checkpoint folder at {folder}. Use "lite" for the embedded default, or '
            "a folder with config.json and model.safetensors."
        )
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise CheckpointError(f"{folder} holds no config.json, so it is no checkpoint.") from None
    except (OSError, ValueError) as error:
        raise CheckpointError(f"{path} cannot be read: {error}.") from error
    if not isinstance(values, dict):
        raise CheckpointError(f"{path} does not describe a model.")
    try:
        config: ModelConfig = from_json(values)
    except ConfigError as error:
        raise CheckpointError(f"{path}: {error}") from error
    return config


def load_model(folder: str | Path) -> Seem:
    """Build the model of a folder and fill it strictly.

    Raises
    ------
    CheckpointError
        If files are missing, damaged, or do not fit the configuration.
    """
    where = Path(folder)
    config = read_config(where)
    path = where / "model.safetensors"
    try:
        tensors = load_file(path)
    except FileNotFoundError:
        raise CheckpointError(f"{where} holds no model.safetensors.") from None
    except (SafetensorError, OSError) as error:
        raise CheckpointError(
            f"{path} cannot be read ({error}). It may be cut short: copy or download it again."
        ) from error
    try:
        model = build(config, where)
    except (ValueError, TypeError, RuntimeError, AttributeError) as error:
        raise CheckpointError(
            f"{where / 'config.json'} describes no model that can be built: {error}."
        ) from error
    fill(model, {k: v.float() if v.is_floating_point() else v for k, v in tensors.items()}, path)
    return model.eval()


def fill(model: Seem, tensors: dict[str, torch.Tensor], path: Path) -> None:
    """Load tensors; all must be there and fit, but for those with files of their own."""
    wanted = model.state_dict()
    needed = {k for k in wanted if not k.startswith(_frozen(model.config))}
    missing, extra = sorted(needed - tensors.keys()), sorted(tensors.keys() - needed)
    if missing or extra:
        raise CheckpointError(
            f"{path} does not fit its config.json: {len(missing)} tensors are missing "
            f"({', '.join(missing[:3])}) and {len(extra)} are not known ({', '.join(extra[:3])})."
        )
    for name, value in tensors.items():
        if value.shape != wanted[name].shape:
            raise CheckpointError(
                f"{path}: {name} has shape {tuple(value.shape)}, the model needs "
                f"{tuple(wanted[name].shape)}."
            )
    model.load_state_dict(tensors, strict=False)

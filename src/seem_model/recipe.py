"""A training recipe: YAML on disk, frozen dataclasses in the program, unknown keys refused."""

from __future__ import annotations

import dataclasses
import typing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from seem_model.data.batches import BatchConfig, SetConfig
from seem_model.data.crops import CropConfig
from seem_model.errors import ConfigError
from seem_model.loss_config import LossConfig
from seem_model.training_rounds import RoundsConfig


@dataclass(frozen=True, kw_only=True)
class OptimConfig:
    """AdamW with warm-up and a multi-step or cosine schedule.

    Parameters
    ----------
    lr, backbone_lr : float
        Peak learning rates of the new parts and of the pretrained backbone.
    decay : float
        Weight decay (none for norms, biases and embeddings).
    clip : float
        Largest gradient norm.
    warmup : int
        Steps of linear warm-up.
    only : tuple of str
        Starts of the names of the parameters that train; empty for all that are not frozen.
    ema : float
        Decay of the averaged weights, which are those that are saved and evaluated.
    """

    lr: float = 3e-4
    backbone_lr: float = 1e-4
    decay: float = 0.05
    clip: float = 5.0
    warmup: int = 200
    only: tuple[str, ...] = ()
    ema: float = 0.999


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """All that decides a run.

    Parameters
    ----------
    model : str
        Preset (``lite``, ``tiny``).
    start : str
        Checkpoint to start from; "" starts from ImageNet (LITE) or at random.
    grow : bool
        Add the preset's heads that ``start`` lacks, untrained.
    root : str
        Folder that the paths of ``data`` are relative to; "" is where you run.
    data : tuple of SetConfig
    steps : int
        Length of the run; the learning rate ends there.
    sizes : tuple of int
        Side of the square crops; one is drawn each step.
    objects_every, phrases_every : int
        Panoptic and grounding losses run on every n-th step; 0 never.
    save_every, log_every : int
        In steps.
    out : str
        Folder of checkpoints and logs.
    """

    model: str = "lite"
    start: str = ""
    grow: bool = False
    root: str = ""
    data: tuple[SetConfig, ...] = ()
    steps: int = 1000
    sizes: tuple[int, ...] = (256,)
    seed: int = 0
    objects_every: int = 2
    phrases_every: int = 2
    save_every: int = 250
    log_every: int = 20
    loader_workers: int = 1
    precision: str = "no"
    out: str = "runs/lite"
    crop: CropConfig = field(default_factory=CropConfig)
    batch: BatchConfig = field(default_factory=BatchConfig)
    loss: LossConfig = field(default_factory=LossConfig)
    rounds: RoundsConfig = field(default_factory=RoundsConfig)
    optim: OptimConfig = field(default_factory=OptimConfig)

    @property
    def sets(self) -> tuple[SetConfig, ...]:
        """The data sets, with paths under ``root``."""
        root = Path(self.root)
        return tuple(
            dataclasses.replace(
                s, path=str(root / s.path), exclude=str(root / s.exclude) if s.exclude else ""
            )
            for s in self.data
        )

    @classmethod
    def from_yaml(cls, path: str | Path, overrides: tuple[str, ...] = ()) -> Recipe:
        """Read a recipe; ``overrides`` are ``key=value`` or ``part.key=value`` in YAML.

        Raises
        ------
        ConfigError
            If the file is missing or broken, or a key is unknown.
        """
        try:
            values = yaml.safe_load(Path(path).read_text(encoding="utf-8")) or {}
        except FileNotFoundError:
            raise ConfigError(f"There is no recipe at {path}.") from None
        except yaml.YAMLError as error:
            raise ConfigError(f"The recipe {path} is not valid YAML: {error}") from error
        if not isinstance(values, dict):
            raise ConfigError(f"The recipe {path} must hold named values.")
        for override in overrides:
            _override(values, override)
        return typing.cast("Recipe", build(cls, values, where=str(path)))


def _override(values: dict[str, Any], override: str) -> None:
    key, sep, text = override.partition("=")
    if not sep:
        raise ConfigError(f'"{override}" is not of the form key=value.')
    *parts, last = key.split(".")
    place = values
    for part in parts:
        place = place.setdefault(part, {})
        if not isinstance(place, dict):
            raise ConfigError(f'"{override}": {part} is a single value, it has no parts.')
    try:
        place[last] = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise ConfigError(f'"{override}" is not valid YAML: {error}') from error


def build(kind: type, values: Any, *, where: str) -> Any:
    """Dataclass ``kind`` from plain values, refusing unknown keys by name.

    Raises
    ------
    ConfigError
        For unknown or missing keys and values of another type.
    """
    if not isinstance(values, dict):
        raise ConfigError(f"{where}: {kind.__name__} needs named values, not {values!r}.")
    hints = typing.get_type_hints(kind)
    known = {f.name for f in dataclasses.fields(kind)}
    unknown = sorted(set(values) - known)
    if unknown:
        raise ConfigError(
            f"{where}: unknown key {', '.join(unknown)}; known are {', '.join(sorted(known))}."
        )
    built = {k: _typed(v, hints[k], where=f"{where}: {k}") for k, v in values.items()}
    try:
        return kind(**built)
    except TypeError as error:
        raise ConfigError(f"{where}: {error}.") from error


def _typed(value: Any, hint: Any, *, where: str) -> Any:
    if dataclasses.is_dataclass(hint):
        return build(typing.cast("type", hint), value, where=where)
    if typing.get_origin(hint) is tuple:
        if not isinstance(value, (list, tuple)):
            raise ConfigError(f"{where} must be a list, not {value!r}.")
        inner = typing.get_args(hint)[0]
        return tuple(_typed(v, inner, where=where) for v in value)
    try:
        # YAML reads 1e-3 as text: numbers are made here.
        return hint(value) if hint in (int, float, str) else value
    except (TypeError, ValueError):
        raise ConfigError(f"{where} must be of type {hint.__name__}, not {value!r}.") from None

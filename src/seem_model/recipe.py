"""A training recipe: YAML on disk, frozen dataclasses in the program, unknown keys refused."""

from __future__ import annotations

import typing
from dataclasses import dataclass, field, fields, is_dataclass, replace
from pathlib import Path
from typing import Any, Literal

import yaml

from seem_model.data.batch_config import BatchConfig
from seem_model.data.crops import CropConfig
from seem_model.data.set_config import SetConfig
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
    milestones : tuple of float
        Shares of the run at which the rate falls to a tenth; empty for half a cosine.
    accumulate : int
        Batches of each process whose gradients make one step.
    only, frozen, anew : tuple of str
        Starts of the names of the parameters that train, of those that do not (the text tower
        never does), and of those that begin at random whatever ``start`` knows. Empty: all; none.
    ema : float
        Decay of the averaged weights, which are those that are saved and evaluated.
    """

    lr: float = 3e-4
    backbone_lr: float = 1e-4
    decay: float = 0.05
    clip: float = 5.0
    warmup: int = 200
    milestones: tuple[float, ...] = ()
    accumulate: int = 1
    only: tuple[str, ...] = ()
    frozen: tuple[str, ...] = ()
    anew: tuple[str, ...] = ()
    ema: float = 0.999


@dataclass(frozen=True, kw_only=True)
class EvaluateConfig:
    """Evaluation while training: a simulated user clicks objects of a validation split.

    Parameters
    ----------
    data : tuple of str
        Folders, under the recipe's ``root``; empty for those it trains on.
    split : str
    objects, clicks : int
        So many objects of each folder are clicked, so many times each.
    """

    data: tuple[str, ...] = ()
    split: str = "val"
    objects: int = 20
    clicks: int = 5


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """All that decides a run.

    Parameters
    ----------
    model : str
        Preset (see :mod:`seem_model.start`).
    start : str
        Checkpoint to start from; "" starts from ImageNet (LITE) or at random.
    grow : bool
        Add what the preset has and ``start`` lacks (see :func:`seem_model.growing.grown`).
    root : str
        Folder that the paths of ``data`` are relative to; "" is where you run.
    data : tuple of SetConfig
    steps : int
        Length of the run; the learning rate ends there.
    sizes : tuple of int
        Side of the square crops; one is drawn each step.
    objects_every, phrases_every : int
        Panoptic and grounding losses run on every n-th step; 0 never.
    save_every, log_every, evaluate_every : int
        In steps; ``evaluate_every`` may be 0: never.
    tensorboard : bool
        Log to ``out/tensorboard`` as well.
    loader_workers : int
        Processes that make batches, for each that trains; 0: none of their own.
    precision : str
        Mixed precision: "bf16", or "fp16" on graphics cards; "no" is float32 throughout.
    out : str
        Folder of checkpoints and logs.

    Raises
    ------
    ConfigError
        If a number makes no sense.
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
    evaluate_every: int = 0
    tensorboard: bool = False
    loader_workers: int = 1
    precision: Literal["no", "bf16", "fp16"] = "no"
    out: str = "runs/lite"
    crop: CropConfig = field(default_factory=CropConfig)
    batch: BatchConfig = field(default_factory=BatchConfig)
    loss: LossConfig = field(default_factory=LossConfig)
    rounds: RoundsConfig = field(default_factory=RoundsConfig)
    optim: OptimConfig = field(default_factory=OptimConfig)
    evaluate: EvaluateConfig = field(default_factory=EvaluateConfig)

    def __post_init__(self) -> None:
        at_least_one = {
            "steps": self.steps, "save_every": self.save_every, "log_every": self.log_every,
            "batch.images": self.batch.images, "batch.objects": self.batch.objects,
            "optim.accumulate": self.optim.accumulate, "sizes": len(self.sizes),
            "evaluate.objects": self.evaluate.objects, "evaluate.clicks": self.evaluate.clicks,
        }  # fmt: skip
        at_least_zero = {
            "optim.warmup": self.optim.warmup, "rounds.most": self.rounds.most,
            "loader_workers": self.loader_workers, "evaluate_every": self.evaluate_every,
        }  # fmt: skip
        small = [k for k, v in at_least_one.items() if v < 1]
        small += [k for k, v in at_least_zero.items() if v < 0]
        small += [f"sizes={s}" for s in self.sizes if s < 32]
        if small:
            raise ConfigError(f"The recipe's {', '.join(small)} is too small.")
        if self.optim.lr <= 0 or not all(0 < m < 1 for m in self.optim.milestones):
            raise ConfigError("optim.lr must be above 0, optim.milestones between 0 and 1.")

    @property
    def sets(self) -> tuple[SetConfig, ...]:
        """The data sets, with paths under ``root``."""
        root = Path(self.root)
        return tuple(
            replace(s, path=str(root / s.path), exclude=str(root / s.exclude) if s.exclude else "")
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
    known = {f.name for f in fields(kind)}
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
    if is_dataclass(hint):
        return build(typing.cast("type", hint), value, where=where)
    if typing.get_origin(hint) is tuple:
        if not isinstance(value, (list, tuple)):
            raise ConfigError(f"{where} must be a list, not {value!r}.")
        inner = typing.get_args(hint)[0]
        return tuple(_typed(v, inner, where=where) for v in value)
    if typing.get_origin(hint) is Literal:
        value = "no" if value is False else value  # YAML reads a bare no as false
        if value not in typing.get_args(hint):
            choices = ", ".join(typing.get_args(hint))
            raise ConfigError(f"{where} cannot be {value!r}; choose one of {choices}.")
    if hint is bool and not isinstance(value, bool):
        raise ConfigError(f"{where} must be true or false, not {value!r}.")
    if hint is str and value is None:  # an override without a value: start=
        return ""
    try:
        return hint(value) if hint in (int, float, str) else value  # YAML reads 1e-3 as text
    except (TypeError, ValueError):
        raise ConfigError(f"{where} must be of type {hint.__name__}, not {value!r}.") from None

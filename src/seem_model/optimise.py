"""What is trained how fast: parameter groups, the learning rate's curve, averaged weights."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import nn

from seem_model import checkpoint
from seem_model.errors import ConfigError
from seem_model.modeling.efficientnet import EfficientNetLite

if TYPE_CHECKING:
    from seem_model.modeling.seem import Seem
    from seem_model.recipe import OptimConfig, Recipe


def parameter_groups(model: Seem, optim: OptimConfig) -> list[dict[str, Any]]:
    """AdamW groups: the backbone slower; no decay for vectors and embeddings; text frozen.

    Raises
    ------
    ConfigError
        If ``optim`` names parameters that do not exist, leaves none to train, or lets some begin
        at random that never train.
    """
    _refuse_unknown(model, optim)
    frozen = {id(p) for p in model.text.parameters()}  # type: ignore[attr-defined]
    if isinstance(model.backbone, EfficientNetLite):
        frozen |= {id(p) for p in model.backbone.frozen_parameters()}
    if model.imagenet is not None:
        frozen |= {id(p) for p in model.imagenet.parameters()}
    groups: dict[tuple[float, float], list[nn.Parameter]] = {}
    embeddings = {id(m.weight) for m in model.modules() if isinstance(m, nn.Embedding)}
    for name, p in model.named_parameters():
        left_out = bool(optim.only) and not name.startswith(optim.only)
        if id(p) in frozen or left_out or name.startswith(optim.frozen):
            p.requires_grad_(False)
            if name.startswith(optim.anew):
                raise ConfigError(f"optim.anew: {name} would begin at random and never train.")
            continue
        lr = optim.backbone_lr if name.startswith("backbone.") else optim.lr
        plain = p.ndim < 2 or id(p) in embeddings
        groups.setdefault((lr, 0.0 if plain else optim.decay), []).append(p)
    if not groups:
        raise ConfigError("Nothing is left to train: see optim.only and optim.frozen.")
    return [{"params": ps, "lr": lr, "weight_decay": decay} for (lr, decay), ps in groups.items()]


def _refuse_unknown(model: Seem, optim: OptimConfig) -> None:
    names = [name for name, _ in model.named_parameters()]
    for start in (*optim.only, *optim.frozen, *optim.anew):
        if not any(name.startswith(start) for name in names):
            parts = ", ".join(sorted({name.split(".")[0] for name in names}))
            raise ConfigError(
                f'No parameter of {model.config.name} begins with "{start}"; its parts are {parts}.'
            )


def part_sizes(model: nn.Module) -> dict[str, tuple[int, int]]:
    """Trained and frozen parameters of each part of the model, largest part first."""
    sizes: dict[str, tuple[int, int]] = {}
    for name, p in model.named_parameters():
        part = name.split(".")[0]
        trained, frozen = sizes.get(part, (0, 0))
        more = (p.numel(), 0) if p.requires_grad else (0, p.numel())
        sizes[part] = (trained + more[0], frozen + more[1])
    return dict(sorted(sizes.items(), key=lambda item: -sum(item[1])))


def learning_rate(step: int, recipe: Recipe) -> float:
    """Factor of the peak learning rate: linear warm-up, then steps down or half a cosine."""
    warmup = recipe.optim.warmup
    if step < warmup:
        return (step + 1) / warmup
    if recipe.optim.milestones:
        passed = sum(step >= share * recipe.steps for share in recipe.optim.milestones)
        return float(0.1**passed)
    done = (step - warmup) / max(1, recipe.steps - warmup)
    return 0.02 + 0.98 * 0.5 * (1 + float(np.cos(np.pi * min(1.0, done))))


class Average:
    """Exponential moving average of trainable weights (warm at the start)."""

    def __init__(self, model: nn.Module, decay: float) -> None:
        self.decay, self.count = decay, 0
        self.values = {
            k: p.detach().clone() for k, p in model.named_parameters() if p.requires_grad
        }

    @torch.no_grad()
    def update(self, model: nn.Module) -> None:
        """Move towards the model's weights."""
        self.count += 1
        decay = min(self.decay, (1 + self.count) / (10 + self.count))
        for name, p in model.named_parameters():
            if name in self.values:
                value = self.values[name]
                value.lerp_(p.detach().to(value.device), 1 - decay)

    def copied_to(self, model: Seem) -> Seem:
        """A copy of ``model`` that holds the average."""
        twin = checkpoint.build(model.config)
        twin.load_state_dict(model.state_dict())
        with torch.no_grad():
            for name, p in twin.named_parameters():
                if name in self.values:
                    p.copy_(self.values[name])
        return twin.eval()

    def state_dict(self) -> dict[str, Any]:
        """For resuming."""
        return {"count": self.count, "values": self.values}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """From :meth:`state_dict`."""
        self.count = state["count"]
        for name, value in state["values"].items():
            self.values[name].copy_(value)

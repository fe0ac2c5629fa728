"""What is trained how fast: parameter groups, the learning rate's curve, averaged weights."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import nn

from seem_model import checkpoint
from seem_model.modeling.efficientnet import EfficientNetLite

if TYPE_CHECKING:
    from seem_model.modeling.seem import Seem
    from seem_model.recipe import OptimConfig, Recipe


def parameter_groups(model: Seem, optim: OptimConfig) -> list[dict[str, Any]]:
    """AdamW groups: the backbone slower; no decay for vectors and embeddings; text frozen."""
    frozen = {id(p) for p in model.text.parameters()}  # type: ignore[attr-defined]
    if isinstance(model.backbone, EfficientNetLite):
        frozen |= {id(p) for p in model.backbone.frozen_parameters()}
    groups: dict[tuple[float, float], list[nn.Parameter]] = {}
    embeddings = {id(m.weight) for m in model.modules() if isinstance(m, nn.Embedding)}
    for name, p in model.named_parameters():
        if id(p) in frozen or (optim.only and not name.startswith(optim.only)):
            p.requires_grad_(False)
            continue
        lr = optim.backbone_lr if name.startswith("backbone.") else optim.lr
        plain = p.ndim < 2 or id(p) in embeddings
        groups.setdefault((lr, 0.0 if plain else optim.decay), []).append(p)
    return [{"params": ps, "lr": lr, "weight_decay": decay} for (lr, decay), ps in groups.items()]


def learning_rate(step: int, recipe: Recipe) -> float:
    """Factor of the peak learning rate: linear warm-up, then half a cosine to zero."""
    warmup = recipe.optim.warmup
    if step < warmup:
        return (step + 1) / warmup
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

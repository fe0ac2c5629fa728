"""SEEM, segment everything everywhere all at once: the model, its training and evaluation.

The names below are loaded on first use, so that ``import seem_model`` stays cheap (no torch).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from seem_model.errors import (
    CheckpointError,
    ConfigError,
    DataError,
    ImageError,
    PromptError,
    SeemError,
)
from seem_model.values import Exemplar, Prompts, Round, Segment, Segmentation

if TYPE_CHECKING:
    from seem_model.loading import load
    from seem_model.predictor import Predictor
    from seem_model.session import Session

__version__ = "0.1.0"
__all__ = [
    "CheckpointError",
    "ConfigError",
    "DataError",
    "Exemplar",
    "ImageError",
    "Predictor",
    "PromptError",
    "Prompts",
    "Round",
    "SeemError",
    "Segment",
    "Segmentation",
    "Session",
    "load",
]
_LAZY = {
    "Predictor": "seem_model.predictor",
    "load": "seem_model.loading",
    "Session": "seem_model.session",
}


def __getattr__(name: str) -> Any:
    if name not in _LAZY:
        raise AttributeError(f"module 'seem_model' has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(_LAZY[name]), name)

"""The folder of golden numbers of the official model, for those who have it."""

import importlib.util
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
import torch

from seem_model.official_names import from_official, to_official

PROJECT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Official:
    """Fixtures made by the official code: `numbers`, and the rules for weights and inputs."""

    numbers: dict[str, np.ndarray]
    weights: ModuleType
    inputs: ModuleType
    folder: Path

    def state(self, like: Mapping[str, torch.Tensor]) -> dict[str, torch.Tensor]:
        """The rule's weights for tensors of our names and shapes."""
        made = {
            name: torch.from_numpy(np.asarray(self.weights.value(name, tensor.shape)))
            for name, tensor in to_official(like).items()
        }
        return from_official(made)[0]

    def weights_of(self, name: str, start: str) -> dict[str, torch.Tensor]:
        """The rule's weights under official names: those of a checkpoint that begin so."""
        return {
            k: torch.from_numpy(np.asarray(self.weights.value(k, shape)))
            for k, shape in self.manifest(name).items()
            if k.startswith(start)
        }

    def losses(self, version: str) -> dict[str, np.ndarray]:
        """Losses, gradient norms and draws of one training step of `v0` or `v1`."""
        with np.load(self.folder / "fixtures" / f"loss_{version}.npz") as numbers:
            return dict(numbers)

    def manifest(self, name: str) -> dict[str, tuple[int, ...]]:
        """Names and shapes of every tensor of an official checkpoint."""
        text = (self.folder / "manifests" / f"{name}.json").read_text()
        return {k: tuple(v["shape"]) for k, v in json.loads(text)["tensors"].items()}


def _module(path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(f"official_{path.stem}", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def official() -> Official:
    """Golden numbers of the v1 model, or a skip that says where they are looked for."""
    named = os.environ.get("SEEM_REFERENCE")
    folders = [Path(named)] if named else sorted(PROJECT.parent.glob("*/reference"))
    for folder in folders:
        fixtures = folder / "fixtures"
        if (fixtures / "focalt_v1.npz").is_file():
            with np.load(fixtures / "focalt_v1.npz") as numbers:
                return Official(
                    numbers=dict(numbers),
                    weights=_module(fixtures / "weights.py"),
                    inputs=_module(fixtures / "inputs.py"),
                    folder=folder,
                )
    pytest.skip("no golden numbers of the official model: name their folder in SEEM_REFERENCE")

"""The folder of golden numbers of the official model, for those who have it."""

import importlib.util
import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
import torch

PROJECT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Official:
    """Fixtures made by the official code: `numbers`, and the rules for weights and inputs."""

    numbers: dict[str, np.ndarray]
    weights: ModuleType
    inputs: ModuleType

    def state(self, names: Iterable[tuple[str, str, torch.Tensor]]) -> dict[str, torch.Tensor]:
        """Fill a state dict from triples (our name, official name, tensor of that shape)."""
        return {
            ours: torch.from_numpy(np.asarray(self.weights.value(theirs, like.shape)))
            for ours, theirs, like in names
        }


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
    for folder in (f / "fixtures" for f in folders):
        if (folder / "focalt_v1.npz").is_file():
            with np.load(folder / "focalt_v1.npz") as numbers:
                return Official(
                    numbers=dict(numbers),
                    weights=_module(folder / "weights.py"),
                    inputs=_module(folder / "inputs.py"),
                )
    pytest.skip("no golden numbers of the official model: name their folder in SEEM_REFERENCE")

"""The folder of golden numbers of the official model, for those who have it."""

import importlib.util
import json
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
import torch

from golden import Golden, build
from seem_model.frame import Box, Frame
from seem_model.modeling.decoded import Features
from seem_model.modeling.seem import Seem
from seem_model.modeling.text import TextStates
from seem_model.official_names import from_official, to_official
from seem_model.presets import OFFICIAL

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

    def version(self, name: str) -> dict[str, np.ndarray]:
        """All numbers of `v0`, `v1` or `demo`."""
        with np.load(self.folder / "fixtures" / f"focalt_{name}.npz") as numbers:
            return dict(numbers)

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


@pytest.fixture(scope="session")
def golden_weights(official: Official) -> dict[str, torch.Tensor]:
    """Weights by the rule, under our names, float64."""
    with torch.device("meta"):
        model = Seem(OFFICIAL["focal-tiny-v1"])
    return {name: value.double() for name, value in official.state(model.state_dict()).items()}


@pytest.fixture(scope="session")
def golden_of(
    official: Official, golden_weights: dict[str, torch.Tensor]
) -> Callable[[str, str], Golden]:
    """`golden_of(version, letter)`: a version of the official model, and image a or b."""
    features: dict[str, Features] = {}
    texts: list[TextStates] = []

    @cache
    def made(version: str, letter: str) -> Golden:
        model = build(version, golden_weights)
        numbers = official.version(version)
        own = {k.removeprefix(f"{letter}/"): v for k, v in numbers.items()}
        image = getattr(official.inputs, f"image_{letter}")()
        with torch.no_grad():
            if letter not in features:  # the versions share the encoder
                config, (h, w) = model.config.frame, image.shape[:2]
                frame = Frame.fit(Box(0, 0, h, w), long_side=max(h, w), config=config)
                features[letter] = model.encode_image(frame.image(image, config).double())
            if not texts:
                ids = torch.from_numpy(numbers["text/input_ids"]).long()
                texts.append(model.text.encode_ids(ids))
        return Golden(model, features[letter], texts[0], own, image.shape[:2], official.inputs)

    return made

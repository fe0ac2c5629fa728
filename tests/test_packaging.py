"""What is installed is complete: manifest, weights, commands, and every import is declared."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import tomllib
from importlib.metadata import entry_points
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

if TYPE_CHECKING:
    from npe2 import PluginManifest

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
IMPORT_NAMES = {
    "pillow": "PIL",
    "pyyaml": "yaml",
    "scikit-image": "skimage",
    "opencv-python-headless": "cv2",
}


def import_names(requirements: list[str]) -> set[str]:
    names = {re.split(r"[^\w.-]", r)[0].lower() for r in requirements}
    return {IMPORT_NAMES.get(name, name.replace("-", "_")) for name in names}


def imported(folder: str) -> dict[str, str]:
    """Top-level name of everything imported anywhere under ``folder``, and who imports it."""
    found = {}
    for path in (ROOT / folder).rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Import):
                found |= {alias.name.split(".")[0]: path.name for alias in node.names}
            elif isinstance(node, ast.ImportFrom):
                found[(node.module or "").split(".")[0]] = path.name
    return found


def test_every_import_is_declared() -> None:
    extras = PROJECT["optional-dependencies"].values()
    declared = import_names([*PROJECT["dependencies"], *(r for extra in extras for r in extra)])
    allowed = declared | {"napari_seem", "seem_model"} | set(sys.stdlib_module_names)
    unknown = {n: who for n, who in imported("src").items() if n not in allowed}
    assert not unknown


def test_the_base_needs_no_qt_binding_and_nothing_that_compiles() -> None:
    base = " ".join(PROJECT["dependencies"]).lower()
    for unwanted in ("pyqt", "pyside", "napari[", "torchvision", "opencv", "detectron"):
        assert unwanted not in base
    assert any("napari[pyqt6]" in r for r in PROJECT["optional-dependencies"]["app"])


def test_extras_are_those_that_the_readme_promises() -> None:
    assert {"app", "train", "audio", "docs", "test"} <= set(PROJECT["optional-dependencies"])


@pytest.mark.parametrize("command", ["napari-seem", "seem"])
def test_commands_start(command: str) -> None:
    path = Path(sys.executable).with_name(command)
    if not path.exists():
        pytest.skip(f"{command} is not installed (pip install -e .)")
    answer = subprocess.run([str(path), "--help"], capture_output=True, text=True, timeout=120)
    assert answer.returncode == 0, answer.stderr
    assert "usage" in answer.stdout


def test_the_plugin_is_discovered_with_its_widgets_and_samples() -> None:
    code = (
        "from npe2 import PluginManager as M; m = M(); m.discover(); "
        "p = m.get_manifest('napari-seem'); c = p.contributions; "
        "print(len(c.widgets), len(c.sample_data), p.package_version)"
    )
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    if not [p for p in entry_points(group="napari.manifest") if p.name == "napari-seem"]:
        pytest.skip("the plugin is not installed (pip install -e .)")
    assert answer.stdout.split() == ["4", "5", PROJECT["version"]], answer.stderr


@pytest.fixture(scope="module")
def manifest() -> PluginManifest:
    from npe2 import PluginManifest

    return PluginManifest.from_file(ROOT / "src/napari_seem/napari.yaml")


def test_every_command_of_the_manifest_exists(manifest: PluginManifest) -> None:
    from npe2.manifest.utils import import_python_name

    for command in manifest.contributions.commands or []:
        assert callable(import_python_name(command.python_name)), command.id


def test_samples_hold_photos_and_microscopy(manifest: PluginManifest) -> None:
    from npe2.manifest.utils import import_python_name

    commands = {c.id: c.python_name for c in manifest.contributions.commands or []}
    titles = [sample.display_name for sample in manifest.contributions.sample_data or []]
    assert {title.split(":")[0] for title in titles} == {"Photo", "Microscopy"}
    for sample in manifest.contributions.sample_data or []:
        make: Any = import_python_name(commands[sample.command])
        [(image, meta, kind)] = make()
        assert kind == "image"
        assert image.dtype == np.uint8
        assert meta["rgb"] == (image.ndim == 3)


def test_the_version_is_one() -> None:
    import seem_model

    assert seem_model.__version__ == PROJECT["version"]
    assert f"[{PROJECT['version']}]" in (ROOT / "CHANGELOG.md").read_text()


def test_the_embedded_checkpoint_is_complete_and_small() -> None:
    folder = ROOT / "src/seem_model/weights/lite"
    names = {path.name for path in folder.iterdir()}
    assert {"config.json", "MODEL_CARD.md", "tokenizer.json", "vocabulary.json"} <= names
    assert {f"{part}.safetensors" for part in ("model", "text", "vocabulary")} <= names
    assert sum(path.stat().st_size for path in folder.iterdir()) < 80e6

"""Check an installed napari-seem from outside: discovered by npe2, weights and commands there.

Run it in a folder that is not the checkout: ``python check_install.py [--not-from CHECKOUT]``.
"""

from __future__ import annotations

import argparse
import sys
from importlib.metadata import entry_points, version
from importlib.resources import files
from pathlib import Path

WEIGHTS = (
    "lite/MODEL_CARD.md",
    "lite/config.json",
    "lite/model.safetensors",
    "lite/text.safetensors",
    "lite/tokenizer.json",
    "lite/imagenet.safetensors",
    "lite/vocabulary.json",
    "lite/vocabulary.safetensors",
    "clip/LICENSE",
    "clip/merges.txt.gz",
)


def problems(not_from: Path | None) -> list[str]:
    """What is wrong with the installation, in words."""
    from npe2 import PluginManager

    found = []
    manager = PluginManager()
    manager.discover()
    if "napari-seem" not in manager:
        found.append("npe2 does not discover the plugin")
    if not files("napari_seem").joinpath("napari.yaml").is_file():
        found.append("the manifest is not in the package")
    weights = files("seem_model").joinpath("weights")
    found += [f"no {name}" for name in WEIGHTS if not weights.joinpath(name).is_file()]
    commands = {entry.name for entry in entry_points(group="console_scripts")}
    found += [f"no command {name}" for name in ("seem", "napari-seem") if name not in commands]
    if not_from and Path(str(weights)).resolve().is_relative_to(not_from.resolve()):
        found.append(f"the package still comes from {not_from}")
    return found


def main() -> int:
    """Print the verdict; 1 if something is wrong."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--not-from", type=Path, help="the package must not be imported from here")
    found = problems(parser.parse_args().not_from)
    for problem in found:
        print(f"napari-seem: {problem}", file=sys.stderr)
    if not found:
        where = Path(str(files("seem_model"))).parent
        print(f"napari-seem {version('napari-seem')} in {where}: complete and discovered.")
    return len(found) > 0


if __name__ == "__main__":
    sys.exit(main())

"""All benchmarks side by side: ``python benchmarks/run.py [--checkpoint lite] [--sizes 512 …]``.

Each size runs in a process of its own (for its peak of memory); the GUI part gets its own Xvfb.
Writes ``benchmarks/results/<date>-<commit>.json`` and prints a table with the targets.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
IMPORTS: dict[str, float | None] = {"napari_seem": 0.15, "seem_model": None}
TARGETS = {  # of a 2-core machine; seconds or milliseconds, at the size given
    ("encode_seconds", 512): 0.6,
    ("next_click_seconds", 512): 0.12,
    ("undo_seconds", 512): 0.02,
    ("our_code_longest_ms", 512): 50.0,
}
COLUMNS = (
    "size",
    "encode_seconds",
    "features_read_seconds",
    "first_mask_seconds",
    "next_click_seconds",
    "undo_seconds",
    "peak_megabytes",
    "our_code_per_click_ms",
    "our_code_longest_ms",
    "gui_overhead_per_click_ms",
    "gui_click_to_mask_ms",
    "gui_longest_block_ms",
    "gui_longest_block_baseline_ms",
)


def child(*command: str) -> Any:
    """What a program prints last, as JSON."""
    done = subprocess.run([*command], capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{' '.join(command)} failed:\n{done.stderr}")
    return json.loads(done.stdout.strip().splitlines()[-1])


def import_seconds(package: str) -> float:
    """Best of five imports in fresh processes."""
    code = f"import time; t = time.perf_counter(); import {package}; print(time.perf_counter() - t)"
    return min(float(child(sys.executable, "-c", code)) for _ in range(5))


def git(*arguments: str) -> str:
    """Answer of git, "" where there is none."""
    done = subprocess.run(
        ["git", *arguments], cwd=HERE, capture_output=True, text=True, check=False
    )
    return done.stdout.strip()


def machine() -> dict[str, Any]:
    """What the numbers depend on."""
    model = ""
    if Path("/proc/cpuinfo").exists():
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        model = next((line.split(":")[1].strip() for line in lines if "model name" in line), "")
    return {
        "cpu": model or platform.processor(),
        "cores": os.cpu_count(),
        "load_before": os.getloadavg()[0],
        "system": platform.platform(),
        "python": platform.python_version(),
        **{name: version(name) for name in ("torch", "napari", "numpy", "napari-seem")},
    }


def report(options: argparse.Namespace) -> dict[str, Any]:
    """Run everything."""
    sizes = []
    for size in options.sizes:
        row = child(
            *(sys.executable, str(HERE / "model.py"), "--size", str(size)),
            *("--checkpoint", options.checkpoint, "--seed", str(options.seed)),
        )
        if not options.no_gui:
            gui = (sys.executable, str(HERE / "gui.py"), "--size", str(size))
            row |= child("xvfb-run", "-a", "-s", "-screen 0 1600x1000x24", *gui)
        sizes.append(row)
    return {
        "config": {"checkpoint": options.checkpoint, "sizes": options.sizes},
        "commit": git("rev-parse", "--short", "HEAD"),
        "changed_since": bool(git("status", "--porcelain", "src")),
        "seed": options.seed,
        "machine": machine(),
        "import_seconds": {package: import_seconds(package) for package in IMPORTS},
        "sizes": sizes,
    }


def table(numbers: dict[str, Any]) -> str:
    """The report for people, in Markdown."""
    lines = [f"| {' | '.join(COLUMNS)} |", "|---" * len(COLUMNS) + "|"]
    for row in numbers["sizes"]:
        cells = [
            f"{row[c]:.3g}" if c in row and c != "size" else str(row.get(c, "")) for c in COLUMNS
        ]
        lines.append(f"| {' | '.join(cells)} |")
    measured = {(c, row["size"]): row[c] for row in numbers["sizes"] for c in COLUMNS if c in row}
    for (column, size), target in TARGETS.items():
        if (column, size) in measured:
            value = measured[column, size]
            verdict = "met" if value <= target else "MISSED"
            lines.append(f"{column} at {size}: {value:.3g}, target {target:g}: {verdict}")
    for package, limit in IMPORTS.items():
        seconds = numbers["import_seconds"][package]
        lines.append(f"import {package}: {seconds:.3f} s" + (f", target {limit}" if limit else ""))
    return "\n".join(lines)


def main() -> None:
    """Measure, write, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--checkpoint", default="lite")
    parser.add_argument("--sizes", type=int, nargs="+", default=[512, 1024, 2048])
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--no-gui", action="store_true")
    parser.add_argument("--out", type=Path, default=HERE / "results")
    options = parser.parse_args()
    numbers = report(options)
    options.out.mkdir(parents=True, exist_ok=True)
    name = f"{datetime.now(UTC):%Y-%m-%d}-{numbers['commit'] or 'unknown'}.json"
    (options.out / name).write_text(json.dumps(numbers, indent=2) + "\n")
    print(table(numbers))
    print(f"Written to {options.out / name}.")


if __name__ == "__main__":
    main()

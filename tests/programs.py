"""Programs that were copied, run as a person would."""

from __future__ import annotations

import subprocess
import sys


def run(program: str, folder) -> subprocess.CompletedProcess[str]:
    (folder / "program.py").write_text(program, encoding="utf-8")
    return subprocess.run(
        [sys.executable, "program.py"], cwd=folder, capture_output=True, text=True, timeout=200
    )

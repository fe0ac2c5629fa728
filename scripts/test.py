"""Run the tests on a machine that has nothing but Python: ``python3 scripts/test.py [pytest …]``.

Checks the system libraries (and installs them where it may), makes a virtual environment in
``.venv-test`` unless this one has all that is needed, and starts pytest in it: without arguments
with a process for each core, up to four, each with one thread and a screen of its own.
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
import subprocess
import sys
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

ROOT = Path(__file__).parents[1]
CONSTRAINTS = ROOT / "constraints-cpu.txt"
ENVIRONMENT = ROOT / ".venv-test"
NEEDED = (
    "napari-seem", "PyQt6", "hypothesis", "pytest", "pytest-qt", "pytest-timeout", "pytest-xdist",
)  # fmt: skip
# files stay together: some windows are opened once for all tests of a file
TOGETHER = ("-n", "auto", "--maxprocesses", "4", "--dist", "loadfile")


def has_all() -> bool:
    """Whether the running Python can run the tests."""
    try:
        return all(distribution(name) for name in NEEDED)
    except PackageNotFoundError:
        return False


def environment() -> str:
    """Path of a Python that can run the tests; made if it is missing or out of date."""
    wanted = hashlib.sha256((ROOT / "pyproject.toml").read_bytes() + CONSTRAINTS.read_bytes())
    python = ENVIRONMENT / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    stamp = ENVIRONMENT / "installed"
    if stamp.exists() and stamp.read_text() == wanted.hexdigest():
        return str(python)
    print(f"Making {ENVIRONMENT} (some minutes, 2 GB) ...", flush=True)
    subprocess.run([sys.executable, "-m", "venv", str(ENVIRONMENT)], check=True)
    pip = [str(python), "-m", "pip", "install", "-q", "-c", str(CONSTRAINTS)]
    subprocess.run([*pip, "-e", f"{ROOT}[test]"], check=True)
    stamp.write_text(wanted.hexdigest())
    return str(python)


def main() -> int:
    """Check the machine, prepare, run pytest with the arguments given."""
    if sys.version_info < (3, 11):  # noqa: UP036 -- nothing is installed yet that would have refused
        print(f"napari-seem needs Python 3.11 or newer; this is {sys.version.split()[0]}.")
        return 1
    checks = [sys.executable, str(ROOT / "scripts/check_system.py"), "--install"]
    if subprocess.run(checks, check=False).returncode:
        return 1
    if has_all():
        python = sys.executable
    elif importlib.util.find_spec("ensurepip") is None:
        print("Python's venv module is missing; on Debian: apt-get install python3-venv")
        return 1
    else:
        python = environment()
    arguments, threads = sys.argv[1:], dict[str, str]()
    if not arguments:
        arguments, threads = [*TOGETHER], {"OMP_NUM_THREADS": "1"}
    command = [python, "-m", "pytest", *arguments]
    return subprocess.run(command, cwd=ROOT, check=False, env={**os.environ, **threads}).returncode


if __name__ == "__main__":
    sys.exit(main())

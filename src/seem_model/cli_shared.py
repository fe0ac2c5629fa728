"""What several commands share: which model, and a bar on the terminal."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import argparse


def add_model(parser: argparse.ArgumentParser) -> None:
    """Add ``--checkpoint`` and ``--device``."""
    parser.add_argument(
        "--checkpoint", default="lite", metavar="NAME|FOLDER", help="default: %(default)s"
    )
    parser.add_argument(
        "--device", default="auto", choices=("auto", "cpu", "cuda", "mps"), help="default: auto"
    )


def share(done: float, words: str = "") -> None:
    """Draw a bar on the terminal: ``done`` from 0 to 1, and ``words`` behind it."""
    bar, end = "#" * int(30 * done), "\n" if done >= 1 else ""
    print(f"\r{bar:<30} {words}", end=end, file=sys.stderr, flush=True)

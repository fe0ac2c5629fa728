"""What several commands share: which model, and a bar on the terminal."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import argparse

    from seem_model.predictor import Predictor


def add_model(parser: argparse.ArgumentParser) -> None:
    """Add ``--checkpoint`` and ``--device``."""
    parser.add_argument(
        "--checkpoint", default="lite", metavar="NAME|FOLDER", help="default: %(default)s"
    )
    parser.add_argument(
        "--device", default="auto", choices=("auto", "cpu", "cuda", "mps"), help="default: auto"
    )


def add_sizes(parser: argparse.ArgumentParser) -> None:
    """Add ``--short-side`` and ``--long-side``."""
    parser.add_argument(
        "--short-side", type=int, default=0, metavar="PIXELS",
        help="size at which images are shown to the model, such as 800 ...",
    )  # fmt: skip
    parser.add_argument(
        "--long-side", type=int, default=0, metavar="PIXELS",
        help="... and at most 1333; default: as the checkpoint says",
    )  # fmt: skip


def loaded(args: argparse.Namespace) -> Predictor:
    """The model that was asked for, at the sizes that were asked for."""
    from seem_model import load

    model = load(args.checkpoint, device=args.device)
    if args.short_side or args.long_side:
        long_side = args.long_side or model.model.config.frame.long_side
        return model.with_sizes(long_side=long_side, short_side=args.short_side)
    return model


def share(done: float, words: str = "") -> None:
    """Draw a bar on the terminal: ``done`` from 0 to 1, and ``words`` behind it."""
    bar, end = "#" * int(30 * done), "\n" if done >= 1 else ""
    print(f"\r{bar:<30} {words}", end=end, file=sys.stderr, flush=True)

"""``seem convert`` and ``seem download``: official checkpoints into folders of ours."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING

from seem_model.cli_shared import share
from seem_model.library import is_kept, place
from seem_model.releases import LICENCE, RELEASES, WHY_CHOOSE, choices

if TYPE_CHECKING:
    from pathlib import Path

    from seem_model.convert import Converted

_SHOWN = 5


def add_convert(parser: argparse.ArgumentParser) -> None:
    """Fill the parser of ``seem convert``."""
    _describe(parser, f"Convert an official SEEM file that you have.\n\n{WHY_CHOOSE}")
    parser.add_argument("file", metavar="FILE", help="official .pt, or .safetensors made of it")
    parser.add_argument("--as", dest="name", default="", metavar="VARIANT", help="see below")
    _add_output(parser)
    parser.set_defaults(run=_convert)


def add_download(parser: argparse.ArgumentParser) -> None:
    """Fill the parser of ``seem download``."""
    _describe(parser, "Fetch an official SEEM checkpoint and convert it.")
    parser.add_argument("name", metavar="VARIANT", choices=tuple(RELEASES), help="see below")
    _add_output(parser)
    parser.set_defaults(run=_download)


def _describe(parser: argparse.ArgumentParser, words: str) -> None:
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.description = words
    parser.epilog = f"variants:\n{choices()}\n\n{LICENCE}"


def _add_output(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--out", metavar="FOLDER", help="a new folder; without it the model is loaded by its name"
    )
    parser.add_argument("--half", action="store_true", help="store float16: half the space")


def _convert(args: argparse.Namespace) -> None:
    _converted(args.file, args)


def _download(args: argparse.Namespace) -> None:
    from seem_model.download import fetch

    if args.out is None and is_kept(args.name):
        print(f"{args.name} is in {place(args.name)} already; delete that folder to do it again.")
        return
    print(LICENCE)
    file = fetch(args.name, watch=_Bar("fetching"))
    _converted(file, args)
    print(
        f"{file} ({file.stat().st_size / 1e6:.0f} MB) is not needed any more, except for other "
        "variants made of it; delete it if you want the space."
    )


def _converted(file: str | Path, args: argparse.Namespace) -> None:
    from seem_model.convert import convert

    done = convert(file, args.name, args.out, half=args.half, watch=_Bar("converting"))
    print(_told(done, named=args.out is None))


def _told(done: Converted, *, named: bool) -> str:
    say = done.name if named else str(done.folder)
    lines = [
        f"{done.name} is in {done.folder} ({done.parameters / 1e6:.1f} M parameters, "
        f"{done.size / 1e6:.0f} MB). Use it:",
        f"  seem segment photo.jpg --click 170,320 --checkpoint {say} --out mask.png",
        f'  seem_model.load("{say}")  in Python',
        f"  {'its name' if named else '“Folder…”'} in the model menu of the napari dock",
    ]
    if done.left_out:
        some = ", ".join(done.left_out[:_SHOWN])
        more = ", …" if len(done.left_out) > _SHOWN else ""
        lines.append(f"Not needed and left out: {len(done.left_out)} tensors ({some}{more}).")
    return "\n".join(lines)


class _Bar:
    """Draws the share done on a terminal, and nothing elsewhere."""

    def __init__(self, words: str) -> None:
        self._words, self._shown = words, sys.stderr.isatty()

    def __call__(self, done: float) -> None:
        if self._shown:
            share(done, self._words)
